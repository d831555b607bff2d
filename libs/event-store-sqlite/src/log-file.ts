/**
 * The log's file: its schema, how it is made, and how it is looked at before anything touches it.
 *
 * Integers stand for streams and types: rows stay small, and loading is half as fast again. Ids are text and have no
 * index: duplicates need only be seen within their stream, and an index over random ids would cost two thirds of the
 * rate of appending.
 *
 * A file is looked at through an `immutable` connection, which takes no lock, replays no journal and lays no file beside
 * it. It is never opened by Node's own file functions: closing such a descriptor would drop the locks that SQLite holds
 * on the same file elsewhere in this process.
 */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { EventStoreError } from '#event-store';
import { readJournal, type Journal } from './journal.js';
import { isCorrupt, isNotADatabase, toEventStoreError } from './sqlite-errors.js';

/** "Habe": says in the file's header that it is ours. */
const APPLICATION_ID = 0x48616265;
/** Grows when the schema changes; older versions refuse newer files. */
const FORMAT_VERSION = 1;

const PAGE_SIZE = 4096;

/** How often a file that changes under one's eyes is looked at. */
const MAX_LOOKS = 5;

const SCHEMA = `
  CREATE TABLE streams (sid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, head INTEGER NOT NULL) STRICT;
  CREATE TABLE types (tid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    sid INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    tid INTEGER NOT NULL,
    id TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    UNIQUE (sid, revision)
  ) STRICT;
`;

/** How long a connection waits for a lock before it gives up, in milliseconds. */
const WRITER_PATIENCE = 5_000;
const READER_PATIENCE = 1_000;

/**
 * Looks at the file without touching it. May be asked while another process writes.
 *
 * @throws EventStoreError `foreign`, `corrupt`, `unavailable`
 */
export function inspectLogFile(file: string): 'absent' | 'ours' {
  for (let tries = 1; ; tries++) {
    const before = fingerprint(file);
    try {
      return inspect(file);
    } catch (error) {
      // A file that was being written while it was looked at may look torn: only a second look can tell.
      const moved = fingerprint(file) !== before;
      if (!moved || tries === MAX_LOOKS) throw error;
    }
  }
}

function inspect(file: string): 'absent' | 'ours' {
  const found = stat(file);
  const journal = stat(`${file}-wal`);
  if (found === undefined) {
    // A new file would inherit what the journal of the old one holds.
    if (journal !== undefined) throw corrupt(file, 'it is gone, though its journal (-wal) is still there');
    return 'absent';
  }
  if (!found.isFile()) throw foreign(file, 'it is not a file');
  if (found.size === 0) throw corrupt(file, 'it is empty');

  const header = readHeader(file);
  if (header.applicationId !== APPLICATION_ID) throw foreign(file, 'it belongs to another program');
  if (header.version > FORMAT_VERSION) {
    throw foreign(file, `it was written by a newer version of Habeas (format ${header.version}); upgrade to read it`);
  }
  if (header.version !== FORMAT_VERSION) throw corrupt(file, `its format ${header.version} was never in use`);

  const committed = journal === undefined ? undefined : readJournal(`${file}-wal`);
  if (committed === undefined) checkWhole(file, found.size);
  else checkMendable(file, Math.floor(found.size / PAGE_SIZE), committed);
  return 'ours';
}

/** Makes a new, empty log; after a crash there is either none or a whole one. Only for the owner of the folder. */
export function createLogFile(file: string): void {
  const draft = `${file}.new`;
  const removeDraft = () => {
    ['', '-journal', '-wal', '-shm'].forEach((suffix) => {
      rmSync(draft + suffix, { force: true });
    });
  };
  try {
    removeDraft();
    const db = new DatabaseSync(draft);
    try {
      db.exec(`PRAGMA page_size = ${PAGE_SIZE}; PRAGMA synchronous = FULL;
        BEGIN; ${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; COMMIT;
        PRAGMA journal_mode = WAL;`);
    } finally {
      db.close();
    }
    sync(draft, 'r+');
    renameSync(draft, file);
    syncFolder(dirname(file));
  } catch (error) {
    removeDraft();
    throw toEventStoreError(error, `The log ${file} could not be made`);
  }
}

/** Makes the folder where there is none, for its owner's eyes only, and makes that durable. */
export function makeFolder(folder: string): void {
  try {
    const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let made = resolve(folder); ; made = dirname(made)) {
      syncFolder(dirname(made));
      if (made === resolve(first)) return;
    }
  } catch (error) {
    throw toEventStoreError(error, `The data folder ${folder} could not be made`);
  }
}

