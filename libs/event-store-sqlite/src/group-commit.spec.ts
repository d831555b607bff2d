import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { GroupCommit } from './group-commit.js';
import { createLogFile, openForWriting } from './log-file.js';
import { LogReader } from './log-reader.js';
import { NO_STREAM, type AppendRequest } from './protocol.js';
import { inFolder } from './test-support/processes.js';

const request = (ticket: number, stream: string, type: string, expected = NO_STREAM): AppendRequest => [
  ticket,
  stream,
  expected,
  [[randomUUID(), type, '{}', '{}']],
  4,
];

test(
  'a failure in the middle of a group undoes the whole group, and the next one goes on',
  inFolder((folder) => {
    const file = join(folder, 'log.db');
    createLogFile(file);
    const db = openForWriting(file);
    // Stands for a disk that fails at the third event.
    db.exec(`CREATE TEMP TRIGGER fail BEFORE INSERT ON main.events WHEN NEW.position = 3
      BEGIN SELECT RAISE(ABORT, 'the disk failed'); END`);
    const group = new GroupCommit(db);
    expect(group.commit([request(1, 'a-1', 'Noted')])).toEqual({ replies: [[1, 'done', 0, 1]], wrote: true });

    const failed = group.commit([request(2, 'a-2', 'Renamed'), request(3, 'a-3', 'Noted'), request(4, 'a-2', 'x', 7)]);
    expect(failed.wrote).toBe(false);
    expect(failed.replies.map(([ticket, kind, code]) => [ticket, kind, code])).toEqual([
      [2, 'failed', 'unavailable'],
      [3, 'failed', 'unavailable'],
      [4, 'failed', 'unavailable'],
    ]);

    db.exec('DROP TRIGGER fail');
    // The names of the undone types are made anew, not taken from memory.
    expect(group.commit([request(5, 'a-1', 'Noted', 0), request(6, 'a-2', 'Renamed')]).replies).toEqual([
      [5, 'done', 1, 2],
      [6, 'done', 0, 3],
    ]);
    db.close();
    const reader = new LogReader(file);
    const { events } = reader.select({ categories: ['a'] })(0, reader.lastRow());
    expect(events.map(({ stream, revision, type }) => [stream, revision, type])).toEqual([
      ['a-1', 0, 'Noted'],
      ['a-1', 1, 'Noted'],
      ['a-2', 0, 'Renamed'],
    ]);
    reader.close();
    return Promise.resolve();
  }),
);

test(
  'a commit that fails for another reason than space has an unknown outcome: the caller must look',
  inFolder((folder) => {
    const file = join(folder, 'log.db');
    createLogFile(file);
    const db = openForWriting(file);
    // A debt that is called in only at the commit: the nearest thing to a sync that fails.
    db.exec(`CREATE TABLE debts (to_whom INTEGER REFERENCES types (tid) DEFERRABLE INITIALLY DEFERRED);
      CREATE TRIGGER lend AFTER INSERT ON streams WHEN NEW.name = 'a-2' BEGIN INSERT INTO debts VALUES (99); END`);
    const group = new GroupCommit(db);
    const failed = group.commit([request(1, 'a-1', 'Noted'), request(2, 'a-2', 'Noted')]);
    expect(failed.replies.map(([ticket, kind, code]) => [ticket, kind, code])).toEqual([
      [1, 'failed', 'timed-out'],
      [2, 'failed', 'timed-out'],
    ]);
    expect(group.commit([request(3, 'a-1', 'Noted')]).replies).toEqual([[3, 'done', 0, 1]]);
    db.close();
    return Promise.resolve();
  }),
);

test(
  'a conflict within a group rejects only its own append',
  inFolder((folder) => {
    const file = join(folder, 'log.db');
    createLogFile(file);
    const db = openForWriting(file);
    const group = new GroupCommit(db);
    expect(
      group.commit([request(1, 'a-1', 'Noted'), request(2, 'a-1', 'Noted'), request(3, 'a-1', 'Noted', 0)]).replies,
    ).toEqual([
      [1, 'done', 0, 1],
      [2, 'conflict', 0],
      [3, 'done', 1, 2],
    ]);
    expect(group.commit([request(4, 'a-1', 'Noted', 9)])).toEqual({ replies: [[4, 'conflict', 1]], wrote: false });
    db.close();
    return Promise.resolve();
  }),
);
