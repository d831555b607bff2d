/** Over HTTP: whoever is shown what is confidential is written down before, and nobody else is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AccessPage } from '#access';
import type { PersonView } from '#projections';
import { Client, RequestFailed } from '../../apps/cli/src/client.js';
import { startServer, temporaryFolder, type TestServer } from './test-support/server.js';

let server: TestServer;
const keys = new Map<string, { readonly id: string; readonly client: Client }>();
const ids: Record<string, string> = {};

const SECRET = { 'habeas-visibility': 'confidential' };
const PUBLIC = { 'habeas-visibility': 'public' };
const OF_BOTH = 'zebra';

let position = '';
async function record(path: string, body: object, headers: Readonly<Record<string, string>>): Promise<string> {
  const answer = await server.client.request<{ id: string }>(path, { method: 'POST', body, headers });
  position = answer.headers.get('habeas-position') ?? '';
  return answer.body.id;
}

async function keyWith(name: string, ceiling: string, ...scopes: readonly string[]): Promise<void> {
  const { body } = await server.client.request<{ id: string; key: string }>('/v1/keys', {
    method: 'POST',
    body: { name, ceiling, scopes },
  });
  keys.set(name, { id: body.id, client: new Client(server.url, body.key) });
}

function as(name: string): { readonly id: string; readonly client: Client } {
  const found = keys.get(name);
  if (found === undefined) throw new Error(`There is no key ${name}.`);
  return found;
}

async function trail(query = ''): Promise<AccessPage> {
  return (await as('auditor').client.request<AccessPage>(`/v1/audit/access?${query}`)).body;
}

/** What is written down of one key, the latest first, as `operation name name`. */
async function of(key: string): Promise<readonly string[]> {
  const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
  const { items } = await trail(`key=${as(key).id}&limit=200`);
  return items.map(({ operation, subjects }) => [operation, ...subjects.map(({ id }) => names.get(id))].join(' '));
}

const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it succeeded',
    (error: unknown) => (error instanceof RequestFailed ? [error.status, error.code] : error),
  );

beforeAll(async () => {
  server = await startServer(temporaryFolder());
  await keyWith('reader', 'confidential', 'read', 'audit');
  await keyWith('other', 'confidential', 'read');
  await keyWith('inside', 'internal', 'read', 'audit');
  await keyWith('auditor', 'confidential', 'audit');
  const source = { type: 'article', title: 'A paper', lang: 'en', published: '2020-01-02' };
  ids.paper = await record('/v1/sources', source, PUBLIC);
  const citations = [{ sourceId: ids.paper, locator: 'throughout' }];
  const person = (text: string): object => ({ names: [{ text: `${text} ${OF_BOTH}`, kind: 'legal' }], citations });
  ids.open = await record('/v1/persons', person('Open'), PUBLIC);
  ids.mixed = await record('/v1/persons', person('Mixed'), PUBLIC);
  ids.hidden = await record('/v1/persons', person('Hidden'), SECRET);
  const arrest = { occurred: '2019-05-01', basis: 'reported', confidence: 'medium', citations };
  await record(`/v1/persons/${ids.open}/arrests`, arrest, PUBLIC);
  await record(`/v1/persons/${ids.mixed}/arrests`, arrest, SECRET);
  // Until the views of everybody have it.
  for (const name of ['reader', 'inside'])
    await as(name).client.request(`/v1/search?q=zebra&category=group&minPosition=${position}`);
}, 60_000);

afterAll(() => server.end());

