/** Over HTTP: whoever is shown what is confidential is written down before, and nobody else is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { AccessPage } from '#access';
import type { PersonView } from '#projections';
import { Client, RequestFailed } from '../../apps/cli/src/client.js';
import { killAll, run } from '../support/server-process.js';
import { startServer, temporaryFolder, type TestServer } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));

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

afterAll(async () => {
  await killAll();
  await server.end();
});

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

describe('habeas access-log', () => {
  const accessLog = async (
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly lines: readonly string[]; readonly errors: string }> => {
    const { client } = as('auditor');
    const done = run(CLI, ['access-log', ...args], { environment: { HABEAS_URL: server.url, HABEAS_KEY: client.key } });
    const code = await done.ended;
    return { code, lines: done.output().trimEnd().split('\n'), errors: done.errors().trim() };
  };
  const json = async (...args: readonly string[]): Promise<readonly unknown[]> => {
    const { code, lines, errors } = await accessLog('--json', ...args);
    expect([code, errors]).toEqual([0, '']);
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
  };

  test('has what the server has, with its filters', async () => {
    const { items } = await trail('limit=200');
    expect(items.length).toBeGreaterThan(10);
    expect(await json()).toEqual(items);
    const ofHidden = (await trail(`subject=${ids.hidden}&key=${as('reader').id}&limit=200`)).items;
    expect(ofHidden.length).toBeLessThan(items.length);
    expect(await json('--subject', ids.hidden ?? '', '--key', as('reader').id)).toEqual(ofHidden);
    const { at = '' } = items[3] ?? {};
    expect(await json('--from', at)).toEqual(items.filter((one) => one.at >= at));
    expect(await json('--to', at)).toEqual(items.filter((one) => one.at <= at));
    const refused = await accessLog('--from', 'soon');
    expect(refused.code).toBe(1);
    expect(refused.errors).toMatch(/Give an instant/);
  }, 60_000);

  test('is a table that names key, operation and subjects, of several the first', async () => {
    const hidden = await accessLog('--subject', ids.hidden ?? '', '--key', as('reader').id);
    const row = hidden.lines.find((line) => line.includes('readPerson '));
    expect(row?.split('│').map((cell) => cell.trim())).toEqual([
      '',
      expect.stringMatching(/^\d{4}-.*Z$/),
      as('reader').id,
      'readPerson',
      `person ${ids.hidden}`,
      '',
    ]);
    expect(hidden.lines.some((line) => / listEvents +│ any +│/.test(line))).toBe(true);
    const none = await accessLog('--to', '2020-01-01T00:00:00Z');
    expect([none.code, none.lines]).toEqual([0, ['Nobody was shown anything of that.']]);
  }, 60_000);

  test('shows the latest, and all only when asked, over several pages', async () => {
    const { client, id } = as('other');
    for (let n = 0; n < 205; n++) await client.request(`/v1/persons/${n % 2 === 0 ? ids.hidden : ids.mixed}`);
    const latest = await accessLog('--json', '--key', id);
    expect([latest.code, latest.lines.length]).toEqual([0, 50]);
    expect(latest.errors).toMatch(/^These are the latest 50; --all gives all/);
    const { items, next } = await trail(`key=${id}&limit=200`);
    const older = (await trail(`key=${id}&limit=200&cursor=${next ?? ''}`)).items;
    expect(older.length).toBeGreaterThan(0);
    expect(latest.lines.map((line) => JSON.parse(line) as unknown)).toEqual(items.slice(0, 50));
    expect(await json('--all', '--key', id)).toEqual([...items, ...older]);
  }, 60_000);

  test('names three subjects of an answer, and says how many more there were', async () => {
    for (const name of ['One', 'Two', 'Three'])
      ids[name] = await record(
        '/v1/persons',
        { names: [{ text: `${name} ${OF_BOTH}`, kind: 'legal' }], citations: [{ sourceId: ids.paper }] },
        SECRET,
      );
    await as('other').client.request(`/v1/persons?minPosition=${position}`);
    const { lines } = await accessLog('--key', as('other').id);
    const at = lines.findIndex((line) => line.includes('listPersons'));
    const shown = lines.slice(at, at + 4).map((line) => line.split('│').at(-2)?.trim());
    const [entry] = (await trail(`key=${as('other').id}&limit=1`)).items;
    const named = entry?.subjects.slice(0, 3).map((subject) => `person ${subject.id}`) ?? [];
    expect(shown).toEqual([...named, 'and 2 more']);
  }, 60_000);
});

test('what cannot be written down is not shown; everything else is', async () => {
  const before = await of('other');
  const db = new DatabaseSync(join(server.folder, 'reads.db'));
  db.exec('BEGIN IMMEDIATE');
  try {
    expect(await failure(as('other').client.request(`/v1/persons/${ids.hidden}`))).toEqual([503, 'log-unavailable']);
    await as('other').client.request(`/v1/persons/${ids.open}`);
  } finally {
    db.exec('ROLLBACK');
    db.close();
  }
  expect(await of('other')).toEqual(before);
}, 30_000);

test('it is there after a restart', async () => {
  const before = await trail('limit=200');
  server = await server.restart();
  const { body } = await server.client.request<AccessPage>('/v1/audit/access?limit=200');
  expect(body).toEqual(before);
  expect(before.items.length).toBeGreaterThan(10);
}, 30_000);

test('it is kept for as long as the setting says', async () => {
  const { folder } = server;
  const oldest = async (): Promise<string | undefined> =>
    (await server.client.request<AccessPage>('/v1/audit/access?to=2020-01-01T00:00:00Z')).body.items[0]?.operation;
  await server.stop();
  const db = new DatabaseSync(join(folder, 'reads.db'));
  const entry = { at: '2019-01-01T00:00:00.000Z', by: 'key:a', operation: 'readPerson', request: 'r', subjects: [] };
  const today = Math.floor(Date.now() / 86_400_000);
  db.prepare('INSERT INTO entries (day, entry) VALUES (?, ?)').run(today - 10, JSON.stringify(entry));
  db.close();
  server = await startServer(folder, { accessDays: 12 });
  expect(await oldest()).toBe('readPerson');
  await server.stop();
  server = await startServer(folder, { accessDays: 8 });
  expect(await oldest()).toBeUndefined();
}, 30_000);
