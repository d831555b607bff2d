/**
 * What the record answers of each subject, as rows: segments with the days on which they hold and the seqs at which
 * the record gave them, and the status changes between one event and the next. Only what differs is written.
 */
import type { StatementSync } from 'node:sqlite';
import type { AxisRef, Segment } from '#domain';
import { type Day, dayOf, recordingDay } from '#kernel';
import { changeColumns, changeId } from './change-columns.js';
import {
  answerOn,
  asChanged,
  type AxisChange,
  axisChange,
  axisKey,
  changeKind,
  sameAnswer,
  sameAnswers,
} from './changes.js';
import { foldOf, lensOf, STILL_KNOWN } from './schema.js';
import {
  answerColumns,
  bounded,
  type Column,
  type RefColumns,
  refOf,
  SEGMENT,
  type SegmentColumns,
  segmentOf,
} from './segment-columns.js';
import type { ChangedAnswer } from './shapes.js';
import type { Subject } from './subject.js';
import type { ViewFile } from './view-file.js';

/** The event that is being taken in. */
export interface Cause {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly seq: number;
  /** Known time, in milliseconds. */
  readonly known: number;
}

/** An axis whose answers an event changed; what is to be written of it. */
interface ChangedAxis {
  readonly key: string;
  readonly before: StoredAxis;
  readonly after: readonly Segment[];
  /** Left out where nothing differs that counts as a change: how certain an answer is, what it rests on. */
  readonly change: AxisChange | undefined;
}

interface StoredSegment {
  readonly segment: Segment;
  /** The seq from which on the record gave it. */
  readonly from: number;
  /** Left out until it is written. */
  row: number | undefined;
}

/** What is known of an axis, in the order of the days, and where it stands. */
interface StoredAxis {
  readonly segments: readonly Segment[];
  /** One for each segment. */
  readonly rows: readonly StoredSegment[];
}

/** The change by which the record began to give an axis's present answer, and the day (UTC) on which it became known. */
interface PresentChange {
  readonly id: string;
  readonly day: Day;
}

/** What stands in the rows of one subject, by axis. */
interface Stored {
  /** The lists of segments that it was written from, as long as they are known: what is still the same need not be compared. */
  axes: readonly (readonly Segment[])[];
  readonly segments: Map<string, StoredAxis>;
  /** Those that may not be written yet: most are replaced by the next events, and then are written once, with their end. */
  readonly fresh: Set<StoredSegment>;
  readonly present: Map<string, PresentChange>;
}

/** What is answered of the axes of one subject. */
export type Answered = ReadonlyMap<string, readonly Segment[]>;

/** A change that has no row yet. */
interface PendingChange {
  readonly seq: number;
  readonly n: number;
  readonly sid: number;
  readonly key: string;
  /** The event that caused it; and the fact that counts by it, where it is a verification. */
  readonly causes: readonly unknown[];
  readonly columns: readonly Column[];
}

const NOTHING: readonly Segment[] = [];
const NO_ROWS: StoredAxis = { segments: [], rows: [] };
const NO_CHANGES: readonly ChangedAxis[] = [];
/** Said of what rested on what is hidden now, or did not yet rest on what is shown. */
const WITHHELD: ChangedAnswer = { value: 'withheld', certain: false, disputed: false, orderUncertain: false };

export class AnswerRows {
  private readonly statements: ReturnType<typeof prepare>;
  private stored = new WeakMap<Subject, Stored>();
  private pending: PendingChange[] = [];

  private readonly fold: string;

  constructor(file: ViewFile) {
    this.fold = foldOf(lensOf(file.db));
    this.statements = prepare(file);
  }

  /** To be called for a subject whose first event is being taken in: it has no rows. */
  enter(subject: Subject): void {
    this.stored.set(subject, { axes: [], segments: new Map(), fresh: new Set(), present: new Map() });
  }

  forget(): void {
    this.stored = new WeakMap();
    this.pending = [];
  }

