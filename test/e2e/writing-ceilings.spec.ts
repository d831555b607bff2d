/** Over HTTP: a key that may not see something is told the same, byte for byte, as if it were not there. */
import { randomUUID } from 'node:crypto';
import { ADMIN_KEY, startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
let inside: string;
let hidden: string;
let person: string;
let source: string;

beforeAll(async () => {
  server = await startServer();
  const body = { name: 'newsroom', scopes: ['record', 'review'], ceiling: 'internal' };
  inside = (await server.client.request<{ key: string }>('/v1/keys', { method: 'POST', body })).body.key;
  source = (await post(ADMIN_KEY, 'sources', SOURCE)).body.id;
  hidden = (await post(ADMIN_KEY, 'sources', SOURCE, { 'habeas-visibility': 'confidential' })).body.id;
  person = (await post(ADMIN_KEY, 'persons', { names: [{ text: 'Person A', kind: 'legal' }], ...cites(source) })).body
    .id;
}, 30_000);
afterAll(() => server.end());

const SOURCE = { type: 'report', title: 'A report', lang: 'en' };
const cites = (sourceId: string) => ({ citations: [{ sourceId }] });
const arrest = (sourceId: string) => ({ ...cites(sourceId), basis: 'reported', confidence: 'medium' });
const CONFIDENTIAL = { 'habeas-visibility': 'confidential' };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, string>> & { readonly id: string };
}

async function post(key: string, path: string, body: object, headers: object = {}): Promise<Answer> {
  const response = await fetch(`${server.url}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as Answer['body'] };
}

/** All that is told, but for what names the request itself. */
function told({ status, headers, text }: Answer): object {
  const names = [...headers.keys()].filter((name) => name !== 'date');
  return { status, names, text: text.replace(/urn:habeas:request:[0-9a-f-]+/, '') };
}

test.each<[string, (id: string) => Promise<Answer>]>([
  ['a source', (id) => post(inside, `persons/${person}/arrests`, arrest(id))],
  [
    'a source of a new person',
    (id) => post(inside, 'persons', { names: [{ text: 'B', kind: 'legal' }], ...cites(id) }),
  ],
  ['a subject', (id) => post(inside, `sources/${id}/disappearances`, { noticedAt: '2020-01-01T00:00:00Z' })],
  [
    'a subject, with If-Match',
    (id) => post(inside, `sources/${id}/details`, { title: 'x', reason: 'r' }, { 'if-match': '"x"' }),
  ],
  ['another source', (id) => post(inside, `sources/${source}/dependencies`, { other: id, kind: 'reprint' })],
])('%s that is hidden', async (_, name) => {
  const [secret, missing] = [await name(hidden), await name(randomUUID())];
  expect(told(secret)).toEqual(told(missing));
  expect(secret.status).toBeGreaterThanOrEqual(400);
});

test('a fact that is hidden', async () => {
  const { body } = await post(ADMIN_KEY, `persons/${person}/arrests`, arrest(source), CONFIDENTIAL);
  const retract = (fact: string) => post(inside, `persons/${person}/retractions`, { fact, reason: 'r' });
  const [secret, missing] = [await retract(body.event ?? ''), await retract(randomUUID())];
  expect(told(secret)).toEqual(told(missing));
  expect(secret.body.code).toBe('fact-not-found');
});

test('a line of a batch', async () => {
  const batch = async (id: string): Promise<string> => {
    const lines = [
      { path: `/v1/persons/${person}/arrests`, key: 'line-1', body: arrest(id) },
      { path: `/v1/sources/${id}/details`, key: 'line-2', body: { title: 'x', reason: 'r' } },
    ];
    const response = await fetch(`${server.url}/v1/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${inside}`, 'content-type': 'application/jsonl' },
      body: lines.map((line) => JSON.stringify(line)).join('\n'),
    });
    return (await response.text()).replaceAll(/urn:habeas:request:[0-9a-f-]+/g, '');
  };
  const [secret, missing] = [await batch(hidden), await batch(randomUUID())];
  expect(secret).toBe(missing);
  expect(secret).toMatch(/source-not-found.*\n.*not-found/);
});

test('a tag is of what the key may see: what is hidden in between changes nothing', async () => {
  const path = `persons/${person}/arrests`;
  const seen = (await post(inside, path, arrest(source))).headers.get('etag') ?? '';
  await post(ADMIN_KEY, path, arrest(source), CONFIDENTIAL);
  const matching = await post(inside, path, arrest(source), { 'if-match': seen });
  expect(matching.status).toBe(201);
  expect((await post(inside, path, arrest(source), { 'if-match': seen })).status).toBe(412);
  expect((await post(ADMIN_KEY, path, arrest(source), { 'if-match': matching.headers.get('etag') ?? '' })).status).toBe(
    201,
  );
});

test('what a key records above its ceiling is answered, with no tag, and not shown to it again', async () => {
  const dropped = await post(inside, 'sources', SOURCE, CONFIDENTIAL);
  expect([dropped.status, dropped.body.visibility, dropped.headers.get('etag')]).toEqual([201, 'confidential', null]);
  const again = await post(inside, `sources/${dropped.body.id}/details`, { title: 'x', reason: 'r' });
  expect([again.status, again.body.code]).toEqual([404, 'not-found']);
});

test('the answer says who may see it, where that is fewer than was said', async () => {
  const path = `persons/${person}/arrests`;
  const open = await post(ADMIN_KEY, path, arrest(source), { 'habeas-visibility': 'public' });
  expect(open.body).toMatchObject({ visibility: 'public', effective: 'internal' });
  const resting = await post(ADMIN_KEY, path, arrest(hidden));
  expect(resting.body).toMatchObject({ visibility: 'internal', effective: 'confidential' });
  expect((await post(ADMIN_KEY, path, arrest(source))).body).not.toHaveProperty('effective');
});
