import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KeyStore } from '#log-format';
import { realRandomness as randomness } from '../../../test/support/real.js';
import type { OpenKeyStore } from './open-key-store.js';
import { openSqliteKeyStore } from './sqlite-key-store.js';
import { replaceMasterKey } from './replace-master-key.js';
import { keyStoreContract, type KeyStorePlace } from './test-support/key-store-contract.js';
import { masterKeyContract } from './test-support/master-key-contract.js';

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

function place(): Promise<KeyStorePlace> {
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
}

describe('keys.db keeps the contract', () => {
  keyStoreContract(place);
  masterKeyContract(place);
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

describe('what was destroyed is nowhere in the folder any more, while the key store is open', () => {
  /** As they lie in the file, wrapped. */
  const wrappedOf = (where: string): Promise<readonly Buffer[]> =>
    inDatabase(keysFile(), (db) =>
      db
        .prepare(`SELECT wrapped FROM keys WHERE ${where}`)
        .all()
        .map(({ wrapped }) => Buffer.from(wrapped as Uint8Array)),
    );
  const held = (wrapped: readonly Buffer[]): number => {
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    return wrapped.filter((bytes) => files.some((file) => file.includes(bytes))).length;
  };

  test('a secret', async () => {
    const store = await open();
    // Among others, so that its page stays.
    for (const name of ['one', 'webhook', 'another']) await store.secret(name);
    const wrapped = await wrappedOf("kind = 'secret' AND name = 'webhook'");
    expect(held(wrapped)).toBe(1);
    await store.destroySecret('webhook');
    expect(held(wrapped)).toBe(0);
    await store.close();
    expect(held(wrapped)).toBe(0);
  });

  test('keys of streams, some here and there and whole pages of them', async () => {
    const store = await open();
    const made = await Promise.all(Array.from({ length: 2_000 }, (_, n) => store.obtain(`s-${n}`)));
    const ids = made.flatMap(({ keyId }, n) => (n % 7 === 0 || (n > 700 && n < 1_200) ? [keyId] : []));
    const wrapped = await wrappedOf(`key_id IN (${ids.map((id) => `'${id}'`).join()})`);
    expect(held(wrapped)).toBe(ids.length);
    await store.destroy(ids);
    expect(held(wrapped)).toBe(0);
    expect(held(await wrappedOf("kind = 'stream'"))).toBe(2_000 - ids.length);
  });

  test('or it is said that it is not done, where somebody reads all the time', async () => {
    const store = await open();
    const { keyId } = await store.obtain('s-1');
    const wrapped = await wrappedOf(`key_id = '${keyId}'`);
    const db = new DatabaseSync(keysFile());
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM keys').get();
    await expect(store.destroy([keyId])).rejects.toMatchObject({ code: 'unavailable' });
    expect(held(wrapped)).toBe(1);
    db.close();
    await store.destroy([keyId]);
    expect(held(wrapped)).toBe(0);
    expect(await store.find([keyId])).toEqual(new Map());
  }, 20_000);

  test('what was wrapped by a master key that was replaced', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 2_000 }, (_, n) => store.obtain(`s-${n}`)));
    const wrapped = await wrappedOf('true');
    expect(held(wrapped)).toBe(2_001);
    await replaceMasterKey({ of: { folder, randomness } });
    expect(held(wrapped)).toBe(0);
    expect(held(await wrappedOf('true'))).toBe(2_001);
  });
});
