/** What can go wrong with the key store. Messages say what to do, and never hold a key. */

/**
 * - `missing`: it is not there, though it must be.
 * - `foreign`: what lies there is no key store of Habeas, or one of a newer version; `corrupt`: it is damaged. Either was
 *   left as it is.
 * - `wrong-master-key`, `malformed-master-key`, `master-key-missing`: as they say; nothing was written. The first also where the master
 *   key was replaced since the key store was opened.
 * - `new-master-key-missing`, `same-master-key`, `old-master-key-there`: of a master key that was to be replaced; nothing was changed.
 * - `malformed-connection-string`: of a key store in PostgreSQL; the message does not repeat it.
 * - `other-keys`: two that were to hold the same keys do not; nothing was overwritten.
 * - `read-only`: it cannot be written, or was opened only to be read; `disk-full`; `unavailable`; `closed`. No key was made.
 */
export type KeyStoreErrorCode =
  | 'missing'
  | 'foreign'
  | 'corrupt'
  | 'wrong-master-key'
  | 'malformed-master-key'
  | 'master-key-missing'
  | 'new-master-key-missing'
  | 'same-master-key'
  | 'old-master-key-there'
  | 'malformed-connection-string'
  | 'other-keys'
  | 'read-only'
  | 'disk-full'
  | 'unavailable'
  | 'closed';

export class KeyStoreError extends Error {
  constructor(
    readonly code: KeyStoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'KeyStoreError';
  }
}

/** `place`: as `KeyRows.place`. */
export function wrongMasterKey(place: string): KeyStoreError {
  return new KeyStoreError(
    'wrong-master-key',
    `The master key does not open the ${place}. Give the one that it was made with, or the one that replaced that; nothing was changed.`,
  );
}

/** Said by who opened it with the one before. `place`: as `KeyRows.place`. */
export function replacedMasterKey(place: string): KeyStoreError {
  return new KeyStoreError(
    'wrong-master-key',
    `The master key of the ${place} was replaced since it was opened. Start again, with the new one; nothing was changed.`,
  );
}

/** Primary result codes of SQLite. */
const SQLITE_PERM = 3;
const SQLITE_READONLY = 8;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

export function isNotADatabase(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_NOTADB;
}

/** An error of the file system or of SQLite as ours. `doing` begins the sentence: "The key store … could not be read". */
export function toKeyStoreError(error: unknown, doing: string): KeyStoreError {
  if (error instanceof KeyStoreError) return error;
  const [code, why] = classify(error);
  return new KeyStoreError(code, `${doing}: ${why}.`, { cause: error });
}

function classify(error: unknown): [KeyStoreErrorCode, string] {
  switch (sqliteCode(error)) {
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return READ_ONLY;
    case SQLITE_FULL:
      return DISK_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ['corrupt', 'the file is damaged; restore it from a backup'];
  }
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return READ_ONLY;
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return DISK_FULL;
  }
  return ['unavailable', error instanceof Error ? error.message : 'unknown error'];
}

const READ_ONLY: [KeyStoreErrorCode, string] = [
  'read-only',
  'the file or its folder cannot be used; check owner and rights',
];
const DISK_FULL: [KeyStoreErrorCode, string] = ['disk-full', 'there is no space left'];
