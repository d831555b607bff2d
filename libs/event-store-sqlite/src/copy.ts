/**
 * A copy of the log while it is being written. The pages are copied from one snapshot, which a read transaction holds: no
 * append waits, and none that lands meanwhile is in the copy. The journal cannot be put into the file until the copy is
 * made, and grows by what is appended.
 */
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { backup, type DatabaseSync } from 'node:sqlite';
import { EventStoreError } from '#event-store';
import { inspectLogFile, openForReading } from './log-file.js';
import { LOG_FILE } from './open.js';
import { toEventStoreError } from './sqlite-errors.js';

/** 8 MiB: often enough to tell how far it got. */
const PAGES_PER_STEP = 2_048;

export interface CopySqliteLog {
  /** The data folder. */
  readonly folder: string;
  /** The file to make; there must be none. */
  readonly to: string;
  /** Called now and then with how much is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Copies the log of a data folder, in any process, also while another appends. The copy is a whole log of its own, durable
 * but for its name in its folder; it holds everything that was acknowledged before the call.
 *
 * @throws EventStoreError `unavailable`: there is no log; `foreign`, `corrupt`, `disk-full`, `read-only`
 */
export async function copySqliteLog({ folder, to, onProgress }: CopySqliteLog): Promise<void> {
  const named = resolve(join(folder, LOG_FILE));
  const file = existsSync(named) ? realpathSync(named) : named;
  if (inspectLogFile(file) === 'absent') throw new EventStoreError('unavailable', `There is no log at ${file}.`);
  let db: DatabaseSync | undefined;
  try {
    db = openForReading(file);
    db.exec('BEGIN');
    // The snapshot is taken at the first read.
    db.prepare('SELECT max(position) FROM events').get();
    await backup(db, to, {
      rate: PAGES_PER_STEP,
      progress: ({ totalPages, remainingPages }) => onProgress?.(1 - remainingPages / totalPages),
    });
  } catch (error) {
    throw toEventStoreError(error, `The log ${file} could not be copied to ${to}`);
  } finally {
    db?.close();
  }
}
