/** The value that a statement gives in its only row and column; undefined where it gives no row. */
import type { DatabaseSync } from 'node:sqlite';

export function one(db: DatabaseSync, sql: string): unknown {
  return Object.values(db.prepare(sql).get() ?? {})[0];
}
