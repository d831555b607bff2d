/** Search over HTTP: written, found at once, shown with its words, refused by stable codes. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { SearchPage } from '#projections';
import { RequestFailed } from '../../apps/cli/src/client.js';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
let source: string;
beforeAll(async () => {
  server = await startServer();
  await enterCase(server.client, firstCase);
  source = await record('sources', {
    type: 'report',
    title: 'របាយការណ៍',
    lang: 'km',
    text: 'លោក\u200bធុយ\u200b វី\u200bត្រូវ\u200bបាន\u200bដោះលែង\u200bនៅ\u200bថ្ងៃ\u200bទី\u200b២០ ខែ\u200bវិច្ឆិកា។',
  });
}, 60_000);
afterAll(() => server.end());

let last = '';

async function record(path: string, body: object): Promise<string> {
  const recorded = await server.record(path, body);
  last = recorded.position;
  return recorded.id;
}

async function search(parameters: Readonly<Record<string, string>>): Promise<SearchPage> {
  const query = new URLSearchParams({ ...parameters, minPosition: last });
  return (await server.client.request<SearchPage>(`/v1/search?${query.toString()}`)).body;
}

async function refused(query: string): Promise<string> {
  const error = await server.client.request(`/v1/search${query}`).catch((caught: unknown) => caught);
  if (!(error instanceof RequestFailed)) throw new Error(`${query} was answered.`);
  return error.code;
}

const names = ({ items }: SearchPage): readonly (string | undefined)[] => items.map(({ name }) => name);
const evidence = (): object => ({ basis: 'reported', confidence: 'high', citations: [{ sourceId: source }] });

test('a person of the first case is found by any part of the name, and by a name that is added', async () => {
  for (const q of ['Thuy Vy', 'thuy v', 'uy', 'Thúy'])
    expect(names(await search({ q, in: 'names' }))).toContain('Thuy Vy');
  const [hit] = (await search({ q: 'Thuy Vy' })).items;
  await record(`persons/${hit?.id ?? ''}/names`, {
    name: { text: 'ធុយ វី', lang: 'km', script: 'Khmr', kind: 'legal' },
    ...evidence(),
  });
  expect(names(await search({ q: 'ធុយ', in: 'names' }))).toEqual(['Thuy Vy']);

  const byKhmer = await search({ q: 'ធុយ វី', category: 'source' });
  expect(byKhmer.spellings).toMatchObject([{ text: 'Thuy Vy', of: { kind: 'person', name: 'Thuy Vy' } }]);
  const [itself, other] = byKhmer.items;
  expect(itself).toMatchObject({
    id: source,
    matches: [{ in: 'sources', field: '/text', highlights: [{ start: 4, end: 11 }] }],
  });
  expect(itself?.spelling).toBeUndefined();
  expect(other).toMatchObject({ kind: 'source', spelling: { text: 'Thuy Vy' } });
});

test('what a search answers is what the interface says that it answers', async () => {
  const { components } = (
    await server.client.request<{ components: { schemas: Record<string, object> } }>('/openapi.json')
  ).body;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'api', components });
  for (const q of ['a', 'Thuy Vy', 'ធុយ វី', 'government', 'zzz']) {
    const page = await search({ q, limit: '2' });
    ajv.validate({ $ref: 'api#/components/schemas/SearchPage' }, page);
    expect(ajv.errors).toBeNull();
  }
});

test('a correction and a retraction are seen at once', async () => {
  const person = await record('persons', {
    names: [{ text: 'Somebody Else', kind: 'legal' }],
    citations: [{ sourceId: source }],
  });
  const arrest = { occurred: '2019', ...evidence() };
  const fact = await record(`persons/${person}/arrests`, { ...arrest, note: 'Seen at the riverside' });
  expect((await search({ q: 'riverside' })).items).toMatchObject([
    { id: person, matches: [{ in: 'notes', field: '/note', event: fact }] },
  ]);
  await record(`persons/${person}/corrections`, {
    fact,
    data: { ...arrest, note: 'Seen at the lakeside' },
    reason: 'A slip',
    citations: [{ sourceId: source }],
  });
  expect((await search({ q: 'riverside' })).items).toEqual([]);
  expect((await search({ q: 'lakeside' })).items).toMatchObject([{ id: person, matches: [{ event: fact }] }]);
  await record(`persons/${person}/retractions`, { fact, reason: 'It was somebody else' });
  expect((await search({ q: 'lakeside' })).items).toEqual([]);
});

test('pages, and where to look', async () => {
  const all = await search({ q: 'e', limit: '100' });
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await search({ q: 'e', limit: '3', ...(cursor !== undefined && { cursor }) });
    found.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  expect(found).toEqual(all.items.map(({ id }) => id));
  expect(new Set(found).size).toBe(found.length);
  expect(all.asOf.complete).toBe(true);
  const fields = await search({ q: 'e', in: 'names,notes' });
  expect(new Set(fields.items.flatMap(({ matches }) => matches.map((match) => match.in)))).toEqual(
    new Set(['names', 'notes']),
  );
});

test.each([
  ['empty-query', ''],
  ['empty-query', '?q='],
  ['empty-query', '?q=%20-'],
  ['query-too-long', `?q=${'x'.repeat(201)}`],
  ['unknown-search-field', '?q=x&in=name'],
  ['unknown-search-field', '?q=x&in='],
  ['invalid-query', '?q=x&category=people'],
  ['invalid-query', '?q=x&q=y'],
  ['invalid-query', '?q=x&sort=name'],
  ['invalid-limit', '?q=x&limit=0'],
  ['invalid-cursor', '?q=x&cursor=x'],
])('%s: %s', async (code, query) => {
  expect(await refused(query)).toBe(code);
});
