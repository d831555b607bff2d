/** Clients that send their requests by the drop, or nothing at all: they are cut off in time, and hold nobody else up. */
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:net';
import { ADMIN_KEY, startServer, temporaryFolder, type TestServer } from './test-support/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer(temporaryFolder(), { arrivalSeconds: 1 });
}, 60_000);

afterAll(() => server.end());

interface Held {
  /** What it was told before its connection was ended. */
  readonly told: string;
  readonly milliseconds: number;
}

/** Sends the beginning, then the same again every while until the connection ends. */
function drop(beginning: string, again: string): Promise<Held> {
  const { hostname, port } = new URL(server.url);
  const begun = performance.now();
  return new Promise((resolve) => {
    let told = '';
    const socket = connect(Number(port), hostname, () => socket.write(beginning));
    const drops = setInterval(() => {
      if (again !== '' && socket.writable) socket.write(again);
    }, 100);
    socket.on('data', (piece: Buffer) => (told += piece.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drops);
      resolve({ told, milliseconds: performance.now() - begun });
    });
  });
}

const AUTHORIZED = `Host: a\r\nAuthorization: Bearer ${ADMIN_KEY}\r\nContent-Type: application/json\r\n`;

/** Twice the patience, as Node looks every so often, and a machine may be slow. */
const AT_MOST = 5_000;

test.each([
  ['headers', `GET /v1/persons HTTP/1.1\r\n${AUTHORIZED}`, 'X: y\r\n'],
  ['the first line', 'GET /', 'a'],
  ['a body whose length it says', `POST /v1/persons HTTP/1.1\r\n${AUTHORIZED}Content-Length: 1000\r\n\r\n{`, ' '],
  [
    'a body in chunks',
    `POST /v1/persons HTTP/1.1\r\n${AUTHORIZED}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`,
    '1\r\n \r\n',
  ],
  ['a body that does not go on', `POST /v1/persons HTTP/1.1\r\n${AUTHORIZED}Content-Length: 1000\r\n\r\n{`, ''],
])('%s by the drop: it is told so, and cut off', async (_what, beginning, again) => {
  const { told, milliseconds } = await drop(beginning, again);
  expect(told).toMatch(/^HTTP\/1\.1 408 /);
  expect(told.toLowerCase()).toContain('content-type: application/problem+json; charset=utf-8');
  expect(told).toContain('"code":"request-timeout"');
  expect(milliseconds).toBeLessThan(AT_MOST);
});

test('a body to a route that is not there, or without a key, does not hold the connection either', async () => {
  for (const head of [
    `POST /v1/batch HTTP/1.1\r\nHost: a\r\n`,
    `POST /nowhere HTTP/1.1\r\n${AUTHORIZED}`,
    'POST /v1/persons HTTP/1.1\r\nHost: a\r\n',
  ]) {
    const { milliseconds } = await drop(`${head}Content-Length: 1000\r\n\r\n{`, ' ');
    expect(milliseconds).toBeLessThan(AT_MOST);
  }
});

test('who says nothing is cut off', async () => {
  expect((await drop('', '')).milliseconds).toBeLessThan(AT_MOST);
});

test('five hundred of them hold nobody up', async () => {
  const slow = Array.from({ length: 500 }, (_, index) =>
    index % 2 === 0
      ? drop('GET / HTTP/1.1\r\nHost: a\r\n', 'X: y\r\n')
      : drop(`POST /v1/persons HTTP/1.1\r\n${AUTHORIZED}Content-Length: 1000\r\n\r\n{`, ' '),
  );
  await delay(200);
  const begun = performance.now();
  for (let asked = 0; asked < 10; asked += 1) {
    expect((await server.client.request('/v1/persons')).status).toBe(200);
  }
  expect(performance.now() - begun).toBeLessThan(2_000);
  await Promise.all(slow);
});
