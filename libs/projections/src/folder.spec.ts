/** What of a folder is deleted when a file is served: every other view file, and no file of anybody else. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ViewsFolder } from './folder.js';
import { SCHEMA_VERSION } from './schema.js';

test('files and pointers of other schema versions go; what is kept, and what is not of the views, stays', () => {
  const path = mkdtempSync(join(tmpdir(), 'habeas-folder-'));
  try {
    const folder = new ViewsFolder(path);
    const file = folder.next();
    const served = `views-${SCHEMA_VERSION}-1.db`;
    const kept = [served, `${served}-shm`, `${served}-wal`, 'log.db', 'keys.db', 'views-notes.txt'];
    const others = [
      'views-1-7.db',
      'views-1-7.db-wal',
      'views-1.current',
      `views-${SCHEMA_VERSION}-10.db`,
      'views-2.current.new',
    ];
    for (const name of [...kept, ...others]) writeFileSync(join(path, name), '');
    folder.serve(file);
    folder.deleteAllBut([file]);
    expect(readdirSync(path).sort()).toEqual([...kept, `views-${SCHEMA_VERSION}.current`].sort());
    expect(folder.served()).toBe(file);
  } finally {
    rmSync(path, { recursive: true });
  }
});
