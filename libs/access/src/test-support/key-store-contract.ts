/** What every key store must do, wherever its rows lie, as a suite that each adapter's spec declares. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { KeyStore } from '#log-format';
import { realRandomness as randomness } from '../../../../test/support/real.js';
import type { CheckedKeyStore } from '../key-store.js';
import type { OpenKeyStore } from '../open-key-store.js';

/** One key store, and a way past the adapter to what lies there. */
export interface KeyStorePlace {
  /** The data folder, empty at first. */
  readonly folder: string;
  open(options: OpenKeyStore): Promise<CheckedKeyStore>;
  /** What test-support/obtain-keys.js opens it by, besides the folder. */
  readonly openedBy: readonly string[];
  /** How many keys of streams another connection sees. */
  count(): Promise<number>;
  destroy(keyId: string): Promise<void>;
  /** Copies what is wrapped in one row over what is in the other. */
  copyRow(fromKeyId: string, toKeyId: string): Promise<void>;
  /** Everything that lies there, byte for byte; the same if nothing was changed. */
  bytes(): Promise<Buffer>;
  /** Takes all of it away. */
  lose(): Promise<void>;
  /** As a newer version would leave it. */
  becomeNewer(): Promise<void>;
  /** As another program would leave it: something of the same name, at a place where nothing is. */
  becomeForeign(): Promise<void>;
  remove(): Promise<void>;
}

const CHILD = fileURLToPath(new URL('./obtain-keys.js', import.meta.url));

