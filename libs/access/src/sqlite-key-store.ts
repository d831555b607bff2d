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
import {
  asKey,
  createKeyFile,
  emptyJournal,
  inspectKeyFile,
  openForReading,
  openForWriting,
  pageBehind,
  readCheck,
  replaceAll,
} from './key-file.js';
import type { KeyIds, KeyRows, OpenedKeys, RowPlace, WrappedAnew } from './key-rows.js';
import { KeyStoreError, toKeyStoreError } from './key-store-error.js';
import { type CheckedKeyStore, keyStoreOver } from './key-store.js';
import { KeyWriterThread } from './key-writer-thread.js';
import {
  dropNext,
  findMasterKey,
  type FoundMasterKey,
  holdingOf,
  MASTER_KEY_FILE,
  putNextInPlace,
  removeDrafts,
} from './master-key.js';
import { forgetLoss, type OpenKeyStore, readOnly, refuseLost } from './open-key-store.js';
import type { KeyPlace, WrappedKey } from './wrapping.js';

/** The file of a data folder that is the key store. */
export const KEYS_FILE = 'keys.db';

/**
 * Opens the key store of a data folder.
 * @throws KeyStoreError `missing`, `foreign`, `corrupt`, `wrong-master-key`, `malformed-master-key`, `master-key-missing`, `read-only`,
 *   `disk-full`, `unavailable`
 */
export async function openSqliteKeyStore(options: OpenKeyStore): Promise<CheckedKeyStore> {
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
    const found = findMasterKey(options, absent, place);
    if (absent) {
      createKeyFile(file, found.key, randomness);
      forgetLoss(options);
    }
    // SQLite would open it to be read, leave a journal beside it, and say so at the first new key only.
    if (mode === 'write') accessSync(file, constants.W_OK);
    const reader = openForReading(file);
    try {
      const check = readCheck(reader, file);
      const master = holdingOf(found, check, place);
      const finished = mode === 'write' && settleReplacement(options, found, master, file);
      // Both files are in place: whatever drafts there are, nobody gives them a name any more.
      if (mode === 'write') for (const made of [file, join(folder, MASTER_KEY_FILE)]) removeDrafts(made);
      const writer = mode === 'write' ? await KeyWriterThread.start({ file, check }) : undefined;
      return { rows: new SqliteKeyRows(place, file, check, reader, writer), master, finished };
    } catch (error) {
      reader.close();
      throw error;
    }
  } catch (error) {
    throw toKeyStoreError(error, `The key store ${file} could not be opened`);
  }
}

/** Ends a replacement of the master key that was interrupted. @returns whether the new one holds */
function settleReplacement(
  { folder }: OpenKeyStore,
  found: FoundMasterKey,
  holding: Uint8Array,
  file: string,
): boolean {
  if (holding !== found.next || found.file === undefined) {
    dropNext(found, folder);
    return false;
  }
  const db = openForWriting(file);
  try {
    emptyJournal(db, file);
  } finally {
    db.close();
  }
  putNextInPlace(found.file, holding);
  return true;
}

class SqliteKeyRows implements KeyRows {
  readonly #selectByPlace: StatementSync;
  readonly #selectById: StatementSync;

  constructor(
    readonly place: string,
    private readonly file: string,
    private readonly check: Uint8Array,
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
  async at({ kind, name }: Pick<KeyPlace, 'kind' | 'name'>): Promise<WrappedKey | undefined> {
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
    let last = { kind: '', name: '' };
    for (;;) {
      const page = this.#read(() => pageBehind(this.reader, last));
      const end = page.at(-1);
      if (end === undefined) return;
      yield page;
      last = end;
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async replaceAll(anew: WrappedAnew): Promise<number> {
    if (this.writer === undefined) throw readOnly(this.place);
    let db: DatabaseSync | undefined;
    try {
      db = openForWriting(this.file);
      return replaceAll(db, this.file, this.check, anew);
    } catch (error) {
      throw toKeyStoreError(error, `The ${this.place} could not be written`);
    } finally {
      db?.close();
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
