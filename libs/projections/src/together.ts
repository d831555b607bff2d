/**
 * Whose answers hang together: those of persons who were ever judged to be one or not, of cases that were ever joined, and of the
 * persons in them. What is recorded of one may change what the others answered at any time.
 */
import type { DatabaseSync } from 'node:sqlite';
import { parseStreamName, streamName } from '#kernel';
import { mentionsOf } from './subject.js';

interface Said {
  readonly sid: number;
  readonly type: string;
  readonly data: string;
}

const EVENTS = `(SELECT seq, sid, type, data FROM events WHERE data IS NOT NULL
  UNION ALL SELECT seq, sid, type, data FROM hidden_events WHERE data IS NOT NULL)`;

/** The subjects whose answers hang together with those of one of these, themselves included; by all events, also hidden ones. */
export function together(db: DatabaseSync, sids: Iterable<number>): ReadonlySet<number> {
  const nameOf = db.prepare('SELECT name FROM streams WHERE sid = ?');
  const sidOf = db.prepare('SELECT sid FROM streams WHERE name = ?');
  const own = db.prepare(`SELECT sid, type, data FROM ${EVENTS} WHERE sid = ?`);
  const concerning = db.prepare(
    `SELECT e.sid, e.type FROM subject_events s JOIN ${EVENTS} e ON e.seq = s.seq WHERE s.sid = ? AND s.cites = 0`,
  );
  const kindOf = (sid: number): string | undefined => parseStreamName(String(nameOf.get(sid)?.name))?.category;
  const found = new Set(sids);
  for (const sid of found) {
    const kind = kindOf(sid);
    if (kind !== 'person' && kind !== 'case') continue;
    for (const { type, data } of own.all(sid) as unknown as Said[]) {
      for (const { kind: other, id } of mentionsOf(type, JSON.parse(data) as Readonly<Record<string, unknown>>)) {
        if (!joins(type, kind, other)) continue;
        const named = sidOf.get(streamName(other, id))?.sid;
        if (typeof named === 'number') found.add(named);
      }
    }
    for (const { sid: other, type } of concerning.all(sid) as unknown as Said[]) {
      if (joins(type, kindOf(other) ?? '', kind)) found.add(other);
    }
  }
  return found;
}

/** Whether an event of this type in the stream of one makes its answers hang together with those of another whom it names. */
function joins(type: string, of: string, named: string): boolean {
  if (of === 'person') return named === 'case' || (named === 'person' && type === 'IdentityJudged');
  return of === 'case' && (named === 'person' || named === 'case');
}
