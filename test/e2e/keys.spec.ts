/** Keys over HTTP: nobody comes in without one, or with one that is over; what they may do; how they are renewed, and end. */
import { rmSync } from 'node:fs';
import { startHabeas } from '../../apps/api/src/compose.js';
import { Client, RequestFailed } from '../../apps/cli/src/client.js';
import type { AccessKeyInfo } from '#access';
import { until } from '../support/until.js';
import { bearer, EventStream } from './test-support/event-stream.js';
import { ADMIN_KEY, startServer, temporaryFolder, type TestServer } from './test-support/server.js';

const STREAM = '/v1/status-changes/stream';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
}, 60_000);

afterAll(() => server.end());

interface Made {
  readonly id: string;
  readonly key: string;
}

async function keyWith(body: object): Promise<Made & { readonly client: Client }> {
  const { id, key } = (
    await server.client.request<Made>('/v1/keys', {
      method: 'POST',
      body: { name: 'a key', scopes: ['read'], ...body },
    })
  ).body;
  return { id, key, client: new Client(server.url, key) };
}

async function refused(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof RequestFailed) return `${outcome.status} ${outcome.code}`;
  throw new Error(`It was to be refused, but ${String(outcome)}.`);
}

const rotate = async (id: string, body?: object): Promise<Made & { readonly previousUntil?: string }> =>
  (await server.client.request<Made>(`/v1/keys/${id}/rotations`, { method: 'POST', body })).body;

test('what a key may do is told to whoever holds it', async () => {
  const { id, client } = await keyWith({ scopes: ['record'], ceiling: 'public', expiresAt: '2099-01-01T00:00:00Z' });
  expect((await client.request('/v1/keys/self')).body).toEqual({
    id,
    scopes: ['record'],
    ceiling: 'public',
    expiresAt: '2099-01-01T00:00:00.000Z',
  });
  expect((await server.client.request('/v1/keys/self')).body).toMatchObject({
    scopes: ['admin'],
    ceiling: 'confidential',
  });
  expect(await refused(client.request('/v1/keys'))).toBe('403 forbidden');
  expect(await refused(client.request(`/v1/keys/${id}/rotations`, { method: 'POST' }))).toBe('403 forbidden');
});

test.each([
  [{ ceiling: 'secret' }, '422 invalid-ceiling'],
  [{ ceiling: 'public', scopes: ['admin'] }, '422 invalid-ceiling'],
  [{ expiresAt: '2020-01-01T00:00:00Z' }, '422 invalid-expiry'],
  [{ expiresAt: 1_900_000_000 }, '422 invalid-expiry'],
  [{ expires: '2099-01-01T00:00:00Z' }, '422 unknown-field'],
])('a key that is asked for with %p is refused: %s', async (body, code) => {
  expect(await refused(keyWith(body))).toBe(code);
});

test('rotating gives the same key another secret, and ends the streams and tickets of the one before', async () => {
  const { id, key, client } = await keyWith({ scopes: ['read'] });
  const ticket = async (by: Client) =>
    (await by.request<{ url: string }>('/v1/stream-tickets', { method: 'POST', body: {} })).body.url;
  const url = await ticket(client);
  const streams = [
    await EventStream.open(server.url + STREAM, bearer(key)),
    await EventStream.open(server.url + url, {}),
  ];
  expect(streams.map(({ response }) => response.statusCode)).toEqual([200, 200]);
  const next = await rotate(id);
  await until(() => streams.every(({ ended }) => ended), 5_000);
  expect(await refused(client.request('/v1/keys/self'))).toBe('401 unauthenticated');
  expect((await fetch(server.url + url)).status).toBe(401);

  const renewed = new Client(server.url, next.key);
  expect((await renewed.request('/v1/keys/self')).body).toMatchObject({ id });
  const kept = [
    await EventStream.open(server.url + STREAM, bearer(next.key)),
    await EventStream.open(server.url + (await ticket(renewed)), {}),
  ];
  const last = await rotate(id, { overlapSeconds: 2 });
  expect((await renewed.request('/v1/keys/self')).status).toBe(200);
  expect(kept.map(({ ended }) => ended)).toEqual([false, false]);
  await until(() => kept.every(({ ended }) => ended), 10_000);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(last.previousUntil ?? ''));
  expect(await refused(renewed.request('/v1/keys/self'))).toBe('401 unauthenticated');
  expect((await new Client(server.url, last.key).request('/v1/keys/self')).status).toBe(200);

  expect(await refused(rotate(id, { overlapSeconds: 1e9 }))).toBe('422 invalid-overlap');
  expect(await refused(rotate(id, { overlapSeconds: '1' }))).toBe('422 invalid-overlap');
  expect(await refused(rotate('nobody'))).toBe('404 not-found');
  await server.client.request(`/v1/keys/${id}`, { method: 'DELETE' });
  expect(await refused(rotate(id))).toBe('409 key-over');
}, 30_000);

