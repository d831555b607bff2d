import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KeyStore } from '#log-format';
import { realRandomness as randomness } from '../../../test/support/real.js';
import { type OpenKeyStore, openSqliteKeyStore } from './sqlite-key-store.js';

const CHILD = fileURLToPath(new URL('./test-support/obtain-keys.js', import.meta.url));
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
const masterFile = () => join(folder, 'master.key');

/** Everything in the folder, byte for byte, but for the journal and its index. */
function files(): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name));
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name);
      return [name, statSync(path).isFile() ? readFileSync(path, 'hex') : 'folder'];
    }),
  );
}

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
    const db = new DatabaseSync(keysFile(), { readOnly: true });
    expect(db.prepare("SELECT count(*) AS n FROM keys WHERE kind = 'stream'").get()).toEqual({ n: 700 });
    db.close();
    expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(700);
  });

  test('made by two openings at once are the same keys', async () => {
    const stores = await Promise.all([open(), open()]);
    const streams = Array.from({ length: 50 }, (_, n) => `s-${n}`);
    const [one, other] = await Promise.all(stores.map((store) => Promise.all(streams.map((s) => store.obtain(s)))));
    expect(other).toEqual(one);
  });

  test('do not lie in the file in plain', async () => {
    const store = await open();
    const { key } = await store.obtain('s-1');
    const secret = await store.secret('etag');
    await store.close();
    const bytes = readFileSync(keysFile());
    for (const plain of [key, secret, Buffer.from(readFileSync(masterFile(), 'utf8').trim(), 'hex')]) {
      expect(bytes.includes(plain)).toBe(false);
    }
  });

  test('a row copied over another does not open', async () => {
    const store = await open();
    const [a, b] = await Promise.all([store.obtain('s-1'), store.obtain('s-2')]);
    await store.close();
    const db = new DatabaseSync(keysFile());
    db.prepare('UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE key_id = ?) WHERE key_id = ?').run(
      a.keyId,
      b.keyId,
    );
    db.close();
    const second = await open();
    await expect(second.obtain('s-2')).rejects.toMatchObject({ code: 'corrupt' });
    expect(await second.obtain('s-1')).toEqual(a);
  });

  test('one that was destroyed is not found, and the stream’s next one has another id', async () => {
    const store = await open();
    const a = await store.obtain('s-1');
    await store.close();
    const db = new DatabaseSync(keysFile());
    db.prepare('DELETE FROM keys WHERE key_id = ?').run(a.keyId);
    db.close();
    const second = await open();
    expect(await second.find([a.keyId])).toEqual(new Map());
    expect((await second.obtain('s-1')).keyId).not.toBe(a.keyId);
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
    expect(await reader.obtain('s-late')).toEqual(late);
    await expect(reader.obtain('s-new')).rejects.toMatchObject({ code: 'read-only' });
    await expect(reader.secret('new')).rejects.toMatchObject({ code: 'read-only' });
  });

  test('needs a key store, and makes nothing', async () => {
    await expect(open({ mode: 'read' })).rejects.toMatchObject({ code: 'unavailable' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a key store that was lost', () => {
  test('is not replaced by a new one, under which nothing that was sealed would open', async () => {
    await expect(open({ mustExist: true })).rejects.toMatchObject({ code: 'missing' });
    expect(readdirSync(folder)).toEqual([]);
    await (await open()).close();
    await (await open({ mustExist: true })).close();
  });

  test('is replaced where the operator says that it is lost for good, once', async () => {
    writeFileSync(join(folder, 'keys.lost'), '');
    await (await open({ mustExist: true })).close();
    rmSync(keysFile());
    await expect(open({ mustExist: true })).rejects.toMatchObject({ code: 'missing' });
  });
});

describe('a process that is killed', () => {
  test('has handed out no key that is not there afterwards', async () => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, folder]);
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

  test('drafts of it and of the key store that a kill left behind are removed, and nothing else', async () => {
    const dead = ['master.key.0123456789abcdef', 'keys.db.0123456789abcdef', 'keys.db.0123456789abcdef-journal'];
    const others = ['master.key.copy', 'keys.db.0123456789abcdef.bak', 'log.db.0123456789abcdef'];
    for (const name of [...dead, ...others]) writeFileSync(join(folder, name), 'x');
    await open();
    const left = readdirSync(folder);
    expect([...dead, ...others].filter((name) => left.includes(name))).toEqual(others);
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
    const masterKeyFile = join(folder, 'elsewhere.key');
    writeFileSync(masterKeyFile, given);
    await open({ masterKeyFile });
    expect(existsSync(masterFile())).toBe(false);
  });

  test('one that does not fit is a clear error, and nothing is changed', async () => {
    await (await open()).close();
    const before = files();
    await expect(open({ masterKey: given })).rejects.toMatchObject({ code: 'wrong-master-key' });
    expect(files()).toEqual(before);
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
      const error: unknown = await open({ masterKey }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'malformed-master-key' });
      if (masterKey !== '') expect(String(error)).not.toContain(masterKey);
      expect(existsSync(keysFile())).toBe(false);
    },
  );
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
      'another program’s database',
      () => {
        const db = new DatabaseSync(keysFile());
        db.exec('CREATE TABLE cats (name TEXT)');
        db.close();
      },
      'foreign',
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
    const before = files();
    await expect(open()).rejects.toMatchObject({ code });
    await expect(open({ mode: 'read' })).rejects.toMatchObject({ code });
    expect(files()).toEqual(before);
  });

  test('a newer version’s: a clear error', async () => {
    await (await open()).close();
    const db = new DatabaseSync(keysFile());
    db.exec('PRAGMA user_version = 99');
    db.close();
    await expect(open()).rejects.toMatchObject({ code: 'foreign' });
  });

  test('torn or overwritten: a clear error, and it is left as it is', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 300 }, (_, n) => store.obtain(`s-${n}`)));
    await store.close();
    const whole = readFileSync(keysFile());
    for (const damaged of [whole.subarray(0, whole.length - 4096 * 3), overwritten(whole)]) {
      writeFileSync(keysFile(), damaged);
      const before = files();
      await expect(open()).rejects.toMatchObject({ code: 'corrupt' });
      expect(files()).toEqual(before);
    }
  });

  test('a journal without its file: a clear error', async () => {
    writeFileSync(`${keysFile()}-wal`, 'x');
    await expect(open()).rejects.toMatchObject({ code: 'corrupt' });
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
    expect(readdirSync(folder).sort()).toEqual(['keys.db', 'master.key']);
  });
});

function overwritten(whole: Buffer): Buffer {
  const copy = Buffer.from(whole);
  copy.fill(0xee, 4096, 4096 * 4);
  return copy;
}
