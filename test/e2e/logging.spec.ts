/**
 * What a server tells its operator, and what it never tells: a person with peculiar words is sent through every route that
 * takes words, accepted and refused, and none of them is to be found in any line of the log or any metric.
 */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startHabeas, type RunningHabeas } from '../../apps/api/src/compose.js';
import { killAll, ready, runServer, stop, urlOf } from '../support/server-process.js';
import { ADMIN_KEY, temporaryFolder } from './test-support/server.js';

/** No word of any language, and none of ours. */
const WORD = 'Qzxvwyplk';

interface Line {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly [fact: string]: unknown;
}

const folder = temporaryFolder();
const servers: RunningHabeas[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(async () => {
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

async function watched(level: 'trace' | 'info'): Promise<{ url: string; lines: string[]; close: () => Promise<void> }> {
  const lines: string[] = [];
  const habeas = await startHabeas(
    {
      data: folder,
      host: '127.0.0.1',
      port: 0,
      adminKey: ADMIN_KEY,
      masterKey: undefined,
      masterKeyFile: undefined,
      webhooksInside: 'all',
    },
    { log: { level, format: 'json', write: (line) => lines.push(line) } },
  );
  servers.push(habeas);
  return { url: habeas.url, lines, close: () => habeas.close() };
}

async function send(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown>; position: string }> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
    position: response.headers.get('habeas-position') ?? '',
  };
}

const parsed = (lines: readonly string[]): readonly Line[] => lines.map((line) => JSON.parse(line) as Line);

test('whom a stream is about, and by which ticket it was opened, is in no line', async () => {
  const { url, lines, close } = await watched('trace');
  const person = '9e3f1c52-6d1b-4c5e-8d1f-0a1b2c3d4e5f';
  const { body } = await send(url, 'POST', '/v1/stream-tickets', { person: [person] });
  for (const path of [String(body.url), `/v1/status-changes/stream?person=${person}&after=0`]) {
    const controller = new AbortController();
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    expect((await fetch(url + path, { headers, signal: controller.signal })).status).toBe(200);
    controller.abort();
  }
  await send(url, 'GET', `/v1/status-changes?person=${person}`);
  const metrics = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } })).text();
  await close();
  const opened = parsed(lines).filter(({ route }) => route === '/v1/status-changes/stream');
  expect(opened).toHaveLength(2);
  for (const told of [person, String(body.ticket)]) {
    expect([...lines, metrics].filter((text) => text.includes(told))).toEqual([]);
  }
});

test('a line for each request: method, template of the route, status, time, ids; machines that ask often are left out', async () => {
  const { url, lines, close } = await watched('info');
  const { body, position } = await send(url, 'POST', '/v1/sources', { type: 'report', title: 'A report', lang: 'en' });
  await send(url, 'GET', `/v1/sources/${String(body.id)}?validAt=2018&minPosition=${position}`);
  await send(url, 'GET', '/v1/persons', undefined, { authorization: 'Bearer nobody' });
  await fetch(`${url}/health/live`);
  await close();
  const requests = parsed(lines).filter(({ msg }) => msg === 'request');
  const told = {
    level: 'info',
    time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    ms: expect.any(Number) as number,
  };
  const id = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
  const key = expect.stringMatching(/^key:[0-9a-f-]{36}$/) as string;
  expect(requests).toEqual([
    { ...told, msg: 'request', request: id, method: 'POST', route: '/v1/sources', status: 201, key },
    { ...told, msg: 'request', request: id, method: 'GET', route: '/v1/sources/:id', status: 200, key },
    { ...told, msg: 'request', request: id, method: 'GET', route: '/v1/persons', status: 401 },
  ]);
});

