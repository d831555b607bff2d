/** Over HTTP: nobody is given what is above the ceiling of their key, whatever they ask and however it is told. */
import { Client, RequestFailed } from '../../apps/cli/src/client.js';
import type { StatusChangeEvent } from '#feed';
import type { HistoryPage, ListPage, PersonView, SearchPage } from '#projections';
import { HookReceiver } from '../support/hook-receiver.js';
import { until } from '../support/until.js';
import { bearer, EventStream } from './test-support/event-stream.js';
import { startServer, temporaryFolder, type TestServer } from './test-support/server.js';

interface Recorded {
  readonly id: string;
  readonly event: string;
  readonly position: string;
}

let server: TestServer;
/** By ceiling. */
const readers = new Map<string, { readonly client: Client; readonly key: string }>();

const PUBLIC = { 'habeas-visibility': 'public' };
const SECRET = { 'habeas-visibility': 'confidential' };

beforeAll(async () => {
  server = await startServer(temporaryFolder(), { webhooksInside: ['127.0.0.1'] });
  for (const ceiling of ['public', 'internal', 'confidential']) {
    const { body } = await server.client.request<{ key: string }>('/v1/keys', {
      method: 'POST',
      body: { name: ceiling, scopes: ['read', 'webhooks', 'audit'], ceiling },
    });
    readers.set(ceiling, { client: new Client(server.url, body.key), key: body.key });
  }
}, 60_000);

afterAll(() => server.end());

let count = 0;
async function record(path: string, body: object, headers: Readonly<Record<string, string>>): Promise<Recorded> {
  const answer = await server.client.request<Omit<Recorded, 'position'>>(path, {
    method: 'POST',
    body,
    headers: { 'idempotency-key': `visibility-${++count}`, ...headers },
  });
  return { ...answer.body, position: answer.headers.get('habeas-position') ?? '' };
}

function as(ceiling: string): Client {
  const found = readers.get(ceiling);
  if (found === undefined) throw new Error(`Nobody has the ceiling ${ceiling}.`);
  return found.client;
}

async function outcome(promise: Promise<{ readonly body: unknown }>): Promise<unknown> {
  try {
    return (await promise).body;
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    return { status: error.status, code: error.code, message: error.message };
  }
}

const article = {
  type: 'article',
  title: 'An article',
  lang: 'en',
  published: '2020-01-02',
  text: 'She was arrested.',
};
const named = (text: string): object => ({ names: [{ text, kind: 'legal' }] });
const cites = (source: Recorded): object => ({ citations: [{ sourceId: source.id, locator: 'throughout' }] });
const fact = (source: Recorded): object => ({ basis: 'reported', confidence: 'medium', ...cites(source) });

/** A public person with a public arrest, and a detention that only a confidential source tells of. */
async function story(): Promise<Record<'paper' | 'letter' | 'person' | 'arrest' | 'detention', Recorded>> {
  const paper = await record('/v1/sources', article, PUBLIC);
  const letter = await record('/v1/sources', { ...article, type: 'interview', title: 'Qwertyletter' }, SECRET);
  const person = await record('/v1/persons', { ...named(`Somebody ${count}`), ...cites(paper) }, PUBLIC);
  const at = `/v1/persons/${person.id}`;
  const arrest = await record(`${at}/arrests`, { occurred: '2019-05-01', ...fact(paper) }, PUBLIC);
  const detention = await record(
    `${at}/pretrial-detentions`,
    { occurred: '2019-05-03', facility: 'Qwertyfacility', ...fact(letter) },
    PUBLIC,
  );
  return { paper, letter, person, arrest, detention };
}

test('a status is computed from what its reader may see, and nothing else is in any answer', async () => {
  const { letter, person, detention } = await story();
  const path = `/v1/persons/${person.id}`;
  const position = `?minPosition=${detention.position}`;
  const seen = async (ceiling: string): Promise<PersonView> =>
    (await as(ceiling).request<PersonView>(path + position)).body;
  expect((await seen('confidential')).axes.liberty.value).toBe('pretrial-detention');
  for (const ceiling of ['public', 'internal']) {
    const view = await seen(ceiling);
    expect(view.axes.liberty.value).toBe('police-custody');
    expect(view.timeline.map(({ type }) => type)).toEqual(['PersonArrested']);
    const all = await Promise.all([
      as(ceiling).request(`${path}/history`),
      as(ceiling).request(`${path}/diff?from=1`),
      as(ceiling).request('/v1/persons?facets=liberty&sort=-updated'),
      as(ceiling).request('/v1/sources?facets=type'),
      as(ceiling).request('/v1/status-changes?limit=200'),
      as(ceiling).request(
        `${path}?validAt=2019-06&knownAt=${(await as(ceiling).request<PersonView>(path)).body.asOf.knownAt.seq}`,
      ),
      as(ceiling).request('/v1/search?q=Qwerty'),
    ]);
    const text = JSON.stringify(all.map(({ body }) => body));
    for (const hidden of [letter.id, letter.event, detention.event, 'Qwerty', 'pretrial'])
      expect(text).not.toContain(hidden);
  }
  const found = (await as('confidential').request<SearchPage>('/v1/search?q=Qwerty')).body;
  expect(found.items.length).toBeGreaterThan(0);
});

