/**
 * Every route, as the OpenAPI document has them, attacked: by nobody, by keys that do not allow it, with ids of others, and with
 * whatever breaks parsers, queries and logs. Never a fault of the server's own, never a word or an id that is not for whoever asks,
 * in any byte of any answer or line of the log, and never a request that is stuck.
 *
 * What is sent is drawn from a seed, which a failure tells: `HABEAS_ATTACK_SEED=<seed>` sends the same again, and
 * `HABEAS_ATTACK_ROUNDS` more of it. What was found is kept as cases of their own: in limits.spec what is no HTTP, and answers to it
 * without the headers of all others; in slow-clients.spec bodies by the drop of those who are refused.
 */
import { rmSync } from 'node:fs';
import { startHabeas, type RunningHabeas } from '../../apps/api/src/compose.js';
import { Client } from '../../apps/cli/src/client.js';
import { KINDS } from './test-support/attacks.js';
import { chanceOf } from './test-support/chance.js';
import { type OpenApi, type Operation, operationsOf } from './test-support/described.js';
import { faultsOf } from './test-support/judging.js';
import { INSIDE, LEVELS, nobodys, plant, type Planted, SECRET } from './test-support/planted.js';
import { type Answered, Sender, sendBytes, type Sent } from './test-support/sending.js';
import { ADMIN_KEY, temporaryFolder } from './test-support/server.js';

const SEED = Number(process.env.HABEAS_ATTACK_SEED ?? Math.floor(Math.random() * 2 ** 32));
const ROUNDS = Number(process.env.HABEAS_ATTACK_ROUNDS ?? 1);

/** Requests under way at the same time. */
const WIDTH = 16;

const folder = temporaryFolder();
const lines: string[] = [];
let habeas: RunningHabeas;
let sender: Sender;
let document: OpenApi;
let operations: readonly Operation[];
let planted: Planted;

beforeAll(async () => {
  habeas = await startHabeas(
    {
      data: folder,
      host: '127.0.0.1',
      port: 0,
      adminKey: ADMIN_KEY,
      masterKey: undefined,
      masterKeyFile: undefined,
      sealMinutes: 0,
    },
    { log: { level: 'trace', format: 'json', write: (line) => lines.push(line) } },
  );
  sender = new Sender(habeas.url);
  const client = new Client(habeas.url, ADMIN_KEY);
  let last = '';
  planted = await plant(async <Body>(path: string, body: object, headers = {}) => {
    const answer = await client.request<Body>(path, { method: 'POST', body, headers });
    last = answer.headers.get('habeas-position') ?? last;
    return answer.body;
  });
  for (const { key } of planted.attackers) {
    await new Client(habeas.url, key).request(`/v1/persons?minPosition=${last}`);
  }
  // What is not sealed is in no bundle, whoever asks.
  await client.request('/v1/seals', { method: 'POST' });
  document = (await (await fetch(`${habeas.url}/openapi.json`)).json()) as OpenApi;
  operations = operationsOf(document);
}, 60_000);

afterAll(async () => {
  sender.close();
  await habeas.close();
  rmSync(folder, { recursive: true, force: true });
});

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

const named = ({ method, path, headers, body }: Sent): string =>
  JSON.stringify({ method, path, headers: { ...headers, authorization: undefined }, body: String(body).slice(0, 600) });

/** Sends all of them, some at a time. */
async function sendAll<Each>(each: readonly Each[], send: (one: Each) => Promise<void>): Promise<void> {
  const waiting = each[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: WIDTH }, async () => {
      for (const one of waiting) await send(one);
    }),
  );
}

const idsIn = (levels: readonly (typeof LEVELS)[number][]): readonly string[] =>
  levels.flatMap((level) => Object.values(planted.ids[level]));

const withId = ({ path }: Operation, id: string): string => path.replaceAll(/\{\w+\}/g, id);