test('a key that expires takes its streams with it', async () => {
  const expiresAt = new Date(Date.now() + 3_000).toISOString();
  const { key, client } = await keyWith({ expiresAt });
  const stream = await EventStream.open(server.url + STREAM, bearer(key));
  expect(stream.response.statusCode).toBe(200);
  await until(() => stream.ended, 10_000);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  expect(await refused(client.request('/v1/keys/self'))).toBe('401 unauthenticated');
}, 20_000);

test('a batch ends where its key does, and says so', async () => {
  const { id, key } = await keyWith({ scopes: ['record'] });
  const line = (n: number): string =>
    `${JSON.stringify({ key: `k${n}`, path: '/v1/sources', body: { type: 'report', title: 'A report', lang: 'en' } })}\n`;
  let n = 0;
  const body = new ReadableStream({
    pull: async (controller) => {
      controller.enqueue(new TextEncoder().encode(line(n++)));
      await new Promise((wait) => setTimeout(wait, 20));
    },
  });
  const answer = await fetch(`${server.url}/v1/batch`, {
    method: 'POST',
    headers: { ...bearer(key), 'content-type': 'application/jsonl' },
    body,
    duplex: 'half',
  });
  setTimeout(() => void server.client.request(`/v1/keys/${id}`, { method: 'DELETE' }), 300);
  const lines = (await answer.text()).trim().split('\n');
  const answers = lines.map((each) => JSON.parse(each) as { status: number; code?: string });
  expect(answers.length).toBeGreaterThan(5);
  expect(answers.at(-1)).toMatchObject({ status: 401, code: 'unauthenticated' });
  expect(answers.slice(0, -1).every(({ status }) => status === 201)).toBe(true);
}, 20_000);

test('the list says what a key may see, until when, and when it was last used', async () => {
  const { id, client } = await keyWith({ name: 'used', ceiling: 'public', expiresAt: '2099-01-01T00:00:00Z' });
  const { id: unused } = await keyWith({ name: 'unused' });
  await client.request('/v1/keys/self');
  const list = async () => (await server.client.request<{ items: AccessKeyInfo[] }>('/v1/keys')).body.items;
  const hour = new Date().toISOString().slice(0, 13);
  const shown = async (of: string) => (await list()).find((key) => key.id === of);
  expect(await shown(id)).toMatchObject({ ceiling: 'public', expiresAt: '2099-01-01T00:00:00.000Z' });
  expect((await shown(id))?.lastUsedAt?.slice(0, 11)).toBe(hour.slice(0, 11));
  expect((await shown(id))?.lastUsedAt).toMatch(/:00:00\.000Z$/);
  expect(await shown(unused)).not.toHaveProperty('lastUsedAt');
  const before = await shown(id);
  server = await server.restart();
  expect(await shown(id)).toEqual(before);
}, 30_000);

