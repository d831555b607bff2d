/**
 * The operational state of the one node that an embedded log has: `node.db` in the data folder, beside the log and not in it.
 *
 * Writes are not synced to the disk one by one: a loss of power ends whoever wrote, and what it forgets is delivered again.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  checkStateWrite,
  EventStoreError,
  stateStream,
  WrongExpectedRevisionError,
  type ExpectedRevision,
  type OperationalState,
  type StateValue,
} from '#event-store';
import { openNodeFile } from './node-file.js';
import { toEventStoreError } from './sqlite-errors.js';

const STATE_FILE = {
  name: 'node.db',
  /** "Habn". */
  applicationId: 0x4861626e,
  tables:
    'CREATE TABLE state (name TEXT PRIMARY KEY, revision INTEGER NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;',
};

/**
 * Opens the state in a folder whose owner this process is, and makes it where there is none.
 *
 * @throws EventStoreError `foreign`, `corrupt`, `read-only`, `disk-full`, `unavailable`
 */
export function openNodeState(folder: string): OperationalState {
  return openNodeFile(folder, STATE_FILE, (db) => new NodeState(db));
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
