/** Webhooks as their users have them: registered over HTTP, told of what is recorded, verified by the package that receivers use. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { checkCopy } from '../../apps/api/src/backup/check-copy.js';
import { Client, type RequestFailed } from '../../apps/cli/src/client.js';
import type {
  CreatedWebhook,
  DeadLetterPage,
  PingAnswer,
  RotatedSecret,
  WebhookPage,
  WebhookShown,
} from '../../apps/api/src/http/webhook-routes.js';
import { openNodeState } from '#event-store-sqlite';
import { HookReceiver } from '../support/hook-receiver.js';
import { startServer, temporaryFolder, type TestServer } from './test-support/server.js';

let server: TestServer;
let citations: readonly object[];
const receivers: HookReceiver[] = [];

beforeAll(async () => {
  server = await startServer(temporaryFolder(), { webhooksInside: ['127.0.0.1'] });
  const source = await server.record('sources', { type: 'report', title: 'A report', lang: 'en' });
  citations = [{ sourceId: source.id, locator: 'throughout' }];
}, 60_000);

afterAll(async () => {
  await server.end();
  for (const receiver of receivers) await receiver.stop();
});

const post = async <Body>(
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
  by = server.client,
) => (await by.request<Body>(path, { method: 'POST', ...(body !== undefined && { body }), headers })).body;
const get = async <Body>(path: string, by = server.client): Promise<Body> => (await by.request<Body>(path)).body;
const refusal = (promise: Promise<unknown>): Promise<RequestFailed> =>
  promise.then(
    () => {
      throw new Error('It was to be refused.');
    },
    (error: unknown) => error as RequestFailed,
  );

async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + 15_000;
  while (performance.now() < until && !(await check())) await delay(20);
  expect(await check()).toBe(true);
}

async function keyWith(...scopes: readonly string[]): Promise<{ readonly id: string; readonly client: Client }> {
  const { id, key } = await post<{ id: string; key: string }>('/v1/keys', { name: scopes.join(), scopes });
  return { id, client: new Client(server.url, key) };
}

async function hooked(
  body: object = {},
  by = server.client,
): Promise<{ receiver: HookReceiver; webhook: CreatedWebhook; path: string }> {
  const receiver = await HookReceiver.start();
  receivers.push(receiver);
  const webhook = await post<CreatedWebhook>('/v1/webhooks', { url: receiver.url, ...body }, {}, by);
  receiver.secret = webhook.secret;
  return { receiver, webhook, path: `/v1/webhooks/${webhook.id}` };
}

const fact = () => ({ basis: 'reported', confidence: 'medium', citations });

/** Somebody who was arrested, with the axes that this changes. */
async function arrested(name = 'Person A'): Promise<string> {
  const { id } = await server.record('persons', { names: [{ text: name, kind: 'legal' }], citations });
  await server.record(`persons/${id}/arrests`, { ...fact(), occurred: '2017-05' });
  return id;
}

