/** What bad input gets: its code, the place of the fault, and nothing recorded. */
import type { PersonView } from '#projections';
import type { Client, RequestFailed } from '../../apps/cli/src/client.js';
import { ADMIN_KEY as ADMIN, startServer, type TestServer } from './test-support/server.js';

let server: TestServer;
let client: Client;
let source: string;
let person: string;
let other: string;
let arrest: string;
let etag: string;

interface Recorded {
  readonly id: string;
  readonly event: string;
}

const TEXT = 'On 3 May 2017 somebody was arrested in the capital. On 3 June somebody was let out.';
const fact = (rest: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  occurred: '2017-05-03',
  basis: 'reported',
  confidence: 'medium',
  citations: [{ sourceId: source, quote: { exact: 'somebody was arrested in the capital' } }],
  ...rest,
});

async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return client.request<Recorded>(path, { method: 'POST', body, headers });
}

beforeAll(async () => {
  server = await startServer();
  client = server.client;
  source = (await post('/v1/sources', { type: 'report', title: 'A report', published: '2019', lang: 'en', text: TEXT }))
    .body.id;
  const enter = async () =>
    (await post('/v1/persons', { names: [{ text: 'Somebody', kind: 'legal' }], citations: [{ sourceId: source }] }))
      .body.id;
  person = await enter();
  other = await enter();
  const first = await post(`/v1/persons/${person}/arrests`, fact(), { 'idempotency-key': 'the-arrest' });
  arrest = first.body.event;
  etag = first.headers.get('etag') ?? '';
  await post(`/v1/persons/${person}/releases`, fact({ occurred: '2017-06-03', reason: 'unknown' }));
}, 60_000);

afterAll(() => server.end());

/** How many events the record holds, as a fresh write shows: the document that has it says up to where it counts. */
async function seqAfterWrite(): Promise<number> {
  const answer = await post(`/v1/persons/${other}/arrests`, fact());
  const position = answer.headers.get('habeas-position') ?? '';
  const { body } = await client.request<PersonView>(`/v1/persons/${other}?minPosition=${position}`);
  return body.asOf.knownAt.seq;
}

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly errors?: readonly { readonly code: string; readonly pointer?: string }[];
}

/** Sends it raw, and gives the problem that came back. Fails if what came back is none. */
async function refused(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Problem> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json', ...headers },
  });
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const problem = (await response.json()) as Problem & Record<string, unknown>;
  expect(problem).toMatchObject({ type: `urn:habeas:problem:${problem.code}`, status: response.status });
  expect(typeof problem.title).toBe('string');
  expect(typeof problem.detail).toBe('string');
  return problem;
}

type Case = readonly [
  what: string,
  expected: { status: number; code: string; pointer?: string },
  send: () => { path?: string; body: unknown; headers?: Readonly<Record<string, string>> },
];

const raw = (text: string): { raw: string } => ({ raw: text });

