/** What happens when a fact turns out otherwise: corrected, withdrawn, disputed and settled, moved. Nothing is lost, and what was known stays known. */
import type { PersonView } from '#projections';
import { RequestFailed } from '../../apps/cli/src/client.js';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
let ids: ReadonlyMap<string, string>;
let last: string;

beforeEach(async () => {
  server = await startServer();
  ({ ids, last } = await enterCase(server.client, firstCase));
}, 60_000);

afterEach(() => server.end());

const id = (name: string): string => ids.get(name) ?? '';

async function record(path: string, body: unknown): Promise<string> {
  const answer = await server.client.request<{ event: string }>(path, { method: 'POST', body });
  last = answer.headers.get('habeas-position') ?? '';
  return answer.body.event;
}

async function person(name: string, query: Readonly<Record<string, string>> = {}): Promise<PersonView> {
  const search = new URLSearchParams({ minPosition: last, ...query });
  return (await server.client.request<PersonView>(`/v1/persons/${id(name)}?${search.toString()}`)).body;
}

const evidence = (): object => ({
  basis: 'reported',
  confidence: 'medium',
  citations: [{ sourceId: id('article'), quote: { exact: 'Vy was arrested in Phnom Penh in May 2017' } }],
});

const settledAnswers = ({ axes, cases, summary }: PersonView): object => ({ axes, cases, summary });

test('a corrected date moves the answer; the correction withdrawn, the former answer is back', async () => {
  const before = await person('vy', { validAt: '2017-04-30' });
  expect(before.axes.liberty.groups.deprived).toEqual({ certain: false, possible: false });

  const correction = await record(`/v1/persons/${id('vy')}/corrections`, {
    fact: id('vy-arrest'),
    data: { place: 'Phnom Penh', occurred: '2017-04', ...evidence() },
    reason: 'Another reading of the month.',
    citations: [{ sourceId: id('article'), locator: 'the sentence on the arrest' }],
  });
  const corrected = await person('vy', { validAt: '2017-04-30' });
  expect(corrected.axes.liberty.groups.deprived).toEqual({ certain: true, possible: true });
  const fact = corrected.timeline.find(({ event }) => event === id('vy-arrest'));
  expect(fact).toMatchObject({ occurred: '2017-04', standing: 'corrected', corrections: [{ event: correction }] });

  await record(`/v1/persons/${id('vy')}/retractions`, { fact: correction, reason: 'It was May after all.' });
  const again = await person('vy', { validAt: '2017-04-30' });
  expect(settledAnswers(again)).toEqual(settledAnswers(before));

  // What the record said in between is still what it said then.
  const known = String((fact?.corrections[0]?.seq ?? 0) + 0);
  expect(settledAnswers(await person('vy', { validAt: '2017-04-30', knownAt: known }))).toEqual(
    settledAnswers(corrected),
  );
});

test('a withdrawn release puts the person back where they were', async () => {
  await record(`/v1/persons/${id('vy')}/retractions`, { fact: id('vy-release'), reason: 'The source took it back.' });
  const vy = await person('vy');
  expect(vy.axes.liberty.value).toBe('imprisoned');
  expect(vy.timeline.find(({ event }) => event === id('vy-release'))?.standing).toBe('withdrawn');
  const twice = server.client.request(`/v1/persons/${id('vy')}/retractions`, {
    method: 'POST',
    body: { fact: id('vy-release'), reason: 'Again.' },
  });
  await expect(twice).rejects.toMatchObject({ status: 409, code: 'fact-already-withdrawn' });
  await expect(twice).rejects.toBeInstanceOf(RequestFailed);
});

test('a dispute that is rejected leaves the fact undisputed', async () => {
  await record(`/v1/persons/${id('vy')}/dispute-settlements`, {
    fact: id('vy-sentence'),
    outcome: 'rejected',
    reason: 'The release that follows speaks for Vy.',
  });
  const vy = await person('vy');
  expect(vy.timeline.find(({ event }) => event === id('vy-sentence'))).toMatchObject({
    disputed: false,
    disputes: [{ open: false, outcome: 'rejected' }],
  });
  expect(vy.cases[0]?.verdict).toMatchObject({ value: 'convicted', disputed: false });
});

test('a fact recorded of the wrong person is moved, and each place names the other', async () => {
  await record(`/v1/persons/${id('vy')}/moves`, {
    fact: id('vy-sentence'),
    to: { person: id('serey') },
    reason: 'The other reading is the right one.',
  });
  const vy = await person('vy');
  expect(vy.timeline.find(({ event }) => event === id('vy-sentence'))?.standing).toBe('moved');
  expect(vy.cases[0]?.verdict.value).not.toBe('convicted');
  const serey = await person('serey');
  const sentences = serey.timeline.filter(({ type, standing }) => type === 'SentenceHanded' && standing === 'standing');
  expect(sentences.map(({ data }) => data.term).sort()).toEqual(['P18M', 'P9Y']);
});

test('two facts judged to be one count once', async () => {
  const second = await record(`/v1/persons/${id('vy')}/arrests`, { occurred: '2017-05', ...evidence() });
  await record(`/v1/persons/${id('vy')}/same-facts`, {
    facts: [id('vy-arrest'), second],
    reason: 'One arrest, told twice.',
  });
  const vy = await person('vy');
  expect(vy.timeline.find(({ event }) => event === second)?.sameAs).toContain(id('vy-arrest'));
});
