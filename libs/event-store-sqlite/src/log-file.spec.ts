import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { createLogFile, openForReading, openForWriting } from './log-file.js';
import { inFolder } from './test-support/processes.js';

/** PRAGMA synchronous: a commit is on the disk before it returns. No test can pull the plug, so this stands in for it. */
const FULL = 2;

function settings(db: DatabaseSync): Record<string, unknown> {
  const names = ['journal_mode', 'synchronous', 'query_only', 'page_size', 'wal_autocheckpoint'];
  return Object.fromEntries(names.map((name) => [name, Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]]));
}

test(
  'who writes syncs every commit, and keeps readers going meanwhile',
  inFolder((folder) => {
    const file = join(folder, 'log.db');
    createLogFile(file);
    const db = openForWriting(file);
    expect(settings(db)).toEqual({
      journal_mode: 'wal',
      synchronous: FULL,
      query_only: 0,
      page_size: 4096,
      wal_autocheckpoint: 4000,
    });
    db.close();
    return Promise.resolve();
  }),
);

test(
  'who reads cannot write',
  inFolder((folder) => {
    const file = join(folder, 'log.db');
    createLogFile(file);
    const db = openForReading(file);
    expect(() => {
      db.exec("INSERT INTO types (name) VALUES ('Noted')");
    }).toThrow('readonly');
    db.close();
    return Promise.resolve();
  }),
);
