/** What was recorded of a subject, event by event, with what each changed; and the facts that rest on a source. Both in pages. */
import { type Day, ok, type Refusal, type Result } from '#kernel';
import { checkLimit, readCursor, writeCursor } from './cursors.js';
import { Build } from './documents/build.js';
import { citingFacts } from './documents/source.js';
import type { Knowledge } from './knowledge.js';
import type { PageQuery } from './ports.js';
import type { Records, SubjectRow } from './records.js';
import type { CitationsPage, CitingFact, HistoryPage } from './shapes.js';
import type { Subject } from './subject.js';

/** What pages are made from: one snapshot of the file. */
export interface Source {
  readonly records: Records;
  readonly knowledge: Knowledge;
  readonly day: Day;
}

export function historyPage(
  { records, knowledge, day }: Source,
  row: SubjectRow,
  query: PageQuery,
): Result<Omit<HistoryPage, 'asOf'>, Refusal> {
  const limit = checkLimit(query.limit);
  if (!limit.ok) return limit;
  const cursors = { list: `history ${row.id}`, log: records.logId() };
  const after = query.cursor === undefined ? ok([0]) : readCursor(query.cursor, cursors);
  if (!after.ok) return after;
  const build = new Build({ subject: subjectOf(knowledge, row.sid), find: knowledge.find, day });
  const events = records.history(row.sid, Number(after.value[0]), limit.value + 1);
  const shown = events.slice(0, limit.value);
  const last = shown.at(-1);
  const whose = row.kind === 'person' || row.kind === 'group' ? row.sid : undefined;
  return ok({
    items: shown
      .filter(({ skipped }) => !skipped)
      .map((event) => ({
        ...build.event(subjectOf(knowledge, event.sid), event),
        changes: records.changesAt(event.seq, whose),
      })),
    ...(events.length > limit.value && last !== undefined && { next: writeCursor(cursors, [last.seq]) }),
  });
}

/** Comes before every other: where a subject first cites the source, one of its facts, one of that fact's citations. */
const FIRST: readonly [citing: number, seq: number, n: number] = [0, 0, 0];

export function citationsPage(
  { records, knowledge, day }: Source,
  row: SubjectRow,
  query: PageQuery,
): Result<Omit<CitationsPage, 'asOf'>, Refusal> {
  const limit = checkLimit(query.limit);
  if (!limit.ok) return limit;
  const cursors = { list: `citations ${row.id}`, log: records.logId() };
  const ended = query.cursor === undefined ? ok(FIRST) : readCursor(query.cursor, cursors);
  if (!ended.ok) return ended;
  const [citing = 0, seq = 0, n = 0] = ended.value.map(Number);
  const build = new Build({ subject: subjectOf(knowledge, row.sid), find: knowledge.find, day });
  const items: { readonly fact: CitingFact; readonly citing: number; readonly n: number }[] = [];
  for (const other of knowledge.citing(row.sid, citing)) {
    // A fact may cite the same source for several words.
    const numbers = new Map<string, number>();
    for (const fact of citingFacts(build, other.subject)) {
      const number = (numbers.get(fact.event) ?? 0) + 1;
      numbers.set(fact.event, number);
      const shownBefore = other.seq === citing && (fact.seq < seq || (fact.seq === seq && number <= n));
      if (!shownBefore) items.push({ fact, citing: other.seq, n: number });
    }
    if (items.length > limit.value) break;
  }
  const shown = items.slice(0, limit.value);
  const last = shown.at(-1);
  return ok({
    items: shown.map(({ fact }) => fact),
    ...(items.length > limit.value &&
      last !== undefined && {
        next: writeCursor(cursors, [last.citing, last.fact.seq, last.n]),
      }),
  });
}

function subjectOf(knowledge: Knowledge, sid: number): Subject {
  const subject = knowledge.bySid(sid);
  if (subject === undefined) throw new RangeError('A subject of an event has no row.');
  return subject;
}
