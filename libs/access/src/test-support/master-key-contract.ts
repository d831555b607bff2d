/** What replacing the master key does to every key store, wherever its rows lie, as a suite that each adapter's spec declares. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { realRandomness as randomness } from '../../../../test/support/real.js';
import type { CheckedKeyStore } from '../key-store.js';
import type { OpenKeyStore } from '../open-key-store.js';
import { type ReplacedMasterKey, replaceMasterKey } from '../replace-master-key.js';
import type { KeyStorePlace } from './key-store-contract.js';

const OLD = 'ab'.repeat(32);
const NEW = 'cd'.repeat(32);

/** @param make a new place for each test */
export function masterKeyContract(make: () => Promise<KeyStorePlace>): void {
  let place: KeyStorePlace;
  const opened: CheckedKeyStore[] = [];

  beforeEach(async () => {
    place = await make();
  });

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await place.remove();
  });

  async function open(options: Partial<OpenKeyStore> = {}): Promise<CheckedKeyStore> {
    const store = await place.open({ folder: place.folder, randomness, mode: 'write', ...options });
    opened.push(store);
    return store;
  }

  function replace(options: Partial<OpenKeyStore> & { readonly next?: string } = {}): Promise<ReplacedMasterKey> {
    const { next, ...others } = options;
    const [connectionString] = place.openedBy;
    return replaceMasterKey({
      of: {
        folder: place.folder,
        randomness,
        ...others,
        ...(connectionString !== undefined && { connectionString }),
      },
      ...(next !== undefined && { next }),
    });
  }

  const inFolder = (name: string): string => join(place.folder, name);
  const held = (name: string): string => readFileSync(inFolder(name), 'utf8');
  const masterFiles = (): readonly string[] => readdirSync(place.folder).filter((name) => name.startsWith('master'));

  /** Makes keys. @returns what holds if they are all there afterwards, and the same */
  async function fill(
    count = 20,
    options: Partial<OpenKeyStore> = {},
  ): Promise<(by?: Partial<OpenKeyStore>) => Promise<void>> {
    const store = await open(options);
    const made = await Promise.all(Array.from({ length: count }, (_, n) => store.obtain(`s-${n}`)));
    const secret = await store.secret('signing');
    await store.close();
    return async (by = options) => {
      const after = await open(by);
      expect(await after.find(made.map(({ keyId }) => keyId))).toEqual(new Map(made.map((key) => [key.keyId, key])));
      expect((await after.obtain('s-0')).keyId).toBe(made[0]?.keyId);
      expect(await after.secret('signing')).toEqual(secret);
      expect(after.health()).toBe('open');
      await after.close();
    };
  }

  describe('the master key is replaced', () => {
    test('in its file: every key is the same afterwards, and the old one opens nothing', async () => {
      const holds = await fill(2_500);
      const old = held('master.key');
      const file = realpathSync(inFolder('master.key'));
      expect(await replace()).toEqual({ keys: 2_501, file });
      expect(masterFiles()).toEqual(['master.key', 'master.key.old']);
      expect(held('master.key')).toMatch(/^[0-9a-f]{64}\n$/);
      expect(held('master.key')).not.toBe(old);
      expect(held('master.key.old')).toBe(old);
      await holds();
      for (const mode of ['read', 'write'] as const) {
        await expect(open({ masterKey: old, mode })).rejects.toMatchObject({ code: 'wrong-master-key' });
      }
    });

    test('by one that is given: no file is written', async () => {
      const holds = await fill(20, { masterKey: OLD });
      expect(await replace({ masterKey: OLD, next: NEW })).toEqual({ keys: 21 });
      expect(masterFiles()).toEqual([]);
      await holds({ masterKey: NEW });
      await expect(open({ masterKey: OLD })).rejects.toMatchObject({ code: 'wrong-master-key' });
    });

    test('by one that is given, where the old one lies in a file, which is left as it is', async () => {
      const holds = await fill();
      const old = held('master.key');
      expect(await replace({ next: NEW })).toEqual({ keys: 21 });
      expect(masterFiles()).toEqual(['master.key']);
      expect(held('master.key')).toBe(old);
      await holds({ masterKey: NEW });
    });

    test('where its file really lies', async () => {
      mkdirSync(inFolder('elsewhere'));
      const masterKeyFile = inFolder('link.key');
      writeFileSync(inFolder('elsewhere/real.key'), OLD);
      symlinkSync(inFolder('elsewhere/real.key'), masterKeyFile);
      const holds = await fill(20, { masterKeyFile });
      const file = realpathSync(masterKeyFile);
      expect(await replace({ masterKeyFile })).toEqual({ keys: 21, file });
      expect(readdirSync(inFolder('elsewhere'))).toEqual(['real.key', 'real.key.old']);
      expect(realpathSync(masterKeyFile)).toBe(file);
      await holds();
    });

    test('again and again, where the one before is put away', async () => {
      const holds = await fill();
      await replace();
      const [second, before] = [held('master.key'), await place.bytes()];
      await expect(replace()).rejects.toMatchObject({ code: 'old-master-key-there' });
      expect([held('master.key'), await place.bytes()]).toEqual([second, before]);
      expect(masterFiles()).toEqual(['master.key', 'master.key.old']);
      rmSync(inFolder('master.key.old'));
      await replace();
      expect(held('master.key.old')).toBe(second);
      await holds();
    });
  });

  describe('the master key is not replaced, and nothing is changed', () => {
    async function refuses(code: string, options: Parameters<typeof replace>[0]): Promise<void> {
      const before = [await place.bytes(), masterFiles()];
      const error: unknown = await replace(options).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      if (options?.next !== undefined) expect(String(error)).not.toContain(options.next);
      expect([await place.bytes(), masterFiles()]).toEqual(before);
    }

    test('where it was given and the new one is not, or is none, or is the same', async () => {
      const masterKey = OLD;
      const holds = await fill(20, { masterKey });
      await refuses('new-master-key-missing', { masterKey });
      await refuses('malformed-master-key', { masterKey, next: 'zz'.repeat(32) });
      await refuses('same-master-key', { masterKey, next: OLD });
      await holds();
    });

    test('where the present one is another', async () => {
      await fill(20, { masterKey: OLD });
      await refuses('wrong-master-key', { masterKey: '00'.repeat(32), next: NEW });
    });

    test('where there is no key store', async () => {
      await refuses('unavailable', {});
      expect(readdirSync(place.folder)).toEqual([]);
    });

    test('where a key is damaged', async () => {
      const store = await open({ masterKey: OLD });
      const [a, b] = await Promise.all([store.obtain('s-1'), store.obtain('s-2')]);
      await store.close();
      await place.copyRow(a.keyId, b.keyId);
      await refuses('corrupt', { masterKey: OLD, next: NEW });
    });
  });

  describe('whoever opened the key store before the master key was replaced', () => {
    test('makes no key, opens none that it does not remember, and says so', async () => {
      const before = [await open(), await open({ mode: 'read' })];
      const [writer, reader] = before as [CheckedKeyStore, CheckedKeyStore];
      const { keyId, key } = await writer.obtain('s-1');
      await replace();
      expect((await writer.obtain('s-1')).key).toEqual(key);
      const count = await place.count();
      await expect(writer.obtain('s-2')).rejects.toMatchObject({ code: 'wrong-master-key' });
      await expect(writer.secret('new')).rejects.toMatchObject({ code: 'wrong-master-key' });
      await expect(reader.find([keyId])).rejects.toMatchObject({ code: 'wrong-master-key' });
      expect(await place.count()).toBe(count);
      expect([writer.health(), reader.health()]).toEqual(['wrong-master-key', 'wrong-master-key']);
      const after = await open();
      expect((await after.obtain('s-1')).key).toEqual(key);
      expect((await after.obtain('s-2')).key).toHaveLength(32);
    });
  });

  test('keys that are made while the master key is replaced are opened by the new one, all of them', async () => {
    const before = await Promise.all([1, 2, 3].map(() => open({ masterKey: OLD })));
    const made: string[] = [];
    const refused: unknown[] = [];
    const making = before.map(async (store, n) => {
      for (let m = 0; m < 10_000; m++) {
        try {
          made.push((await store.obtain(`s-${n}-${m}`)).keyId);
        } catch (error) {
          refused.push(error);
          return;
        }
      }
    });
    while (made.length < 100) await delay(1);
    await replace({ masterKey: OLD, next: NEW });
    await Promise.all(making);
    expect(refused).toHaveLength(3);
    for (const error of refused) expect(error).toMatchObject({ code: 'wrong-master-key' });
    const after = await open({ masterKey: NEW });
    expect((await after.find(made)).size).toBe(made.length);
    expect(await place.count()).toBe(made.length);
  });

  describe('a replacement that was interrupted', () => {
    /** As a kill leaves it before the first key is wrapped anew, with all or part of what is prepared. */
    function interruptBefore(withNext: boolean): void {
      linkSync(inFolder('master.key'), inFolder('master.key.old'));
      if (withNext) writeFileSync(inFolder('master.key.new'), NEW);
    }

    /** As a kill leaves it when all keys are wrapped anew. */
    async function interruptAfter(): Promise<string> {
      await replace();
      const now = held('master.key');
      renameSync(inFolder('master.key'), inFolder('master.key.new'));
      linkSync(inFolder('master.key.old'), inFolder('master.key'));
      return now;
    }

    test.each([true, false])('before: the next start drops what was prepared (%p)', async (withNext) => {
      const holds = await fill();
      const old = held('master.key');
      interruptBefore(withNext);
      const files = masterFiles();
      await holds({ mode: 'read' });
      expect(masterFiles()).toEqual(files);
      await holds();
      expect(masterFiles()).toEqual(['master.key']);
      expect(held('master.key')).toBe(old);
    });

    test('before: the same call again replaces it', async () => {
      const holds = await fill();
      interruptBefore(true);
      await replace();
      expect(masterFiles()).toEqual(['master.key', 'master.key.old']);
      await holds();
    });

    test('after: whoever reads goes on with the new one, and the next start puts it in place', async () => {
      const holds = await fill();
      const now = await interruptAfter();
      const files = masterFiles();
      await holds({ mode: 'read' });
      expect(masterFiles()).toEqual(files);
      await holds();
      expect(masterFiles()).toEqual(['master.key', 'master.key.old']);
      expect(held('master.key')).toBe(now);
    });

    test('after: the same call again puts it in place, and makes no other', async () => {
      const holds = await fill();
      const now = await interruptAfter();
      expect(await replace()).toMatchObject({ keys: 21 });
      expect(held('master.key')).toBe(now);
      expect(masterFiles()).toEqual(['master.key', 'master.key.old']);
      await holds();
    });

    test('with one that was given: the same call again says that it is done', async () => {
      const holds = await fill(20, { masterKey: OLD });
      await replace({ masterKey: OLD, next: NEW });
      expect(await replace({ masterKey: OLD, next: NEW })).toEqual({ keys: 21 });
      await holds({ masterKey: NEW });
    });

    test('outside of the data folder: only the same call again touches what was prepared', async () => {
      mkdirSync(inFolder('elsewhere'));
      const masterKeyFile = inFolder('elsewhere/real.key');
      writeFileSync(masterKeyFile, OLD);
      const holds = await fill(20, { masterKeyFile });
      linkSync(masterKeyFile, `${masterKeyFile}.old`);
      writeFileSync(`${masterKeyFile}.new`, NEW);
      await holds();
      expect(existsSync(`${masterKeyFile}.new`)).toBe(true);
      await replace({ masterKeyFile });
      expect(readFileSync(masterKeyFile, 'utf8')).toBe(NEW);
      await holds();
    });
  });
}

/** What is asked until it is so, for at most ten seconds. */
export async function eventuallyIs<Value>(ask: () => Value, value: Value): Promise<void> {
  for (let tries = 0; ask() !== value && tries < 200; tries++) await delay(50);
  expect(ask()).toBe(value);
}
