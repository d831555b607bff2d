/**
 * Of which subjects something is confidential: events of their own, of others that concern them, or of those whose answers are shown with
 * theirs. Judged wider than what one answer shows: it is for who keeps watch.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { FileVersion } from './file-version.js';
import type { Records } from './records.js';
import type { SubjectCategory } from './shapes.js';

/** Subjects that are remembered while the file stands still. */
const MOST_KEPT = 100_000;

export class Confidential {
  private readonly statements: Record<'any' | 'own' | 'concerning' | 'judged', StatementSync>;
  private readonly kept = new Map<string, boolean>();
  private read: number | undefined;

  constructor(
    db: DatabaseSync,
    private readonly records: Records,
    private readonly version: FileVersion,
    /** Subjects whose facts a document is made of, of a person or a case, itself included: it takes reading them. */
    private readonly shownWith: (kind: SubjectCategory, id: string) => readonly number[],
  ) {
    this.statements = {
      any: db.prepare("SELECT 1 FROM events WHERE visibility = 'confidential' LIMIT 1"),
      own: db.prepare("SELECT 1 FROM events WHERE sid = ? AND visibility = 'confidential' LIMIT 1"),
      // In this order: few concern one subject, and of the whole record many may be confidential.
      concerning: db.prepare(
        `SELECT 1 FROM subject_events s CROSS JOIN events e ON e.seq = s.seq
         WHERE s.sid = ? AND e.visibility = 'confidential' LIMIT 1`,
      ),
      judged: db.prepare(
        `SELECT 1 FROM events WHERE sid = ?1 AND type = 'IdentityJudged'
         UNION ALL SELECT 1 FROM subject_events s CROSS JOIN events e ON e.seq = s.seq
         WHERE s.sid = ?1 AND s.cites = 0 AND e.type = 'IdentityJudged' LIMIT 1`,
      ),
    };
  }

  /** To be called within a snapshot. */
  has(kind: SubjectCategory, id: string): boolean {
    const present = this.version.present();
    if (present !== this.read || this.kept.size >= MOST_KEPT) this.kept.clear();
    this.read = present;
    const key = `${kind} ${id}`;
    let found = this.kept.get(key);
    if (found === undefined) this.kept.set(key, (found = this.find(kind, id)));
    return found;
  }

  private find(kind: SubjectCategory, id: string): boolean {
    const { any, judged } = this.statements;
    if (any.get() === undefined) return false;
    const sid = this.records.subject(kind, id)?.sid;
    if (sid === undefined) return false;
    if (this.of(sid)) return true;
    const shared = kind === 'case' || (kind === 'person' && judged.get(sid) !== undefined);
    return shared && this.shownWith(kind, id).some((other) => this.of(other));
  }

  private of(sid: number): boolean {
    const { own, concerning } = this.statements;
    return own.get(sid) !== undefined || concerning.get(sid) !== undefined;
  }
}
