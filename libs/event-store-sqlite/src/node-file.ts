/** SQLite files of the node in the data folder, beside the log: how they are made, and told from others. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EventStoreError } from '#event-store';
import { isNotADatabase, toEventStoreError } from './sqlite-errors.js';

/** Grows when the tables of one of them change. */
const FORMAT_VERSION = 1;

/** How long a connection waits for another thread's lock, in milliseconds. */
const LOCK_PATIENCE = 5_000;

export interface NodeFile {
  readonly name: string;
  /** Says in the file's header that it is ours. */
  readonly applicationId: number;
  /** Statements that make them. */
  readonly tables: string;
}

/**
 * Opens a file in a folder whose owner this process is, and makes it where there is none. Commits survive a kill; a loss of power
 * may take the last ones away.
 *
 * @throws EventStoreError `foreign`, `corrupt`, `read-only`, `disk-full`, `unavailable`
 */
export function openNodeFile<T>(folder: string, made: NodeFile, over: (db: DatabaseSync, path: string) => T): T {
  const path = join(folder, made.name);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: LOCK_PATIENCE });
    const { application_id: owner } = db.prepare('PRAGMA application_id').get() as { application_id: number };
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (owner !== made.applicationId || version !== FORMAT_VERSION) make(db, path, made);
    db.exec('PRAGMA synchronous = NORMAL');
    return over(db, path);
  } catch (error) {
    db?.close();
    if (isNotADatabase(error)) throw foreign(path);
    throw toEventStoreError(error, `The file ${path} could not be opened`);
  }
}

/** @throws EventStoreError `foreign`: it is not empty */
function make(db: DatabaseSync, path: string, { applicationId, tables }: NodeFile): void {
  // A kill may have come between the first page, which the journal's mode writes, and the tables: then there are none.
  const { there } = db.prepare('SELECT count(*) AS there FROM sqlite_schema').get() as { there: number };
  if (there > 0) throw foreign(path);
  db.exec(`PRAGMA journal_mode = WAL;
    BEGIN;
    ${tables}
    PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${FORMAT_VERSION};
    COMMIT`);
}

function foreign(path: string): EventStoreError {
  return new EventStoreError(
    'foreign',
    `${path} is not what this version of Habeas keeps there. It was left as it is.`,
  );
}
