/** Opening the embedded log. */
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EventStoreError, type EventStoreObserver } from '#event-store';
import { inspectLogFile } from './log-file.js';
import { LogReader } from './log-reader.js';
import { SqliteEventStore, type SqliteLog } from './sqlite-event-store.js';
import { toEventStoreError } from './sqlite-errors.js';
import { WriterThread } from './writer-thread.js';

/** The log's file in a data folder. */
export const LOG_FILE = 'log.db';

export type LogLocation =
  | { /** A data folder; the log is its {@link LOG_FILE}. */ readonly folder: string }
  | { /** The log itself, for tools that look at a copy. */ readonly file: string };

export type OpenSqliteLog = LogLocation & {
  /**
   * `own`: to read and append. Makes the folder and the log where there are none, and takes ownership of the folder:
   * one process at a time has it, until it closes the store or ends in whatever way.
   * `read`: only to read, in any thread or process, also while another owns the folder. Appends are refused (`read-only`).
   */
  readonly mode: 'own' | 'read';
  /** Is told of appends and commits. */
  readonly observer?: EventStoreObserver;
};

/**
 * Opens the embedded log.
 *
 * @throws EventStoreError `in-use`: another process owns the folder; `foreign`, `corrupt`: what lies there is no log
 *   that this version can read, and was left untouched; `read-only`, `disk-full`; `unavailable`: there is no log to read.
 */
export async function openSqliteLog(options: OpenSqliteLog): Promise<SqliteLog> {
  const named = resolve('file' in options ? options.file : join(options.folder, LOG_FILE));
  // Owner, journal and channel go by the real path, so that no link leads to a second owner.
  const file = existsSync(named) ? realpathSync(named) : named;
  if (options.mode === 'own') {
    const writer = await WriterThread.start(file, options.observer === undefined ? {} : { observer: options.observer });
    try {
      return new SqliteEventStore(file, new LogReader(file), writer);
    } catch (error) {
      await writer.close();
      throw toEventStoreError(error, `The log ${file} could not be opened`);
    }
  }
  if (inspectLogFile(file) === 'absent') throw new EventStoreError('unavailable', `There is no log at ${file}.`);
  try {
    return new SqliteEventStore(file, new LogReader(file), undefined);
  } catch (error) {
    throw toEventStoreError(error, `The log ${file} could not be opened`);
  }
}
