/**
 * The tables of a view file, and how such a file is opened. A view file is disposable: it can always be folded again
 * from the log, so nothing here migrates. A change of the tables is a new {@link SCHEMA_VERSION}, a change of what the
 * fold answers a new {@link FOLD_VERSION}; either makes a new file, and so does a payload of another version.
 *
 * Anyone may read the file with any SQLite tool:
 * - days are numbers of days since 1970-01-01, with {@link OPEN_START} and {@link OPEN_END} for open ends;
 * - a row with `known_from` and `known_to` was the record's answer from seq `known_from` on and before `known_to`;
 * - `item` and `document` hold the shapes of shapes.ts as JSON; other JSON columns are lists or objects of texts;
 * - what fewer may see than the file is for (`ceiling` in `meta`) stands in `hidden_events`, and nothing else follows from it.
 */
import { DatabaseSync } from 'node:sqlite';
import { catalogue, type OwnLens } from '#domain';
import { isVisibility, mayBeSeen, type Visibility } from '#kernel';
import type { KnownMoment } from './moment.js';
import { one } from './one.js';
import { SEARCH_TABLES } from './search/tables.js';
import { TREE_TABLE } from './tree/tiles.js';

export const SCHEMA_VERSION = 16;
/** Stands in every answer and in the ids of status changes. */
export const FOLD_VERSION = 2;

/** What answers are given by, as it stands in the ids of status changes: the version of the fold, and which facts count. */
export function foldOf(lens: OwnLens): string {
  return lens === 'verified' ? `${FOLD_VERSION}v` : String(FOLD_VERSION);
}

/**
 * The versions of payloads that events are brought up to when they are taken in, but for those that never had another. A file
 * holds events as its program read them: one that reads them otherwise folds them again.
 */
const PAYLOADS = catalogue
  .filter(({ schemaVersion }) => schemaVersion > 1)
  .map(({ type, schemaVersion }) => `${type} ${schemaVersion}`)
  .sort()
  .join();

/** `HBVW`: tells a view file from any other SQLite file. */
const APPLICATION_ID = 0x48425657;

export const OPEN_START = -2_147_483_648;
export const OPEN_END = 2_147_483_647;
/** `known_to` of what is still known. */
export const STILL_KNOWN = Number.MAX_SAFE_INTEGER;

const EVENT_COLUMNS = `
  seq INTEGER PRIMARY KEY, sid INTEGER NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
  known INTEGER NOT NULL, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL,
  visibility TEXT NOT NULL, recorded_for TEXT NOT NULL, opened INTEGER NOT NULL, data TEXT
`;

const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

