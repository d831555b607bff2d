/**
 * The master key: the one secret that opens the key store, and through it every sealed field of the log.
 *
 * It is handed in by the app (a setting), or it lies in a file that the first run makes for its owner's eyes only.
 *
 * Backups and erasure. Without the master key, keys.db is worthless, and with it every personal field in the log: keep a
 * copy of the master key, apart from the copies of the data. A person's fields are erased by destroying their stream's
 * key in keys.db; they stay readable to whoever holds an older copy of keys.db *and* the master key. So let copies of
 * keys.db expire, and never keep them with the master key.
 */
import { closeSync, fsyncSync, linkSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Randomness } from '#kernel';
import { KeyStoreError, toKeyStoreError } from './key-store-error.js';

const KEY_BYTES = 32;

/**
 * Reads a key as people write it: 64 hexadecimal digits, or base64 (or base64url) of 32 bytes.
 * @param from where it came from, for the message
 * @throws KeyStoreError `malformed-master-key`
 */
function parseMasterKey(text: string, from: string): Uint8Array {
  const trimmed = text.trim();
  const bytes = /^[0-9a-fA-F]{64}$/.test(trimmed)
    ? Buffer.from(trimmed, 'hex')
    : /^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)
      ? Buffer.from(trimmed, 'base64')
      : undefined;
  if (bytes?.length !== KEY_BYTES) {
    throw new KeyStoreError(
      'malformed-master-key',
      `${from} is not a master key: 32 bytes as 64 hexadecimal digits, or in base64.`,
    );
  }
  return new Uint8Array(bytes);
}

/** Where the file lies in the data folder, unless said. */
export const MASTER_KEY_FILE = 'master.key';

export interface MasterKeySource {
  /** The data folder. */
  readonly folder: string;
  readonly randomness: Randomness;
  /** The master key itself: 64 hexadecimal digits, or base64 of 32 bytes. */
  readonly masterKey?: string;
  /** Where the master key lies, if it is not given: `master.key` in the data folder unless said. */
  readonly masterKeyFile?: string;
}

/**
 * The master key of a key store; `first`: of one that is new, with which it is made where it is not there.
 * @param place as `KeyRows.place`
 * @throws KeyStoreError `malformed-master-key`, `master-key-missing`, and what goes wrong with its file
 */
export function findMasterKey(
  { folder, randomness, masterKey, masterKeyFile }: MasterKeySource,
  first: boolean,
  place: string,
): Uint8Array {
  if (masterKey !== undefined) return parseMasterKey(masterKey, 'The given master key');
  const file = masterKeyFile ?? join(folder, MASTER_KEY_FILE);
  const found = readMasterKeyFile(file);
  if (found !== undefined) return found;
  if (first) return makeMasterKeyFile(file, randomness);
  throw new KeyStoreError(
    'master-key-missing',
    `The ${place} is there, but its master key (${file}) is not. Put it back, or give it as a setting.`,
  );
}

/** The key in the file; undefined if there is no file. */
function readMasterKeyFile(file: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw toKeyStoreError(error, `The master key ${file} could not be read`);
  }
  return parseMasterKey(text, file);
}

/** Makes the file, durably. If another process is faster, its key is the one that holds. */
function makeMasterKeyFile(file: string, randomness: Randomness): Uint8Array {
  const draft = `${file}.${Buffer.from(randomness.bytes(8)).toString('hex')}`;
  try {
    const descriptor = openSync(draft, 'wx', 0o600);
    try {
      writeSync(descriptor, `${Buffer.from(randomness.bytes(KEY_BYTES)).toString('hex')}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    putInPlace(draft, file);
  } catch (error) {
    throw toKeyStoreError(error, `The master key ${file} could not be made`);
  }
  const made = readMasterKeyFile(file);
  if (made === undefined) throw new KeyStoreError('unavailable', `The master key ${file} is gone again.`);
  return made;
}

/** Gives a finished draft its name, unless the name is taken: a file that is there is never replaced. Durable. */
export function putInPlace(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  // Windows makes names durable by itself, and has no such call.
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** A draft's name is the file's, a dot and 16 hexadecimal digits; SQLite may have laid a journal beside it. */
const DRAFT = /^(.+)\.[0-9a-f]{16}(-journal|-wal|-shm)?$/;

/** Removes drafts of the file that a kill left behind. To be called only where nobody may be making the file. */
export function removeDrafts(file: string): void {
  const folder = dirname(file);
  for (const name of readdirSync(folder)) {
    if (DRAFT.exec(name)?.[1] === basename(file)) rmSync(join(folder, name), { force: true });
  }
}