test('a change arrives signed, as the CloudEvent that pages have, within a moment', async () => {
  const { receiver, webhook } = await hooked({ name: 'Newsroom', filter: { axis: ['liberty'] } });
  expect(webhook).toMatchObject({
    url: receiver.url,
    name: 'Newsroom',
    filter: { axis: ['liberty'] },
    state: 'delivering',
    pending: 0,
  });
  const person = await arrested('Thuy Vy');
  await eventually(() => receiver.received.length === 1);
  const [{ event, headers, id } = { event: {}, headers: {}, id: '' }] = receiver.received;
  expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect(headers['user-agent']).toMatch(/^Habeas\//);
  expect(event).toMatchObject({
    specversion: '1.0',
    type: 'org.habeas.status-change.v1',
    id,
    subject: `person/${person}`,
    data: { axis: 'liberty', to: { value: 'police-custody' }, subject: { name: 'Thuy Vy' } },
  });
  expect(event.data?.seq).toBe(Number(/-(\d+)\./.exec(id)?.[1]));
  await server.record(`persons/${person}/releases`, { ...fact(), occurred: '2018-11-20', reason: 'served' });
  await eventually(() => receiver.received.length === 2);
  expect(receiver.received[1]!.event).toMatchObject({
    data: { from: { value: 'police-custody' }, to: { value: 'free' } },
  });
  expect(receiver.faults).toEqual([]);
});

test('begins with what is recorded from then on, or behind the seq that is said', async () => {
  const before = await arrested();
  const [fresh, all] = [await hooked(), await hooked({ after: 0, filter: { person: before } })];
  await eventually(() => all.receiver.received.length > 0);
  const person = await arrested();
  await eventually(() => fresh.receiver.received.length > 0);
  expect(new Set(fresh.receiver.received.map(({ event }) => event.subject))).toEqual(new Set([`person/${person}`]));
  expect(new Set(all.receiver.received.map(({ event }) => event.subject))).toEqual(new Set([`person/${before}`]));
  expect(fresh.webhook.after).toBeGreaterThan(0);
});

test('the state shows what fails, and a replay sends everything again', async () => {
  const { receiver, path } = await hooked({ filter: { axis: 'liberty' } });
  receiver.answer = () => 503;
  await arrested();
  await eventually(async () => (await get<WebhookShown>(path)).state === 'failing');
  const failing = await get<WebhookShown>(path);
  expect(failing).toMatchObject({ pending: 1, last: { status: 503 }, deadLetters: 0 });
  expect(Date.parse(failing.nextTry!)).toBeGreaterThan(Date.parse(failing.failingSince!));
  receiver.answer = () => 204;
  const seq = Number(receiver.received[0]!.event.data!.seq);
  const replay = await server.client.request<WebhookShown>(`${path}/replay`, { method: 'POST', body: { from: seq } });
  expect(replay.status).toBe(202);
  await eventually(async () => (await get<WebhookShown>(path)).state === 'delivering');
  expect(new Set(receiver.ids).size).toBe(1);
  expect(receiver.ids.length).toBe(2);
  expect(await get<DeadLetterPage>(`${path}/dead-letters`)).toEqual({ items: [], dropped: 0 });
  expect(await refusal(post(`${path}/redeliver`, {}))).toMatchObject({ status: 404, code: 'unknown-dead-letter' });
  expect(await refusal(post(`${path}/redeliver`, { changes: ['f2-1.0'] }))).toMatchObject({
    code: 'unknown-dead-letter',
  });
});

test('a ping tells what the receiver answers', async () => {
  const { receiver, webhook, path } = await hooked();
  const ping = await post<PingAnswer>(`${path}/ping`);
  expect(ping).toMatchObject({ status: 204, id: receiver.ids[0] });
  expect(receiver.received[0]!.event).toMatchObject({
    type: 'org.habeas.webhook-ping.v1',
    subject: `webhook/${webhook.id}`,
  });
  receiver.answer = () => 418;
  expect(await post<PingAnswer>(`${path}/ping`, {})).toMatchObject({ status: 418 });
  await receiver.stop();
  expect(await post<PingAnswer>(`${path}/ping`)).toMatchObject({ error: 'connection-refused' });
});

test('another secret, beside the one before for a while or at once; it is in the log, without the secret', async () => {
  const { path, receiver, webhook } = await hooked();
  const pinged = async (secret: string): Promise<boolean> => {
    receiver.secret = secret;
    return (await post<PingAnswer>(`${path}/ping`, {})).status === 204;
  };
  const first = webhook.secret;
  const second = await post<RotatedSecret>(`${path}/rotations`, { overlapSeconds: 60 });
  expect(second).toEqual({
    id: webhook.id,
    secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string,
    previousUntil: expect.stringMatching(/Z$/) as string,
  });
  const ahead = Date.parse(second.previousUntil ?? '') - Date.now();
  expect([ahead > 50_000, ahead <= 60_000]).toEqual([true, true]);
  expect([await pinged(first), await pinged(second.secret)]).toEqual([true, true]);
  // Without a body.
  const third = await post<RotatedSecret>(`${path}/rotations`);
  expect(third).toEqual({ id: webhook.id, secret: third.secret });
  expect([await pinged(first), await pinged(second.secret), await pinged(third.secret)]).toEqual([false, false, true]);
  const { items } = await get<{ items: readonly { stream: string; type: string }[] }>('/v1/events?limit=200');
  const rotations = items.filter(({ stream, type }) => stream.endsWith(webhook.id) && type === 'WebhookSecretRotated');
  expect(rotations).toHaveLength(2);
  for (const { secret } of [second, third]) expect(JSON.stringify(items)).not.toContain(secret.slice(6));
  for (const [body, code] of [
    [{ overlapSeconds: '60' }, 'invalid-overlap'],
    [{ overlapSeconds: 604_801 }, 'invalid-overlap'],
    [{ secret: 'mine' }, 'unknown-field'],
  ] as const)
    expect(await refusal(post(`${path}/rotations`, body))).toMatchObject({ status: 422, code });
  await server.client.request(path, { method: 'DELETE' });
  expect(await refusal(post(`${path}/rotations`, {}))).toMatchObject({ status: 404, code: 'not-found' });
  receiver.faults.length = 0;
  await receiver.stop();
});

test('sent again with the same key, a registration gives the same webhook and secret', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const body = { url: 'https://hooks.invalid/', filter: { axis: ['life'] } };
  const one = await post<CreatedWebhook>('/v1/webhooks', body, headers);
  expect(await post<CreatedWebhook>('/v1/webhooks', body, headers)).toEqual(one);
  expect(await refusal(post('/v1/webhooks', { ...body, name: 'Another' }, headers))).toMatchObject({
    status: 409,
    code: 'idempotency-key-reused',
  });
  expect(await refusal(post('/v1/webhooks', body, { 'idempotency-key': 'a b' }))).toMatchObject({
    code: 'invalid-idempotency-key',
  });
  await server.client.request(`/v1/webhooks/${one.id}`, { method: 'DELETE' });
  expect(await refusal(get(`/v1/webhooks/${one.id}`))).toMatchObject({ status: 404, code: 'not-found' });
});

