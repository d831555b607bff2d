/**
 * Whoever follows the record's changes over connections that are cut again and again hears of each, once, in order: with the
 * package `eventsource` and in a real browser, while the views are built anew and swapped, the server is killed with SIGKILL,
 * and on nodes that share a log.
 *
 * HABEAS_CRASH_SEED: what chance begins with; moments still depend on the machine.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { EventSource } from 'eventsource';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { StatusChangesPage, StreamTicket } from '../../apps/api/src/http/change-routes.js';
import { Client } from '../../apps/cli/src/client.js';
import { randomOf } from '../crash/test-support/random.js';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { startPostgres, withSchema } from '../support/postgres.js';
import { kill, killAll, ready, type Run, runServer } from '../support/server-process.js';
import { until } from '../support/until.js';
import { logUnderTest } from './test-support/logs.js';
import { ADMIN_KEY, startServer, temporaryFolder } from './test-support/server.js';

const SEED = Number(process.env.HABEAS_CRASH_SEED ?? 1);
const PATIENT = 120_000;

/** Where Debian and others have it. */
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

/** One who was entered, arrested and released, several times: `each` lines. */
function lines(from: number, persons: number): string {
  const evidence = { citations: [{ sourceId: '{id:source}' }], basis: 'reported', confidence: 'low' };
  const all: object[] = [
    {
      key: 'source',
      path: '/v1/sources',
      body: { type: 'report', title: 'A report', lang: 'en', published: '2020-02' },
    },
  ];
  for (let n = from; n < from + persons; n++) {
    const names = [{ text: `Person ${n}`, kind: 'legal' }];
    all.push({ key: `p${n}`, path: '/v1/persons', body: { names, citations: evidence.citations } });
    for (const [day, route] of ['arrests', 'releases', 'arrests', 'releases'].entries()) {
      const reason = route === 'releases' ? { reason: 'unknown' } : {};
      all.push({
        key: `p${n}-${day}`,
        path: `/v1/persons/{id:p${n}}/${route}`,
        body: { occurred: `2020-01-0${day + 1}`, ...reason, ...evidence },
      });
    }
  }
  return all.map((line) => JSON.stringify(line)).join('\n');
}

/** Records them; sent again, it records nothing twice. */
async function record(client: Client, from: number, persons: number): Promise<void> {
  for await (const answer of client.lines<{ status: number }>('/v1/batch', lines(from, persons)))
    if (answer.status !== 201) throw new Error(JSON.stringify(answer));
}

/** The ids of all changes, from the pages. */
async function told(client: Client, query = ''): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ;) {
    const { body } = await client.request<StatusChangesPage>(`/v1/status-changes?limit=200${query}${cursor}`);
    ids.push(...body.items.map(({ id }) => id));
    if (body.next === undefined) return ids;
    cursor = `&cursor=${body.next}`;
  }
}

/** A subscriber with the package. */
class Listener {
  readonly ids: string[] = [];
  private readonly source: EventSource;

  constructor(url: string) {
    this.source = new EventSource(url, {
      fetch: (address, init) =>
        fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${ADMIN_KEY}` } }),
    });
    this.source.onmessage = ({ lastEventId, data }) => {
      const { id } = JSON.parse(String(data)) as { id: string };
      if (id !== lastEventId) throw new Error(`${id} came as ${lastEventId}.`);
      this.ids.push(id);
    };
  }

  get isClosed(): boolean {
    return this.source.readyState === EventSource.CLOSED;
  }

  close(): void {
    this.source.close();
  }
}

/** Looks at the first difference alone: there are thousands of ids. */
function expectSame(found: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((id, index) => found[index] !== id);
  expect([at, found.slice(at, at + 3), found.length]).toEqual([-1, [], expected.length]);
}

afterAll(killAll);

describe('one server', () => {
  const data = temporaryFolder();
  let server: Run;
  let port: number | undefined;
  let client: Client;
  let proxy: CuttingProxy;
  let desk: Server;
  let browser: Browser | undefined;

  async function start(): Promise<void> {
    const { port: at } = desk.address() as AddressInfo;
    server = runServer(data, {
      environment: { HABEAS_ADMIN_KEY: ADMIN_KEY, HABEAS_ORIGINS: `http://127.0.0.1:${at}` },
    });
    const url = await ready(server);
    client = new Client(url, ADMIN_KEY);
    port = Number(new URL(url).port);
  }

