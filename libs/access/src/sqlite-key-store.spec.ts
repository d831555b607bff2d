import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KeyStore } from '#log-format';
import { realRandomness as randomness } from '../../../test/support/real.js';
import type { OpenKeyStore } from './open-key-store.js';
import { openSqliteKeyStore } from './sqlite-key-store.js';
import { keyStoreContract } from './test-support/key-store-contract.js';

/** Everything in the folder, byte for byte, but for the journal and its index. */
function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name));
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name);
      return [name, statSync(path).isFile() ? readFileSync(path, 'latin1') : 'folder'];
    }),
  );
}

function inDatabase<Result>(file: string, act: (db: DatabaseSync) => Result): Promise<Result> {
  const db = new DatabaseSync(file);
  try {
    return Promise.resolve(act(db));
  } finally {
    db.close();
  }
}

describe('keys.db keeps the contract', () => {
  keyStoreContract(() => {
    const folder = mkdtempSync(join(tmpdir(), 'habeas-keys-'));
    const file = join(folder, 'keys.db');
    const change = async (sql: string, ...parameters: string[]): Promise<void> => {
      await inDatabase(file, (db) => db.prepare(sql).run(...parameters));
    };
    return Promise.resolve({
      folder,
      openedBy: [],
      open: openSqliteKeyStore,
      count: () =>
        inDatabase(file, (db) => Number(db.prepare("SELECT count(*) AS n FROM keys WHERE kind = 'stream'").get()?.n)),
      destroy: (keyId) => change('DELETE FROM keys WHERE key_id = ?', keyId),
      copyRow: (from, to) =>
        change('UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE key_id = ?) WHERE key_id = ?', from, to),
      bytes: () => {
        const { 'master.key': _, ...files } = filesIn(folder);
        return Promise.resolve(Buffer.from(Object.entries(files).flat().join('\n'), 'latin1'));
      },
      lose: () => {
        rmSync(file);
        return Promise.resolve();
      },
      becomeNewer: () => change('PRAGMA user_version = 99'),
      becomeForeign: () => change('CREATE TABLE cats (name TEXT)'),
      remove: () => {
        rmSync(folder, { recursive: true });
        return Promise.resolve();
      },
    });
  });
});

let folder: string;
const opened: KeyStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'habeas-keys-'));
});

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

async function open(options: Partial<OpenKeyStore> = {}): Promise<KeyStore> {
  const store = await openSqliteKeyStore({ folder, randomness, mode: 'write', ...options });
  opened.push(store);
  return store;
}

const keysFile = () => join(folder, 'keys.db');

test('drafts of it and of the master key that a kill left behind are removed, and nothing else', async () => {
  const dead = ['master.key.0123456789abcdef', 'keys.db.0123456789abcdef', 'keys.db.0123456789abcdef-journal'];
  const others = ['master.key.copy', 'keys.db.0123456789abcdef.bak', 'log.db.0123456789abcdef'];
  for (const name of [...dead, ...others]) writeFileSync(join(folder, name), 'x');
  await open();
  const left = readdirSync(folder);
  expect([...dead, ...others].filter((name) => left.includes(name))).toEqual(others);
});

test('closing leaves nothing but the two files', async () => {
  await (await open()).close();
  expect(readdirSync(folder).sort()).toEqual(['keys.db', 'master.key']);
});

describe('a file that is not ours or not whole', () => {
  const cases: [string, () => void, string][] = [
    [
      'text',
      () => {
        writeFileSync(keysFile(), 'dear diary\n'.repeat(1000));
      },
      'foreign',
    ],
    [
      'an empty file',
      () => {
        writeFileSync(keysFile(), '');
      },
      'corrupt',
    ],
    [
      'a folder of that name',
      () => {
        mkdirSync(keysFile());
      },
      'foreign',
    ],
  ];

  test.each(cases)('%s: a clear error, and it is left as it is', async (_, make, code) => {
    make();
    const before = filesIn(folder);
    await expect(open()).rejects.toMatchObject({ code });
    await expect(open({ mode: 'read' })).rejects.toMatchObject({ code });
    expect(filesIn(folder)).toEqual(before);
  });

  test('torn or overwritten: a clear error, and it is left as it is', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 300 }, (_, n) => store.obtain(`s-${n}`)));
    await store.close();
    const whole = readFileSync(keysFile());
    for (const damaged of [whole.subarray(0, whole.length - 4096 * 3), overwritten(whole)]) {
      writeFileSync(keysFile(), damaged);
      const before = filesIn(folder);
      await expect(open()).rejects.toMatchObject({ code: 'corrupt' });
      expect(filesIn(folder)).toEqual(before);
    }
  });

  test('a journal without its file: a clear error', async () => {
    writeFileSync(`${keysFile()}-wal`, 'x');
    await expect(open()).rejects.toMatchObject({ code: 'corrupt' });
  });
});

function overwritten(whole: Buffer): Buffer {
  const copy = Buffer.from(whole);
  copy.fill(0xee, 4096, 4096 * 4);
  return copy;
}

test('a secret that was destroyed is nowhere in the folder any more, while the key store is open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'habeas-keys-'));
  const store = await openSqliteKeyStore({ folder, randomness, mode: 'write' });
  // Among others, so that its page stays.
  for (const name of ['one', 'webhook', 'another']) await store.secret(name);
  const row = await inDatabase(join(folder, 'keys.db'), (db) =>
    db.prepare("SELECT wrapped FROM keys WHERE kind = 'secret' AND name = 'webhook'").get(),
  );
  const wrapped = Buffer.from(row!.wrapped as Uint8Array);
  const held = (): string[] => readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(wrapped));
  expect(held()).not.toEqual([]);
  await store.destroySecret('webhook');
  expect(held()).toEqual([]);
  await store.close();
  expect(held()).toEqual([]);
  rmSync(folder, { recursive: true });
});