test('each answer that shows something confidential, with the subjects it is of, before it is given', async () => {
  const { client } = as('reader');
  await client.request(`/v1/persons/${ids.open}`);
  await client.request(`/v1/persons/${ids.open}/history`);
  await client.request(`/v1/persons/${ids.open}/diff?from=1`);
  expect(await of('reader')).toEqual([]);
  const { asOf } = (await server.client.request<PersonView>(`/v1/persons/${ids.open}`)).body;
  const { seq } = asOf.knownAt;
  const expected: string[] = [];
  const reads = async (path: string, entry: string): Promise<void> => {
    await client.request(path);
    expect(await of('reader')).toEqual([entry, ...expected]);
    expected.unshift(entry);
  };
  await reads(`/v1/persons/${ids.hidden}`, 'readPerson hidden');
  // Given again from memory, it is written down again.
  await reads(`/v1/persons/${ids.hidden}`, 'readPerson hidden');
  await reads(`/v1/persons/${ids.mixed}`, 'readPerson mixed');
  await reads(`/v1/persons/${ids.mixed}?validAt=2019`, 'readPerson mixed');
  await reads(`/v1/persons/${ids.hidden}?knownAt=${seq}`, 'readPerson hidden');
  await reads(`/v1/persons/${ids.mixed}/history`, 'readPersonHistory mixed');
  await reads(`/v1/persons/${ids.mixed}/diff?from=1`, 'diffPerson mixed');
  await reads('/v1/persons', 'listPersons mixed hidden');
  await reads('/v1/persons?validAt=2019', 'listPersons mixed hidden');
  await reads(`/v1/search?q=${OF_BOTH}&category=person`, 'search hidden mixed');
  await reads(`/v1/sources/${ids.paper}/citations`, 'readSourceCitations paper mixed');
  await reads('/v1/status-changes', 'listStatusChanges mixed');
  await reads('/v1/events?limit=1', 'listEvents');
  await server.client.request('/v1/seals', { method: 'POST', body: {} });
  const bundle = await fetch(`${server.url}/v1/persons/${ids.hidden}/bundle`, {
    headers: { authorization: `Bearer ${client.key}` },
  });
  expect(bundle.status).toBe(200);
  await bundle.arrayBuffer();
  expect((await of('reader'))[0]).toBe('bundlePerson hidden');
});

test('nothing of whoever is not shown it, nor of answers that are refused', async () => {
  const { client } = as('inside');
  for (const path of [`persons/${ids.mixed}`, `persons/${ids.mixed}/history`, 'persons', `search?q=${OF_BOTH}`])
    await client.request(`/v1/${path}`);
  expect(await failure(client.request(`/v1/persons/${ids.hidden}`))).toEqual([404, 'not-found']);
  expect(await failure(as('other').client.request(`/v1/persons/${ids.hidden}?knownAt=1`))).toEqual([404, 'not-found']);
  expect([await of('inside'), await of('other')]).toEqual([[], []]);
});

test('it is for auditors who may see everything; by key, subject and time; and tells no name', async () => {
  expect(await failure(as('other').client.request('/v1/audit/access'))).toEqual([403, 'forbidden']);
  expect(await failure(as('inside').client.request('/v1/audit/access'))).toEqual([403, 'ceiling-too-low']);
  await as('other').client.request(`/v1/persons/${ids.mixed}`);
  const [last] = (await trail('limit=1')).items;
  const by = `key:${as('other').id}`;
  expect(last).toEqual({
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
    by,
    operation: 'readPerson',
    request: expect.stringMatching(/^[\w-]+$/) as string,
    subjects: [{ kind: 'person', id: ids.mixed }],
  });
  const found = async (query: string): Promise<readonly unknown[]> => (await trail(query)).items;
  expect(await found(`key=${by}`)).toEqual([last]);
  expect((await found(`subject=${ids.mixed}&limit=1`))[0]).toEqual(last);
  expect(await found(`subject=${ids.open}&limit=1`)).toMatchObject([{ everything: true }]);
  expect(await found(`from=${last?.at ?? ''}`)).toEqual([last]);
  expect(await found('to=2020-01-01T00:00:00Z')).toEqual([]);
  expect(await failure(trail('from=soon'))).toEqual([400, 'invalid-moment']);
  const page = await trail('limit=1');
  expect((await found(`limit=1&cursor=${page.next ?? ''}`))[0]).not.toEqual(last);
  // A trail that held names or words would be one more place to leak them from.
  const files = readdirSync(server.folder).filter((name) => name.startsWith('reads.db'));
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) {
    const bytes = readFileSync(join(server.folder, name));
    expect([name, bytes.includes('ebra'), bytes.includes('Hidden')]).toEqual([name, false, false]);
  }
});

test('what cannot be written down is not shown; everything else is', async () => {
  const db = new DatabaseSync(join(server.folder, 'reads.db'));
  db.exec('BEGIN IMMEDIATE');
  try {
    expect(await failure(as('other').client.request(`/v1/persons/${ids.hidden}`))).toEqual([503, 'log-unavailable']);
    await as('other').client.request(`/v1/persons/${ids.open}`);
  } finally {
    db.exec('ROLLBACK');
    db.close();
  }
  expect(await of('other')).toEqual(['readPerson mixed']);
}, 30_000);

test('it is there after a restart', async () => {
  const before = await trail('limit=200');
  server = await server.restart();
  const { body } = await server.client.request<AccessPage>('/v1/audit/access?limit=200');
  expect(body).toEqual(before);
  expect(before.items.length).toBeGreaterThan(10);
}, 30_000);