/** @param make a new place for each test */
export function keyStoreContract(make: () => Promise<KeyStorePlace>): void {
  let place: KeyStorePlace;
  const opened: KeyStore[] = [];

  beforeEach(async () => {
    place = await make();
  });

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await place.remove();
  });

  async function open(options: Partial<OpenKeyStore> = {}): Promise<KeyStore> {
    const store = await place.open({ folder: place.folder, randomness, mode: 'write', ...options });
    opened.push(store);
    return store;
  }

  const masterFile = () => join(place.folder, 'master.key');

  describe('keys of streams', () => {
    test('are made once, differ from stream to stream, and are found by their ids', async () => {
      const store = await open();
      const [a, again, b] = await Promise.all([store.obtain('s-1'), store.obtain('s-1'), store.obtain('s-2')]);
      expect(again).toBe(a);
      expect(await store.obtain('s-1')).toBe(a);
      expect(a.key).toHaveLength(32);
      expect(Buffer.from(a.key).equals(b.key)).toBe(false);
      expect(a.keyId).not.toBe(b.keyId);
      expect(await store.find([a.keyId, 'unknown', b.keyId])).toEqual(
        new Map([
          [a.keyId, a],
          [b.keyId, b],
        ]),
      );
    });

    test('are there after a restart', async () => {
      const first = await open();
      const made = await first.obtain('s-1');
      await first.close();
      const second = await open();
      expect(await second.find([made.keyId])).toEqual(new Map([[made.keyId, made]]));
      expect(await second.obtain('s-1')).toEqual(made);
    });

    test('are durable before they are handed out: another connection sees them', async () => {
      const store = await open();
      const keys = await Promise.all(Array.from({ length: 700 }, (_, n) => store.obtain(`s-${n}`)));
      expect(await place.count()).toBe(700);
      expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(700);
    });

    test('of a long page are found by an opening that knows none of them', async () => {
      const writer = await open();
      const made = await Promise.all(Array.from({ length: 2_500 }, (_, n) => writer.obtain(`s-${n}`)));
      const reader = await open({ mode: 'read' });
      const found = await reader.find([...made.map(({ keyId }) => keyId), 'unknown']);
      expect(found).toEqual(new Map(made.map((key) => [key.keyId, key])));
    });

    test('made by openings at once are the same keys', async () => {
      const stores = await Promise.all([open(), open(), open()]);
      const streams = Array.from({ length: 50 }, (_, n) => `s-${n}`);
      const [one, ...others] = await Promise.all(
        stores.map((store, turn) =>
          // Each asks in an order of its own.
          Promise.all([...streams.slice(turn * 10), ...streams.slice(0, turn * 10)].map((s) => store.obtain(s))),
        ),
      );
      const ids = (keys: typeof one): string[] => (keys ?? []).map(({ keyId }) => keyId).sort();
      for (const other of others) expect(ids(other)).toEqual(ids(one));
      expect(await place.count()).toBe(50);
    });

    test('do not lie there in plain', async () => {
      const store = await open();
      const { key } = await store.obtain('s-1');
      const secret = await store.secret('etag');
      await store.close();
      const bytes = await place.bytes();
      for (const plain of [key, secret, Buffer.from(readFileSync(masterFile(), 'utf8').trim(), 'hex')]) {
        expect(bytes.includes(plain)).toBe(false);
      }
    });

    test('a row copied over another does not open', async () => {
      const store = await open();
      const [a, b] = await Promise.all([store.obtain('s-1'), store.obtain('s-2')]);
      await store.close();
      await place.copyRow(a.keyId, b.keyId);
      const second = await open();
      await expect(second.obtain('s-2')).rejects.toMatchObject({ code: 'corrupt' });
      expect(await second.obtain('s-1')).toEqual(a);
    });

    test('one that was destroyed is not found, and the stream’s next one has another id', async () => {
      const store = await open();
      const a = await store.obtain('s-1');
      await store.close();
      await place.destroy(a.keyId);
      const second = await open();
      expect(await second.find([a.keyId])).toEqual(new Map());
      expect((await second.obtain('s-1')).keyId).not.toBe(a.keyId);
    });
  });

  describe('destroying keys of streams', () => {
    test('destroys these, here and for every opening that has not got them, and no others', async () => {
      const [store, reader] = [await open(), await open({ mode: 'read' })];
      const [a, b, c] = await Promise.all([store.obtain('s-1'), store.obtain('s-2'), store.obtain('s-3')]);
      await store.secret('s-1');
      await store.destroy([a.keyId, 'unknown', c.keyId]);
      for (const one of [store, reader, await open()]) {
        expect([...(await one.find([a.keyId, b.keyId, c.keyId])).keys()]).toEqual([b.keyId]);
      }
      expect(await place.count()).toBe(1);
      expect(await reader.findSecret('s-1')).toBeDefined();
      // Again, and of nothing.
      await store.destroy([a.keyId]);
      await store.destroy([]);
      const next = await store.obtain('s-1');
      expect(next.keyId).not.toBe(a.keyId);
      expect(next.key).not.toEqual(a.key);
    });

    test('what is asked for while it goes on is answered with what is there before or after, and is then gone', async () => {
      const store = await open();
      const made = await Promise.all(Array.from({ length: 50 }, (_, n) => store.obtain(`s-${n}`)));
      const ids = made.map(({ keyId }) => keyId);
      const asked = [store.find(ids), store.destroy(ids), store.find(ids)];
      const again = Array.from({ length: 50 }, (_, n) => store.obtain(`s-${n}`));
      await Promise.all(asked);
      await Promise.allSettled(again);
      expect(await store.find(ids)).toEqual(new Map());
      for (let n = 0; n < 50; n++) expect(ids).not.toContain((await store.obtain(`s-${n}`)).keyId);
    });

    test('an opening that has one in memory has it until it is told to forget, and then for good', async () => {
      const [store, other] = [await open(), await open({ mode: 'read' })];
      const a = await store.obtain('s-1');
      await other.find([a.keyId]);
      await store.destroy([a.keyId]);
      expect(await other.find([a.keyId])).toEqual(new Map([[a.keyId, a]]));
      other.forget([a.keyId]);
      expect(await other.find([a.keyId])).toEqual(new Map());
      // Told before the store says so, as of one that lags behind.
      const b = await store.obtain('s-2');
      other.forget([b.keyId]);
      expect(await other.find([b.keyId])).toEqual(new Map());
      await expect(other.obtain('s-2')).rejects.toMatchObject({ code: 'unavailable' });
      await expect(other.destroy([b.keyId])).rejects.toMatchObject({ code: 'read-only' });
      expect(await store.find([b.keyId])).toEqual(new Map([[b.keyId, b]]));
    });
  });

  describe('named secrets', () => {
    test('are made once and stay', async () => {
      const store = await open();
      const etag = await store.secret('etag');
      expect(etag).toHaveLength(32);
      expect(await store.secret('webhooks')).not.toEqual(etag);
      await store.close();
      expect(await (await open()).secret('etag')).toEqual(etag);
    });

    test('are found by those who must not make them, and not once they were destroyed', async () => {
      const [store, reader] = [await open(), await open({ mode: 'read' })];
      expect(await store.findSecret('webhook')).toBeUndefined();
      const made = await store.secret('webhook');
      expect(await store.findSecret('webhook')).toEqual(made);
      await store.obtain('webhook');
      await Promise.all([store.secret('another'), store.destroySecret('webhook'), store.secret('a third')]);
      await store.destroySecret('webhook');
      for (const one of [store, reader, await open()]) expect(await one.findSecret('webhook')).toBeUndefined();
      expect(await reader.findSecret('another')).toEqual(await store.secret('another'));
      await expect(reader.destroySecret('another')).rejects.toMatchObject({ code: 'read-only' });
      expect(await store.secret('webhook')).not.toEqual(made);
      // The stream of the same name keeps its key.
      expect(await place.count()).toBe(1);
    });

    test('are no keys of streams', async () => {
      const store = await open();
      expect((await store.obtain('etag')).key).not.toEqual(await store.secret('etag'));
    });
  });

  describe('opened only to be read', () => {
    test('sees keys that are made later, makes none', async () => {
      const writer = await open();
      const reader = await open({ mode: 'read' });
      const late = await writer.obtain('s-late');
      expect(await reader.find([late.keyId])).toEqual(new Map([[late.keyId, late]]));
      const [there, ...refused] = await Promise.allSettled([
        reader.obtain('s-late'),
        reader.obtain('s-new'),
        reader.secret('new'),
      ]);
      expect(there).toEqual({ status: 'fulfilled', value: late });
      for (const one of refused) expect(one).toMatchObject({ reason: { code: 'read-only' } });
    });

    test('needs a key store, and makes nothing', async () => {
      const before = await place.bytes();
      await expect(open({ mode: 'read' })).rejects.toMatchObject({ code: 'unavailable' });
      expect(readdirSync(place.folder)).toEqual([]);
      expect(await place.bytes()).toEqual(before);
    });
  });

  describe('a key store that was lost', () => {
    test('is not replaced by a new one, under which nothing that was sealed would open', async () => {
      await expect(open({ mustExist: true })).rejects.toMatchObject({ code: 'missing' });
      expect(readdirSync(place.folder)).toEqual([]);
      await (await open()).close();
      await (await open({ mustExist: true })).close();
    });

    test('is replaced where the operator says that it is lost for good, once', async () => {
      writeFileSync(join(place.folder, 'keys.lost'), '');
      await (await open({ mustExist: true })).close();
      await place.lose();
      await expect(open({ mustExist: true })).rejects.toMatchObject({ code: 'missing' });
    });
  });

  describe('a process that is killed', () => {
    test('has handed out no key that is not there afterwards', async () => {
      const child = spawn(process.execPath, [
        '--disable-warning=ExperimentalWarning',
        CHILD,
        place.folder,
        ...place.openedBy,
      ]);
      const handedOut: { stream: string; keyId: string; key: string }[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        if (!line.endsWith('}')) continue;
        handedOut.push(JSON.parse(line) as (typeof handedOut)[number]);
        if (handedOut.length === 200) child.kill('SIGKILL');
      }
      expect(handedOut.length).toBeGreaterThanOrEqual(200);
      const store = await open({ mustExist: true });
      const found = await store.find(handedOut.map(({ keyId }) => keyId));
      for (const { stream, keyId, key } of handedOut) {
        expect(Buffer.from(found.get(keyId)!.key).toString('hex')).toBe(key);
        expect((await store.obtain(stream)).keyId).toBe(keyId);
      }
    });
  });

  describe('the master key', () => {
    const given = 'ab'.repeat(32);

    test('is made on the first run, for its owner alone', async () => {
      await open();
      expect(readFileSync(masterFile(), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
      if (process.platform !== 'win32') expect(statSync(masterFile()).mode & 0o777).toBe(0o600);
    });

    test('is not made where one is given, in any spelling', async () => {
      const store = await open({ masterKey: given });
      const made = await store.obtain('s-1');
      await store.close();
      expect(existsSync(masterFile())).toBe(false);
      const bytes = Buffer.from(given, 'hex');
      for (const masterKey of [`${given.toUpperCase()}\n`, bytes.toString('base64'), bytes.toString('base64url')]) {
        expect(await (await open({ masterKey })).obtain('s-1')).toEqual(made);
      }
    });

    test('may lie elsewhere', async () => {
      const masterKeyFile = join(place.folder, 'elsewhere.key');
      writeFileSync(masterKeyFile, given);
      await open({ masterKeyFile });
      expect(existsSync(masterFile())).toBe(false);
    });

    test('one that does not fit is a clear error, and nothing is changed', async () => {
      await (await open()).close();
      const before = await place.bytes();
      for (const mode of ['write', 'read'] as const) {
        await expect(open({ masterKey: given, mode })).rejects.toMatchObject({ code: 'wrong-master-key' });
      }
      expect(await place.bytes()).toEqual(before);
    });

    test('one that is missing is not replaced', async () => {
      await (await open()).close();
      rmSync(masterFile());
      await expect(open()).rejects.toMatchObject({ code: 'master-key-missing' });
      expect(existsSync(masterFile())).toBe(false);
    });

    test.each(['', 'short', 'zz'.repeat(32), 'ab'.repeat(31), 'A'.repeat(42)])(
      '%p is none, and is not repeated in the error',
      async (masterKey) => {
        const before = await place.bytes();
        const error: unknown = await open({ masterKey }).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'malformed-master-key' });
        if (masterKey !== '') expect(String(error)).not.toContain(masterKey);
        expect(await place.bytes()).toEqual(before);
      },
    );
  });

  describe('what is not ours', () => {
    test.each<[string, () => Promise<void>]>([
      ['another program’s', () => place.becomeForeign()],
      [
        'a newer version’s',
        async () => {
          await (await open()).close();
          await place.becomeNewer();
        },
      ],
    ])('%s: a clear error, and it is left as it is', async (_, make) => {
      await make();
      const before = await place.bytes();
      await expect(open()).rejects.toMatchObject({ code: 'foreign' });
      await expect(open({ mode: 'read' })).rejects.toMatchObject({ code: 'foreign' });
      expect(await place.bytes()).toEqual(before);
    });
  });

  describe('closing', () => {
    test('waits for keys under way, then refuses', async () => {
      const store = await open();
      const underWay = store.obtain('s-1');
      await store.close();
      expect((await underWay).key).toHaveLength(32);
      await expect(store.obtain('s-2')).rejects.toMatchObject({ code: 'closed' });
      await expect(store.find(['x'])).rejects.toMatchObject({ code: 'closed' });
      await store.close();
    });
  });
}