  /** What the subject's answers now differ in from the rows. Writes nothing. */
  compare(subject: Subject, known: number): readonly ChangedAxis[] {
    const { axes, segments } = this.storedOf(subject);
    const now = subject.axes();
    if (now === axes) return NO_CHANGES;
    const after = new Map<string, readonly Segment[]>();
    for (const list of axes) if (!now.includes(list)) putAxis(after, list, NOTHING);
    for (const list of now) if (!axes.includes(list)) putAxis(after, list, list.filter(saysSomething));
    // Of rows that were read from the file it is not known what they were written from.
    if (axes.length === 0) for (const key of segments.keys()) if (!after.has(key)) after.set(key, NOTHING);
    if (after.size === 0) return NO_CHANGES;
    const day = recordingDay(new Date(known));
    const changed: ChangedAxis[] = [];
    for (const [key, is] of after) {
      const before = segments.get(key) ?? NO_ROWS;
      if (sameAnswers(before.segments, is)) continue;
      changed.push({ key, before, after: is, change: axisChange(before.segments, is, day) });
    }
    return changed.length < 2 ? changed : changed.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /**
   * Writes what {@link compare} found.
   * @param n the number of the first status change
   * @returns how many there are
   */
  write(subject: Subject, changed: readonly ChangedAxis[], cause: Cause, n: number): number {
    const stored = this.storedOf(subject);
    let count = 0;
    stored.axes = subject.axes();
    for (const { key, before, after, change } of changed) {
      if (change !== undefined) this.addChange(subject, stored, key, change, cause, n + count++);
      const rows = this.replaceSegments(subject, stored, before.rows, after, cause.seq);
      if (rows.length > 0) stored.segments.set(key, { segments: after, rows });
      else stored.segments.delete(key);
    }
    return count;
  }

  /** Writes the segments that {@link write} left for later. To be called before others read the rows. */
  flush(subject: Subject): void {
    const { fresh } = this.storedOf(subject);
    for (const one of fresh) one.row = this.addSegment(subject, one, STILL_KNOWN);
    fresh.clear();
  }

  /** Writes the status changes of all subjects: in the order of the table, which takes the least time. */
  flushChanges(): void {
    if (this.pending.length === 0) return;
    for (const { columns } of this.pending.sort((a, b) => a.seq - b.seq || a.n - b.n))
      this.statements.addChange.run(...columns);
    this.pending = [];
  }

  /** What the rows say of each axis. */
  answered(subject: Subject): Answered {
    const { segments } = this.storedOf(subject);
    return new Map([...segments].map(([key, axis]) => [key, axis.segments]));
  }

  /**
   * Tells of each axis that readers were given another answer of, what it is answered now, and not what it was.
   * @param before what they were given
   * @param restated axes of which that was told before: those who have not heard of it yet are to hear of it
   * @param at the event by which it is so, its known time, and the number of the first change
   * @returns how many there are
   */
  restate(
    subject: Subject,
    before: Answered = new Map(),
    restated: readonly AxisRef[] = [],
    { seq, known, n }: { readonly seq: number; readonly known: number; readonly n: number },
  ): number {
    const day = recordingDay(new Date(known));
    const after = this.answered(subject);
    const refs = new Map(restated.map((ref) => [axisKey(ref), ref]));
    for (const [key, is] of [...before, ...after]) {
      const change = refs.has(key) ? undefined : axisChange(before.get(key) ?? NOTHING, after.get(key) ?? NOTHING, day);
      if (change !== undefined && is.length > 0) refs.set(key, change.ref);
    }
    const { sid } = subject.ref;
    let count = 0;
    for (const [key, ref] of [...refs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const to = asChanged(answerOn(after.get(key) ?? NOTHING, day));
      const place = {
        seq,
        n: n + count++,
        sid,
        kind: 'visibility' as const,
        day: dayOf(new Date(known)),
        corrects: null,
      };
      const columns = changeColumns({ ref, from: WITHHELD, to, sinceLatest: Infinity }, place);
      this.pending.push({ seq, n: place.n, sid, key, causes: [], columns });
    }
    return count;
  }

  private replaceSegments(
    subject: Subject,
    { fresh }: Stored,
    before: readonly StoredSegment[],
    after: readonly Segment[],
    seq: number,
  ): readonly StoredSegment[] {
    // Mostly only what comes last is new.
    let same = 0;
    while (same < after.length && before[same]?.segment === after[same]) same++;
    const left = before.slice(same);
    const rows = before.slice(0, same);
    for (const segment of after.slice(same)) {
      const kept = left.findIndex((one) => sameAnswer(one.segment, segment));
      const [row] = kept < 0 ? [] : left.splice(kept, 1);
      const made: StoredSegment = row ?? { segment, from: seq, row: undefined };
      if (row === undefined) fresh.add(made);
      rows.push(made);
    }
    for (const one of left) {
      if (one.row !== undefined) this.statements.closeSegment.run(seq, one.row);
      else this.addSegment(subject, one, seq);
      fresh.delete(one);
    }
    return rows;
  }

  private addSegment(subject: Subject, { segment, from }: StoredSegment, knownTo: number): number {
    const { lastInsertRowid } = this.statements.addSegment.run(
      subject.ref.sid,
      segment.axis,
      segment.case ?? null,
      segment.key ?? null,
      bounded(segment.from),
      bounded(segment.to),
      from,
      knownTo,
      ...answerColumns(segment, (fact) => seqOf(subject, fact)),
    );
    return Number(lastInsertRowid);
  }

  private addChange(
    subject: Subject,
    { present }: Stored,
    key: string,
    change: AxisChange,
    cause: Cause,
    n: number,
  ): void {
    const { seq } = cause;
    const { sid } = subject.ref;
    const day = dayOf(new Date(cause.known));
    const replaced = present.get(key);
    const kind = changeKind(change, cause.type, day, replaced?.day);
    const corrects = this.changeOfFact(sid, key, cause) ?? (kind === 'backdated' ? replaced?.id : undefined) ?? null;
    const columns = changeColumns(change, { seq, n, sid, kind, day, corrects });
    this.pending.push({
      seq,
      n,
      sid,
      key,
      causes: isVerification(cause) ? [cause.id, cause.data.fact] : [cause.id],
      columns,
    });
    if (kind !== 'history') present.set(key, { id: changeId({ seq, n }, this.fold), day });
  }

  /** The change that was caused by the fact that this event takes back, mends or disputes. */
  private changeOfFact(sid: number, key: string, cause: Cause): string | undefined {
    const { fact } = cause.data;
    // By a verification a fact begins to count: that takes back nothing.
    if (typeof fact !== 'string' || isVerification(cause)) return undefined;
    // A subject's changes come one behind the other.
    for (let at = this.pending.length - 1; this.pending[at]?.sid === sid; at--) {
      const one = this.pending[at];
      if (one?.key === key && one.causes.includes(fact)) return changeId(one, this.fold);
    }
    const rows = this.statements.changesBy.all(sid, fact, fact) as unknown as ChangeRow[];
    const found = rows.findLast((row) => axisKey(refOf(row)) === key);
    return found === undefined ? undefined : changeId(found, this.fold);
  }

  private storedOf(subject: Subject): Stored {
    let found = this.stored.get(subject);
    if (found === undefined) {
      found = this.load(subject);
      this.stored.set(subject, found);
    }
    return found;
  }

  private load(subject: Subject): Stored {
    const { sid } = subject.ref;
    const ids = new Map<number, string>();
    for (const { seq, id } of subject.events()) ids.set(seq, id);
    // It may rest on facts of somebody who was one with this person until this very event.
    const idOf = (seq: number): string => ids.get(seq) ?? String(this.statements.idOf.get(seq)?.id);
    const rows = this.statements.segmentsOf.all(sid, STILL_KNOWN) as unknown as SegmentRow[];
    const segments = new Map<string, { segments: Segment[]; rows: StoredSegment[] }>();
    // Rows of one axis were not all written at the same event: in order of their days, as the engine gives them.
    for (const row of rows.sort((a, b) => a.valid_from - b.valid_from)) {
      const segment = segmentOf(row, idOf);
      const key = axisKey(segment);
      let axis = segments.get(key);
      if (axis === undefined) segments.set(key, (axis = { segments: [], rows: [] }));
      axis.segments.push(segment);
      axis.rows.push({ segment, from: row.known_from, row: row.row });
    }
    const changes = this.statements.presentChanges.all(sid) as unknown as ChangeRow[];
    const present = new Map(
      changes.map((row) => [axisKey(refOf(row)), { id: changeId(row, this.fold), day: row.day }]),
    );
    return { axes: [], segments, fresh: new Set(), present };
  }
}

interface SegmentRow extends SegmentColumns {
  readonly row: number;
  readonly known_from: number;
}

interface ChangeRow extends RefColumns {
  readonly seq: number;
  readonly n: number;
  readonly day: Day;
}

function isVerification({ type }: Cause): boolean {
  return type === 'FactVerified';
}

/** Of a fact of the subject, or of somebody who is one with it. */
function seqOf(subject: Subject, fact: string): number {
  const event =
    subject.event(fact) ??
    subject
      .selves()
      .find((one) => one.event(fact) !== undefined)
      ?.event(fact);
  if (event === undefined) throw new RangeError('An answer rests on a fact that is not on record.');
  return event.seq;
}

/** Segments on which nothing is known have no rows. */
function saysSomething({ value, possible, disputed }: Segment): boolean {
  return value !== 'unknown' || possible.length > 0 || disputed;
}

/** All segments of a list are of one axis, and there is one at least. */
function putAxis(
  axes: Map<string, readonly Segment[]>,
  [first]: readonly Segment[],
  segments: readonly Segment[],
): void {
  if (first !== undefined) axes.set(axisKey(first), segments);
}

function prepare({
  db,
}: ViewFile): Record<
  'segmentsOf' | 'addSegment' | 'closeSegment' | 'addChange' | 'presentChanges' | 'changesBy' | 'idOf',
  StatementSync
> {
  return {
    segmentsOf: db.prepare(`SELECT row, known_from, ${SEGMENT} FROM segments WHERE sid = ? AND known_to = ?`),
    addSegment: db.prepare(`INSERT INTO segments VALUES (NULL, ${Array(22).fill('?').join(', ')})`),
    closeSegment: db.prepare('UPDATE segments SET known_to = ? WHERE row = ?'),
    addChange: db.prepare(`INSERT INTO changes VALUES (${Array(23).fill('?').join(', ')})`),
    presentChanges: db.prepare(
      "SELECT seq, n, day, axis, case_id, key FROM changes WHERE sid = ? AND kind NOT IN ('history', 'visibility') ORDER BY seq, n",
    ),
    changesBy: db.prepare(
      `SELECT c.seq, c.n, c.day, c.axis, c.case_id, c.key FROM changes c JOIN events e ON e.seq = c.seq
       WHERE c.sid = ? AND (e.id = ? OR (e.type = 'FactVerified' AND e.data ->> 'fact' = ?)) ORDER BY c.seq, c.n`,
    ),
    idOf: db.prepare('SELECT id FROM events WHERE seq = ?'),
  };
}
