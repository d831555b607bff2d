/** Webhooks on one node and on two: real log, keys, state, leases and network; the feed alone is made. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqliteKeyStore } from '#access';
import { Leases, type OperationalState } from '#event-store';
import { openNodeState } from '#event-store-sqlite';
import { ok, type Ticker } from '#kernel';
import { ensureLogStarted, type KeyStore } from '#log-format';
import { HookReceiver } from '../../../../test/support/hook-receiver.js';
import { realClock, realRandomness as randomness, temporaryLog } from '../../../../test/support/real.js';
import type { Inside } from './addresses.js';
import { WebhookDirectory } from './directory.js';
import { createHttpCourier } from './http-courier.js';
import { changeId, MadeFeed } from './test-support/feed.js';
import { openWebhooks, type Told, type Webhooks, type WebhookStatus } from './webhooks.js';
import type { Webhook } from './webhook.js';

let temporary: Awaited<ReturnType<typeof temporaryLog>>;
let keys: KeyStore;
let state: OperationalState;
let logId: string;
let feed: MadeFeed;
let reported: string[];
const nodes: Webhooks[] = [];
const receivers: HookReceiver[] = [];

beforeEach(async () => {
  temporary = await temporaryLog();
  keys = await openSqliteKeyStore({ folder: temporary.folder, randomness, mode: 'write' });
  state = openNodeState(temporary.folder);
  logId = await ensureLogStarted(temporary.store, realClock, randomness);
  feed = new MadeFeed();
  reported = [];
});

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
  for (const receiver of receivers.splice(0)) await receiver.stop();
  await state.close();
  await keys.close();
  await temporary.remove();
  expect(reported).toEqual([]);
});

const ticker: Ticker = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }).catch(() => undefined),
};

const told: Told = {
  get source() {
    return feed;
  },
  tell: ({ change }) => ok(JSON.stringify({ id: change.id, seq: change.seq })),
};

async function node(inside: Inside = 'all', mayListen: (principal: string) => boolean = () => true): Promise<Webhooks> {
  const webhooks = await openWebhooks({
    store: temporary.store,
    keys,
    logId,
    fold: feed.fold,
    state,
    leases: new Leases({ state, randomness, term: 300 }),
    toldTo: () => told,
    courier: createHttpCourier({ inside, userAgent: 'Habeas', answerWithin: 1_000 }),
    clock: realClock,
    ticker,
    randomness,
    mayListen,
    observer: { tried: () => undefined, gaveUp: () => undefined },
    inside,
    report: (line) => reported.push(line),
  });
  nodes.push(webhooks);
  return webhooks;
}

async function receiverOf(webhooks: Webhooks): Promise<{ receiver: HookReceiver; webhook: Webhook }> {
  const receiver = await HookReceiver.start();
  receivers.push(receiver);
  const { url } = receiver;
  const made = await webhooks.register({ request: { url, filter: {}, after: 0 }, by: 'key:1' });
  if (!made.ok) throw new Error(made.error.code);
  receiver.secret = made.value.secret;
  return { receiver, webhook: made.value.webhook };
}

async function eventually(check: () => boolean | Promise<boolean>, within = 10_000): Promise<void> {
  const until = performance.now() + within;
  while (performance.now() < until && !(await check())) await sleep(10);
  expect(await check()).toBe(true);
}

const seqsOf = ({ received }: HookReceiver): unknown[] => received.map(({ event }) => event.seq);
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);
const statusOf = (webhooks: Webhooks, webhook: Webhook): Promise<WebhookStatus> => webhooks.statusOf(webhook);

test('what is sent is verified by standardwebhooks, in order, and the position follows', async () => {
  const webhooks = await node();
  const { receiver, webhook } = await receiverOf(webhooks);
  expect(receiver.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  feed.add(30);
  await eventually(() => receiver.received.length === 30);
  feed.add(5);
  await eventually(async () => (await statusOf(webhooks, webhook)).position.seq === 35);
  expect(seqsOf(receiver)).toEqual(upTo(35));
  expect(receiver.received[0]).toMatchObject({ id: changeId(1), event: { seq: 1 } });
  expect(receiver.faults).toEqual([]);
  expect(await statusOf(webhooks, webhook)).toMatchObject({
    state: 'delivering',
    pending: 0,
    last: { outcome: { status: 204 } },
  });
});

test('one receiver that never answers delays no other', async () => {
  const webhooks = await node();
  const dead = await receiverOf(webhooks);
  dead.receiver.answer = () => 'hang';
  const alive = await receiverOf(webhooks);
  feed.add(1);
  await eventually(() => dead.receiver.received.length === 1);
  const begun = performance.now();
  feed.add(49);
  await eventually(() => alive.receiver.received.length === 50);
  expect(performance.now() - begun).toBeLessThan(900);
  await eventually(async () => (await statusOf(webhooks, dead.webhook)).state === 'failing');
  expect(await statusOf(webhooks, dead.webhook)).toMatchObject({ last: { outcome: { error: 'timed-out' } } });
  expect(webhooks.waiting.pending).toBeGreaterThan(0);
});

test('of two nodes one delivers; the other goes on when it ends, and nothing comes twice', async () => {
  const one = await node();
  const { receiver } = await receiverOf(one);
  feed.add(20);
  await eventually(() => receiver.received.length === 20);
  const two = await node();
  feed.add(20);
  await eventually(() => receiver.received.length === 40);
  await one.close();
  feed.add(20);
  await eventually(() => receiver.received.length === 60);
  await sleep(100);
  expect(seqsOf(receiver)).toEqual(upTo(60));
  expect(two.waiting).toEqual({ pending: 0, deadLetters: 0 });
});

test('what one node is asked is done by the one that delivers', async () => {
  const [one, two] = [await node(), await node()];
  const { receiver, webhook } = await receiverOf(one);
  feed.add(5);
  await eventually(() => receiver.received.length === 5);
  await eventually(() => two.get(webhook.id) !== undefined);
  expect((await two.replay(webhook.id, 2, 'key:2')).ok).toBe(true);
  await eventually(() => receiver.received.length === 8);
  expect(seqsOf(receiver)).toEqual([...upTo(5), 3, 4, 5]);
  expect((await two.delete(webhook.id, 'key:2')).ok).toBe(true);
  await eventually(async () => (await keys.findSecret(`webhook-${webhook.id}`)) === undefined);
  feed.add(3);
  await sleep(200);
  expect(receiver.received).toHaveLength(8);
  expect(one.get(webhook.id)).toBeUndefined();
});

test('what could not be cleared away when it was deleted is cleared under the next lease', async () => {
  const first = await node();
  const { webhook } = await receiverOf(first);
  await eventually(async () => (await state.read(`webhook-${webhook.id}`)) !== undefined);
  await first.close();
  const directory = await WebhookDirectory.open({
    store: temporary.store,
    keys,
    logId,
    clock: realClock,
    ticker,
    randomness,
    changed: () => undefined,
    report: (line) => reported.push(line),
  });
  // While nobody delivers.
  expect((await directory.delete(webhook.id, 'key:1')).ok).toBe(true);
  await directory.close();
  expect(await keys.findSecret(`webhook-${webhook.id}`)).toBeDefined();
  await node();
  await eventually(async () => (await keys.findSecret(`webhook-${webhook.id}`)) === undefined);
});

describe('another secret', () => {
  const rotate = async (webhooks: Webhooks, { id }: Webhook, seconds: number): Promise<string> => {
    const made = await webhooks.rotateSecret(id, seconds, 'key:1');
    if (!made.ok) throw new Error(made.error.code);
    expect(made.value.previousUntil === undefined).toBe(seconds === 0);
    return made.value.secret;
  };
  /** Whether what is sent next is verified by a secret. */
  const verifiedBy = async (receiver: HookReceiver, secret: string): Promise<boolean> => {
    receiver.secret = secret;
    const [before, faults] = [receiver.received.length, receiver.faults.length];
    feed.add(1);
    await eventually(() => receiver.received.length + receiver.faults.length > before + faults);
    return receiver.faults.splice(0).length === 0;
  };
  const isKept = async (name: string): Promise<boolean> => (await keys.findSecret(name)) !== undefined;

  test('signs from then on, and the one before no more: it is destroyed', async () => {
    const webhooks = await node();
    const { receiver, webhook } = await receiverOf(webhooks);
    const first = receiver.secret;
    expect(await verifiedBy(receiver, first)).toBe(true);
    const second = await rotate(webhooks, webhook, 0);
    expect(second).not.toBe(first);
    expect(await verifiedBy(receiver, second)).toBe(true);
    expect(await isKept(`webhook-${webhook.id}`)).toBe(false);
    receiver.secret = second;
    expect(await webhooks.ping(webhook)).toMatchObject({ delivered: { outcome: { status: 204 } } });
  });

  test('with an overlap both sign, until it is over; asked of any node, known after a restart', async () => {
    const [one, two] = [await node(), await node()];
    const { receiver, webhook } = await receiverOf(one);
    const first = receiver.secret;
    await eventually(() => two.get(webhook.id) !== undefined);
    const second = await rotate(two, webhook, 2);
    const until = performance.now() + 2_000;
    await eventually(() => verifiedBy(receiver, second));
    expect([await verifiedBy(receiver, first), await verifiedBy(receiver, second)]).toEqual([true, true]);
    expect(performance.now()).toBeLessThan(until);
    await one.close();
    await two.close();
    await sleep(until - performance.now() + 50);
    // Also where it cannot be destroyed yet.
    const destroy = keys.destroySecret.bind(keys);
    keys.destroySecret = () => Promise.reject(new Error('away'));
    await node();
    expect([await verifiedBy(receiver, second), await verifiedBy(receiver, first)]).toEqual([true, false]);
    keys.destroySecret = destroy;
    expect(await verifiedBy(receiver, second)).toBe(true);
    await eventually(async () => !(await isKept(`webhook-${webhook.id}`)));
  }, 20_000);

  test('of several the last two sign; with the webhook all of them are destroyed', async () => {
    const webhooks = await node();
    const { receiver, webhook } = await receiverOf(webhooks);
    const first = receiver.secret;
    const destroyed: string[] = [];
    const destroy = keys.destroySecret.bind(keys);
    keys.destroySecret = (name) => {
      destroyed.push(name);
      return destroy(name);
    };
    const second = await rotate(webhooks, webhook, 3_600);
    const third = await rotate(webhooks, webhook, 3_600);
    expect(await verifiedBy(receiver, third)).toBe(true);
    expect(await verifiedBy(receiver, second)).toBe(true);
    expect([await verifiedBy(receiver, first), await verifiedBy(receiver, third)]).toEqual([false, true]);
    expect((await webhooks.delete(webhook.id, 'key:1')).ok).toBe(true);
    await eventually(() => new Set(destroyed).size === 3);
    for (const name of destroyed) await eventually(async () => !(await isKept(name)));
  });

  test.each([-1, 1.5, 604_801, NaN])('an overlap of %p seconds is refused', async (seconds) => {
    const webhooks = await node();
    const { webhook } = await receiverOf(webhooks);
    const refused = { ok: false, error: { code: 'invalid-overlap', pointer: '/overlapSeconds' } };
    expect(await webhooks.rotateSecret(webhook.id, seconds, 'key:1')).toMatchObject(refused);
    const none = await webhooks.rotateSecret('00000000-0000-4000-8000-000000000000', 0, 'key:1');
    expect(none).toMatchObject({ ok: false, error: { code: 'not-found' } });
  });
});

