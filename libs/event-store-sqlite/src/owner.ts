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
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const doing = `The data folder ${folder} could not be taken into use`;
  let lock: DatabaseSync | undefined;
  try {
    // SQLite would only say that the lock cannot be opened.
    accessSync(folder, constants.W_OK);
    lock = new DatabaseSync(lockFile(folder));
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
    throw toEventStoreError(error, doing);
  }
  const held = lock;
  return {
    release() {
      rmSync(name, { force: true });
      held.close();
    },
  };
}

/** Whether anybody ever owned the folder. */
export function wasOwned(folder: string): boolean {
  return existsSync(lockFile(folder));
}

function lockFile(folder: string): string {
  return join(folder, 'owner.lock');
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
