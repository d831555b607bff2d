/**
 * The key store of one machine: keys.db, a file of its own beside the log.
 *
 * It is apart from the log because it must be able to forget: destroying a stream's key erases every sealed field of that
 * stream, in the log and in all its copies. For backups see master-key.ts.
 *
 * Keys that were opened are kept in memory, up to a limit; new ones are written by a thread of their own, many with one
 * flush of the disk, and are handed out only when they are durable.
 */
import { accessSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { randomId, type Randomness } from '#kernel';
import type { KeyStore, StreamKey } from '#log-format';
import { checkMasterKey, createKeyFile, inspectKeyFile, openForReading } from './key-file.js';
import type { WrappedKey } from './key-protocol.js';
import { KeyStoreError, toKeyStoreError } from './key-store-error.js';
import { KeyWriterThread } from './key-writer-thread.js';
import { makeMasterKeyFile, parseMasterKey, readMasterKeyFile, removeDrafts } from './master-key.js';
import { unwrap, wrap } from './wrapping.js';

/** The files of a data folder that are the key store's. */
export const KEYS_FILE = 'keys.db';
export const MASTER_KEY_FILE = 'master.key';
/** Made by the operator, to say that the key store is lost for good. */
export const LOST_FILE = 'keys.lost';

export interface OpenKeyStore {
  /** The data folder. */
  readonly folder: string;
  readonly randomness: Randomness;
  /**
   * `write`: makes what is missing: the folder, the key store, and a master key unless one is given.
   * `read`: for other threads and processes; sees keys that are made later; a key that is not there is not made.
   */
  readonly mode: 'write' | 'read';
  /**
   * The log holds sealed fields already (`hasRecords`): a key store that is not there was lost, and a new one in its place
   * would hide that everything sealed so far cannot be opened any more. The operator may say that it is lost for good, by
   * a file `keys.lost`.
   */
  readonly mustExist?: boolean;
  /** The master key itself: 64 hexadecimal digits, or base64 of 32 bytes. */
  readonly masterKey?: string;
  /** Where the master key lies, if it is not given: `master.key` in the data folder unless said. */
  readonly masterKeyFile?: string;
}

/**
 * Opens the key store of a data folder.
 * @throws KeyStoreError `missing`, `foreign`, `corrupt`, `wrong-master-key`, `malformed-master-key`, `master-key-missing`, `read-only`,
 *   `disk-full`, `unavailable`
 */
export async function openSqliteKeyStore(options: OpenKeyStore): Promise<KeyStore> {
  const { folder, mode, mustExist = false, randomness } = options;
  const file = join(folder, KEYS_FILE);
  try {
    if (mode === 'write') mkdirSync(folder, { recursive: true, mode: 0o700 });
    const absent = inspectKeyFile(file) === 'absent';
    if (absent && mode === 'read') throw new KeyStoreError('unavailable', `There is no key store at ${file}.`);
    const lost = join(folder, LOST_FILE);
    if (absent && mustExist && !existsSync(lost)) {
      throw new KeyStoreError(
        'missing',
        `The key store ${file} is not there, though the log holds fields that only it can open. Restore it from a backup. ` +
          `If it is lost for good, make an empty file ${lost}: a new key store is made then, and those fields stay closed.`,
      );
    }
    const master = findMasterKey(options, absent);
    if (absent) {
      createKeyFile(file, master, randomness);
      // Said of this loss, not of the next.
      rmSync(lost, { force: true });
    }
    // SQLite would open it to be read, leave a journal beside it, and say so at the first new key only.
    if (mode === 'write') accessSync(file, constants.W_OK);
    const reader = openForReading(file);
    try {
      checkMasterKey(reader, file, master);
      // Both files are in place: whatever drafts there are, nobody gives them a name any more.
      if (mode === 'write') for (const made of [file, join(folder, MASTER_KEY_FILE)]) removeDrafts(made);
      const writer = mode === 'write' ? await KeyWriterThread.start(file) : undefined;
      return new SqliteKeyStore(file, master, reader, writer, randomness);
    } catch (error) {
      reader.close();
      throw error;
    }
  } catch (error) {
    throw toKeyStoreError(error, `The key store ${file} could not be opened`);
  }
}

function findMasterKey({ folder, masterKey, masterKeyFile, randomness }: OpenKeyStore, first: boolean): Uint8Array {
  if (masterKey !== undefined) return parseMasterKey(masterKey, 'The given master key');
  const file = masterKeyFile ?? join(folder, MASTER_KEY_FILE);
  const found = readMasterKeyFile(file);
  if (found !== undefined) return found;
  // Only beside a key store that is new: another key would open nothing of an old one.
  if (first) return makeMasterKeyFile(file, randomness);
  throw new KeyStoreError(
    'master-key-missing',
    `The key store in ${folder} is there, but its master key (${file}) is not. Put it back, or give it as a setting.`,
  );
}

/** Opened keys in memory: some 10 MB. */
const MAX_CACHED_KEYS = 20_000;

class SqliteKeyStore implements KeyStore {
  readonly #byPlace = new LRUCache<string, StreamKey>({ max: MAX_CACHED_KEYS });
  readonly #byId = new LRUCache<string, StreamKey>({ max: MAX_CACHED_KEYS });
  /** Keys that are being made: whoever asks meanwhile waits for the same one. */
  readonly #making = new Map<string, Promise<StreamKey>>();
  readonly #selectByPlace: StatementSync;
  readonly #selectById: StatementSync;
  #closed = false;

  constructor(
    private readonly file: string,
    private readonly master: Uint8Array,
    private readonly reader: DatabaseSync,
    private readonly writer: KeyWriterThread | undefined,
    private readonly randomness: Randomness,
  ) {
    this.#selectByPlace = reader.prepare('SELECT kind, name, key_id, wrapped FROM keys WHERE kind = ? AND name = ?');
    this.#selectById = reader.prepare(
      "SELECT kind, name, key_id, wrapped FROM keys WHERE key_id = ? AND kind = 'stream'",
    );
  }

  obtain(stream: string): Promise<StreamKey> {
    return this.#obtain('stream', stream);
  }

  async secret(name: string): Promise<Uint8Array> {
    return (await this.#obtain('secret', name)).key;
  }

  // Async, so that a key store on another machine can follow.
  // eslint-disable-next-line @typescript-eslint/require-await
  async find(keyIds: Iterable<string>): Promise<ReadonlyMap<string, StreamKey>> {
    this.#assertOpen();
    const found = new Map<string, StreamKey>();
    for (const keyId of keyIds) {
      const key = this.#byId.get(keyId) ?? this.#select(this.#selectById, keyId);
      if (key !== undefined) found.set(keyId, key);
    }
    return found;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#making.values());
    this.reader.close();
    await this.writer?.close();
    this.#byPlace.clear();
    this.#byId.clear();
  }

  async #obtain(kind: WrappedKey['kind'], name: string): Promise<StreamKey> {
    this.#assertOpen();
    const place = placeOf(kind, name);
    const known = this.#byPlace.get(place) ?? this.#making.get(place) ?? this.#select(this.#selectByPlace, kind, name);
    if (known !== undefined) return known;
    const making = this.#make(kind, name).finally(() => this.#making.delete(place));
    this.#making.set(place, making);
    return making;
  }

  async #make(kind: WrappedKey['kind'], name: string): Promise<StreamKey> {
    if (this.writer === undefined) {
      throw new KeyStoreError('read-only', `The key store ${this.file} was opened only to be read.`);
    }
    const place = { kind, name, keyId: randomId(this.randomness) };
    const wrapped = wrap(this.randomness.bytes(32), place, this.master, this.randomness);
    // What comes back is what lies there: another process may have been first.
    return this.#unwrap(await this.writer.obtain({ ...place, wrapped }));
  }

  #select(statement: StatementSync, ...parameters: string[]): StreamKey | undefined {
    let row: { kind: WrappedKey['kind']; name: string; key_id: string; wrapped: Uint8Array } | undefined;
    try {
      row = statement.get(...parameters) as typeof row;
    } catch (error) {
      throw toKeyStoreError(error, `The key store ${this.file} could not be read`);
    }
    return row && this.#unwrap({ kind: row.kind, name: row.name, keyId: row.key_id, wrapped: row.wrapped });
  }

  #unwrap({ kind, name, keyId, wrapped }: WrappedKey): StreamKey {
    const place = { kind, name, keyId };
    const key = unwrap(wrapped, place, this.master);
    if (key === undefined) {
      throw new KeyStoreError(
        'corrupt',
        `The key ${keyId} in ${this.file} is damaged; restore the file from a backup.`,
      );
    }
    const opened: StreamKey = { keyId, key };
    this.#byPlace.set(placeOf(kind, name), opened);
    this.#byId.set(keyId, opened);
    return opened;
  }

  #assertOpen(): void {
    if (this.#closed) throw new KeyStoreError('closed', 'The key store was closed.');
  }
}

function placeOf(kind: string, name: string): string {
  return `${kind} ${name}`;
}