test('a key for webhooks has those of its own; the secret is shown to nobody again', async () => {
  const [one, two, reader] = [await keyWith('webhooks'), await keyWith('webhooks'), await keyWith('read')];
  const mine = await hooked({ name: 'Mine' }, one.client);
  expect(mine.webhook.createdBy).toBe(`key:${one.id}`);
  expect((await get<WebhookPage>('/v1/webhooks', one.client)).items.map(({ id }) => id)).toEqual([mine.webhook.id]);
  expect((await get<WebhookPage>('/v1/webhooks', two.client)).items).toEqual([]);
  expect((await get<WebhookPage>('/v1/webhooks')).items.map(({ id }) => id)).toContain(mine.webhook.id);
  expect(JSON.stringify(await get(mine.path, one.client))).not.toContain('whsec_');
  for (const act of [
    () => get(mine.path, two.client),
    () => get(`${mine.path}/dead-letters`, two.client),
    () => post(`${mine.path}/ping`, {}, {}, two.client),
    () => post(`${mine.path}/rotations`, {}, {}, two.client),
    () => post(`${mine.path}/replay`, { from: 1 }, {}, two.client),
    () => post(`${mine.path}/redeliver`, {}, {}, two.client),
    () => two.client.request(mine.path, { method: 'DELETE' }),
  ])
    expect(await refusal(act())).toMatchObject({ status: 404, code: 'not-found' });
  expect(await refusal(get('/v1/webhooks', reader.client))).toMatchObject({ status: 403, code: 'forbidden' });
  expect(mine.receiver.received).toEqual([]);
  // Who holds the key is told no more once it is revoked.
  await server.client.request(`/v1/keys/${one.id}`, { method: 'DELETE' });
  await arrested();
  await delay(300);
  expect(mine.receiver.received).toEqual([]);
  expect((await get<WebhookShown>(mine.path)).state).toBe('key-revoked');
  expect((await server.client.request(mine.path, { method: 'DELETE' })).status).toBe(204);
});

