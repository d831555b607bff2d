import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { writeFileSync } from 'node:fs';
import { readJournal } from './journal.js';
import { inFolder } from './test-support/processes.js';

const pageCount = (db: DatabaseSync) => Number(Object.values(db.prepare('PRAGMA page_count').get() ?? {})[0]);

test(
  'the journal tells its pages and the size of the database, without what is left of an earlier round',
  inFolder((folder) => {
    const file = join(folder, 'a.db');
    const db = new DatabaseSync(file);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x)');
    for (let n = 0; n < 100; n++) db.exec('INSERT INTO t VALUES (hex(zeroblob(3000)))');
    const whole = readJournal(`${file}-wal`);
    expect(whole?.databasePages).toBe(pageCount(db));
    expect([...(whole?.pages ?? [])].sort((a, b) => a - b)).toEqual(
      Array.from({ length: pageCount(db) }, (_, index) => index + 1),
    );

    // The next round overwrites the journal from its beginning; behind its end lie the frames of the first.
    db.exec('PRAGMA wal_checkpoint(RESTART); UPDATE t SET x = 1 WHERE rowid = 1');
    const next = readJournal(`${file}-wal`);
    expect(next?.databasePages).toBe(pageCount(db));
    expect(next?.pages.size).toBeLessThan(10);

    // A transaction that outgrows its memory writes frames before it commits.
    db.exec('PRAGMA cache_size = 5; BEGIN; UPDATE t SET x = hex(zeroblob(3001))');
    expect(readJournal(`${file}-wal`)).toEqual(next);
    db.exec('COMMIT');
    expect(readJournal(`${file}-wal`)?.pages.size).toBeGreaterThan(100);
    db.close();
    return Promise.resolve();
  }),
);

test(
  'a journal without a commit holds nothing',
  inFolder((folder) => {
    for (const bytes of [0, 31, 32, 100]) {
      const file = join(folder, `${bytes}`);
      writeFileSync(file, Buffer.alloc(bytes));
      expect(readJournal(file)).toBeUndefined();
    }
    return Promise.resolve();
  }),
);
