/** What a view file is worth whose writer was killed. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { one } from './one.js';
import { createFile, openForWriting } from './schema.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'habeas-schema-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ROWS = 5_000;

test('one that survives holds what was committed and nothing else, in the middle of the next commit', () => {
  const path = join(folder, 'views.db');
  const db = createFile(path, { survives: true });
  // So small that much of what is not committed is in the file already.
  db.exec('PRAGMA cache_size = 10');
  const put = db.prepare("INSERT OR REPLACE INTO streams VALUES (?, ?, ?, '', -1, NULL)");
  const write = (revision: number): void => {
    for (let sid = 1; sid <= ROWS; sid++) put.run(sid, `stream ${sid}`, revision);
  };
  db.exec('BEGIN');
  write(1);
  db.exec('COMMIT; BEGIN');
  write(2);
  // As the system has them: what a kill would leave.
  const left = join(folder, 'left.db');
  for (const beside of ['', '-journal']) cpSync(path + beside, left + beside);
  db.close();
  const found = openForWriting(left, { survives: true });
  if (typeof found === 'string') throw new Error(found);
  expect(one(found, 'PRAGMA integrity_check')).toBe('ok');
  expect(found.prepare('SELECT revision, count(*) AS n FROM streams GROUP BY revision').all()).toEqual([
    { revision: 1, n: ROWS },
  ]);
  found.close();
});