test('a ping is signed, tells what became of it, and changes nothing', async () => {
  const webhooks = await node();
  const { receiver, webhook } = await receiverOf(webhooks);
  const { id, delivered } = await webhooks.ping(webhook);
  expect(delivered).toEqual({ outcome: { status: 204 } });
  expect(receiver.ids).toEqual([id]);
  receiver.answer = () => 500;
  expect(await webhooks.ping(webhook)).toMatchObject({ delivered: { outcome: { status: 500 } } });
  expect(await statusOf(webhooks, webhook)).toMatchObject({ state: 'delivering', position: { seq: 0 } });
});

test('a key that is revoked silences what it registered', async () => {
  const revoked = new Set<string>();
  const webhooks = await node('all', (principal) => !revoked.has(principal));
  const { receiver, webhook } = await receiverOf(webhooks);
  feed.add(1);
  await eventually(() => receiver.received.length === 1);
  revoked.add('key:1');
  feed.add(1);
  await sleep(100);
  expect(receiver.received).toHaveLength(1);
  expect((await statusOf(webhooks, webhook)).state).toBe('key-revoked');
});

test('closing lets what is under way end, and cuts off what does not', async () => {
  const webhooks = await node();
  const { receiver, webhook } = await receiverOf(webhooks);
  receiver.answer = () => 'hang';
  feed.add(1);
  await eventually(() => receiver.received.length === 1);
  const begun = performance.now();
  await webhooks.close();
  expect(performance.now() - begun).toBeLessThan(7_000);
  receiver.answer = () => 204;
  await node();
  await eventually(() => receiver.received.length === 2, 15_000);
  expect(seqsOf(receiver)).toEqual([1, 1]);
  expect(webhook.id).toBeDefined();
}, 30_000);

