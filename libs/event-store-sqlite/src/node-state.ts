/**
 * The operational state of the one node that an embedded log has: `node.db` in the data folder, beside the log and not in it.
 *
 * Writes are not synced to the disk one by one: a loss of power ends whoever wrote, and what it forgets is delivered again.
 */
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  checkStateWrite,
  EventStoreError,
  stateStream,
  WrongExpectedRevisionError,
  type ExpectedRevision,
  type OperationalState,
  type StateValue,
} from '#event-store';
import { isNotADatabase, toEventStoreError } from './sqlite-errors.js';

const STATE_FILE = 'node.db';

/** "Habn": says in the file's header that it is ours. */
const APPLICATION_ID = 0x4861626e;
/** Grows when the schema changes. */
const FORMAT_VERSION = 1;

/** How long a connection waits for another thread's lock, in milliseconds. */
const LOCK_PATIENCE = 5_000;

/**
 * Opens the state in a folder whose owner this process is, and makes it where there is none.
 *
 * @throws EventStoreError `foreign`, `corrupt`, `read-only`, `disk-full`, `unavailable`
 */
export function openNodeState(folder: string): OperationalState {
  const file = join(folder, STATE_FILE);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: LOCK_PATIENCE });
    const { application_id: owner } = db.prepare('PRAGMA application_id').get() as { application_id: number };
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (owner !== APPLICATION_ID || version !== FORMAT_VERSION) make(db, file);
    db.exec('PRAGMA synchronous = NORMAL');
    return new NodeState(db);
  } catch (error) {
    db?.close();
    if (isNotADatabase(error)) throw foreign(file);
    throw toEventStoreError(error, `The state ${file} could not be opened`);
  }
}

/** @throws EventStoreError `foreign`: it is not empty */
function make(db: DatabaseSync, file: string): void {
  // A kill may have come between the first page, which the journal's mode writes, and the tables: then there are none.
  const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number };
  if (tables > 0) throw foreign(file);
  db.exec(`PRAGMA journal_mode = WAL;
    BEGIN;
    CREATE TABLE state (name TEXT PRIMARY KEY, revision INTEGER NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION};
    COMMIT`);
}

class NodeState implements OperationalState {
  readonly #db: DatabaseSync;
  readonly #read: StatementSync;
  readonly #first: StatementSync;
  readonly #next: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#read = db.prepare('SELECT value, revision FROM state WHERE name = ?');
    this.#first = db.prepare('INSERT INTO state VALUES (?, 0, ?) ON CONFLICT DO NOTHING RETURNING revision');
    this.#next = db.prepare(
      'UPDATE state SET revision = revision + 1, value = ? WHERE name = ? AND revision = ? RETURNING revision',
    );
  }

  read(name: string): Promise<StateValue | undefined> {
    return this.#do(() => this.#find(name));
  }

  write(name: string, value: string, expected: ExpectedRevision): Promise<number> {
    return this.#do(() => {
      checkStateWrite(name, value, expected);
      const written = expected === 'no-stream' ? this.#first.get(name, value) : this.#next.get(value, name, expected);
      if (written !== undefined) return Number(written.revision);
      const actual = this.#find(name)?.revision ?? 'no-stream';
      throw new WrongExpectedRevisionError(stateStream(name), expected, actual);
    });
  }

  close(): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
    return Promise.resolve();
  }

  #find(name: string): StateValue | undefined {
    const row = this.#read.get(name);
    return row && { value: String(row.value), revision: Number(row.revision) };
  }

  #do<T>(what: () => T): Promise<T> {
    if (!this.#db.isOpen) return Promise.reject(new EventStoreError('closed', 'The operational state was closed.'));
    try {
      return Promise.resolve(what());
    } catch (error) {
      return Promise.reject(toEventStoreError(error, 'The operational state could not be used'));
    }
  }
}

function foreign(file: string): EventStoreError {
  return new EventStoreError(
    'foreign',
    `${file} is not what this version of Habeas keeps there. It was left as it is.`,
  );
}
