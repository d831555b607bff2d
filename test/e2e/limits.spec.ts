/** How large a request may be, how many a key may send, and what every answer says to browsers and caches. */
import { request } from 'node:http';
import { sendBytes } from './test-support/sending.js';
import { ADMIN_KEY, startServer, temporaryFolder, type TestServer } from './test-support/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer(temporaryFolder(), { origins: ['https://desk.example.org'] });
}, 60_000);

afterAll(() => server.end());

const headers = { authorization: `Bearer ${ADMIN_KEY}` };

/** The status and code of what comes back. */
async function refused(path: string, more: RequestInit = {}): Promise<readonly [number, string]> {
  const response = await fetch(server.url + path, { headers, ...more });
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const { status, code } = (await response.json()) as { status: number; code: string };
  expect(status).toBe(response.status);
  return [status, code];
}

test('a body: 1 MiB, and 32 levels deep', async () => {
  const post = (body: string): Promise<readonly [number, string]> =>
    refused('/v1/persons', { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body });
  expect(await post(`{"a":"${'x'.repeat(1024 * 1024)}"}`)).toEqual([413, 'payload-too-large']);
  expect(await post(`{"a":${'['.repeat(31)}${']'.repeat(31)}}`)).toEqual([422, 'several-problems']);
  expect(await post(`{"a":${'['.repeat(32)}${']'.repeat(32)}}`)).toEqual([400, 'malformed-json']);
});

test('an address: 8 KiB, 100 parameters, 500 characters each', async () => {
  expect((await fetch(`${server.url}/v1/sources?publisher=${'x'.repeat(500)}`, { headers })).status).toBe(200);
  expect(await refused(`/v1/persons?q=${'x'.repeat(501)}`)).toEqual([400, 'invalid-query']);
  const persons = (count: number): string => `/v1/status-changes?${'person=a&'.repeat(count)}`;
  expect(await refused(persons(100))).toEqual([400, 'invalid-filter']);
  expect(await refused(persons(101))).toEqual([400, 'invalid-query']);
  expect(await refused(`/v1/persons?${'x'.repeat(8 * 1024)}`)).toEqual([414, 'address-too-long']);
});

test('headers: 100 of them, and 16 KiB with the address', async () => {
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${String(index)}`, '1']));
  expect((await fetch(`${server.url}/v1/persons`, { headers: { ...headers, ...many(80) } })).status).toBe(200);
  expect(await refused('/v1/persons', { headers: { ...headers, ...many(100) } })).toEqual([431, 'headers-too-large']);
  const answer = await sendBytes(server.url, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(16 * 1024)}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(answer).toContain('"code":"headers-too-large"');
});

test('what is no HTTP gets a problem as well, unless an answer is on its way', async () => {
  expect(await sendBytes(server.url, 'Hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*"code":"malformed-request"/);
  expect(await sendBytes(server.url, 'GET /v1/persons HTTP/1.1\r\n\r\n')).toMatch(
    /"detail":"The request has no Host header\."/,
  );
  const { hostname, port } = new URL(server.url);
  // Garbage behind a request whose answer has no end.
  const told = await new Promise<string>((resolve) => {
    const outgoing = request({ hostname, port, path: '/v1/status-changes/stream', headers });
    let text = '';
    outgoing.end();
    outgoing.on('response', (response) => {
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response
        .on('error', () => undefined)
        .on('close', () => {
          resolve(text);
        });
      setTimeout(() => outgoing.socket?.write('Hello\r\n\r\n'), 50);
    });
  });
  expect(told).not.toContain('HTTP/1.1 400');
});

test('the head of a stream is answered, and ends', async () => {
  const response = await fetch(`${server.url}/v1/status-changes/stream`, {
    method: 'HEAD',
    headers,
    signal: AbortSignal.timeout(5_000),
  });
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    '',
  ]);
});

test('a key may ask so much, is told how much, and holds up no other', async () => {
  const limited = await startServer(temporaryFolder(), { rate: { perSecond: 1, burst: 5 } });
  try {
    const made = await limited.client.request<{ key: string }>('/v1/keys', {
      method: 'POST',
      body: { name: 'a reader', scopes: ['read'] },
    });
    const ask = (key: string): Promise<Response> =>
      fetch(`${limited.url}/v1/persons`, { headers: { authorization: `Bearer ${key}` } });
    const answers = [];
    for (let asked = 0; asked < 8; asked += 1) answers.push(await ask(made.body.key));
    const first = answers[0]?.headers;
    expect([first?.get('ratelimit-policy'), first?.get('ratelimit')]).toEqual(['"key";q=5;w=5', '"key";r=4;t=1']);
    const [refusal] = answers.filter(({ status }) => status === 429);
    expect(await refusal?.json()).toMatchObject({ code: 'too-many-requests', status: 429 });
    expect([refusal?.headers.get('retry-after'), refusal?.headers.get('ratelimit')]).toEqual(['1', '"key";r=0;t=5']);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(5);
    expect((await ask(ADMIN_KEY)).status).toBe(200);
    // Whoever has no key has no bucket, and is told of none.
    expect((await ask('wrong')).headers.get('ratelimit')).toBeNull();
    for (let asked = 0; asked < 10; asked += 1) expect((await fetch(`${limited.url}/health/live`)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await ask(made.body.key)).status).toBe(200);
  } finally {
    await limited.end();
  }
  expect((await fetch(`${server.url}/v1/persons`, { headers })).headers.get('ratelimit-policy')).toBeNull();
});

const OUTSIDE = { origin: 'https://elsewhere.example.org' };
const AT_HOME = { origin: 'https://desk.example.org' };

test.each(['/v1/persons', '/v1/nothing', '/health/live', '/openapi.json', '/metrics', '/v1/%ZZ', '/docs'])(
  '%s says to browsers what they may do with it: nothing',
  async (path) => {
    const response = await fetch(server.url + path, { headers: { ...headers, ...AT_HOME } });
    const said = Object.fromEntries(response.headers);
    expect(said).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(said['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
    expect(Object.keys(said).filter((name) => /access-control|server|powered/.test(name))).toEqual([]);
    await response.body?.cancel();
  },
);

test('only streams may be read by pages of other origins, and only of those that are listed', async () => {
  const path = '/v1/status-changes/stream';
  const allowed = async (address: string, origin: Record<string, string>, method = 'GET'): Promise<string | null> => {
    const stop = new AbortController();
    const response = await fetch(server.url + address, {
      method,
      headers: { ...headers, ...origin },
      signal: stop.signal,
    });
    stop.abort();
    return response.headers.get('access-control-allow-origin');
  };
  expect(await allowed(path, AT_HOME)).toBe('https://desk.example.org');
  expect(await allowed(path, OUTSIDE)).toBeNull();
  for (const method of ['GET', 'POST', 'OPTIONS']) expect(await allowed('/v1/persons', AT_HOME, method)).toBeNull();
});