-- One row. Everything in this file follows from the events of the log up to this one, and from nothing else.
CREATE TABLE checkpoint (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  log_id TEXT, seq INTEGER NOT NULL, known INTEGER NOT NULL,
  stream TEXT, revision INTEGER, hash TEXT, last_position TEXT, position TEXT,
  -- Counts how often something that had been taken in was shown, hidden or folded again: rows of earlier seqs changed.
  refolds INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE skipped (event TEXT PRIMARY KEY, seq INTEGER NOT NULL);

-- shown: the revision of the last event that stands in events. level: who may see the subject; NULL before it is entered.
CREATE TABLE streams (
  sid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL, hash TEXT NOT NULL, shown INTEGER NOT NULL DEFAULT -1, level TEXT
);
-- A stream that is a subject: same sid, so subjects have the order in which they were entered. search: names, titles or
-- words, folded for comparison; sort: the name, folded. updated: the last seq that changed something of it. The days on
-- which a statement was made or a source published.
CREATE TABLE subjects (
  sid INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL,
  entered INTEGER NOT NULL, name TEXT, search TEXT NOT NULL, sort TEXT NOT NULL,
  updated INTEGER NOT NULL DEFAULT 0, date_from INTEGER, date_to INTEGER
);
CREATE UNIQUE INDEX subjects_id ON subjects (id, kind);

-- Every event that counts; known: the greatest recordedAt so far, in milliseconds, so it never falls from row to row.
-- visibility: who may see it, as of the checkpoint; recorded_for: who might when it was recorded.
CREATE TABLE events (${EVENT_COLUMNS});
CREATE INDEX events_subject ON events (sid, seq);
CREATE INDEX events_confidential ON events (sid) WHERE visibility = 'confidential';
CREATE INDEX events_joined ON events (sid) WHERE visibility = 'confidential' AND type = 'CasesJoined';
CREATE TABLE hidden_events (${EVENT_COLUMNS});
CREATE INDEX hidden_events_subject ON hidden_events (sid, seq);
-- Events of other streams that concern a subject, hidden ones too; cites = 1: they name a source for nothing but what rests on it. Many
-- thousands may rest on one source, and nobody is to go through them who only wants to know what the source is.
CREATE TABLE subject_events (
  sid INTEGER NOT NULL, cites INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (sid, cites, seq)
) WITHOUT ROWID;

-- What an axis of a subject answered on a run of days; "unknown" with nothing possible has no row. Left out (NULL) are:
-- possible where it is the value alone, groups where the axis has none, and everything that there is none of. rests_on:
-- seqs of facts. Numbers of rows mean nothing: they depend on how many events were taken in at a time.
CREATE TABLE segments (
  row INTEGER PRIMARY KEY, sid INTEGER NOT NULL, axis TEXT NOT NULL, case_id TEXT, key TEXT,
  valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, known_from INTEGER NOT NULL, known_to INTEGER NOT NULL,
  value TEXT NOT NULL, detail TEXT, since TEXT, since_from INTEGER NOT NULL, since_to INTEGER NOT NULL,
  certain INTEGER NOT NULL, possible TEXT, groups TEXT, disputed INTEGER NOT NULL, order_uncertain INTEGER NOT NULL,
  other_readings TEXT, reason TEXT, later_quashed INTEGER, rests_on TEXT NOT NULL
);
CREATE INDEX segments_subject ON segments (sid, known_to);

-- What lists filter by, on the days from "valid_from" to "valid_to", as it is known now; see traits.ts.
CREATE TABLE traits (
  field TEXT NOT NULL, value TEXT NOT NULL, sid INTEGER NOT NULL, place TEXT NOT NULL,
  valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, certain INTEGER NOT NULL,
  PRIMARY KEY (field, value, sid, place, valid_from)
) WITHOUT ROWID;

-- The status changes that the event at "seq" caused: what an axis answered before and after it. first_day and last_day:
-- where only answers about the past differ, the days on which they do. corrects: the id of another change. Of kind visibility:
-- what was answered before is not said, and the event itself may be hidden.
CREATE TABLE changes (
  seq INTEGER NOT NULL, n INTEGER NOT NULL, sid INTEGER NOT NULL,
  axis TEXT NOT NULL, case_id TEXT, key TEXT, kind TEXT NOT NULL, day INTEGER NOT NULL,
  was TEXT NOT NULL, was_detail TEXT, was_since TEXT,
  was_certain INTEGER NOT NULL, was_disputed INTEGER NOT NULL, was_order_uncertain INTEGER NOT NULL,
  became TEXT NOT NULL, became_detail TEXT, became_since TEXT,
  became_certain INTEGER NOT NULL, became_disputed INTEGER NOT NULL, became_order_uncertain INTEGER NOT NULL,
  first_day INTEGER, last_day INTEGER, corrects TEXT,
  PRIMARY KEY (seq, n)
) WITHOUT ROWID;
CREATE INDEX changes_subject ON changes (sid, seq);

-- Present documents, ready to be served on days from "day" to "until". A subject without a row is answered by building it.
CREATE TABLE documents (
  sid INTEGER PRIMARY KEY, seq INTEGER NOT NULL, day INTEGER NOT NULL, until INTEGER NOT NULL,
  item TEXT NOT NULL, document TEXT NOT NULL
);
-- Which subjects a document was built from, besides its own; also some that an earlier build of it read.
CREATE TABLE document_reads (other INTEGER NOT NULL, sid INTEGER NOT NULL, PRIMARY KEY (other, sid)) WITHOUT ROWID;
-- Subjects whose documents are to be built.
CREATE TABLE stale (sid INTEGER PRIMARY KEY);
`;

/** Where traits are written with each commit, they are looked up by their subject. */
const TRAITS_BY_SUBJECT = 'CREATE INDEX IF NOT EXISTS traits_subject ON traits (sid);';

/**
 * What readers look things up by and the fold does not. Made when the file is first served: over rows that are all there an
 * index takes a fraction of the time that it takes row by row.
 */
const INDICES_OF_READERS = `
CREATE INDEX IF NOT EXISTS subjects_sort ON subjects (kind, sort);
CREATE INDEX IF NOT EXISTS subjects_updated ON subjects (kind, updated);
CREATE INDEX IF NOT EXISTS subjects_date ON subjects (kind, date_from, date_to) WHERE date_from IS NOT NULL;
-- Holds what lists look through, so that the rows of subjects that do not match are never fetched.
CREATE INDEX IF NOT EXISTS subjects_list ON subjects (kind, entered, search);
${TRAITS_BY_SUBJECT}
-- "only" is the single case that nobody entered.
CREATE INDEX IF NOT EXISTS traits_place ON traits (place, field) WHERE place NOT IN ('', 'only');
CREATE INDEX IF NOT EXISTS events_id ON events (id);
CREATE INDEX IF NOT EXISTS hidden_events_id ON hidden_events (id);
CREATE INDEX IF NOT EXISTS documents_until ON documents (until);
`;

const COMMON_PRAGMAS = 'PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;';

/** Why a file cannot go on being used as it is. */
export type FileFault = 'damaged' | 'other-schema' | 'other-fold' | 'other-lens';

export interface NewFile {
  /** Of those who are to read it; left out: they may see everything. */
  readonly ceiling?: Visibility;
  /** Through which it is answered; left out: every fact counts. */
  readonly lens?: OwnLens;
  /**
   * What is committed is to survive a killed process and a power loss, so that it can be gone on with. Otherwise nothing of it
   * does until it is {@link makeReadable}, and every page is written once only.
   */
  readonly survives?: boolean;
}

/** Makes a new, empty view file. The file must not be there yet. */
export function createFile(
  path: string,
  { ceiling = 'confidential', lens = 'all', survives = false }: NewFile = {},
): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(
    `${COMMON_PRAGMAS} ${WRITER_PRAGMAS} ${survives ? SURVIVING : 'PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;'}
     PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION};
     BEGIN; ${TABLES} ${SEARCH_TABLES} ${TREE_TABLE} ${survives ? TRAITS_BY_SUBJECT : ''}
     INSERT INTO meta VALUES ('schema', '${SCHEMA_VERSION}'), ('fold', '${FOLD_VERSION}'), ('payloads', '${PAYLOADS}'),
       ('ceiling', '${ceiling}'), ('lens', '${lens}');
     INSERT INTO checkpoint (one, seq, known) VALUES (1, 0, 0);
     COMMIT;`,
  );
  return db;
}

// NORMAL does not fsync on commit: what a power loss takes away here is folded again, checkpoint and all.
const WRITER_PRAGMAS =
  'PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;';

// Each commit reaches the disk as a whole or not at all. There are few of them while a file is being made.
const SURVIVING = 'PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL;';

/** From here on others may read the file, and a crash loses nothing that was committed. Once; not within a transaction. */
export function makeReadable(db: DatabaseSync): void {
  // With this commit the whole file reaches the disk.
  db.exec(
    `PRAGMA synchronous = FULL; BEGIN; ${INDICES_OF_READERS} COMMIT;
     PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;`,
  );
}

/** Makes a readable file that nobody else has open one that can be taken elsewhere alone, and says of which moment it is. */
export function makePortable(path: string, moment: KnownMoment): void {
  const db = new DatabaseSync(path);
  try {
    const asked = 'seq' in moment ? moment.seq : moment.text;
    db.exec('PRAGMA synchronous = FULL');
    // Once more, where that was done and what comes after it was not.
    db.prepare("INSERT OR REPLACE INTO meta VALUES ('known_at', ?)").run(String(asked));
    db.exec('PRAGMA journal_mode = DELETE');
  } finally {
    db.close();
  }
}

/** Whether {@link makeReadable} was done. */
export function isReadable(db: DatabaseSync): boolean {
  return one(db, 'PRAGMA journal_mode') === 'wal';
}

/**
 * Opens a view file for writing; a fault where it is not one that this program can go on with.
 *
 * @param survives as it was {@link createFile | made}, if it is not {@link makeReadable | readable} yet
 */
export function openForWriting(
  path: string,
  { lens = 'all', survives = false }: Pick<NewFile, 'lens' | 'survives'> = {},
): DatabaseSync | FileFault {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    const fault = faultOf(db) ?? (lensOf(db) === lens ? undefined : 'other-lens');
    if (fault === undefined) {
      db.exec(`${COMMON_PRAGMAS} ${WRITER_PRAGMAS} ${survives && !isReadable(db) ? SURVIVING : ''}`);
      return db;
    }
    db.close();
    return fault;
  } catch (error) {
    if (db?.isOpen === true) db.close();
    if (isUnreadable(error)) return 'damaged';
    throw error;
  }
}

/**
 * Opens a view file for reading; undefined where it is gone, cannot be read by this program's statements, or holds what those
 * with this ceiling may not see.
 */
export function openForReading(path: string, ceiling: Visibility = 'confidential'): DatabaseSync | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    db.exec(`${COMMON_PRAGMAS} PRAGMA cache_size = -32768;`);
    const fault = faultOf(db);
    if ((fault === undefined || fault === 'other-fold') && mayBeSeen(ceilingOf(db), ceiling)) return db;
    db.close();
    return undefined;
  } catch {
    if (db?.isOpen === true) db.close();
    return undefined;
  }
}

function faultOf(db: DatabaseSync): FileFault | undefined {
  const pragma = (name: string): unknown => one(db, `PRAGMA ${name}`);
  if (pragma('application_id') !== APPLICATION_ID) return 'damaged';
  if (pragma('user_version') !== SCHEMA_VERSION) return 'other-schema';
  const meta = (key: string): unknown => db.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.value;
  const fold = meta('fold');
  if (fold === undefined) return 'damaged';
  return fold === String(FOLD_VERSION) && (meta('payloads') ?? '') === PAYLOADS ? undefined : 'other-fold';
}

/** Of those who are to read the file. */
export function ceilingOf(db: DatabaseSync): Visibility {
  const ceiling = db.prepare("SELECT value FROM meta WHERE key = 'ceiling'").get()?.value;
  return isVisibility(ceiling) ? ceiling : 'confidential';
}

/** Through which the file is answered. */
export function lensOf(db: DatabaseSync): OwnLens {
  return db.prepare("SELECT value FROM meta WHERE key = 'lens'").get()?.value === 'verified' ? 'verified' : 'all';
}

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const SQLITE_READONLY = 8;
/** What a statement gives that names a table that is not there. */
const SQLITE_ERROR = 1;

/** SQLite's primary result code of an error that its driver threw; undefined for any other error. */
function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

/** Somebody else holds a lock on it. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_BUSY;
}

/** The file itself is broken or no SQLite file. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** As {@link isDamage}; or it does not have the tables that it should have. */
export function isUnreadable(error: unknown): boolean {
  return isDamage(error) || sqliteCode(error) === SQLITE_ERROR;
}

/** A stable code for a failure of the disk or the driver; undefined for errors of the program. */
export function failureCode(error: unknown): string | undefined {
  const code = sqliteCode(error);
  if (code === undefined) return undefined;
  if (code === SQLITE_FULL) return 'disk-full';
  if (code === SQLITE_READONLY) return 'read-only';
  return isDamage(error) ? 'corrupt' : 'unavailable';
}