test('what is above the ceiling is as if it were not there: the same answer but for the id that was asked for', async () => {
  const { letter, detention } = await story();
  const secret = await record('/v1/persons', { ...named('Nobody else'), ...cites(letter) }, PUBLIC);
  await as('confidential').request(`/v1/persons/${secret.id}?minPosition=${secret.position}`);
  const missing = '11111111-1111-4111-8111-111111111111';
  for (const ceiling of ['public', 'internal']) {
    for (const path of [
      (id: string) => `/v1/persons/${id}`,
      (id: string) => `/v1/persons/${id}?validAt=2019`,
      (id: string) => `/v1/persons/${id}/history`,
      (id: string) => `/v1/persons/${id}/diff?from=1`,
      (id: string) => `/v1/status-changes?person=${id}`,
      (id: string) => `/v1/statements?speaker=${id}`,
    ])
      expect(await outcome(as(ceiling).request(path(secret.id)))).toEqual(
        await outcome(as(ceiling).request(path(missing))),
      );
    expect(await outcome(as(ceiling).request(`/v1/sources/${letter.id}/citations`))).toEqual(
      await outcome(as(ceiling).request(`/v1/sources/${missing}/citations`)),
    );
    expect(await outcome(as(ceiling).request(`/v1/events/${detention.event}/proof`))).toEqual(
      await outcome(as(ceiling).request(`/v1/events/${missing}/proof`)),
    );
  }
});

test('what is stored is given as it is stored to those alone who may see everything', async () => {
  for (const ceiling of ['public', 'internal'])
    expect(await outcome(as(ceiling).request('/v1/events'))).toMatchObject({ status: 403, code: 'ceiling-too-low' });
  expect(await outcome(as('confidential').request('/v1/events'))).toHaveProperty('items');
});

test('what is shown or hidden later is from then on as if it had always been so, and who follows is told', async () => {
  const { letter, paper, person, arrest } = await story();
  const path = `/v1/persons/${person.id}`;
  const streamed = await EventStream.open(
    `${server.url}/v1/status-changes/stream?person=${person.id}`,
    bearer(readers.get('public')?.key),
  );
  const receiver = await HookReceiver.start();
  const { body: hook } = await as('public').request<{ secret: string }>('/v1/webhooks', {
    method: 'POST',
    body: { url: receiver.url, filter: { person: [person.id] } },
  });
  receiver.secret = hook.secret;
  const liberty = async (position: string): Promise<string> => {
    const { body } = await as('public').request<PersonView>(`${path}?minPosition=${position}`);
    return body.axes.liberty.value;
  };

  const shown = await record(
    `/v1/sources/${letter.id}/visibility`,
    { visibility: 'public', reason: 'printed since' },
    {},
  );
  expect(await liberty(shown.position)).toBe('pretrial-detention');
  const hidden = await record(
    `${path}/visibility`,
    { fact: arrest.event, visibility: 'internal', reason: 'asked to' },
    {},
  );
  expect(await liberty(hidden.position)).toBe('pretrial-detention');
  const again = await record(`/v1/sources/${letter.id}/visibility`, { visibility: 'internal', reason: 'wrong' }, {});
  expect(await liberty(again.position)).toBe('unknown');
  // A hidden event in between changes nothing for whoever does not see it, not even the tag of what they read.
  const etag = async (): Promise<string | null> => (await as('public').request(path)).headers.get('etag');
  const before = await etag();
  const secret = await record(`${path}/releases`, { reason: 'unknown', ...fact(paper) }, SECRET);
  expect([await liberty(secret.position), await etag()]).toEqual(['unknown', before]);

  const toldOf = (changes: readonly StatusChangeEvent[]): unknown =>
    changes.flatMap(({ data }) => (data.axis === 'liberty' ? [[data.kind, data.from.value, data.to.value]] : []));
  const meant = [
    ['visibility', 'withheld', 'pretrial-detention'],
    ['visibility', 'withheld', 'pretrial-detention'],
    ['visibility', 'withheld', 'unknown'],
  ];
  await until(() => (toldOf(streamed.changes) as unknown[]).length === meant.length);
  expect(toldOf(streamed.changes)).toEqual(meant);
  await until(() => receiver.received.length >= streamed.changes.length);
  streamed.close();
  await receiver.stop();
  const text = JSON.stringify(streamed.changes);
  for (const id of [hidden.event, letter.id]) expect(text).not.toContain(id);

  const page = (await as('public').request<{ items: StatusChangeEvent[] }>(`/v1/status-changes?person=${person.id}`))
    .body;
  expect(toldOf(page.items)).toEqual([['visibility', 'withheld', 'unknown']]);
  const history = (await as('public').request<HistoryPage>(`${path}/history`)).body;
  expect(history.items.map(({ type }) => type)).toEqual(['PersonEntered']);

  const whole = await record(`${path}/visibility`, { visibility: 'confidential', reason: 'at risk' }, {});
  expect(await outcome(as('internal').request(`${path}?minPosition=${whole.position}`))).toMatchObject({ status: 404 });
  const list = (await as('internal').request<ListPage>('/v1/persons?limit=200')).body;
  expect(list.items.map(({ id }) => id)).not.toContain(person.id);
});

test('other views of a ceiling are built when the first key with it is made, and again with all others', async () => {
  const { status } = await server.client.request('/v1/views/rebuild', { method: 'POST', body: {} });
  expect(status).toBe(202);
  const { person, arrest } = await story();
  const { body } = await as('public').request<PersonView>(`/v1/persons/${person.id}?minPosition=${arrest.position}`);
  expect(body.axes.liberty.value).toBe('police-custody');
});
