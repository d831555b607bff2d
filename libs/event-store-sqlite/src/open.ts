/** Opening the embedded log. */
import type { EventStore } from '#event-store';

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
};

/**
 * Opens the embedded log.
 *
 * @throws EventStoreError `in-use`: another process owns the folder; `foreign`, `corrupt`: what lies there is no log
 *   that this version can read, and was left untouched; `read-only`, `disk-full`; `unavailable`: there is no log to read.
 */
export function openSqliteLog(options: OpenSqliteLog): Promise<EventStore> {
  return Promise.reject(new Error(`not yet: ${options.mode}`));
}
