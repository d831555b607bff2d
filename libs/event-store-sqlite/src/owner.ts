/**
 * Ownership of a data folder: one process, and in it one writer.
 *
 * The right is an exclusive lock that SQLite takes on an empty database, `owner.lock`. The system frees it however the
 * process ends, SIGKILL and power loss included, and SQLite also tells two openings within one process apart. The file
 * is never deleted: whoever opened it before the deletion would own another file than whoever comes after it. Nobody
 * may open it by other means than SQLite within the owner's process: closing any descriptor of a file drops the
 * process's locks on it.
 *
 * Who the owner is stands in `owner.json`, for the error's text only.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EventStoreError } from '#event-store';
import { isBusy, toEventStoreError } from './sqlite-errors.js';

export interface Ownership {
  release(): void;
}

/** @throws EventStoreError `in-use`, `read-only`, `disk-full` */
export function takeOwnership(folder: string): Ownership {
  const name = join(folder, 'owner.json');
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, 'owner.lock'));
    // Else SQLite would lay a journal beside the lock, which nothing is ever written to.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    writeFileSync(name, JSON.stringify({ pid: process.pid, host: hostname() }));
  } catch (error) {
    lock?.close();
    if (isBusy(error)) {
      throw new EventStoreError(
        'in-use',
        `The data folder ${folder} is in use by ${describeOwner(name)}. Stop that first, or choose another folder.`,
      );
    }
    throw toEventStoreError(error, `The data folder ${folder} could not be taken into use`);
  }
  const held = lock;
  return {
    release() {
      rmSync(name, { force: true });
      held.close();
    },
  };
}

function describeOwner(name: string): string {
  try {
    const { pid, host } = JSON.parse(readFileSync(name, 'utf8')) as { pid?: unknown; host?: unknown };
    if (typeof pid !== 'number') return 'another process';
    if (host !== hostname()) return `process ${pid} on ${String(host)}`;
    return pid === process.pid ? `this process (${pid})` : `process ${pid}`;
  } catch {
    return 'another process';
  }
}
