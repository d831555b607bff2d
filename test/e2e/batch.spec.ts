/** The bulk door: the same commands as the single routes, with the same answers, in any amount. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { PersonView } from '#projections';
import type { RequestFailed } from '../../apps/cli/src/client.js';
import { Client } from '../../apps/cli/src/client.js';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { type CaseCommand, firstCase, type Json, resolveNames } from '../../apps/cli/src/demo/first-case.js';
import { positionsOf } from './test-support/positions-of.js';
import { ADMIN_KEY, startServer, type TestServer } from './test-support/server.js';

interface Line {
  readonly line: number;
  readonly key?: string;
  readonly status: number;
  readonly code?: string;
  readonly id?: string;
  readonly event?: string;
  readonly position?: string;
  readonly errors?: readonly { readonly code: string; readonly pointer?: string }[];
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
}, 60_000);
afterAll(() => server.end());

const JSONL = { 'content-type': 'application/jsonl' };

function send(
  to: TestServer,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = JSONL,
): Promise<Response> {
  const authorization = `Bearer ${ADMIN_KEY}`;
  return fetch(`${to.url}/v1/batch`, { method: 'POST', headers: { authorization, ...headers }, body });
}

const linesOf = (text: string): readonly Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

async function batch(lines: readonly (object | string)[], to = server): Promise<readonly Line[]> {
  const body = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const response = await send(to, body);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/jsonl']);
  return linesOf(await response.text());
}

const source = (key: string) => ({
  path: '/v1/sources',
  key,
  body: { type: 'report', title: 'A report', lang: 'en', text: 'On 3 May 2017 somebody was arrested in the capital.' },
});
const person = (key: string, sourceId: string) => ({
  path: '/v1/persons',
  key,
  body: { names: [{ text: 'Somebody', kind: 'legal' }], citations: [{ sourceId }] },
});
const arrest = (key: string, of: string, sourceId: string, rest: object = {}) => ({
  path: `/v1/persons/${of}/arrests`,
  key,
  body: {
    occurred: '2017-05-03',
    basis: 'reported',
    confidence: 'medium',
    citations: [{ sourceId, quote: { exact: 'somebody was arrested' } }],
    ...rest,
  },
});

test('the first case as one batch is answered as it is by the single routes, and again when it is sent again', async () => {
  const [one, other] = [await startServer(), await startServer()];
  try {
    const singly = await enterCase(one.client, firstCase);
    const keyOf = (name: string): string => `first-case-${name}`;
    const isEntry = (name: string): boolean =>
      /^\/v1\/[a-z]+$/.test(firstCase.find((command) => command.name === name)?.path ?? '');
    const names = new Map(
      firstCase.map(({ name }) => [name, `{${isEntry(name) ? 'id' : 'event'}:${keyOf(name)}}`] as const),
    );
    const asLine = (command: CaseCommand): { path: string; key: string; body: Json } => ({
      ...resolveNames(command, names),
      key: keyOf(command.name),
    });
    const answers = await batch(firstCase.map(asLine), other);
    expect(answers.map(({ status }) => status)).toEqual(firstCase.map(() => 201));
    const ids = answers.map(({ id, event }, at) => (isEntry(firstCase[at]?.name ?? '') ? id : event));
    expect(ids).toEqual(firstCase.map(({ name }) => singly.ids.get(name)));
    expect(await batch(firstCase.map(asLine), other)).toEqual(answers);
  } finally {
    await one.end();
    await other.end();
  }
}, 60_000);

test('each line that cannot be executed says why, and costs the others nothing', async () => {
  const key = 'bad-source';
  const answers = await batch([
    source(key),
    '{"path": "/v1/persons", ',
    '[]',
    { ...source('a'), method: 'POST' },
    { key: 'b', body: {} },
    { path: '/v1/persons', body: {} },
    { path: '/v1/persons', key: 'c' },
    { path: '/v1/persons/x/nothing-of-the-kind', key: 'd', body: {} },
    { path: '/v1/persons', key: 'not visible', body: person('', key).body },
    { ...person('e', `{id:${key}}`), visibility: 'secret' },
    { ...person('f', `{id:${key}}`), ifMatch: 'x' },
    person('g', '0a0a0a0a-0000-4000-8000-000000000001'),
    arrest('h', '0a0a0a0a-0000-4000-8000-000000000001', `{id:${key}}`),
    arrest('i', 'x', `{id:${key}}`),
    { ...person('j', `{id:${key}}`), ifMatch: '"x"' },
    { path: '/v1/persons', key: 'k', body: { names: [] } },
    person('l', `{id:${key}}`),
    person('l', `{id:${key}}`),
    { path: '/v1/persons', key: 'l', body: { ...person('', `{id:${key}}`).body, sex: 'x' } },
    { ...source('l'), path: '/v1/persons' },
  ]);
  expect(answers.map(({ line }) => line)).toEqual(answers.map((_, index) => index + 1));
  expect(answers.map(({ status, code }) => code ?? status)).toEqual([
    201,
    'malformed-json',
    'malformed-json',
    'invalid-line',
    'invalid-line',
    'invalid-line',
    'invalid-line',
    'route-not-found',
    'invalid-idempotency-key',
    'invalid-header',
    'invalid-header',
    'source-not-found',
    'not-found',
    'not-found',
    'precondition-failed',
    'several-problems',
    201,
    201,
    'unknown-field',
    'several-problems',
  ]);
  expect(answers[3]).toMatchObject({ key: 'a', status: 400, type: 'urn:habeas:problem:invalid-line' });
  expect(answers[17]).toEqual({ ...answers[16], line: 18 });
});

test('another request under a key is refused as by the single routes', async () => {
  const [first, again] = await batch([
    source('reused'),
    { ...source('reused'), body: { ...source('').body, lang: 'km' } },
  ]);
  expect([first?.status, again?.status, again?.code]).toEqual([201, 409, 'idempotency-key-reused']);
});

test('references: to what an earlier line recorded, in paths and bodies; to nothing, to two things, to what was refused', async () => {
  const [s, p, a, b, ...rest] = await batch([
    source('ref/{1}'),
    person('ref-p', '{id:ref/{1}}'),
    arrest('ref-a', '{id:ref-p}', '{id:ref/{1}}'),
    arrest('ref-b', '{id:ref-p}', '{id:ref/{1}}', { after: ['{event:ref-a}'], place: '{id: not a key}' }),
    arrest('ref-c', '{id:ref-later}', '{id:ref/{1}}'),
    person('ref-later', '{id:ref/{1}}'),
    arrest('ref-d', '{id:ref-p}', '{id:ref/{1}}', { after: ['{event:nobody}'] }),
    { path: '/v1/persons', key: 'ref-no', body: { names: [], citations: [{ sourceId: '{id:ref/{1}}' }] } },
    arrest('ref-e', '{id:ref-no}', '{id:ref/{1}}'),
    arrest('ref-f', '{id:ref-p}', '{id:ref/{1}}', { after: ['{event:ref-e}'] }),
    { path: '/v1/persons', key: 'ref-g', body: 'nothing' },
    arrest('ref-h', '{id:ref-g}', '{id:ref/{1}}'),
    source('ref-p'),
    arrest('ref-i', '{id:ref-p}', '{id:ref/{1}}'),
  ]);
  expect([s, p, a, b].map((answer) => answer?.status)).toEqual([201, 201, 201, 201]);
  expect([a?.id, b?.id]).toEqual([p?.id, p?.id]);
  expect(rest.map(({ code, status }) => code ?? status)).toEqual([
    'unknown-reference',
    201,
    'unknown-reference',
    'too-few',
    'refers-to-refused-line',
    'refers-to-refused-line',
    'invalid-line',
    'refers-to-refused-line',
    201,
    'ambiguous-reference',
  ]);
  expect(rest[2]?.errors).toMatchObject([{ pointer: '/after/0' }]);
  expect(rest[5]?.status).toBe(424);
  const { body } = await server.client.request<PersonView>(`/v1/persons/${p?.id}?minPosition=${b?.position}`);
  expect(body.timeline.filter(({ type }) => type === 'PersonArrested')).toHaveLength(2);
});

test('lines on one subject keep their order, also behind one that waits for another line', async () => {
  const before = await batch([source('order-s'), person('order-p', '{id:order-s}')]);
  const [s = '', p = ''] = before.map(({ id }) => id);
  const many = Array.from({ length: 40 }, (_, n) => [
    { ...source(`order-s${n}`), body: { ...source('').body, title: `Report ${n}` } },
    arrest(`order-${n}-1`, p, `{id:order-s${n}}`, { note: `${2 * n}` }),
    arrest(`order-${n}-2`, p, s, { note: `${2 * n + 1}` }),
  ]).flat();
  const answers = await batch(many);
  expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
  const last = answers.at(-1)?.position ?? '';
  const { body } = await server.client.request<{ timeline: readonly { note?: string; recordedAt: string }[] }>(
    `/v1/persons/${p}?minPosition=${last}`,
  );
  const positions = await positionsOf(server.folder);
  const revisions = answers.filter(({ id }) => id === p).map(({ position = '' }) => positions.read(position).revision);
  expect(revisions).toEqual(revisions.map((_, index) => index + 1));
  expect(body.timeline).toHaveLength(80);
}, 30_000);

test('blank lines, CRLF, a byte order mark and a last line without an end; text that is not UTF-8; a line too long', async () => {
  const [a, b] = [JSON.stringify(source('form-a')), JSON.stringify(source('form-b'))];
  const response = await send(
    server,
    Buffer.concat([
      Buffer.from(`\ufeff${a}\r\n\r\n  \n`),
      Buffer.from(`${JSON.stringify(source('form-c')).replace('A report', 'caf\u00e9')}\n`, 'latin1'),
      Buffer.from(`{"path":"${'x'.repeat(1024 * 1024)}"}\n${b}`),
    ]),
    { 'content-type': 'application/x-ndjson; charset=utf-8' },
  );
  expect(linesOf(await response.text()).map(({ line, code, status }) => [line, code ?? status])).toEqual([
    [1, 201],
    [4, 'malformed-json'],
    [5, 'payload-too-large'],
    [6, 201],
  ]);
});

test('100,000 lines and no more; none is no fault', async () => {
  expect(await batch([])).toEqual([]);
  const answers = linesOf(
    await (
      await send(
        server,
        `${'\n'.repeat(99_999)}${JSON.stringify(source('most'))}\n${JSON.stringify(source('over'))}\n\n`,
      )
    ).text(),
  );
  expect(answers).toMatchObject([
    { line: 100_000, status: 201 },
    { line: 100_001, status: 413, code: 'too-many-lines' },
  ]);
});

test('a wrong content type, here and at the other doors, and no key', async () => {
  const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];
  const line = JSON.stringify(source('type'));
  expect(await codeOf(await send(server, line, { 'content-type': 'application/json' }))).toEqual([
    415,
    'unsupported-media-type',
  ]);
  expect(await codeOf(await send(server, line, { 'content-type': 'text/csv' }))).toEqual([
    415,
    'unsupported-media-type',
  ]);
  expect(await codeOf(await send(server, line, { ...JSONL, authorization: 'Bearer x' }))).toEqual([
    401,
    'unauthenticated',
  ]);
  const elsewhere = await fetch(`${server.url}/v1/sources`, {
    method: 'POST',
    headers: { ...JSONL, authorization: `Bearer ${ADMIN_KEY}` },
    body: line,
  });
  expect(await codeOf(elsewhere)).toEqual([415, 'unsupported-media-type']);
});

test('each line needs the scope that its route needs; a key that records nothing is not let in', async () => {
  const keyWith = async (scope: string): Promise<string> => {
    const body = { name: scope, scopes: [scope] };
    return (await server.client.request<{ key: string }>('/v1/keys', { method: 'POST', body })).body.key;
  };
  const sendAs = async (scope: string) =>
    send(server, JSON.stringify(source('scope')), { ...JSONL, authorization: `Bearer ${await keyWith(scope)}` });
  expect(linesOf(await (await sendAs('review')).text())).toMatchObject([{ line: 1, status: 403, code: 'forbidden' }]);
  expect((await sendAs('read')).status).toBe(403);
});

/** A client that sends everything before it reads anything, as simple ones do. */
async function sendThenRead(to: TestServer, body: string): Promise<string> {
  const { hostname, port } = new URL(to.url);
  const socket = connect({ host: hostname, port: Number(port) });
  const sent = Promise.withResolvers<undefined>();
  socket.write(
    `POST /v1/batch HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${ADMIN_KEY}\r\ncontent-type: application/jsonl\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => {
      sent.resolve(undefined);
    },
  );
  await sent.promise;
  let text = '';
  socket.setEncoding('utf8').on('data', (data: string) => (text += data));
  await once(socket, 'close');
  return text;
}

test('a client may send everything before it reads anything', async () => {
  const lines = Array.from({ length: 20_000 }, (_, n) => `{"path":"/v1/persons/${n}","key":"k${n}"}`);
  const text = await sendThenRead(server, lines.join('\n'));
  expect(text.match(/"line":/g)).toHaveLength(20_000);
}, 30_000);

const many = (name: string, count: number): readonly object[] => [
  source(`${name}-s`),
  ...Array.from({ length: count }, (_, n) => person(`${name}-${n}`, `{id:${name}-s}`)),
];

test('a client that goes in the middle and sends all again gets every answer, and nothing is there twice', async () => {
  const lines = many('gone', 2_000).map((line) => JSON.stringify(line));
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port) });
  const body = lines.join('\n');
  socket.write(
    `POST /v1/batch HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN_KEY}\r\ncontent-type: application/jsonl\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body.slice(0, body.length / 2)}`,
  );
  // It hears of some of what was recorded.
  await once(socket, 'data');
  socket.destroy();
  const answers = await batch(lines);
  expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(lines.length);
  expect(await batch(lines)).toEqual(answers);
}, 30_000);

test('a server that shuts down in the middle answers what it recorded, and says that it stopped', async () => {
  const first = await startServer();
  const lines = many('stop', 3_000).map((line) => `${JSON.stringify(line)}\n`);
  let fed = 0;
  const half = Promise.withResolvers<undefined>();
  const feed = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const some = lines.slice(fed, fed + 50);
      fed += some.length;
      if (fed === 1_000) half.resolve(undefined);
      if (some.length === 0) controller.close();
      else controller.enqueue(Buffer.from(some.join('')));
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  });
  const answering = fetch(`${first.url}/v1/batch`, {
    method: 'POST',
    headers: { ...JSONL, authorization: `Bearer ${ADMIN_KEY}` },
    body: feed,
    duplex: 'half',
  }).then((response) => response.text());
  await half.promise;
  const restarting = first.restart();
  // Some clients hear of the end only by the connection's.
  const heard = linesOf(await answering.catch(() => ''));
  const second = await restarting;
  try {
    if (heard.length > 0) expect(heard.at(-1)).toMatchObject({ status: 503, code: 'shutting-down' });
    const again = await batch(
      lines.map((line) => line.trim()),
      second,
    );
    expect(again.filter(({ status }) => status !== 201)).toEqual([]);
    expect(again.slice(0, Math.max(0, heard.length - 1))).toEqual(heard.slice(0, -1));
    expect(new Set(again.map(({ id }) => id)).size).toBe(lines.length);
  } finally {
    await second.end();
  }
}, 60_000);

test('a client of the single routes finds what a batch recorded under the same key', async () => {
  const [recorded] = await batch([source('single')]);
  const client = new Client(server.url, ADMIN_KEY);
  const again = await client.request<{ id: string }>('/v1/sources', {
    method: 'POST',
    body: source('').body,
    headers: { 'idempotency-key': 'single' },
  });
  expect(again.body.id).toBe(recorded?.id);
  const other = { ...source('').body, lang: 'km' };
  await expect(
    client.request('/v1/sources', { method: 'POST', body: other, headers: { 'idempotency-key': 'single' } }),
  ).rejects.toMatchObject({ code: 'idempotency-key-reused' } satisfies Partial<RequestFailed>);
});
