/**
 * Of which subjects something is confidential: events of their own, of others that concern them, or of those whose answers are shown with
 * theirs. Judged wider than what one answer shows: it is for who keeps watch.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { catalogue } from '#domain';
import type { FileVersion } from './file-version.js';
import type { Records } from './records.js';
import type { SubjectCategory } from './shapes.js';

const ACTS = JSON.stringify(catalogue.filter(({ role }) => role === 'act').map(({ type }) => type));

/** Subjects that are remembered while the file stands still. */
const MOST_KEPT = 100_000;

export class Confidential {
  private readonly statements: Record<'any' | 'own' | 'concerning' | 'acts' | 'judged' | 'joins', StatementSync>;
  /** Cases that were joined to others in confidence: in the answers of whoever has a part in one they are one case. */
  private joined: ReadonlySet<string> | undefined;
  private readonly kept = new Map<string, boolean>();
  private read: number | undefined;

  constructor(
    db: DatabaseSync,
    private readonly records: Records,
    private readonly version: FileVersion,
    /** Subjects whose facts a document is made of, of a person or a case, itself included: it takes reading them. */
    private readonly shownWith: (kind: SubjectCategory, id: string) => readonly number[],
    /** Ids of the cases that a document speaks of, with those that were joined to them: it takes reading it as well. */
    private readonly casesIn: (kind: SubjectCategory, id: string) => Iterable<string>,
  ) {
    this.statements = {
      any: db.prepare("SELECT 1 FROM events WHERE visibility = 'confidential' LIMIT 1"),
      own: db.prepare("SELECT 1 FROM events WHERE sid = ? AND visibility = 'confidential' LIMIT 1"),
      // In this order: few concern one subject, and of the whole record many may be confidential.
      concerning: db.prepare(
        `SELECT 1 FROM subject_events s CROSS JOIN events e ON e.seq = s.seq
         WHERE s.sid = ? AND e.visibility = 'confidential' LIMIT 1`,
      ),
      // An account or a dispute names the fact that it is about, and not everybody whom that concerns. When a role was held may also follow
      // from what else is told of its holder, so of what concerns a group everything of theirs counts.
      acts: db.prepare(
        `SELECT 1 FROM (SELECT DISTINCT e.sid FROM subject_events s JOIN events e ON e.seq = s.seq
           WHERE s.sid = ?1 AND s.cites = 0) other
         CROSS JOIN events e ON e.sid = other.sid
         WHERE e.visibility = 'confidential'
           AND ((SELECT kind FROM subjects WHERE sid = ?1) = 'group' OR e.type IN (SELECT value FROM json_each(?2))) LIMIT 1`,
      ),
      judged: db.prepare(
        `SELECT 1 FROM events WHERE sid = ?1 AND type = 'IdentityJudged'
         UNION ALL SELECT 1 FROM subject_events s CROSS JOIN events e ON e.seq = s.seq
         WHERE s.sid = ?1 AND s.cites = 0 AND e.type = 'IdentityJudged' LIMIT 1`,
      ),
      joins: db.prepare(
        `SELECT s.id, json_extract(e.data, '$.other') AS other FROM events e JOIN subjects s ON s.sid = e.sid
         WHERE e.visibility = 'confidential' AND e.type = 'CasesJoined'`,
      ),
    };
  }

  /** To be called within a snapshot. */
  has(kind: SubjectCategory, id: string): boolean {
    const present = this.version.present();
    if (present !== this.read) this.joined = undefined;
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
    if (shared && this.shownWith(kind, id).some((other) => this.of(other))) return true;
    const joined = (this.joined ??= this.joinedCases());
    return joined.size > 0 && [...this.casesIn(kind, id)].some((one) => joined.has(one));
  }

  private joinedCases(): ReadonlySet<string> {
    const rows = this.statements.joins.all() as unknown as { id: string; other: string }[];
    return new Set(rows.flatMap(({ id, other }) => [id, other]));
  }

  private of(sid: number): boolean {
    const { own, concerning, acts } = this.statements;
    return own.get(sid) !== undefined || concerning.get(sid) !== undefined || acts.get(sid, ACTS) !== undefined;
  }
}
