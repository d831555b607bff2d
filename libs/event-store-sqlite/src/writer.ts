/**
 * The writer's thread: it owns the folder, holds the only writing connection, and commits in groups, so that no fsync ever
 * blocks the thread that serves requests. Started by writer-thread.ts.
 */
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { GroupCommit } from './group-commit.js';
import { createLogFile, inspectLogFile, makeFolder, openForWriting } from './log-file.js';
import { takeOwnership, wasOwned } from './owner.js';
import {
  GROUP_APPENDS,
  GROUP_BYTES,
  type AppendRequest,
  type FromWriter,
  type ToWriter,
  type WriterStart,
} from './protocol.js';
import { toEventStoreError } from './sqlite-errors.js';
import { Announcer } from './wake-up.js';

if (parentPort === null) throw new Error('This module runs in a thread of its own.');
const port = parentPort;
const { file } = workerData as WriterStart;
const say = (message: FromWriter) => {
  port.postMessage(message);
};

try {
  serve();
} catch (error) {
  const { code, message } = toEventStoreError(error, `The log ${file} could not be opened`);
  say({ kind: 'refused', code, message });
}

function serve(): void {
  const folder = dirname(file);
  // What is not ours is left as it is, without as much as a lock beside it.
  if (!wasOwned(folder)) inspectLogFile(file);
  makeFolder(folder);
  const ownership = takeOwnership(folder);
  try {
    if (inspectLogFile(file) === 'absent') createLogFile(file);
    const db = openForWriting(file);
    const group = prepare(db);
    const announcer = new Announcer(file);
    const queue: AppendRequest[] = [];
    let closing = false;

    const take = (message: ToWriter) => {
      if (message.kind === 'close') closing = true;
      else for (const request of message.requests) queue.push(request);
    };

    port.on('message', (first: ToWriter) => {
      take(first);
      do {
        // What arrived during the last fsync joins the next group.
        for (let more; (more = receiveMessageOnPort(port)) !== undefined;) take(more.message as ToWriter);
        if (queue.length > 0) {
          const begun = performance.now();
          const { replies, wrote } = group.commit(nextGroup(queue));
          say({ kind: 'replies', replies, milliseconds: performance.now() - begun });
          if (wrote) announcer.announce();
        }
      } while (queue.length > 0);
      if (closing) {
        tidyAway(db);
        announcer.close();
        ownership.release();
        port.close();
      }
    });
    say({ kind: 'ready' });
  } catch (error) {
    ownership.release();
    throw error;
  }
}

function prepare(db: DatabaseSync): GroupCommit {
  try {
    return new GroupCommit(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Puts the journal into the file, so that a closed log is one file. Where that fails, the next opening does it. */
function tidyAway(db: DatabaseSync): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A full disk, say: everything acknowledged is in the journal, which stays where it is.
  }
  db.close();
}

function nextGroup(queue: AppendRequest[]): readonly AppendRequest[] {
  let count = 0;
  let bytes = 0;
  for (const request of queue) {
    bytes += request[4];
    if (count > 0 && (count === GROUP_APPENDS || bytes > GROUP_BYTES)) break;
    count++;
  }
  return queue.splice(0, count);
}