/** The one connection that writes. */
export function openForWriting(file: string): DatabaseSync {
  // SQLite would open it to be read, and say so at the first append only.
  accessSync(file, constants.W_OK);
  const db = new DatabaseSync(file, { timeout: WRITER_PATIENCE });
  try {
    // FULL: a commit is on the disk before it is acknowledged. fullfsync: also where fsync alone does not do that (macOS).
    db.exec(`PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
      PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;
      PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A connection that reads, in whatever thread or process. */
export function openForReading(file: string): DatabaseSync {
  const db = connectForReading(file);
  try {
    db.exec('PRAGMA query_only = ON; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function connectForReading(file: string): DatabaseSync {
  const timeout = READER_PATIENCE;
  // Open for writing as far as the system is concerned: whoever closes last tidies the journal away.
  if (isWritable(dirname(file)) && isWritable(file)) return new DatabaseSync(file, { timeout });
  // A log that somebody else has open, or did not close, can be read if its journal's index can.
  if (stat(`${file}-wal`) !== undefined) return new DatabaseSync(file, { timeout, readOnly: true });
  // A closed log in a place where nothing can be written: it stays as it is.
  return new DatabaseSync(immutable(file), { timeout, readOnly: true });
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function readHeader(file: string): { applicationId: number; version: number } {
  // Tolerates a file that is shorter than its header says: whether that is damage is judged later.
  return looking(file, 'PRAGMA writable_schema = ON', (db) => ({
    applicationId: numberOf(db, 'PRAGMA application_id'),
    version: numberOf(db, 'PRAGMA user_version'),
  }));
}

/** Without a journal, everything must be in the file. */
function checkWhole(file: string, size: number): void {
  const [pages, tables] = looking(file, '', (db) => [
    numberOf(db, 'PRAGMA page_count'),
    numberOf(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('streams', 'types', 'events')"),
  ]);
  if (size < pages * PAGE_SIZE) throw corrupt(file, `it is cut off: ${size} of ${pages * PAGE_SIZE} bytes are left`);
  if (tables !== 3) throw corrupt(file, 'its tables are not those of a log');
}

/** With a journal, what the file lacks must be in the journal. */
function checkMendable(file: string, pages: number, journal: Journal): void {
  for (let page = pages + 1; page <= journal.databasePages; page++) {
    if (!journal.pages.has(page)) {
      throw corrupt(file, `it is cut off: ${pages} of ${journal.databasePages} pages are left`);
    }
  }
}

function looking<T>(file: string, setup: string, look: (db: DatabaseSync) => T): T {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(immutable(file), { readOnly: true, defensive: false });
    if (setup !== '') db.exec(setup);
    return look(db);
  } catch (error) {
    if (isNotADatabase(error)) throw foreign(file, 'it is not a database');
    if (isCorrupt(error)) throw corrupt(file, 'it is cut off or overwritten');
    throw toEventStoreError(error, `The log ${file} could not be looked at`);
  } finally {
    db?.close();
  }
}

/** Makes SQLite take the file as it lies there: no locks, no journal, nothing laid beside it. */
function immutable(file: string): URL {
  const url = pathToFileURL(file);
  url.search = '?immutable=1';
  return url;
}

function numberOf(db: DatabaseSync, query: string): number {
  const statement = db.prepare(query);
  statement.setReturnArrays(true);
  return (statement.get() as unknown as [number])[0];
}

function fingerprint(file: string): string {
  return [file, `${file}-wal`].map((path) => `${stat(path)?.size} ${stat(path)?.mtimeMs}`).join(' ');
}

function stat(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    throw toEventStoreError(error, `The log ${file} could not be looked at`);
  }
}

function sync(path: string, flags: string): void {
  const handle = openSync(path, flags);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes the names in a folder durable. Windows has no such call, and does it by itself. */
function syncFolder(folder: string): void {
  if (process.platform !== 'win32') sync(folder, 'r');
}

function foreign(file: string, why: string): EventStoreError {
  return new EventStoreError(
    'foreign',
    `${file} is not a log that this version of Habeas can use: ${why}. It was left as it is; choose another folder.`,
  );
}

function corrupt(file: string, why: string): EventStoreError {
  return new EventStoreError(
    'corrupt',
    `The log ${file} is damaged: ${why}. It was left as it is; restore it from a backup.`,
  );
}
