/** Seals and proofs, as somebody takes them who does not trust the server: everything is checked outside of it. */
import { readCheckpoint, readVerifierKey } from '#audit';
import { openSqliteLog } from '#event-store-sqlite';
import { isConsistent, leafOf, rootByInclusion } from '#log-format';
import type { InclusionProof, Seal } from '#audit';
import { RequestFailed } from '../../apps/cli/src/client.js';
import { allEvents } from '../support/real.js';
import { ADMIN_KEY, startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
let event: string;
let position: string;
beforeAll(async () => {
  server = await startServer();
  await enter('A report');
});
afterAll(() => server.end());

async function enter(title: string): Promise<void> {
  const body = { type: 'report', title, lang: 'en' };
  const answer = await server.client.request<{ event: string }>('/v1/sources', { method: 'POST', body });
  event = answer.body.event;
  position = answer.headers.get('habeas-position') ?? '';
  await server.client.request(`/v1/sources?minPosition=${position}`);
}

async function get<T>(path: string): Promise<T> {
  return (await server.client.request<T>(path)).body;
}

async function seal(): Promise<Seal> {
  return (await server.client.request<Seal>('/v1/seals', { method: 'POST' })).body;
}

async function text(path: string): Promise<string> {
  const answer = await fetch(server.url + path, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  return answer.text();
}

async function refused(path: string): Promise<string> {
  try {
    await server.client.request(path);
  } catch (error) {
    if (error instanceof RequestFailed) return `${error.status} ${error.code}`;
    throw error;
  }
  throw new Error('It was not refused.');
}

const bytes = (base64: string): Uint8Array => Buffer.from(base64, 'base64');

test('what was never sealed cannot be proved', async () => {
  expect(await get('/v1/seals')).toMatchObject({ items: [] });
  expect(await refused('/v1/seals/latest')).toBe('404 not-sealed-yet');
  expect(await refused(`/v1/events/${event}/proof`)).toBe('404 not-sealed-yet');
});

test('a seal is recorded once, as long as nothing else is', async () => {
  const first = await seal();
  expect(await seal()).toEqual(first);
  expect(await text('/v1/seals/latest')).toBe(first.checkpoint);
  await enter('Another report');
  const second = await seal();
  // The first seal itself, and what came behind it.
  expect(second.size).toBe(first.size + 2);
  const list = await get<{ items: Seal[]; next: string; verifierKey: string }>('/v1/seals?limit=1');
  expect(list).toMatchObject({ items: [second], verifierKey: first.verifierKey });
  expect(await get(`/v1/seals?limit=1&cursor=${list.next}`)).toEqual({
    items: [first],
    verifierKey: first.verifierKey,
  });
});

test('an event is proved to be in what was sealed', async () => {
  const proof = await get<InclusionProof>(`/v1/events/${event}/proof`);
  const verifier = readVerifierKey(proof.seal.verifierKey)!;
  const checkpoint = readCheckpoint(proof.seal.checkpoint, [verifier]);
  if (!checkpoint.ok) throw new Error(checkpoint.error);
  expect(checkpoint.value).toMatchObject({ size: proof.size, root: bytes(proof.root) });
  // The leaf is made of what is stored, as whoever has the event can see.
  const log = await openSqliteLog({ folder: server.folder, mode: 'read' });
  const stored = (await allEvents(log))[proof.index]!;
  await log.close();
  expect(stored.id).toBe(event);
  const leaf = leafOf((JSON.parse(stored.metadata) as { hash: string }).hash);
  expect(proof.leaf).toBe(Buffer.from(leaf).toString('base64'));
  expect(rootByInclusion({ leaf, index: proof.index, size: proof.size }, proof.path.map(bytes))).toEqual(
    checkpoint.value.root,
  );
});

test('a later log is proved to begin with an earlier one', async () => {
  const { items } = await get<{ items: Seal[] }>('/v1/seals');
  const [later, earlier] = items as [Seal, Seal];
  const proof = await get<{ path: string[] }>(`/v1/seals/consistency?from=${earlier.size}&to=${later.size}`);
  const head = ({ size, root }: Seal) => ({ size, root: bytes(root) });
  expect(isConsistent(head(earlier), head(later), proof.path.map(bytes))).toBe(true);
});

test('what cannot be proved is refused', async () => {
  await enter('A third report');
  const { items } = await get<{ items: Seal[] }>('/v1/seals');
  const { size } = items[0]!;
  expect(await refused(`/v1/events/${event}/proof`)).toBe('404 not-sealed-yet');
  expect(await refused(`/v1/events/${event}/proof?size=${size - 1}`)).toBe('404 unknown-seal');
  expect(await refused('/v1/events/0195f3c0-0000-7000-8000-000000000001/proof')).toBe('404 unknown-event');
  expect(await refused('/v1/seals/consistency?from=0&to=2')).toBe('400 invalid-size');
  expect(await refused('/v1/seals/consistency?from=3&to=2')).toBe('400 invalid-size');
  expect(await refused('/v1/seals/consistency?from=3&to=999999')).toBe('400 size-ahead');
  expect(await refused('/v1/seals/consistency?from=x&to=2')).toBe('400 invalid-query');
});

test('a restart seals with the same key', async () => {
  const before = (await get<{ verifierKey: string }>('/v1/seals')).verifierKey;
  server = await server.restart();
  expect((await seal()).verifierKey).toBe(before);
});
