/** The courier against real servers on this machine, with a resolver of its own. */
import { createServer, type IncomingMessage, type RequestListener, Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { readFileSync } from 'node:fs';
import type { Inside } from './addresses.js';
import type { Courier } from './courier.js';
import { createHttpCourier, type HttpCourierOptions } from './http-courier.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function listening(server: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    if (server instanceof Server) server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const serve = (answer: RequestListener): Promise<number> => listening(createServer(answer));

function courierTo(inside: Inside, options: Partial<HttpCourierOptions> = {}): Courier {
  const courier = createHttpCourier({ inside, userAgent: 'Habeas', ...options });
  cleanUps.push(() => courier.close());
  return courier;
}

const parcel = (url: string) => ({ url, headers: { 'webhook-id': 'f1-2.0' }, body: '{"some":"body"}' });
const never = new AbortController().signal;
const ok = (_: IncomingMessage, response: ServerResponse): void => void response.writeHead(204).end();

test('sends the body and the headers as they are, and says which status came', async () => {
  const received: unknown[] = [];
  const port = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method, url, headers } = request;
      received.push([method, url, headers['webhook-id'], headers['content-length'], headers['user-agent'], body]);
      response.writeHead(202).end('taken');
    });
  });
  const delivered = await courierTo('all').send(parcel(`http://127.0.0.1:${port}/hooks?a=b`), never);
  expect(delivered).toEqual({ outcome: { status: 202 } });
  expect(received).toEqual([['POST', '/hooks?a=b', 'f1-2.0', '15', 'Habeas', '{"some":"body"}']]);
});

test('a redirect is an answer like others: nothing is sent to where it leads', async () => {
  let reached = 0;
  const inside = await serve((request, response) => {
    reached++;
    ok(request, response);
  });
  const port = await serve((_, response) => response.writeHead(307, { location: `http://127.0.0.1:${inside}/` }).end());
  expect(await courierTo('all').send(parcel(`http://127.0.0.1:${port}/`), never)).toEqual({ outcome: { status: 307 } });
  expect(reached).toBe(0);
});

describe('addresses inside', () => {
  let reached: number;
  let port: number;

  beforeEach(async () => {
    reached = 0;
    port = await serve((request, response) => {
      reached++;
      ok(request, response);
    });
  });

  test.each(['http://127.0.0.1', 'http://[::1]', 'https://127.0.0.1', 'http://0.0.0.0', 'http://2130706433'])(
    '%s is not called',
    async (origin) => {
      const delivered = await courierTo([]).send(parcel(`${origin}:${port}/`), never);
      expect(delivered).toEqual({ outcome: { error: 'address-refused' } });
      expect(reached).toBe(0);
    },
  );

  test.each([
    ['one address inside', ['127.0.0.1']],
    ['one of several', ['8.8.8.8', '127.0.0.1']],
    ['one of IPv4 written as IPv6', ['::ffff:127.0.0.1']],
  ])('a name that leads to %s is not called', async (_, addresses) => {
    const resolve = () =>
      Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    const delivered = await courierTo([], { resolve }).send(parcel(`https://hooks.example.org:${port}/`), never);
    expect(delivered).toEqual({ outcome: { error: 'address-refused' } });
    expect(reached).toBe(0);
  });

  test('a name is looked up once: that it leads elsewhere a moment later changes nothing', async () => {
    const answers = ['127.0.0.1', '127.0.0.2'];
    let asked = 0;
    const resolve = () => Promise.resolve([{ address: answers[asked++] ?? '127.0.0.2', family: 4 }]);
    const courier = courierTo(['127.0.0.1'], { resolve });
    expect(await courier.send(parcel(`http://rebinding.invalid:${port}/`), never)).toEqual({
      outcome: { status: 204 },
    });
    expect([asked, reached]).toEqual([1, 1]);
    courier.close();
    const again = await courier.send(parcel(`http://rebinding.invalid:${port}/`), never);
    expect(again).toEqual({ outcome: { error: 'address-refused' } });
    expect([asked, reached]).toEqual([2, 1]);
  });

  test('are called where they are allowed: the network, or the host', async () => {
    const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    for (const inside of [['127.0.0.0/8'], ['hooks.internal'], 'all'] as Inside[]) {
      const delivered = await courierTo(inside, { resolve }).send(parcel(`http://hooks.internal:${port}/`), never);
      expect(delivered).toEqual({ outcome: { status: 204 } });
    }
    const other = await courierTo(['other.internal', '10.0.0.0/8'], { resolve }).send(
      parcel(`http://hooks.internal:${port}/`),
      never,
    );
    expect(other).toEqual({ outcome: { error: 'address-refused' } });
    expect(reached).toBe(3);
  });

  test('http goes to nothing outside, whatever is allowed', async () => {
    const resolve = () => Promise.resolve([{ address: '8.8.8.8', family: 4 }]);
    const courier = courierTo('all', { resolve });
    expect(await courier.send(parcel('http://example.org/'), never)).toEqual({ outcome: { error: 'not-encrypted' } });
    expect(await courier.send(parcel('http://8.8.8.8/'), never)).toEqual({ outcome: { error: 'not-encrypted' } });
  });
});

