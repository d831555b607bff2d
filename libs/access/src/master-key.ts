/**
 * The master key: the one secret that opens the key store, and through it every sealed field of the log.
 *
 * It is handed in by the app (a setting), or it lies in a file that the first run makes for its owner's eyes only.
 *
 * Backups and erasure. Without the master key, keys.db is worthless, and with it every personal field in the log: keep a
 * copy of the master key, apart from the copies of the data. A person's fields are erased by destroying their stream's
 * key in keys.db; they stay readable to whoever holds an older copy of keys.db *and* the master key. So let copies of
 * keys.db expire, and never keep them with the master key.
 *
 * Replacing one that lies in a file. The old one gets a second name, `master.key.old`, and the new one waits beside it as
 * `master.key.new` until every key is wrapped by it; then it takes the old one's name. Whenever that is interrupted, the one
 * that fits the key store is the one that holds, and the next start goes on from there.
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Randomness } from '#kernel';
import { KeyStoreError, toKeyStoreError, wrongMasterKey } from './key-store-error.js';
import { fits } from './wrapping.js';

const KEY_BYTES = 32;

/**
 * Reads a key as people write it: 64 hexadecimal digits, or base64 (or base64url) of 32 bytes.
 * @param from where it came from, for the message
 * @throws KeyStoreError `malformed-master-key`
 */
export function parseMasterKey(text: string, from: string): Uint8Array {
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

export interface FoundMasterKey {
  readonly key: Uint8Array;
  /** Where it lies; undefined: it was given. */
  readonly file?: string;
  /** The one that waits to take its place. */
  readonly next?: Uint8Array;
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
): FoundMasterKey {
  if (masterKey !== undefined) return { key: parseMasterKey(masterKey, 'The given master key') };
  const file = followed(masterKeyFile ?? join(folder, MASTER_KEY_FILE));
  const key = readMasterKeyFile(file) ?? (first ? makeMasterKeyFile(file, randomness) : undefined);
  const next = readMasterKeyFile(nextOf(file));
  if (key !== undefined) return { key, file, ...(next !== undefined && { next }) };
  throw new KeyStoreError(
    'master-key-missing',
    `The ${place} is there, but its master key (${file}) is not. Put it back, or give it as a setting.`,
  );
}

/**
 * Which of those that were found holds: the one that the check row was made with.
 * @throws KeyStoreError `wrong-master-key`: none of them
 */
export function holdingOf({ key, next }: FoundMasterKey, check: Uint8Array, place: string): Uint8Array {
  const holding = [key, next].find((one) => one !== undefined && fits(check, one));
  if (holding === undefined) throw wrongMasterKey(place);
  return holding;
}

/** Another name for it is another file: what lies beside it lies where it really is. */
function followed(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

const nextOf = (file: string): string => `${file}.new`;
const oldOf = (file: string): string => `${file}.old`;

/**
 * Lays beside the file what is to take its place, durably; the same again where that was done before.
 * @returns the new master key
 * @throws KeyStoreError `old-master-key-there`; `read-only`: it cannot be replaced where it lies
 */
export function prepareNext(file: string, key: Uint8Array, randomness: Randomness): Uint8Array {
  const old = readMasterKeyFile(oldOf(file));
  if (old !== undefined && !Buffer.from(old).equals(key)) {
    throw new KeyStoreError(
      'old-master-key-there',
      `The master key ${file} was replaced before, and the one from then still lies in ${oldOf(file)}: backups of that time open with it ` +
        'alone. Put it away, and try again; nothing was changed.',
    );
  }
  try {
    // Also shows whether names can be changed there: a file that is mounted by itself keeps its name.
    if (old === undefined) linkSync(file, oldOf(file));
  } catch (cause) {
    throw new KeyStoreError(
      'read-only',
      `The master key ${file} cannot be replaced where it lies (${String((cause as NodeJS.ErrnoException).code)}). Give the new one as a ` +
        'setting, and put it there afterwards; nothing was changed.',
      { cause },
    );
  }
  return makeMasterKeyFile(nextOf(file), randomness);
}

/** Gives the new master key the old one's name, durably. */
export function putNextInPlace(file: string, next: Uint8Array): void {
  try {
    renameSync(nextOf(file), file);
    syncNames(dirname(file));
  } catch (error) {
    const there = readMasterKeyFile(file);
    // Where several nodes have one file, another may have done it.
    if (there !== undefined && Buffer.from(there).equals(next)) return;
    throw toKeyStoreError(error, `The master key ${file} could not be replaced by ${nextOf(file)}, which holds now`);
  }
}

/**
 * Undoes what was prepared for a replacement that never was. Only in a data folder that is the caller's own: elsewhere somebody
 * may be about to replace it.
 */
export function dropNext({ file, key }: FoundMasterKey, folder: string): void {
  if (file === undefined || dirname(file) !== followed(folder)) return;
  rmSync(nextOf(file), { force: true });
  removeDrafts(nextOf(file));
  const old = readMasterKeyFile(oldOf(file));
  if (old !== undefined && Buffer.from(old).equals(key)) rmSync(oldOf(file));
}

/** Whether a replacement was begun that nobody has ended yet. */
export function isBeingReplaced(file: string): boolean {
  return readMasterKeyFile(nextOf(followed(file))) !== undefined;
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
  syncNames(dirname(file));
}

/** Makes the names in a folder durable. Windows does it by itself, and has no such call. */
function syncNames(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
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
