/** What stands in a view file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SCHEMA_VERSION } from '../schema.js';

export function servedFile(folder: string): string {
  return join(folder, readFileSync(join(folder, `views-${SCHEMA_VERSION}.current`), 'utf8'));
}

/** All rows of a view file, but for when its documents were built and for the numbers of its segments. */
export function rowsOf(file: string): unknown {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = ['checkpoint', 'skipped', 'streams', 'subjects', 'events', 'subject_events', 'changes', 'tree'];
    const found = [...tables, 'traits', 'search_texts'].map((table) => [
      table,
      db.prepare(`SELECT * FROM ${table}`).all(),
    ]);
    const documents = db.prepare('SELECT sid, day, until, item, document FROM documents ORDER BY sid').all();
    const segments = db
      .prepare('SELECT * FROM segments ORDER BY sid, axis, case_id, key, known_from, valid_from, known_to')
      .all()
      .map(({ row: _, ...rest }) => rest);
    expect(db.prepare('SELECT count(*) AS n FROM stale').get()).toEqual({ n: 0 });
    return [...found, ['segments', segments], ['documents', documents]];
  } finally {
    db.close();
  }
}