test('lists come in pages', async () => {
  const { client } = await keyWith('webhooks');
  const made: string[] = [];
  for (let n = 0; n < 5; n++)
    made.push((await post<CreatedWebhook>('/v1/webhooks', { url: `https://hooks.invalid/${n}` }, {}, client)).id);
  const listed: string[] = [];
  let cursor = '';
  do {
    const page = await get<WebhookPage>(`/v1/webhooks?limit=2${cursor}`, client);
    listed.push(...page.items.map(({ id }) => id));
    cursor = page.next === undefined ? '' : `&cursor=${page.next}`;
  } while (cursor !== '');
  expect(listed).toEqual(made);
});

test.each<[string, object, string, string]>([
  ['no url', {}, 'invalid-url', '/url'],
  ['an address inside', { url: 'https://169.254.169.254/latest' }, 'invalid-url', '/url'],
  ['an address inside, in other words', { url: 'https://[::ffff:a9fe:a9fe]/' }, 'invalid-url', '/url'],
  ['no TLS', { url: 'http://8.8.8.8/' }, 'invalid-url', '/url'],
  ['credentials', { url: 'https://a:b@hooks.invalid/' }, 'invalid-url', '/url'],
  ['a long name', { url: 'https://hooks.invalid/', name: 'x'.repeat(201) }, 'invalid-name', '/name'],
  [
    'an axis that is none',
    { url: 'https://hooks.invalid/', filter: { axis: ['mood'] } },
    'invalid-filter',
    '/filter/axis',
  ],
  [
    'a filter that is none',
    { url: 'https://hooks.invalid/', filter: { colour: ['red'] } },
    'invalid-filter',
    '/filter/colour',
  ],
  ['a filter of no texts', { url: 'https://hooks.invalid/', filter: { axis: [1] } }, 'invalid-filter', '/filter/axis'],
  ['a filter that is a list', { url: 'https://hooks.invalid/', filter: [] }, 'invalid-filter', '/filter/'],
  ['a seq that is none', { url: 'https://hooks.invalid/', after: -1 }, 'invalid-seq', '/after'],
  ['an unknown field', { url: 'https://hooks.invalid/', secret: 'mine' }, 'unknown-field', '/secret'],
])('%s is refused', async (_, body, code, pointer) => {
  const { code: given, problem } = await refusal(post('/v1/webhooks', body));
  expect([given, (problem.errors as { pointer: string }[])[0]?.pointer]).toEqual([code, pointer]);
});