  beforeAll(async () => {
    // A web page of another origin, as a newsroom's desk would be.
    desk = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>Desk</title>');
    }).listen(0, '127.0.0.1');
    await once(desk, 'listening');
    await start();
    proxy = await CuttingProxy.start({ random: randomOf(SEED), bytes: 150_000, port: () => port });
    browser =
      CHROMIUM === undefined ? undefined : await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  }, PATIENT);
  afterAll(async () => {
    await browser?.close();
    await proxy.stop();
    await kill(server);
    desk.close();
    rmSync(data, { recursive: true, force: true });
  });

  /** Opens a stream in the browser; gives the page that listens. */
  async function inBrowser(url: string): Promise<Page | undefined> {
    if (browser === undefined) {
      console.warn('NOT TRIED: no Chromium is installed here (apt-get install chromium), so no browser listened.');
      return undefined;
    }
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(desk.address() as AddressInfo).port}/`);
    // As a text: it runs over there.
    await page.evaluate(
      `ids = []; source = new EventSource(${JSON.stringify(url)}); source.onmessage = ({ lastEventId }) => ids.push(lastEventId); 0`,
    );
    return page;
  }

  const idsIn = async (page: Page | undefined): Promise<readonly string[]> =>
    page === undefined ? [] : page.evaluate<readonly string[]>('ids');

  test(
    'over 10,000 changes through cuts, while views are swapped and the server is killed: none missed, none twice, in order',
    async () => {
      const stream = `${proxy.url}/v1/status-changes/stream`;
      const { body: ticket } = await client.request<StreamTicket>('/v1/stream-tickets', { method: 'POST', body: {} });
      const everything = new Listener(`${stream}?after=0`);
      const free = new Listener(`${stream}?after=0&axis=liberty&to=free`);
      const nothing = new Listener(`${stream}?after=0&country=LI`);
      const page = await inBrowser(`${proxy.url}${ticket.url}&after=0`);
      for (let round = 0; round < 8; round++) {
        const recording = record(client, round * 170, 170);
        if (round === 2) await client.request('/v1/views/rebuild', { method: 'POST' });
        if (round === 4 || round === 6) {
          port = undefined;
          // Whatever was under way is lost, and sent again.
          recording.catch(() => undefined);
          await kill(server);
          await recording.catch(() => undefined);
          await start();
          await record(client, round * 170, 170);
        } else await recording;
        proxy.cutAll();
      }
      await until(async () => {
        const views = await client.request<{ lagEvents: number; rebuilding?: object }>('/v1/views');
        return views.body.lagEvents === 0 && views.body.rebuilding === undefined;
      }, 60_000);
      const expected = await told(client);
      expect(expected.length).toBeGreaterThan(10_000);
      expect(new Set(expected).size).toBe(expected.length);
      await until(() => everything.ids.length >= expected.length, 30_000);
      await until(async () => page === undefined || (await idsIn(page)).length >= expected.length, 30_000);
      const expectedFree = await told(client, '&axis=liberty&to=free');
      expect(expectedFree.length).toBeGreaterThan(2_000);
      await until(() => free.ids.length >= expectedFree.length, 30_000);
      expectSame(everything.ids, expected);
      expectSame(free.ids, expectedFree);
      if (page !== undefined) expectSame(await idsIn(page), expected);
      expect(nothing.ids).toEqual([]);
      expect([everything, free, nothing].map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
      expect(proxy.cuts).toBeGreaterThan(100);
      for (const listener of [everything, free, nothing]) listener.close();
      await page?.close();
    },
    PATIENT,
  );

  test(
    'the same after a rebuild, and from a fold into an empty folder',
    async () => {
      const before = await told(client);
      const { body: was } = await client.request<{ file: string }>('/v1/views');
      await client.request('/v1/views/rebuild', { method: 'POST' });
      await until(async () => {
        const { body } = await client.request<{ file: string; rebuilding?: object }>('/v1/views');
        return body.file !== was.file && body.rebuilding === undefined;
      }, 60_000);
      expectSame(await told(client), before);
    },
    PATIENT,
  );
});

test(
  'several nodes on one log tell the same; a client that goes from one to the other misses nothing',
  async () => {
    const log = await logUnderTest('EventStoreDB (simulated)');
    const postgres = await startPostgres();
    const shared = {
      ...log.settings,
      keys: withSchema(postgres.connectionString, 'habeas_streams'),
      masterKey: randomBytes(32).toString('hex'),
    };
    const first = await startServer(temporaryFolder(), shared);
    const second = await startServer(temporaryFolder(), shared);
    const random = randomOf(SEED);
    const proxy = await CuttingProxy.start({
      random,
      bytes: 40_000,
      port: () => Number(new URL(random.pick([first, second]).url).port),
    });
    try {
      const listener = new Listener(`${proxy.url}/v1/status-changes/stream?after=0`);
      for (let round = 0; round < 4; round++) await record(first.client, round * 40, 40);
      const expected = await told(first.client);
      await until(() => listener.ids.length >= expected.length, 30_000);
      expectSame(listener.ids, expected);
      await until(async () => (await told(second.client)).length === expected.length);
      expectSame(await told(second.client), expected);
      expect(proxy.cuts).toBeGreaterThan(10);
      listener.close();
    } finally {
      await proxy.stop();
      await second.end();
      await first.end();
      await log.end();
      await postgres.stop();
    }
  },
  PATIENT,
);
