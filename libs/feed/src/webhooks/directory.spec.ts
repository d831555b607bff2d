/** Webhooks as the log tells them, on one node and on others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqliteKeyStore } from '#access';
import { streamName } from '#kernel';
import { ensureLogStarted, type KeyStore, verifyChain } from '#log-format';
import {
  allEvents,
  realClock as clock,
  realRandomness as randomness,
  temporaryLog,
} from '../../../../test/support/real.js';
import { type Registered, type Registration, WebhookDirectory } from './directory.js';

const PERSON = '6b1a3a2e-0000-4000-8000-000000000001';
const request = {
  url: 'https://newsroom.example.org/hooks/secret-path',
  name: 'Nadia’s newsroom',
  filter: { person: [PERSON], axis: ['liberty' as const] },
  after: 7,
};

let temporary: Awaited<ReturnType<typeof temporaryLog>>;
let keys: KeyStore;
let logId: string;
let reported: string[];
const nodes: WebhookDirectory[] = [];

beforeEach(async () => {
  temporary = await temporaryLog();
  keys = await openSqliteKeyStore({ folder: temporary.folder, randomness, mode: 'write' });
  logId = await ensureLogStarted(temporary.store, clock, randomness);
  reported = [];
});

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
  await keys.close();
  await temporary.remove();
});

async function node(find: KeyStore['find'] = (ids) => keys.find(ids)): Promise<WebhookDirectory> {
  const directory = await WebhookDirectory.open({
    store: temporary.store,
    keys: {
      find,
      obtain: (stream) => keys.obtain(stream),
      secret: (name) => keys.secret(name),
      findSecret: (name) => keys.findSecret(name),
      destroy: (keyIds) => keys.destroy(keyIds),
      forget: (keyIds) => {
        keys.forget(keyIds);
      },
      destroySecret: (name) => keys.destroySecret(name),
      close: () => Promise.resolve(),
    },
    logId,
    clock,
    randomness,
    ticker: { now: () => performance.now(), sleep: () => sleep(5) },
    changed: () => undefined,
    report: (line) => reported.push(line),
  });
  nodes.push(directory);
  return directory;
}

async function registered(directory: WebhookDirectory, more: Partial<Registration> = {}): Promise<Registered> {
  const made = await directory.register({ request, by: 'key:1', ...more });
  if (!made.ok) throw new Error(made.error.code);
  return made.value;
}

async function eventually(check: () => boolean): Promise<void> {
  for (let n = 0; n < 200 && !check(); n++) await sleep(10);
  expect(check()).toBe(true);
}

test('one that is registered is known at once, to another node within a moment, and after a restart', async () => {
  const [here, there] = [await node(), await node()];
  const { webhook, secret } = await registered(here);
  expect(webhook).toMatchObject({ ...request, createdBy: 'key:1' });
  expect(secret).toHaveLength(32);
  expect(here.get(webhook.id)?.webhook).toEqual(webhook);
  await eventually(() => there.get(webhook.id) !== undefined);
  expect(there.all()).toEqual(here.all());
  expect((await node()).get(webhook.id)?.webhook).toEqual(webhook);
  expect(await there.secretsOf(webhook.id)).toEqual([secret]);
});

test('is in the log sealed: neither the address nor whom it is about, nor the secret', async () => {
  const { webhook, secret } = await registered(await node());
  const events = await allEvents(temporary.store, streamName('webhook', webhook.id));
  expect(events.map(({ type }) => type)).toEqual(['WebhookRegistered']);
  expect(verifyChain(events, logId).ok).toBe(true);
  const text = JSON.stringify(events);
  for (const plain of ['newsroom', 'secret-path', 'Nadia', PERSON, Buffer.from(secret).toString('base64')])
    expect(text).not.toContain(plain);
  expect(text).toContain('liberty');
});

test('the same request with the same key gives the same one, also to others at once; another request is refused', async () => {
  const [here, there] = [await node(), await node()];
  const repeatable = { key: 'k-1', asked: '{"some":"request"}' };
  const [one, two, three] = await Promise.all([here, there, here].map((each) => registered(each, { repeatable })));
  expect([two, three]).toEqual([one, one]);
  expect(here.all()).toHaveLength(1);
  const other = await here.register({ request, by: 'key:1', repeatable: { key: 'k-1', asked: '{}' } });
  expect(other).toMatchObject({ ok: false, error: { code: 'idempotency-key-reused' } });
  // Another's key is another.
  expect((await registered(here, { by: 'key:2', repeatable })).webhook.id).not.toBe(one!.webhook.id);
  expect((await here.delete(one!.webhook.id, 'key:1')).ok).toBe(true);
  expect(await here.register({ request, by: 'key:1', repeatable })).toMatchObject({
    ok: false,
    error: { code: 'not-found' },
  });
});

test('what is asked of its deliveries comes in order, on every node', async () => {
  const [here, there] = [await node(), await node()];
  const { id } = (await registered(here)).webhook;
  await eventually(() => there.get(id) !== undefined);
  await Promise.all([
    here.rewind(id, 3, 'key:1'),
    there.release(id, ['f2-5.0'], 'key:2'),
    here.release(id, undefined, 'key:1'),
  ]);
  await eventually(() => [here, there].every((one) => one.get(id)?.revision === 3));
  const { steering } = here.get(id)!;
  expect(there.get(id)!.steering).toEqual(steering);
  expect(steering.map(({ revision }) => revision)).toEqual([1, 2, 3]);
  expect(steering).toContainEqual(expect.objectContaining({ kind: 'rewound', after: 3 }));
  expect(steering).toContainEqual(expect.objectContaining({ kind: 'released', changes: ['f2-5.0'] }));
  const none = '00000000-0000-4000-8000-000000000000';
  for (const result of [here.rewind(none, 0, 'key:1'), here.delete(none, 'key:1')])
    expect(await result).toMatchObject({ ok: false, error: { code: 'not-found' } });
});

test('one that is deleted is gone everywhere; its secret is found until it is destroyed', async () => {
  const [here, there] = [await node(), await node()];
  const { id } = (await registered(here)).webhook;
  await eventually(() => there.get(id) !== undefined);
  await Promise.all([here.delete(id, 'key:1'), there.delete(id, 'key:1')]);
  await eventually(() => [here, there].every((one) => one.isDeleted(id) && one.get(id) === undefined));
  expect(await allEvents(temporary.store, streamName('webhook', id))).toHaveLength(2);
  expect((await here.rewind(id, 0, 'key:1')).ok).toBe(false);
  expect(await here.secretsOf(id)).toHaveLength(1);
  await here.destroySecrets(id);
  expect(await there.secretsOf(id)).toEqual([]);
});

test('one whose filter cannot be opened delivers nothing, says so without a word of it, and can be deleted', async () => {
  const { id } = (await registered(await node())).webhook;
  const blind = await node(() => Promise.resolve(new Map()));
  expect([blind.get(id), blind.all()]).toEqual([undefined, []]);
  expect(reported).toEqual([expect.stringContaining(id)]);
  expect(reported[0]).not.toContain('newsroom');
  expect((await blind.delete(id, 'key:1')).ok).toBe(true);
  expect(blind.isDeleted(id)).toBe(true);
});

test('a key store that is away for a while is waited for', async () => {
  const { id } = (await registered(await node())).webhook;
  let away = 3;
  const patient = await node((ids) =>
    away-- > 0 ? Promise.reject(Object.assign(new Error('away'), { code: 'unavailable' })) : keys.find(ids),
  );
  expect(patient.get(id)).toBeDefined();
  expect(reported).toEqual([]);
});