describe('what goes wrong has a name of its own', () => {
  test('nobody listens', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await courierTo('all').send(parcel(`http://127.0.0.1:${port}/`), never)).toEqual({
      outcome: { error: 'connection-refused' },
    });
  });

  test('the host is not known', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('none'), { code: 'ENOTFOUND' }));
    for (const none of [resolve, () => Promise.resolve([])]) {
      const delivered = await courierTo('all', { resolve: none }).send(parcel('https://nowhere.example.org/'), never);
      expect(delivered).toEqual({ outcome: { error: 'host-not-found' } });
    }
  });

  test('the connection ends without an answer', async () => {
    const port = await serve((request) => void request.socket.destroy());
    expect(await courierTo('all').send(parcel(`http://127.0.0.1:${port}/`), never)).toEqual({
      outcome: { error: 'connection-lost' },
    });
  });

  test('the certificate is nobody’s whom the system trusts', async () => {
    const folder = 'test/fixtures/tls';
    const server = createTlsServer(
      { key: readFileSync(`${folder}/test-only.key`), cert: readFileSync(`${folder}/test-only.crt`) },
      ok,
    );
    const port = await listening(server);
    expect(await courierTo('all').send(parcel(`https://127.0.0.1:${port}/`), never)).toEqual({
      outcome: { error: 'tls-failed' },
    });
  });

  test('no answer comes in time', async () => {
    const port = await serve(() => undefined);
    const begun = performance.now();
    const delivered = await courierTo('all', { answerWithin: 200 }).send(parcel(`http://127.0.0.1:${port}/`), never);
    expect(delivered).toEqual({ outcome: { error: 'timed-out' } });
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  test('no connection comes about in time: nobody says a word of TLS', async () => {
    const port = await listening(createTcpServer((socket) => socket.resume()));
    const delivered = await courierTo('all', { connectWithin: 200 }).send(parcel(`https://127.0.0.1:${port}/`), never);
    expect(delivered).toEqual({ outcome: { error: 'timed-out' } });
  });
});

test('an endless answer is not read to its end', async () => {
  let ended: (() => void) | undefined;
  const end = new Promise<void>((resolve) => (ended = resolve));
  const port = await serve((_, response) => {
    const timer = setInterval(() => response.write(Buffer.alloc(10_000)), 1);
    response.on('close', () => {
      clearInterval(timer);
      ended?.();
    });
  });
  const begun = performance.now();
  expect(await courierTo('all').send(parcel(`http://127.0.0.1:${port}/`), never)).toEqual({ outcome: { status: 200 } });
  await end;
  // Not because time was up.
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test('what is cut off is neither delivered nor failed', async () => {
  const cut = new AbortController();
  const port = await serve(() => cut.abort());
  const courier = courierTo('all');
  expect(await courier.send(parcel(`http://127.0.0.1:${port}/`), cut.signal)).toBeUndefined();
  expect(await courier.send(parcel(`http://127.0.0.1:${port}/`), cut.signal)).toBeUndefined();
});

test.each([
  [{ 'retry-after': '120' }, 120_000],
  [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:10 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' }, 10_000],
  [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:10 GMT', date: 'Wed, 21 Oct 2026 07:29:00 GMT' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '-5' }, undefined],
  [{}, undefined],
])('%p asks for %p milliseconds', async (headers, retryAfter) => {
  const port = await serve((_, response) => response.writeHead(503, headers).end());
  const delivered = await courierTo('all').send(parcel(`http://127.0.0.1:${port}/`), never);
  expect(delivered).toEqual({ outcome: { status: 503 }, ...(retryAfter !== undefined && { retryAfter }) });
});

test('a kept connection that was closed at the other end counts as none', async () => {
  let connections = 0;
  const port = await listening(
    createTcpServer((socket) => {
      const connection = ++connections;
      let requests = 0;
      socket.on('data', () => {
        // The first one says that it is kept, and is gone when the next request is on its way.
        if (++requests > 1 && connection === 1) socket.destroy();
        else socket.write('HTTP/1.1 204 No Content\r\nconnection: keep-alive\r\n\r\n');
      });
      socket.on('error', () => undefined);
    }),
  );
  const courier = courierTo('all');
  for (let n = 0; n < 2; n++)
    expect(await courier.send(parcel(`http://127.0.0.1:${port}/`), never)).toEqual({ outcome: { status: 204 } });
  expect(connections).toBe(2);
});
