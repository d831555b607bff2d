import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import type { Principal } from '#command-handling';
import type { OperationalState } from '#event-store';
import { openNodeState } from '#event-store-sqlite';
import { randomId, streamName } from '#kernel';
import { CHAIN_START, createEventCodec, ensureLogStarted, type KeyStore, verifyChain } from '#log-format';
import type { Golden } from '../../../test/golden/golden.js';
import { FaultyEventStore, inTurn } from '../../../test/support/faulty-event-store.js';
import { VirtualTime } from '../../../test/support/virtual-time.js';
import {
  allEvents,
  realRandomness as randomness,
  realTicker as ticker,
  temporaryLog,
} from '../../../test/support/real.js';
import { openAccessDirectory, type OpenAccessDirectory } from './access-directory.js';
import { ACCESS_KEY_CREATED, hashOfKey } from './access-key.js';
import { MOST_TRIES } from './failed-tries.js';
import { openSqliteKeyStore } from './sqlite-key-store.js';
import type {
  AccessDirectory,
  AccessKeyRequest,
  NewAccessKey,
  RefusedKey,
  RotatedAccessKey,
  RotationRequest,
} from './types.js';

const admin: Principal = { id: 'key:0', scopes: ['admin'], ceiling: 'confidential' };
const HOUR = 3_600_000;
/** How far the clock is ahead of the machine's, in milliseconds. */
let ahead = 0;
const clock = { now: () => new Date(Date.now() + ahead) };
const GIVEN = 'a-long-and-random-admin-key';

let temporary: Awaited<ReturnType<typeof temporaryLog>>;
let store: typeof temporary.store;
let keys: KeyStore;
let state: OperationalState;
let logId: string;
const nodes: AccessDirectory[] = [];

beforeEach(async () => {
  ahead = 0;
  temporary = await temporaryLog();
  store = temporary.store;
  keys = await openSqliteKeyStore({ folder: temporary.folder, randomness, mode: 'write' });
  state = openNodeState(temporary.folder);
  logId = await ensureLogStarted(store, clock, randomness);
});

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
  await keys.close();
  await state.close();
  await temporary.remove();
});

async function node(others: Partial<OpenAccessDirectory> = {}): Promise<AccessDirectory> {
  const directory = await openAccessDirectory({ store, keys, state, logId, clock, ticker, randomness, ...others });
  nodes.push(directory);
  return directory;
}

async function made(directory: AccessDirectory, ...scopes: AccessKeyRequest['scopes']): Promise<NewAccessKey> {
  return madeOf(directory, { scopes });
}

