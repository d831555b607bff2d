/** Of which subjects anything was recorded between two seqs, or changed their answers. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SubjectRow } from '../records.js';

export class ChangedSubjects {
  private readonly changed: StatementSync;
  private readonly last: StatementSync;

  constructor(db: DatabaseSync) {
    this.changed = db.prepare(
      `SELECT sid, kind, id, entered, name FROM subjects s WHERE sid > ?1 AND entered <= ?3 AND (
         EXISTS (SELECT 1 FROM events e WHERE e.sid = s.sid AND e.seq > ?2 AND e.seq <= ?3)
         OR EXISTS (SELECT 1 FROM subject_events e WHERE e.sid = s.sid AND e.cites = 0 AND e.seq > ?2 AND e.seq <= ?3)
         OR EXISTS (SELECT 1 FROM changes c WHERE c.sid = s.sid AND c.seq > ?2 AND c.seq <= ?3))
       ORDER BY sid LIMIT ?4`,
    );
    this.last = db.prepare('SELECT max(sid) AS sid FROM streams');
  }

  /** By their sid, after this one. From the seq that is not counted up to the one that is. */
  after(sid: number, from: number, to: number, limit: number): readonly SubjectRow[] {
    return this.changed.all(sid, from, to, limit) as unknown as SubjectRow[];
  }

  /** The highest sid of all: how many streams there are. */
  streams(): number {
    return Number(this.last.get()?.sid ?? 0);
  }
}