test.each<[string, Inside, string | undefined]>([
  ['https://hooks.invalid/hooks', [], undefined],
  ['https://hooks.invalid:8443/hooks?token=a', [], undefined],
  ['https://8.8.8.8/', [], undefined],
  ['http://hooks.invalid/', [], 'https'],
  ['http://8.8.8.8/', 'all', 'https'],
  ['https://127.0.0.1/', [], 'inside'],
  ['https://[fd00::1]/', [], 'inside'],
  ['https://169.254.169.254/', ['10.0.0.0/8'], 'inside'],
  ['https://localhost/', [], 'inside'],
  ['http://localhost/', 'all', undefined],
  ['http://10.0.0.1/', ['10.0.0.0/8'], undefined],
  ['https://user:pass@hooks.invalid/', [], 'user'],
  ['https://hooks.invalid/#part', [], 'fragment'],
  [`https://hooks.invalid/${'a'.repeat(2_000)}`, [], '2000'],
  ['ftp://example.org/', [], 'such as'],
  ['javascript:alert(1)', 'all', 'such as'],
  ['example.org', [], 'such as'],
  ['', [], 'such as'],
])('%s with %p allowed: %p', async (url, inside, why) => {
  const webhooks = await node(inside);
  const made = await webhooks.register({ request: { url, filter: {}, after: 0 }, by: 'key:1' });
  if (why === undefined) expect(made).toMatchObject({ ok: true });
  else
    expect(made).toMatchObject({
      ok: false,
      error: { code: 'invalid-url', pointer: '/url', detail: expect.stringContaining(why) },
    });
});