test('nobody gets in without a key', async () => {
  const faults: string[] = [];
  const headers: Record<string, string>[] = [
    {},
    { authorization: '' },
    { authorization: `Basic ${Buffer.from(`admin:${ADMIN_KEY}`).toString('base64')}` },
    { authorization: `Bearer${ADMIN_KEY}` },
    { authorization: `Bearer ${ADMIN_KEY} ` + 'x' },
    { authorization: 'Bearer __proto__' },
    { cookie: `key=${ADMIN_KEY}`, 'x-api-key': ADMIN_KEY },
  ];
  const closed = operations.filter(({ path }) => !path.startsWith('/health/'));
  expect(closed.length).toBeGreaterThan(150);
  const sents = closed.flatMap((operation) =>
    headers.map((each) => ({
      method: operation.method,
      path: withId(operation, planted.ids.public.persons ?? ''),
      headers: { ...each, ...(operation.mediaType !== undefined && { 'content-type': operation.mediaType }) },
      ...(operation.schema !== undefined && { body: '{}' }),
    })),
  );
  await sendAll(sents, async (sent) => {
    const answered = await sender.send(sent);
    const code = answered.status === 401 || answered.status === 429 ? [] : [`answered by ${String(answered.status)}`];
    for (const fault of [...code, ...faultsOf(sent, answered, [SECRET, INSIDE, ...idsIn(LEVELS)])]) {
      faults.push(`${fault}: ${named(sent)}`);
    }
  });
  expect(faults).toEqual([]);
});

/** What a key with the scope `read` alone may ask besides reading with GET, and what of that it may not. */
const READERS_POST = new Set(['/v1/stream-tickets']);
const NOT_FOR_READERS = new Set([
  '/v1/audit/access',
  '/v1/erasures',
  '/v1/erasures/{id}',
  '/v1/erasures/{id}/mentions',
  '/v1/events',
  '/v1/keys',
  '/v1/views',
  '/v1/webhooks',
  '/v1/webhooks/{id}',
  '/v1/webhooks/{id}/dead-letters',
]);

test('a key does on no route what its scopes do not say', async () => {
  const reader = planted.attackers.find(({ name }) => name === 'internal read')?.key ?? '';
  const faults: string[] = [];
  await sendAll(operations, async (operation) => {
    const sent = {
      method: operation.method,
      path: withId(operation, planted.ids.public[operation.path.split('/')[2] ?? ''] ?? nobodys()),
      headers: { ...bearer(reader), ...(operation.mediaType !== undefined && { 'content-type': operation.mediaType }) },
      ...(operation.schema !== undefined && { body: '{}' }),
    };
    const { status } = await sender.send(sent);
    const allowed =
      operation.method === 'GET' ? !NOT_FOR_READERS.has(operation.path) : READERS_POST.has(operation.path);
    if ((status !== 403) !== allowed) faults.push(`${operation.method} ${operation.path}: ${String(status)}`);
  });
  expect(faults).toEqual([]);
});

test('a subject above the ceiling is answered on every route as one that is not there', async () => {
  const faults: string[] = [];
  const compared = operations.filter(({ path }) => path.includes('{'));
  /** All that a client can tell answers apart by, save time, place and the names of requests. */
  const told = ({ status, headers, body }: Answered, id: string): string => {
    const { date: _, ratelimit: __, ...rest } = headers;
    return JSON.stringify([status, rest, body.replaceAll(/urn:habeas:request:[0-9a-f-]+/g, '')]).replaceAll(id, 'ID');
  };
  const all = planted.attackers.flatMap((attacker) => compared.map((operation) => [attacker, operation] as const));
  await sendAll(all, async ([attacker, operation]) => {
    const [, , plural = ''] = operation.path.split('/');
    for (const level of attacker.name.startsWith('public')
      ? (['internal', 'confidential'] as const)
      : (['confidential'] as const)) {
      const id = planted.ids[level][plural];
      if (id === undefined) continue;
      const chance = chanceOf(SEED);
      const target = { operation, chance, planted, schemas: document.components.schemas };
      const [drawn] = KINDS['as it is meant']?.(target) ?? [];
      if (drawn === undefined) continue;
      const send = async (of: string): Promise<string> => {
        const headers = { ...drawn.headers, ...bearer(attacker.key), 'idempotency-key': of };
        return told(await sender.send({ ...drawn, path: withId(operation, of), headers }), of);
      };
      const [secret, none] = [await send(id), await send(nobodys())];
      if (secret !== none) faults.push(`${attacker.name} ${operation.method} ${operation.path}: ${secret} ${none}`);
    }
  });
  expect(faults).toEqual([]);
}, 60_000);