test('peculiar words go through every route, and come out in no line and no metric', async () => {
  const { url, lines, close } = await watched('trace');
  const { body: catalogue } = await send(url, 'GET', '/v1/catalogue');
  const { body: source } = await send(url, 'POST', '/v1/sources', {
    type: 'report',
    title: WORD,
    lang: 'en',
    text: `${WORD} was seen.`,
    publisher: WORD,
  });
  const citations = [{ sourceId: source.id, quote: { exact: `${WORD} was` } }];
  const person = await send(url, 'POST', '/v1/persons', {
    names: [{ text: WORD, kind: 'legal' }],
    citations,
  });
  expect([source.id === undefined, person.status, person.body.errors]).toEqual([false, 201, undefined]);
  const fact = { occurred: '2017', citations, basis: 'reported', confidence: 'low', note: WORD };
  expect((await send(url, 'POST', `/v1/persons/${String(person.body.id)}/arrests`, fact)).status).toBe(201);
  const statuses = new Set<number>([201]);
  const routes = (catalogue.events as { routes: string[] }[]).flatMap((event) => event.routes);
  expect(routes.length).toBeGreaterThan(50);
  const bodies = [
    { names: [{ text: WORD, kind: 'legal' }], citations, note: WORD, [WORD]: WORD },
    `{"${WORD}": `,
    {
      text: WORD,
      title: WORD,
      name: WORD,
      reason: WORD,
      occurred: WORD,
      citations: [{ sourceId: WORD, quote: { exact: WORD } }],
    },
  ];
  for (const route of routes) {
    for (const body of bodies) {
      for (const id of [String(person.body.id), WORD]) {
        statuses.add(
          (await send(url, 'POST', route.replace('{id}', id), body, { 'idempotency-key': `${WORD}-${Math.random()}` }))
            .status,
        );
      }
    }
  }
  for (const path of [
    `/v1/persons?q=${WORD}`,
    `/v1/persons?${WORD}=1`,
    `/v1/persons/${WORD}`,
    `/v1/persons/${String(person.body.id)}?validAt=${WORD}`,
    `/v1/sources?cursor=${WORD}&minPosition=${WORD}`,
    `/v1/status-changes?person=${WORD}&after=${WORD}`,
    `/v1/status-changes/stream?ticket=${WORD}`,
    `/v1/status-changes/stream?person=${WORD}`,
    `/${WORD}`,
    `/docs/${WORD}`,
    `/v1/${WORD}%ZZ`,
    `/health/${WORD}`,
  ]) {
    statuses.add((await send(url, 'GET', path)).status);
    statuses.add(
      (await send(url, 'GET', path, undefined, { authorization: `Bearer ${WORD}`, 'if-match': WORD })).status,
    );
  }
  statuses.add((await send(url, 'POST', '/v1/stream-tickets', { person: [WORD], [WORD]: [WORD] })).status);
  statuses.add((await send(url, 'POST', '/v1/keys', { name: WORD, scopes: [WORD] })).status);
  const made = await send(url, 'POST', '/v1/keys', { name: WORD, scopes: ['read'] });
  statuses.add(made.status);
  const rotated = await send(url, 'POST', `/v1/keys/${String(made.body.id)}/rotations`, {});
  for (const { body } of [made, rotated])
    await send(url, 'GET', '/v1/persons', undefined, { authorization: `Bearer ${String(body.key)}` });
  // One that is called in vain, one that is refused, one that is not there.
  const hook = { url: `https://127.0.0.1:9/${WORD}`, name: WORD };
  const { body: webhook } = await send(url, 'POST', '/v1/webhooks', { ...hook, after: 0 });
  const path = `/v1/webhooks/${String(webhook.id)}`;
  expect((await send(url, 'POST', `${path}/ping`, {})).body.error).toBe('connection-refused');
  while ((await send(url, 'GET', path)).body.state !== 'failing') await delay(20);
  statuses.add((await send(url, 'POST', '/v1/webhooks', { url: `ftp://${WORD}/`, name: WORD, [WORD]: WORD })).status);
  statuses.add((await send(url, 'GET', `/v1/webhooks/${WORD}`)).status);
  const deleted = await fetch(url + path, { method: 'DELETE', headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  statuses.add(deleted.status);
  for (const status of [200, 201, 204, 400, 401, 404, 422]) expect(statuses).toContain(status);
  const metrics = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } })).text();
  await close();
  const told = parsed(lines);
  expect(told.filter(({ msg }) => msg === 'request').length).toBeGreaterThan(routes.length * bodies.length);
  expect(told.filter(({ level }) => level === 'error')).toEqual([]);
  expect([...lines, metrics].filter((text) => text.toLowerCase().includes(WORD.toLowerCase()))).toEqual([]);
  for (const secret of [ADMIN_KEY, made.body.key, rotated.body.key, webhook.secret].map(String)) {
    expect(secret.length).toBeGreaterThan(20);
    expect([...lines, metrics].filter((text) => text.includes(secret))).toEqual([]);
  }
}, 120_000);

test('the process tells where it listens on standard output, and keeps its log on standard error', async () => {
  const data = temporaryFolder();
  try {
    const server = runServer(data, { environment: { HABEAS_ADMIN_KEY: ADMIN_KEY, HABEAS_LOG_LEVEL: 'info' } });
    const url = await ready(server);
    await send(url, 'GET', '/v1/persons');
    expect(await stop(server)).toBe(0);
    expect(server.output()).toMatch(/^Habeas listens on http/);
    const lines = parsed(server.errors().trim().split('\n'));
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['listening', 'request', 'stopping', 'stopped']),
    );
    expect(server.errors()).not.toContain(ADMIN_KEY);

    const text = runServer(data, {
      environment: { HABEAS_ADMIN_KEY: ADMIN_KEY, HABEAS_LOG_LEVEL: 'info', HABEAS_LOG_FORMAT: 'text' },
    });
    await send(await ready(text), 'GET', '/v1/persons');
    await stop(text);
    expect(text.errors()).toMatch(
      /^\d\d:\d\d:\d\d info {2}request request=\S+ method=GET route=\/v1\/persons status=200/m,
    );

    const wrong = runServer(data, { environment: { HABEAS_LOG_LEVEL: 'loud' } });
    expect(await wrong.ended).toBe(1);
    expect(wrong.errors()).toMatch(/^HABEAS_LOG_LEVEL is "loud"\. It must be one of trace, /);
    expect(urlOf(wrong)).toBe('');
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}, 60_000);