const cases: readonly Case[] = [
  ['malformed JSON', { status: 400, code: 'malformed-json' }, () => ({ body: raw('{"occurred": "2017-05"') })],
  ['an array', { status: 400, code: 'malformed-json' }, () => ({ body: [] })],
  ['nothing', { status: 400, code: 'malformed-json' }, () => ({ body: raw('') })],
  [
    'JSON nested without end',
    { status: 400, code: 'malformed-json' },
    () => ({ body: raw(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`) }),
  ],
  ['a reserved name', { status: 400, code: 'malformed-json' }, () => ({ body: raw('{"__proto__":{"admin":true}}') })],
  [
    'another media type',
    { status: 415, code: 'unsupported-media-type' },
    () => ({ body: {}, headers: { 'content-type': 'text/plain' } }),
  ],
  [
    'an unknown field',
    { status: 422, code: 'unknown-field', pointer: '/arrestedBy' },
    () => ({ body: fact({ arrestedBy: 'x' }) }),
  ],
  [
    'a field that the server sets',
    { status: 422, code: 'server-set-field', pointer: '/citations/0/published' },
    () => ({ body: fact({ citations: [{ sourceId: source, published: '2019-01-01' }] }) }),
  ],
  [
    'an impossible date',
    { status: 422, code: 'invalid-edtf', pointer: '/occurred' },
    () => ({ body: fact({ occurred: '2017-02-30' }) }),
  ],
  [
    'a time of day',
    { status: 422, code: 'invalid-edtf', pointer: '/occurred' },
    () => ({ body: fact({ occurred: '2017-02-03T10:00:00Z' }) }),
  ],
  [
    'a fact in the future',
    { status: 422, code: 'occurred-in-future', pointer: '/occurred' },
    () => ({ body: fact({ occurred: '2999' }) }),
  ],
  [
    'a citation of a source that does not exist',
    { status: 422, code: 'source-not-found', pointer: '/citations/0/sourceId' },
    () => ({ body: fact({ citations: [{ sourceId: person, quote: { exact: 'somebody' } }] }) }),
  ],
  [
    'a fact without evidence',
    { status: 422, code: 'missing-field', pointer: '/citations' },
    () => ({ body: { ...fact(), citations: undefined } }),
  ],
  ['no citations', { status: 422, code: 'too-few', pointer: '/citations' }, () => ({ body: fact({ citations: [] }) })],
  [
    'an empty citation',
    { status: 422, code: 'wrong-type', pointer: '/citations/0' },
    () => ({ body: fact({ citations: [[]] }) }),
  ],
  [
    'null for a citation',
    { status: 422, code: 'wrong-type', pointer: '/citations/0' },
    () => ({ body: fact({ citations: [null] }) }),
  ],
  [
    'words that the source does not contain',
    { status: 422, code: 'quote-not-in-source', pointer: '/citations/0/quote/exact' },
    () => ({ body: fact({ citations: [{ sourceId: source, quote: { exact: 'somebody was shot' } }] }) }),
  ],
  [
    'an unknown vocabulary value',
    { status: 422, code: 'unknown-vocabulary-value', pointer: '/basis' },
    () => ({ body: fact({ basis: 'rumour' }) }),
  ],
  [
    'a body over the limit',
    { status: 413, code: 'payload-too-large' },
    () => ({ body: fact({ note: 'x'.repeat(1_100_000) }) }),
  ],
  [
    'a stale If-Match',
    { status: 412, code: 'precondition-failed' },
    () => ({ body: fact(), headers: { 'if-match': etag } }),
  ],
  [
    'an If-Match that is none',
    { status: 400, code: 'invalid-header' },
    () => ({ body: fact(), headers: { 'if-match': 'latest' } }),
  ],
  [
    'an idempotency key used for another request',
    { status: 409, code: 'idempotency-key-reused' },
    () => ({ body: fact({ occurred: '2017-05-04' }), headers: { 'idempotency-key': 'the-arrest' } }),
  ],
  [
    'an unknown visibility',
    { status: 400, code: 'invalid-header' },
    () => ({ body: fact(), headers: { 'habeas-visibility': 'secret' } }),
  ],
  [
    'a correction of a fact of another stream',
    { status: 422, code: 'fact-not-found', pointer: '/fact' },
    () => ({
      path: `/v1/persons/${other}/corrections`,
      body: { fact: arrest, data: fact(), reason: 'a slip', citations: [{ sourceId: source }] },
    }),
  ],
  [
    'a fact about a person who was never entered',
    { status: 404, code: 'not-found' },
    () => ({ path: `/v1/persons/${source}/arrests`, body: fact() }),
  ],
  [
    'an id that is none',
    { status: 404, code: 'not-found' },
    () => ({ path: '/v1/persons/..%2F%00x/arrests', body: fact() }),
  ],
  [
    'an unknown route',
    { status: 404, code: 'route-not-found' },
    () => ({ path: `/v1/persons/${person}/kidnappings`, body: fact() }),
  ],
];

test.each(cases)('%s', async (_what, expected, send) => {
  const before = await seqAfterWrite();
  const { path = `/v1/persons/${person}/arrests`, body, headers } = send();
  const text = typeof body === 'object' && body !== null && 'raw' in body ? String(body.raw) : JSON.stringify(body);
  const problem = await refused(path, text, headers);
  const [first] = problem.errors ?? [];
  expect({
    status: problem.status,
    code: problem.code,
    ...(first?.pointer === undefined ? {} : { pointer: first.pointer }),
  }).toEqual(expected);
  // Between the two writes of this test's own, nothing was recorded.
  expect(await seqAfterWrite()).toBe(before + 1);
});

test('several faults are told at once, each with its place', async () => {
  const problem = await refused(
    `/v1/persons/${person}/arrests`,
    JSON.stringify(fact({ basis: 'rumour', occurred: 'May', extra: 1 })),
  );
  expect(problem).toMatchObject({ status: 422, code: 'several-problems' });
  expect(problem.errors?.map(({ pointer }) => pointer).sort()).toEqual(['/basis', '/extra', '/occurred']);
});

test('an error repeats nothing of what was sent', async () => {
  const secret = 'Somebody Secret';
  const bodies = [
    `{"${secret}"`,
    JSON.stringify({ [secret]: secret }),
    JSON.stringify(fact({ basis: secret, occurred: secret })),
  ];
  for (const body of bodies) {
    const response = await fetch(`${server.url}/v1/persons/${person}/arrests`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
    });
    const { pointer: _pointer, ...told } = (await response.json()) as Record<string, unknown>;
    expect(JSON.stringify({ ...told, errors: undefined })).not.toContain(secret);
  }
});

test('a query that is not understood is refused', async () => {
  const ask = (query: string) =>
    client.request(`/v1/persons/${person}?${query}`).catch((error: unknown) => error as RequestFailed);
  expect(await ask('validAt=yesterday')).toMatchObject({ status: 400, code: 'invalid-date' });
  expect(await ask('knownAt=tomorrow')).toMatchObject({ status: 400, code: 'invalid-moment' });
  expect(await ask('knownAt=999999')).toMatchObject({ status: 400, code: 'moment-ahead' });
  expect(await ask('at=2018')).toMatchObject({ status: 400, code: 'invalid-query' });
  expect(await ask('validAt=2018&validAt=2019')).toMatchObject({ status: 400, code: 'invalid-query' });
  expect(await ask('minPosition=abc')).toMatchObject({ status: 400, code: 'invalid-query' });
  expect(await client.request('/v1/persons?limit=0').catch((error: unknown) => error)).toMatchObject({
    code: 'invalid-limit',
  });
  expect(await client.request('/v1/persons?cursor=x').catch((error: unknown) => error)).toMatchObject({
    code: 'invalid-cursor',
  });
});