test('whatever is sent, by whoever: an answer of the documented kind, in time, without a word that is not theirs', async () => {
  const chance = chanceOf(SEED);
  const admin = { name: 'admin', key: ADMIN_KEY, hidden: [] };
  const faults: string[] = [];
  const all = Array.from({ length: ROUNDS }, () => operations)
    .flat()
    .flatMap((operation) =>
      Object.entries(KINDS).flatMap(([kind, requests]) =>
        requests({ operation, chance, planted, schemas: document.components.schemas }).map((sent) => {
          const attacker = chance.nat(5) === 0 ? admin : chance.one(planted.attackers);
          return { kind, attacker, sent: { ...sent, headers: { ...sent.headers, ...bearer(attacker.key) } } };
        }),
      ),
    );
  const statuses = new Map<number, number>();
  await sendAll(all, async ({ kind, attacker, sent }) => {
    const answered = await sender.send(sent);
    statuses.set(answered.status, (statuses.get(answered.status) ?? 0) + 1);
    const levels = attacker === admin ? [] : attacker.name.startsWith('public') ? LEVELS.slice(1) : LEVELS.slice(2);
    for (const fault of faultsOf(sent, answered, [...attacker.hidden, ...idsIn(levels)])) {
      faults.push(`${fault}: ${attacker.name}, ${kind}: ${named(sent)}`);
    }
  });
  // Else it knocks at a door that is shut.
  for (const status of [200, 201, 400, 403, 404, 413, 415, 422]) expect([...statuses.keys()]).toContain(status);
  expect({ seed: SEED, faults: faults.slice(0, 20), of: faults.length }).toEqual({ seed: SEED, faults: [], of: 0 });
  expect((await fetch(`${habeas.url}/health/ready`)).status).toBe(200);
}, 120_000);

test('random bytes, and requests that are nearly some, are answered or cut off', async () => {
  const chance = chanceOf(SEED);
  const head = (rest: string): string => `GET /v1/persons HTTP/1.1\r\nHost: a\r\n${rest}\r\n\r\n`;
  const sent: readonly (string | Buffer)[] = [
    ...Array.from({ length: 20 }, () => chance.bytes(1 + chance.nat(2_000))),
    ...Array.from({ length: 20 }, () =>
      Buffer.concat([Buffer.from('GET /'), chance.bytes(200), Buffer.from('\r\n\r\n')]),
    ),
    head(`Authorization: Bearer ${ADMIN_KEY}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked`),
    head('Content-Length: 1\r\nContent-Length: 2'),
    head('Content-Length: -1'),
    head('Transfer-Encoding: identity, chunked, chunked'),
    head(`X: ${'x'.repeat(20_000)}`),
    head(Array.from({ length: 500 }, (_, index) => `X-${String(index)}: 1`).join('\r\n')),
    head('X : 1'),
    head('X: a\u0000b'),
    head('Expect: the-unexpected'),
    'GET /v1/persons HTTP/1.1\r\n\r\n',
    'GET /v1/persons HTTP/9.9\r\nHost: a\r\n\r\n',
    'CONNECT example.org:443 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET http://example.org/v1/persons HTTP/1.1\r\nHost: example.org\r\n\r\n',
    'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET /v1/persons HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    'POST /v1/persons HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n',
  ];
  const faults: string[] = [];
  await sendAll(sent, async (bytes) => {
    const answer = await sendBytes(habeas.url, bytes);
    const shown = JSON.stringify(bytes.toString('latin1').slice(0, 120));
    if (answer === '') return;
    const [start = '', ...rest] = answer.split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(start)?.[1] ?? 0);
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
    const headers = Object.fromEntries(
      rest
        .slice(0, rest.indexOf(''))
        .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    );
    for (const fault of faultsOf({ method: 'GET', path: '' }, { status, headers, text: answer, body, stuck: false }, [
      SECRET,
      INSIDE,
    ]))
      faults.push(`${fault}: ${shown}`);
  });
  expect({ seed: SEED, faults }).toEqual({ seed: SEED, faults: [] });
}, 60_000);

/** Runs last: it looks at what all that came before left in the log. */
test('and of all that the log of the server says nothing but that it was so', () => {
  expect(lines.length).toBeGreaterThan(1_000);
  const keys = [ADMIN_KEY, ...planted.attackers.map(({ key }) => key)];
  const told = [SECRET, INSIDE, ...keys, "' OR 1=1", 'DROP TABLE', 'etc/passwd', '\u001b'];
  expect(lines.filter((line) => told.some((word) => line.includes(word))).slice(0, 5)).toEqual([]);
  const level = (line: string): string => (JSON.parse(line) as { level: string }).level;
  expect(lines.filter((line) => ['error', 'fatal'].includes(level(line)))).toEqual([]);
});