describe('at the door', () => {
  let lines: { readonly msg: string; readonly [fact: string]: unknown }[];

  async function guarded<T>(settings: object, what: (url: string) => Promise<T>): Promise<T> {
    lines = [];
    const folder = temporaryFolder();
    const habeas = await startHabeas(
      {
        data: folder,
        host: '127.0.0.1',
        port: 0,
        adminKey: ADMIN_KEY,
        masterKey: undefined,
        masterKeyFile: undefined,
        ...settings,
      },
      {
        log: { level: 'warn', format: 'json', write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) },
      },
    );
    try {
      return await what(habeas.url.replace('0.0.0.0', '127.0.0.1'));
    } finally {
      await habeas.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test(
    'every route but health and documentation needs a key, and takes no wrong one',
    () =>
      guarded({}, async (url) => {
        const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
          paths: Record<string, Record<string, unknown>>;
        };
        const none: Record<string, string>[] = [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer ' }];
        const wrong = { authorization: 'Bearer wrong' };
        let walked = 0;
        for (const [path, methods] of Object.entries(paths)) {
          for (const method of Object.keys(methods)) {
            const answers = await Promise.all(
              [...none, wrong].map((headers) => fetch(url + path, { method: method.toUpperCase(), headers })),
            );
            const statuses = answers.map(({ status }) => status);
            for (const answer of answers) await answer.arrayBuffer();
            walked++;
            if (path.startsWith('/health/')) expect([path, ...statuses]).toEqual([path, 200, 200, 200, 200]);
            else expect([path, ...statuses]).toEqual([path, 401, 401, 401, walked > 30 ? 429 : expect.any(Number)]);
          }
        }
        expect(walked).toBeGreaterThan(100);
        const answer = await fetch(`${url}/v1/persons`);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="habeas"');
        expect((await fetch(`${url}/v1/nowhere`)).status).toBe(401);
        for (const open of ['/openapi.json', '/asyncapi.json', '/docs'])
          expect((await fetch(url + open)).status).toBe(200);
        expect(lines.map(({ msg }) => msg)).not.toContain(
          'others can reach this address, and keys come in the clear: let a proxy before it end TLS',
        );
      }),
    120_000,
  );

  test(
    'too many wrong keys of an address are told to wait, written down without the key, and keep no key out that was made here',
    () =>
      guarded({}, async (url) => {
        const admin = new Client(url, ADMIN_KEY);
        const { key } = (
          await admin.request<Made>('/v1/keys', { method: 'POST', body: { name: 'x', scopes: ['read'] } })
        ).body;
        const self = (of: string) => fetch(`${url}/v1/keys/self`, { headers: bearer(of) });
        const statuses: number[] = [];
        for (let n = 0; n < 25; n++) statuses.push((await self(`guess-number-${n}`)).status);
        expect(statuses).toEqual([...Array<number>(20).fill(401), ...Array<number>(5).fill(429)]);
        const answer = await self('another-guess');
        expect(answer.headers.get('retry-after')).toBe('60');
        expect(answer.headers.get('www-authenticate')).toBeNull();
        expect(await answer.json()).toMatchObject({ code: 'too-many-tries' });
        expect((await self(key)).status).toBe(200);
        // The one that can be guessed is not looked at.
        expect((await self(ADMIN_KEY)).status).toBe(429);
        const told = lines.filter(({ msg }) => msg === 'a key that is none was tried');
        expect(told).toMatchObject([
          { level: 'warn', from: '127.0.0.1', tries: 1 },
          { level: 'warn', from: '127.0.0.1', tries: 10 },
        ]);
        expect(JSON.stringify(lines)).not.toContain('guess');
        const metrics = await (await fetch(`${url}/metrics`, { headers: bearer(key) })).text();
        expect(metrics).toContain('habeas_keys_refused_total{reason="wrong"} 20');
        expect(metrics).toContain('habeas_keys_refused_total{reason="too-many-tries"} 7');
        expect(metrics).toContain('habeas_access_following 1');
      }),
    30_000,
  );

  test(
    'addresses are those that a proxy tells, where it is believed',
    () =>
      guarded({ proxies: ['127.0.0.1', '10.1.0.0/16'] }, async (url) => {
        const from = (address: string, of = 'a-guess') =>
          fetch(`${url}/v1/keys/self`, { headers: { ...bearer(of), 'x-forwarded-for': address } });
        for (let n = 0; n < 20; n++) await from('203.0.113.9, 192.0.2.1');
        expect((await from('203.0.113.9, 192.0.2.1')).status).toBe(429);
        // What the client itself puts before it counts for nothing.
        expect((await from('198.51.100.7, 192.0.2.1')).status).toBe(429);
        expect((await from('192.0.2.2', ADMIN_KEY)).status).toBe(200);
        for (const garbage of ['x'.repeat(5_000), 'unknown', '192.0.2.1:80']) await from(garbage);
        const told = lines.filter(({ msg }) => msg === 'a key that is none was tried').map(({ from }) => from);
        expect(new Set(told)).toEqual(new Set(['192.0.2.1', '127.0.0.1']));
      }),
    30_000,
  );

  test(
    'who listens to others than this machine is told once that TLS has to end before it',
    () =>
      guarded({ host: '0.0.0.0' }, async (url) => {
        expect((await fetch(`${url}/v1/keys/self`, { headers: bearer() })).status).toBe(200);
        expect(lines).toMatchObject([
          {
            level: 'warn',
            host: '0.0.0.0',
            msg: 'others can reach this address, and keys come in the clear: let a proxy before it end TLS',
          },
        ]);
      }),
    30_000,
  );
});