test('every fault of a request is told at once', async () => {
  const { problem } = await refusal(post('/v1/webhooks', { url: 1, name: '', filter: { axis: ['mood'] }, after: 'x' }));
  expect((problem.errors as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual([
    '/url',
    '/name',
    '/filter/axis',
    '/after',
  ]);
  const { path } = await hooked();
  for (const body of [{}, { from: 0 }, { from: 1.5 }, { from: '1' }])
    expect(await refusal(post(`${path}/replay`, body))).toMatchObject({ status: 422, code: 'invalid-seq' });
});

test('metrics count deliveries by how they ended, and say of nobody to whom', async () => {
  const { receiver } = await hooked({ filter: { axis: ['liberty'] } });
  receiver.answer = () => 500;
  await arrested();
  await eventually(() => receiver.received.length === 1);
  const metrics = async (): Promise<string> => {
    const response = await fetch(`${server.url}/metrics`, {
      headers: { authorization: 'Bearer e2e-admin-key-of-sufficient-length' },
    });
    return response.text();
  };
  await eventually(async () => /habeas_webhook_pending [1-9]/.test(await metrics()));
  const text = await metrics();
  expect(text).toMatch(/habeas_webhook_delivery_duration_seconds_count\{outcome="2xx"\} [1-9]/);
  expect(text).toMatch(/habeas_webhook_delivery_duration_seconds_count\{outcome="5xx"\} [1-9]/);
  expect(text).toMatch(/habeas_webhook_dead_letters 0/);
  for (const plain of ['secret-path', '127.0.0.1', 'Person A']) expect(text).not.toContain(plain);
});

test('after a restart it goes on where it was', async () => {
  const { receiver, path } = await hooked({ filter: { axis: ['liberty'] } });
  await arrested();
  await eventually(() => receiver.received.length === 1);
  server = await server.restart();
  expect(await get<WebhookShown>(path)).toMatchObject({ state: 'delivering', pending: 0 });
  await arrested();
  await eventually(() => receiver.received.length === 2);
  await delay(200);
  expect(new Set(receiver.ids).size).toBe(2);
  expect(receiver.received).toHaveLength(2);
}, 60_000);

test('dead letters are listed in pages, and sent again', async () => {
  const { receiver, webhook, path } = await hooked({ filter: { axis: ['liberty'] } });
  for (let n = 0; n < 3; n++) await arrested();
  await eventually(() => receiver.received.length === 3);
  await server.stop();
  // Days later: as the node that delivers writes it.
  const state = openNodeState(server.folder);
  const since = Date.parse('2026-11-20T10:00:00.000Z');
  const kept = receiver.received.map(({ id, event }, n) => ({
    change: id,
    place: [event.data?.seq, Number(id.split('.')[1])],
    since,
    at: since + 259_200_000 + n,
    tries: 26,
    outcome: n === 0 ? { error: 'timed-out' } : { status: 500 },
  }));
  const there = (await state.read(`webhook-${webhook.id}`))!;
  await state.write(`webhook-${webhook.id}-letters`, JSON.stringify({ token: 0, kept, dropped: 4 }), 'no-stream');
  const progress = JSON.stringify({ ...(JSON.parse(there.value) as object), letters: 3, dropped: 4 });
  await state.write(`webhook-${webhook.id}`, progress, there.revision);
  await state.close();
  server = await server.restart();

  expect(await get<WebhookShown>(path)).toMatchObject({ deadLetters: 3, deadLettersDropped: 4 });
  const first = await get<DeadLetterPage>(`${path}/dead-letters?limit=2`);
  const second = await get<DeadLetterPage>(`${path}/dead-letters?limit=2&cursor=${first.next}`);
  expect(first.items[0]).toEqual({
    change: receiver.ids[0],
    seq: receiver.received[0]!.event.data?.seq,
    firstTried: '2026-11-20T10:00:00.000Z',
    givenUp: '2026-11-23T10:00:00.000Z',
    tries: 26,
    error: 'timed-out',
  });
  expect([...first.items, ...second.items].map(({ change }) => change)).toEqual(receiver.ids);
  expect([first.dropped, second.next]).toEqual([4, undefined]);

  const [one, two, three] = receiver.ids;
  const redelivery = { method: 'POST', body: { changes: [two] } } as const;
  expect((await server.client.request(`${path}/redeliver`, redelivery)).status).toBe(202);
  await eventually(async () => (await get<WebhookShown>(path)).deadLetters === 2);
  await eventually(() => receiver.received.length === 4);
  await post(`${path}/redeliver`, {});
  await eventually(async () => (await get<WebhookShown>(path)).deadLetters === 0);
  await eventually(() => receiver.received.length === 6);
  expect(receiver.ids.slice(3)).toEqual([two, one, three]);
}, 60_000);

test('what is recorded of webhooks is shown to auditors, sealed, and is part of what a backup checks', async () => {
  const types = [
    'WebhookRegistered',
    'WebhookRewound',
    'WebhookDeadLettersReleased',
    'WebhookSecretRotated',
    'WebhookDeleted',
  ];
  const read = () => get<{ items: { type: string; stream: string }[] }>('/v1/events?category=webhook&limit=200');
  // The views take in what came last.
  await eventually(async () => new Set((await read()).items.map(({ type }) => type)).size === types.length);
  const page = await read();
  expect([...new Set(page.items.map(({ type }) => type))].sort()).toEqual(types.sort());
  expect(page.items.every(({ stream }) => stream.startsWith('habeasWebhook-'))).toBe(true);
  for (const plain of ['secret-path', 'Newsroom', 'whsec_']) expect(JSON.stringify(page)).not.toContain(plain);
  await server.stop();
  const { folder } = server;
  const checked = await checkCopy({ log: folder, keys: folder }, { masterKeyFile: join(folder, 'master.key') });
  expect(checked).toMatchObject({ unopened: undefined, closed: { events: 0, streams: 0 } });
  server = await server.restart();
}, 60_000);