async function madeOf(directory: AccessDirectory, request: Partial<AccessKeyRequest>): Promise<NewAccessKey> {
  const result = await directory.createKey(admin, { name: 'Nadia’s laptop', scopes: ['read'], ...request });
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

const log = () => allEvents(store);

async function eventually(check: () => boolean): Promise<void> {
  for (let n = 0; n < 200 && !check(); n++) await sleep(10);
  expect(check()).toBe(true);
}

const bearer = (key: string) => `Bearer ${key}`;

describe('an access key', () => {
  test('lets its holder in, at once, with its scopes and an id that is no name', async () => {
    const directory = await node();
    const { id, key } = await made(directory, 'review', 'record', 'record');
    expect(key).toMatch(/^hbs_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
    expect(directory.authenticate(bearer(key))).toEqual({
      ok: true,
      value: { id: `key:${id}`, scopes: ['record', 'review'], ceiling: 'internal', credential: `key:${id}/0` },
    });
    expect(directory.authenticate(`bearer  ${key} `).ok).toBe(true);
  });

  test('is in the log as a hash, its name sealed, in the stored form and chain of all events', async () => {
    const { id, key } = await made(await node(), 'read');
    const events = (await log()).filter(({ stream }) => stream === streamName('access', id));
    expect(events.map(({ type }) => type)).toEqual(['AccessKeyCreated']);
    expect(verifyChain(events, logId).ok).toBe(true);
    const text = JSON.stringify(events);
    for (const plain of [key, key.slice(-43), 'Nadia']) expect(text).not.toContain(plain);
  });

  test('is known to another node within a moment, and after a restart', async () => {
    const [here, there] = [await node(), await node()];
    const { key } = await made(here, 'read');
    await eventually(() => there.authenticate(bearer(key)).ok);
    expect((await node()).authenticate(bearer(key)).ok).toBe(true);
  });

  test.each(['Bearer', 'Bearer ', 'Basic abc', '', 'Bearer a b', 'Bearer hbs_00_x', 'Bearer \u00e9'])(
    '%p is refused without telling why',
    async (header) => {
      const directory = await node();
      await made(directory, 'read');
      expect(directory.authenticate(header)).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
      expect(directory.authenticate(undefined)).toEqual(directory.authenticate(header));
    },
  );

  test('lets in whoever was let in by it before, by the id of the principal, until it is revoked on any node', async () => {
    const [here, there] = [await node(), await node()];
    const { id } = await made(here, 'read');
    await eventually(() => there.principal(`key:${id}`).ok);
    expect(there.principal(`key:${id}`)).toMatchObject({ ok: true, value: { id: `key:${id}`, scopes: ['read'] } });
    await here.revokeKey(admin, id);
    await eventually(() => !there.principal(`key:${id}`).ok);
    for (const directory of [here, there])
      for (const unknown of [`key:${id}`, 'key:', 'nobody', ''])
        expect(directory.principal(unknown)).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
  });

  test('with another secret, or under another id, is refused', async () => {
    const directory = await node();
    const [one, two] = [await made(directory, 'read'), await made(directory, 'read')];
    const crossed = one.key.slice(0, -43) + two.key.slice(-43);
    for (const wrong of [crossed, `${one.key}x`, one.key.slice(0, -1)]) {
      expect(directory.authenticate(bearer(wrong))).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    }
  });

  test.each([
    ['a name without characters', '', ['read'], 'invalid-name'],
    ['a name too long', 'x'.repeat(201), ['read'], 'invalid-name'],
    ['no scope', 'x', [], 'invalid-scopes'],
    ['an unknown scope', 'x', ['root'], 'invalid-scopes'],
  ])('with %s is not made', async (_, name, scopes, code) => {
    const directory = await node();
    expect(await directory.createKey(admin, { name, scopes } as never)).toMatchObject({ ok: false, error: { code } });
    expect(await log()).toHaveLength(1);
  });

  test('is made and revoked by admins only', async () => {
    const directory = await node();
    const { id } = await made(directory, 'read');
    const recorder: Principal = { id: 'key:1', scopes: ['read', 'record', 'review'], ceiling: 'confidential' };
    expect(await directory.createKey(recorder, { name: 'x', scopes: ['read'] })).toMatchObject({
      ok: false,
      error: { code: 'forbidden' },
    });
    expect(await directory.revokeKey(recorder, id)).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  });
});

describe('what a key may see', () => {
  const ceilingOf = (directory: AccessDirectory, { key }: NewAccessKey) => {
    const known = directory.authenticate(bearer(key));
    return known.ok ? known.value.ceiling : known.error.code;
  };

  test('is what is internal unless said, and everything for an admin', async () => {
    const directory = await node();
    expect(ceilingOf(directory, await made(directory, 'audit'))).toBe('internal');
    expect(ceilingOf(directory, await madeOf(directory, { ceiling: 'public' }))).toBe('public');
    expect(ceilingOf(directory, await made(directory, 'read', 'admin'))).toBe('confidential');
    for (const wrong of [{ ceiling: 'secret' }, { ceiling: 'internal', scopes: ['admin'] }]) {
      expect(await directory.createKey(admin, { name: 'x', scopes: ['read'], ...wrong } as never)).toMatchObject({
        ok: false,
        error: { code: 'invalid-ceiling', pointer: '/ceiling' },
      });
    }
  });

  test('is everything where it was made before there were ceilings', async () => {
    const golden = JSON.parse(readFileSync('test/fixtures/golden/AccessKeyCreated.v1.json', 'utf8')) as Golden;
    const before = { ...ACCESS_KEY_CREATED, schemaVersion: 1, upcasters: {} };
    const id = '11111111-1111-4111-8111-111111111111';
    const stream = streamName('access', id);
    const { events } = createEventCodec([before], randomness).encode(
      [{ id: randomId(randomness), type: before.type, data: { ...golden.events[0]!.plain, hash: hashOfKey(GIVEN) } }],
      {
        logId,
        stream,
        head: CHAIN_START,
        key: await keys.obtain(stream),
        recordedAt: clock.now(),
        recordedBy: 'key:0',
        correlationId: id,
        visibility: 'internal',
      },
    );
    await store.append(stream, events, 'no-stream');
    const directory = await node();
    expect(directory.principal(`key:${id}`)).toMatchObject({ value: { ceiling: 'confidential' } });
    expect(await directory.keys()).toMatchObject([{ id, name: 'Laptop A', ceiling: 'confidential' }]);
  });

  test('is told of all keys that are in force, and when it comes to be another', async () => {
    const [here, there] = [await node(), await node()];
    const told: string[] = [];
    there.onCeilings((ceilings) => told.push([...ceilings].sort().join()));
    expect([...there.ceilings()]).toEqual([]);
    await made(here, 'read');
    await made(here, 'record');
    const { id } = await madeOf(here, { ceiling: 'public' });
    await eventually(() => there.ceilings().has('public'));
    await here.revokeKey(admin, id);
    await eventually(() => !there.ceilings().has('public'));
    expect([...here.ceilings()]).toEqual(['internal']);
    expect(told).toEqual(['internal', 'internal,public', 'internal']);
    expect([...(await node()).ceilings()]).toEqual(['internal']);
  });
});

describe('a key that expires', () => {
  test('lets nobody in any more from that instant on, and is answered like any wrong one', async () => {
    const directory = await node();
    const { id, key } = await madeOf(directory, { expiresAt: new Date(clock.now().getTime() + HOUR).toISOString() });
    ahead = HOUR - 60_000;
    expect(directory.authenticate(bearer(key)).ok).toBe(true);
    ahead = HOUR;
    expect(directory.authenticate(bearer(key))).toEqual(directory.authenticate('Bearer wrong'));
    expect(directory.principal(`key:${id}`)).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    expect((await node()).authenticate(bearer(key)).ok).toBe(false);
  });

  test('says when, in UTC', async () => {
    const directory = await node();
    await madeOf(directory, { expiresAt: '2099-05-01T02:00+02:00' });
    expect(await directory.keys()).toMatchObject([{ expiresAt: '2099-05-01T00:00:00.000Z' }]);
  });

  test.each(['2020-01-01T00:00:00Z', '2099-01-01', 'tomorrow', ''])('at %p is not made', async (expiresAt) => {
    const directory = await node();
    expect(await directory.createKey(admin, { name: 'x', scopes: ['read'], expiresAt })).toMatchObject({
      ok: false,
      error: { code: 'invalid-expiry', pointer: '/expiresAt' },
    });
  });

  test('makes none that outlive it', async () => {
    const directory = await node();
    const { id } = await madeOf(directory, { scopes: ['admin'], expiresAt: '2099-01-01T00:00:00Z' });
    const known = directory.principal(`key:${id}`);
    if (!known.ok) throw new Error(known.error.code);
    const make = (request: Partial<AccessKeyRequest>) =>
      directory.createKey(known.value, { name: 'x', scopes: ['admin'], ...request });
    const refused = { ok: false, error: { code: 'outlives-its-maker', pointer: '/expiresAt' } };
    expect(await make({})).toMatchObject(refused);
    expect(await make({ expiresAt: '2099-01-01T00:00:00.001Z' })).toMatchObject(refused);
    expect(await make({ expiresAt: '2099-01-01T00:00:00Z' })).toMatchObject({ ok: true });
  });

  test('does not keep the last admin key from being the last', async () => {
    const directory = await node();
    const { id } = await made(directory, 'admin');
    await madeOf(directory, { scopes: ['admin'], expiresAt: '2099-01-01T00:00:00Z' });
    expect(await directory.revokeKey(admin, id)).toMatchObject({ ok: false, error: { code: 'last-admin-key' } });
    await made(directory, 'admin');
    expect(await directory.revokeKey(admin, id)).toMatchObject({ ok: true });
  });
});

describe('revoking', () => {
  test('shuts the key out here at once and elsewhere within a moment, for good', async () => {
    const [here, there] = [await node(), await node()];
    const { id, key } = await made(here, 'record');
    await eventually(() => there.authenticate(bearer(key)).ok);
    const revoked = await here.revokeKey(admin, id);
    expect(revoked).toMatchObject({ ok: true, value: { id, revokedAt: expect.any(String) } });
    expect(here.authenticate(bearer(key)).ok).toBe(false);
    await eventually(() => !there.authenticate(bearer(key)).ok);
    expect((await node()).authenticate(bearer(key)).ok).toBe(false);
  });

  test('again changes nothing', async () => {
    const directory = await node();
    const { id } = await made(directory, 'record');
    const first = await directory.revokeKey(admin, id);
    const count = (await log()).length;
    expect(await directory.revokeKey(admin, id)).toEqual(first);
    expect(await log()).toHaveLength(count);
  });

  test('by two nodes at once records it once', async () => {
    const [here, there] = [await node(), await node()];
    const { id } = await made(here, 'record');
    const [one, other] = await Promise.all([here.revokeKey(admin, id), there.revokeKey(admin, id)]);
    expect(one).toEqual(other);
    const events = (await log()).filter(({ stream }) => stream === streamName('access', id));
    expect(events.map(({ type }) => type)).toEqual(['AccessKeyCreated', 'AccessKeyRevoked']);
    expect(verifyChain(events, logId).ok).toBe(true);
  });

  test('is refused for a key that is not there, and for the last admin key', async () => {
    const directory = await node();
    expect(await directory.revokeKey(admin, 'nobody')).toMatchObject({ ok: false, error: { code: 'not-found' } });
    const { id } = await made(directory, 'admin');
    await made(directory, 'record');
    expect(await directory.revokeKey(admin, id)).toMatchObject({ ok: false, error: { code: 'last-admin-key' } });
    await made(directory, 'admin');
    expect(await directory.revokeKey(admin, id)).toMatchObject({ ok: true });
  });
});

describe('rotating', () => {
  async function rotated(
    directory: AccessDirectory,
    id: string,
    request: RotationRequest = {},
  ): Promise<RotatedAccessKey> {
    const result = await directory.rotateKey(admin, id, request);
    if (!result.ok) throw new Error(result.error.code);
    return result.value;
  }

  test('puts another secret in the place of the first, here at once and elsewhere within a moment; the rest stays', async () => {
    const [here, there] = [await node(), await node()];
    const { id, key } = await madeOf(here, {
      scopes: ['record'],
      ceiling: 'public',
      expiresAt: '2099-01-01T00:00:00Z',
    });
    const before = await here.keys();
    const next = await rotated(here, id);
    expect(next).toEqual({ id, key: expect.stringMatching(/^hbs_/) });
    expect(here.authenticate(bearer(key))).toEqual(here.authenticate('Bearer wrong'));
    const principal = { id: `key:${id}`, scopes: ['record'], ceiling: 'public' };
    expect(here.authenticate(bearer(next.key))).toMatchObject({ ok: true, value: principal });
    await eventually(() => there.authenticate(bearer(next.key)).ok);
    expect(there.authenticate(bearer(key)).ok).toBe(false);
    expect(there.principal(`key:${id}`)).toMatchObject({ ok: true, value: principal });
    expect(await here.keys()).toEqual([
      { ...before[0], rotatedAt: expect.any(String), lastUsedAt: expect.any(String) },
    ]);
    const restarted = await node();
    expect([key, next.key].map((each) => restarted.authenticate(bearer(each)).ok)).toEqual([false, true]);
  });

  test('with an overlap both let in until it is over, and never three', async () => {
    const directory = await node();
    const { id, key } = await made(directory, 'read');
    const second = await rotated(directory, id, { overlapSeconds: 3_600 });
    expect(Date.parse(second.previousUntil ?? '') - clock.now().getTime()).toBeGreaterThan(HOUR - 60_000);
    const who = (each: string) => directory.authenticate(bearer(each)).ok;
    expect([key, second.key].map(who)).toEqual([true, true]);
    const third = await rotated(directory, id, { overlapSeconds: 3_600 });
    expect([key, second.key, third.key].map(who)).toEqual([false, true, true]);
    ahead = HOUR + 1;
    expect([key, second.key, third.key].map(who)).toEqual([false, false, true]);
  });

  test('ends what was begun by the secret before, and not what is begun by the new one', async () => {
    const directory = await node();
    const { id, key } = await made(directory, 'read');
    const credentialOf = (each: string): string => {
      const known = directory.authenticate(bearer(each));
      return known.ok ? known.value.credential : known.error.code;
    };
    const first = credentialOf(key);
    expect(directory.admitted(first)).toEqual(directory.authenticate(bearer(key)));
    const second = credentialOf((await rotated(directory, id, { overlapSeconds: 60 })).key);
    expect([first, second].map((each) => directory.admitted(each).ok)).toEqual([true, true]);
    ahead = 60_001;
    expect([first, second].map((each) => directory.admitted(each).ok)).toEqual([false, true]);
    await directory.revokeKey(admin, id);
    for (const each of [first, second, `key:${id}`, `key:${id}/1/0`, '', 'key:/0'])
      expect(directory.admitted(each)).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
  });

  test('may set another end', async () => {
    const directory = await node();
    const { id } = await made(directory, 'read');
    await rotated(directory, id, { expiresAt: '2099-01-01T00:00:00Z' });
    expect(await directory.keys()).toMatchObject([{ expiresAt: '2099-01-01T00:00:00.000Z' }]);
    await rotated(directory, id);
    expect(await directory.keys()).toMatchObject([{ expiresAt: '2099-01-01T00:00:00.000Z' }]);
  });

  test('of the admin key that the operator gave makes it one of ours; the given one is taken from then on', async () => {
    const directory = await node();
    await directory.ensureAdminKey(GIVEN);
    const { id } = (await directory.keys())[0]!;
    const next = await rotated(directory, id);
    expect(directory.authenticate(bearer(next.key))).toMatchObject({ value: { id: `key:${id}`, scopes: ['admin'] } });
    expect(directory.authenticate(bearer(GIVEN)).ok).toBe(false);
    expect(await directory.ensureAdminKey(GIVEN)).toMatchObject({ ok: false, error: { code: 'admin-key-taken' } });
  });

  test('by two at once gives both an answer, and the last of them lets in', async () => {
    const [here, there] = [await node(), await node()];
    const { id } = await made(here, 'read');
    const both = await Promise.all([rotated(here, id), rotated(there, id)]);
    const fresh = await node();
    expect(both.filter(({ key }) => fresh.authenticate(bearer(key)).ok)).toHaveLength(1);
  });

  test('is refused to others than admins, for what is over, and for what would give more than its maker has', async () => {
    const directory = await node();
    const { id: lasting } = await made(directory, 'admin');
    const { id, key } = await madeOf(directory, { scopes: ['admin'], expiresAt: '2099-01-01T00:00:00Z' });
    const refused = async (by: Principal, of: string, request: object = {}) => {
      const result = await directory.rotateKey(by, of, request);
      return result.ok ? 'rotated' : result.error.code;
    };
    const known = directory.authenticate(bearer(key));
    if (!known.ok) throw new Error(known.error.code);
    const reader: Principal = { id: 'key:1', scopes: ['read', 'record', 'audit'], ceiling: 'confidential' };
    expect(await refused(reader, id)).toBe('forbidden');
    expect(await refused(admin, 'nobody')).toBe('not-found');
    // Whoever rotates it would hold a key that outlives their own.
    expect(await refused(known.value, lasting)).toBe('outlives-its-maker');
    expect(await refused(known.value, id, { expiresAt: '2099-01-02T00:00:00Z' })).toBe('outlives-its-maker');
    expect(await refused(known.value, id)).toBe('rotated');
    expect(await refused(admin, lasting, { expiresAt: '2099-01-01T00:00:00Z' })).toBe('last-admin-key');
    for (const expiresAt of ['2020-01-01T00:00:00Z', 'soon'])
      expect(await refused(admin, id, { expiresAt })).toBe('invalid-expiry');
    for (const overlapSeconds of [-1, 0.5, 604_801, NaN])
      expect(await refused(admin, id, { overlapSeconds })).toBe('invalid-overlap');
    const { id: short } = await madeOf(directory, { expiresAt: new Date(clock.now().getTime() + HOUR).toISOString() });
    ahead = HOUR;
    expect(await refused(admin, short, { expiresAt: '2099-01-01T00:00:00Z' })).toBe('key-over');
    await directory.revokeKey(admin, id);
    expect(await refused(admin, id)).toBe('key-over');
  });
});

describe('the admin key of the first run', () => {
  test('is generated once and shown once, over restarts', async () => {
    const directory = await node();
    const first = await directory.ensureAdminKey();
    expect(first).toMatchObject({ ok: true, value: { key: expect.stringMatching(/^hbs_/) } });
    expect(directory.authenticate(bearer(first.ok ? first.value!.key : ''))).toMatchObject({
      value: { scopes: ['admin'] },
    });
    expect(await directory.ensureAdminKey()).toEqual({ ok: true, value: undefined });
    expect(await (await node()).ensureAdminKey()).toEqual({ ok: true, value: undefined });
  });

  test('two nodes at once make one, and only its maker shows it', async () => {
    const [one, two] = [await node(), await node()];
    const results = await Promise.all([one.ensureAdminKey(), two.ensureAdminKey()]);
    const shown = results.flatMap((result) => (result.ok && result.value ? [result.value.key] : []));
    expect(shown).toHaveLength(1);
    for (const each of [one, two]) await eventually(() => each.authenticate(bearer(shown[0]!)).ok);
  });

  test('given: is the admin key, over restarts and on several nodes, and is recorded once', async () => {
    const [one, two] = [await node(), await node()];
    const results = await Promise.all([
      one.ensureAdminKey(GIVEN),
      two.ensureAdminKey(GIVEN),
      one.ensureAdminKey(GIVEN),
    ]);
    for (const result of results) expect(result).toEqual({ ok: true, value: undefined });
    expect(await (await node()).ensureAdminKey(GIVEN)).toEqual({ ok: true, value: undefined });
    for (const each of [one, two])
      expect(each.authenticate(bearer(GIVEN))).toMatchObject({ value: { scopes: ['admin'] } });
    expect(await log()).toHaveLength(2);
    expect(JSON.stringify(await log())).not.toContain(GIVEN);
  });

  test('given: one that was generated before is the same key', async () => {
    const first = await (await node()).ensureAdminKey();
    expect(await (await node()).ensureAdminKey(first.ok ? first.value!.key : '')).toEqual({
      ok: true,
      value: undefined,
    });
    expect(await log()).toHaveLength(2);
  });

  test.each(['short', 'has a space but is long enough', 'x'.repeat(19)])('given: %p is refused', async (given) => {
    expect(await (await node()).ensureAdminKey(given)).toMatchObject({ ok: false, error: { code: 'weak-admin-key' } });
    expect(await log()).toHaveLength(1);
  });

  test('given: a revoked one, or one that is no admin key, is refused', async () => {
    const directory = await node();
    await directory.ensureAdminKey(GIVEN);
    const { key } = await made(directory, 'record');
    await made(directory, 'admin');
    const id = (await directory.keys()).find(({ name }) => name === 'Given by the operator')!.id;
    await directory.revokeKey(admin, id);
    for (const given of [GIVEN, key]) {
      expect(await directory.ensureAdminKey(given)).toMatchObject({ ok: false, error: { code: 'admin-key-taken' } });
    }
  });
});

describe('what cannot be read', () => {
  test('shuts out its key and no other, and health names the event', async () => {
    const directory = await node();
    const [one, two] = [await made(directory, 'read'), await made(directory, 'read')];
    const broken = {
      id: '4e6fb5f5-4b0f-40f6-8a0a-000000000000',
      type: 'AccessKeySuspended',
      data: '{}',
      metadata: '{}',
    };
    await store.append(streamName('access', one.id), [broken], 0);
    await eventually(() => directory.health().unreadable.length > 0);
    expect(directory.health()).toEqual({ following: true, unreadable: [broken.id] });
    expect(directory.authenticate(bearer(one.key)).ok).toBe(false);
    expect(directory.authenticate(bearer(two.key)).ok).toBe(true);
  });

  test('without its sealed name a key works', async () => {
    const { key } = await made(await node(), 'read');
    await keys.close();
    const directory = await node();
    expect(directory.authenticate(bearer(key)).ok).toBe(true);
    expect((await directory.keys())[0]).not.toHaveProperty('name');
  });
});

test('a key tells its holder what it may do', async () => {
  const directory = await node();
  const { id, key } = await madeOf(directory, { scopes: ['record'], expiresAt: '2099-01-01T00:00:00Z' });
  const known = directory.authenticate(bearer(key));
  expect(known.ok && directory.own(known.value)).toEqual({
    ok: true,
    value: { id, scopes: ['record'], ceiling: 'internal', expiresAt: '2099-01-01T00:00:00.000Z' },
  });
  expect(directory.own(admin)).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
});

describe('wrong keys', () => {
  const wrong = (n: number) => bearer(`hbs_${String(n).padStart(32, '0')}_${'x'.repeat(43)}`);
  const code = (result: ReturnType<AccessDirectory['authenticate']>) => (result.ok ? 'in' : result.error.code);
  let told: RefusedKey[];
  const observer = { keyRefused: (refused: RefusedKey) => told.push(refused) };

  beforeEach(() => {
    told = [];
  });

  test('of one address are counted, and beyond so many in a minute it is told to wait', async () => {
    const time = new VirtualTime();
    const directory = await node({ observer, ticker: time.ticker });
    const tried = Array.from({ length: MOST_TRIES + 2 }, (_, n) => code(directory.authenticate(wrong(n), '192.0.2.1')));
    expect(tried).toEqual([...Array<string>(MOST_TRIES).fill('unauthenticated'), 'too-many-tries', 'too-many-tries']);
    expect(told.map(({ why }) => why)).toEqual([
      ...Array<string>(MOST_TRIES).fill('wrong'),
      'too-many-tries',
      'too-many-tries',
    ]);
    expect(told.at(-1)).toEqual({ why: 'too-many-tries', from: '192.0.2.1', tries: MOST_TRIES + 2 });
    expect(JSON.stringify(told)).not.toContain('hbs_');
    expect(code(directory.authenticate(wrong(0), '192.0.2.2'))).toBe('unauthenticated');
    await time.pass(60_000);
    expect(code(directory.authenticate(wrong(0), '192.0.2.1'))).toBe('unauthenticated');
  });

  test('keep nobody out who comes from the same address with a key that was made here', async () => {
    const directory = await node();
    const { key } = await made(directory, 'read');
    for (let n = 0; n < 2 * MOST_TRIES; n++) directory.authenticate(wrong(n), '192.0.2.1');
    expect(code(directory.authenticate(bearer(key), '192.0.2.1'))).toBe('in');
  });

  test('are not looked at any more where they could be guessed: also a right one waits', async () => {
    const directory = await node();
    await directory.ensureAdminKey(GIVEN);
    expect(code(directory.authenticate(bearer(GIVEN), '192.0.2.1'))).toBe('in');
    for (let n = 0; n < MOST_TRIES; n++) directory.authenticate(bearer(`a-long-and-random-guess-${n}`), '192.0.2.1');
    expect(code(directory.authenticate(bearer(GIVEN), '192.0.2.1'))).toBe('too-many-tries');
    expect(code(directory.authenticate(bearer(GIVEN), '192.0.2.2'))).toBe('in');
    // As docker/secrets.sh makes it: random.
    const random = `habeas_${'0123456789abcdef'.repeat(4)}`;
    await directory.ensureAdminKey(random);
    expect(code(directory.authenticate(bearer(random), '192.0.2.1'))).toBe('in');
  });

  test('are none where no key is sent, or one that is over: who holds it guesses nothing', async () => {
    const directory = await node({ observer });
    const { id, key } = await made(directory, 'read');
    await directory.revokeKey(admin, id);
    for (let n = 0; n < 2 * MOST_TRIES; n++) {
      expect(code(directory.authenticate(undefined, '192.0.2.1'))).toBe('unauthenticated');
      expect(code(directory.authenticate(bearer(key), '192.0.2.1'))).toBe('unauthenticated');
    }
    expect(told).toHaveLength(2 * MOST_TRIES);
    expect(told[0]).toEqual({ why: 'over', from: '192.0.2.1', tries: 0 });
  });
});

describe('last use', () => {
  const at = (hour: string) => (ahead = Date.parse(hour) - Date.now());
  const usesOf = async (directory: AccessDirectory) => (await directory.keys()).map(({ lastUsedAt }) => lastUsedAt);

  test('is told to the hour, also by another node and after a restart, and is no history', async () => {
    at('2030-01-01T10:40:00Z');
    const [here, there] = [await node(), await node()];
    const [used, unused] = [await made(here, 'read'), await made(here, 'read')];
    await eventually(() => there.authenticate(bearer(used.key)).ok);
    const count = (await log()).length;
    expect(await usesOf(there)).toEqual(['2030-01-01T10:00:00.000Z', undefined]);
    expect(await usesOf(here)).toEqual([undefined, undefined]);
    at('2030-01-01T12:59:00Z');
    here.authenticate(bearer(used.key));
    expect(here.admitted(`key:${unused.id}/0`).ok).toBe(true);
    // What the other one writes later, and knows less of, takes nothing back.
    await here.close();
    await there.close();
    expect(await usesOf(await node())).toEqual(['2030-01-01T12:00:00.000Z', '2030-01-01T12:00:00.000Z']);
    expect(await log()).toHaveLength(count);
  });

  test('is written once a minute at most, and only where an hour is a new one', async () => {
    at('2030-01-01T10:00:00Z');
    const time = new VirtualTime();
    const writes: string[] = [];
    const counted: OperationalState = {
      read: (name) => state.read(name),
      write: (name, value, expected) => {
        writes.push(name);
        return state.write(name, value, expected);
      },
      close: () => state.close(),
    };
    const directory = await node({ state: counted, ticker: time.ticker });
    const { key } = await made(directory, 'read');
    for (let minute = 0; minute < 10; minute++) {
      directory.authenticate(bearer(key));
      await time.pass(60_000);
    }
    expect(writes).toEqual(['key-uses']);
    at('2030-01-01T11:00:00Z');
    for (let minute = 0; minute < 10; minute++) {
      directory.authenticate(bearer(key));
      await time.pass(60_000);
    }
    expect(writes).toHaveLength(2);
  });
});

describe('a log that is silent', () => {
  test('for over ten seconds lets nobody in, until it is heard again', async () => {
    const silent = new FaultyEventStore(store, inTurn());
    const time = new VirtualTime();
    const [here, there] = [await node(), await node({ store: silent, ticker: time.ticker })];
    const { id, key } = await made(here, 'read');
    await eventually(() => there.authenticate(bearer(key)).ok);
    // Asked every few seconds, it answers: nothing need happen in it.
    for (let second = 0; second < 60; second++) {
      await time.pass(1_000);
      await sleep(5);
      expect(there.health().following).toBe(true);
    }
    silent.silent = true;
    await here.revokeKey(admin, id);
    await time.pass(6_000);
    // Not known yet, and not for longer than that.
    expect(there.authenticate(bearer(key)).ok).toBe(true);
    await time.pass(4_100);
    const refused = { ok: false, error: { code: 'access-unavailable' } };
    expect(there.authenticate(bearer(key))).toMatchObject(refused);
    expect(there.authenticate('Bearer wrong', '192.0.2.1')).toMatchObject(refused);
    expect(there.principal(`key:${id}`)).toMatchObject(refused);
    expect(there.admitted(`key:${id}/0`)).toMatchObject(refused);
    await time.pass(60_000);
    expect(there.health().following).toBe(false);
    silent.silent = false;
    for (let n = 0; n < 200 && !there.health().following; n++) {
      await sleep(10);
      await time.pass(100);
    }
    expect(there.authenticate(bearer(key))).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    expect(here.authenticate('Bearer wrong')).toEqual(there.authenticate(bearer(key)));
  }, 30_000);
});

describe('when the log is gone', () => {
  test('nobody is let in', async () => {
    const directory = await node();
    const { key } = await made(directory, 'read');
    await store.close();
    await eventually(() => !directory.health().following);
    expect(directory.authenticate(bearer(key))).toMatchObject({ ok: false, error: { code: 'access-unavailable' } });
  });
});
