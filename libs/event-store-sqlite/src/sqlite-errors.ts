/** What the SQLite driver throws, as the port's errors. */
import { EventStoreError, type EventStoreErrorCode } from '#event-store';

/** Primary result codes of SQLite (the low byte) and the extended ones that mean something of their own here. */
const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
const SQLITE_IOERR_WRITE = 778;

/** The extended result code of an error of the driver; undefined for any other. */
function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code : undefined;
}

function primaryCode(error: unknown): number | undefined {
  const code = resultCode(error);
  return code === undefined ? undefined : code & 0xff;
}

/** Somebody else holds a lock; another try may do. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

export function isNotADatabase(error: unknown): boolean {
  return primaryCode(error) === SQLITE_NOTADB;
}

export function isCorrupt(error: unknown): boolean {
  return primaryCode(error) === SQLITE_CORRUPT;
}

/**
 * An error of the driver or of the file system as the port's error; one of the port's own is handed on. `doing` says what
 * failed, as the beginning of a sentence: "The log could not be read".
 */
export function toEventStoreError(error: unknown, doing: string): EventStoreError {
  if (error instanceof EventStoreError) return error;
  const [code, why] = resultCode(error) === undefined ? classifySystemError(error) : classify(error);
  return new EventStoreError(code, `${doing}: ${why}.`, { cause: error });
}

function classify(error: unknown): [EventStoreErrorCode, string] {
  switch (primaryCode(error)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ['unavailable', 'another program holds a lock on its file'];
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return ['read-only', 'its file or folder cannot be written; check their owner and rights'];
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ['corrupt', 'its file is damaged; restore it from a backup'];
    case SQLITE_FULL:
      return ['disk-full', 'there is no space left; it goes on by itself once there is'];
    case SQLITE_CANTOPEN:
      return ['unavailable', 'its file cannot be opened; check that it is there, its owner and its rights'];
    case SQLITE_IOERR:
      // A quota or a limit on the size of files shows as a failed write, not as a full disk.
      return resultCode(error) === SQLITE_IOERR_WRITE
        ? ['disk-full', 'the system refused a write (no space, a quota, or a limit on the size of files)']
        : ['unavailable', `the disk failed (SQLite code ${resultCode(error)})`];
    default:
      return ['unavailable', `SQLite says: ${(error as Error).message}`];
  }
}

function classifySystemError(error: unknown): [EventStoreErrorCode, string] {
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return ['read-only', 'it cannot be written; check its owner and rights'];
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return ['disk-full', 'there is no space left'];
    case 'EEXIST':
    case 'ENOTDIR':
      return ['unavailable', 'there is a file where a folder is needed'];
    default:
      return ['unavailable', error instanceof Error ? error.message : 'unknown error'];
  }
}
