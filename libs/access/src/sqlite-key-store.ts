/**
 * The key store of one machine: keys.db, a file of its own beside the log.
 *
 * It is apart from the log because it must be able to forget: destroying a stream's key erases every sealed field of that
 * stream, in the log and in all its copies. For backups see master-key.ts.
 *
 * New keys are written by a thread of their own, many with one flush of the disk, and are handed out only when they are
 * durable.
 */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeyStore } from '#log-format';
import { checkMasterKey, createKeyFile, inspectKeyFile, openForReading } from './key-file.js';
import type { KeyIds, KeyRows, OpenedKeys, RowPlace } from './key-rows.js';
import { KeyStoreError, toKeyStoreError } from './key-store-error.js';
import { keyStoreOver } from './key-store.js';
import { KeyWriterThread } from './key-writer-thread.js';
import { findMasterKey, MASTER_KEY_FILE, removeDrafts } from './master-key.js';
import { forgetLoss, type OpenKeyStore, readOnly, refuseLost } from './open-key-store.js';
import type { WrappedKey } from './wrapping.js';

/** The file of a data folder that is the key store. */
export const KEYS_FILE = 'keys.db';

/**
 * Opens the key store of a data folder.
 * @throws KeyStoreError `missing`, `foreign`, `corrupt`, `wrong-master-key`, `malformed-master-key`, `master-key-missing`, `read-only`,
 *   `disk-full`, `unavailable`
 */
export async function openSqliteKeyStore(options: OpenKeyStore): Promise<KeyStore> {
  return keyStoreOver(await openSqliteKeys(options), options.randomness);
}

/** The same, for who carries keys from one key store to another. */
export async function openSqliteKeys(options: OpenKeyStore): Promise<OpenedKeys> {
  const { folder, mode, randomness } = options;
  const file = join(folder, KEYS_FILE);
  const place = `key store ${file}`;
  try {
    if (mode === 'write') mkdirSync(folder, { recursive: true, mode: 0o700 });
    const absent = inspectKeyFile(file) === 'absent';
    if (absent && mode === 'read') throw new KeyStoreError('unavailable', `There is no key store at ${file}.`);
    if (absent) refuseLost(options, place);
    // Only beside a key store that is new is a master key made: another one would open nothing of an old one.
    const master = findMasterKey(options, absent, place);
    if (absent) {
      createKeyFile(file, master, randomness);
      forgetLoss(options);
    }
    // SQLite would open it to be read, leave a journal beside it, and say so at the first new key only.
    if (mode === 'write') accessSync(file, constants.W_OK);
    const reader = openForReading(file);
    try {
      checkMasterKey(reader, file, master);
      // Both files are in place: whatever drafts there are, nobody gives them a name any more.
      if (mode === 'write') for (const made of [file, join(folder, MASTER_KEY_FILE)]) removeDrafts(made);
      const writer = mode === 'write' ? await KeyWriterThread.start(file) : undefined;
      return { rows: new SqliteKeyRows(place, reader, writer), master };
    } catch (error) {
      reader.close();
      throw error;
    }
  } catch (error) {
    throw toKeyStoreError(error, `The key store ${file} could not be opened`);
  }
}

/** As many as a page of keys holds that are carried elsewhere. */
const KEYS_AT_ONCE = 500;

class SqliteKeyRows implements KeyRows {
  readonly #selectByPlace: StatementSync;
  readonly #selectById: StatementSync;

  constructor(
    readonly place: string,
    private readonly reader: DatabaseSync,
    private readonly writer: KeyWriterThread | undefined,
  ) {
    this.#selectByPlace = reader.prepare('SELECT kind, name, key_id, wrapped FROM keys WHERE kind = ? AND name = ?');
    this.#selectById = reader.prepare(
      "SELECT kind, name, key_id, wrapped FROM keys WHERE key_id = ? AND kind = 'stream'",
    );
  }

  async obtain(key: WrappedKey): Promise<WrappedKey> {
    const there = await this.at(key);
    if (there !== undefined) return there;
    if (this.writer === undefined) throw readOnly(this.place);
    return this.writer.obtain(key);
  }

  // Async, as a key store on another machine is.
  // eslint-disable-next-line @typescript-eslint/require-await
  async at({ kind, name }: RowPlace): Promise<WrappedKey | undefined> {
    const there = this.#read(() => this.#selectByPlace.get(kind, name));
    return there && asKey(there);
  }

  async destroy(what: RowPlace | KeyIds): Promise<void> {
    if (this.writer === undefined) throw readOnly(this.place);
    await this.writer.destroy(what);
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async find(keyIds: readonly string[]): Promise<readonly WrappedKey[]> {
    const found: WrappedKey[] = [];
    for (const keyId of keyIds) {
      const row = this.#read(() => this.#selectById.get(keyId));
      if (row !== undefined) found.push(asKey(row));
    }
    return found;
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async *all(): AsyncIterable<readonly WrappedKey[]> {
    const select = this.reader.prepare(
      "SELECT kind, name, key_id, wrapped FROM keys WHERE kind <> 'check' AND (kind, name) > (?, ?) ORDER BY kind, name LIMIT ?",
    );
    let last = { kind: '', name: '' };
    for (;;) {
      const page = this.#read(() => select.all(last.kind, last.name, KEYS_AT_ONCE)).map(asKey);
      const end = page.at(-1);
      if (end === undefined) return;
      yield page;
      last = end;
    }
  }

  async close(): Promise<void> {
    this.reader.close();
    await this.writer?.close();
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw toKeyStoreError(error, `The ${this.place} could not be read`);
    }
  }
}

function asKey(row: Readonly<Record<string, unknown>>): WrappedKey {
  const { kind, name, key_id: keyId, wrapped } = row;
  return { kind, name, keyId, wrapped } as WrappedKey;
}
