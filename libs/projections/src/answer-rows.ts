/**
 * What the record answers of each subject, as rows: segments with the days on which they hold and the seqs at which
 * the record gave them, and the status changes between one event and the next. Only what differs is written.
 */
import type { StatementSync } from 'node:sqlite';
import type { AxisRef, Segment } from '#domain';
import { type Day, dayOf, recordingDay } from '#kernel';
import { type AxisChange, axisChange, axisKey, changeKind, sameAnswer, sameAnswers } from './changes.js';
import { daysView } from './days.js';
import { FOLD_VERSION, OPEN_END, OPEN_START, STILL_KNOWN } from './schema.js';
import type { StatusChange } from './shapes.js';
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
  readonly before: readonly StoredSegment[];
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

/** The change by which the record began to give an axis's present answer, and the day (UTC) on which it became known. */
interface PresentChange {
  readonly id: string;
  readonly day: Day;
}

/** What stands in the rows of one subject, by axis. */
interface Stored {
  /** The lists of segments that it was written from, as long as they are known: what is still the same need not be compared. */
  axes: readonly (readonly Segment[])[];
  readonly segments: Map<string, readonly StoredSegment[]>;
  /** Those that may not be written yet: most are replaced by the next events, and then are written once, with their end. */
  readonly fresh: Set<StoredSegment>;
  readonly present: Map<string, PresentChange>;
}

const NOTHING: readonly Segment[] = [];
const NO_ROWS: readonly StoredSegment[] = [];
const NO_CHANGES: readonly ChangedAxis[] = [];

export class AnswerRows {
  private readonly statements: ReturnType<typeof prepare>;
  private stored = new WeakMap<Subject, Stored>();

  constructor(file: ViewFile) {
    this.statements = prepare(file);
  }

  /** To be called for a subject whose first event is being taken in: it has no rows. */
  enter(subject: Subject): void {
    this.stored.set(subject, { axes: [], segments: new Map(), fresh: new Set(), present: new Map() });
  }

  forget(): void {
    this.stored = new WeakMap();
  }

  /** What the subject's answers now differ in from the rows. Writes nothing. */
  compare(subject: Subject, known: number): readonly ChangedAxis[] {
    const { axes, segments } = this.storedOf(subject);
    const now = subject.axes();
    const after = new Map<string, readonly Segment[]>();
    for (const list of axes) if (!now.includes(list)) putAxis(after, list, NOTHING);
    for (const list of now) if (!axes.includes(list)) putAxis(after, list, list.filter(saysSomething));
    // Of rows that were read from the file it is not known what they were written from.
    if (axes.length === 0) for (const key of segments.keys()) if (!after.has(key)) after.set(key, NOTHING);
    if (after.size === 0) return NO_CHANGES;
    const day = recordingDay(new Date(known));
    const changed: ChangedAxis[] = [];
    for (const key of [...after.keys()].sort()) {
      const was = segments.get(key) ?? NO_ROWS;
      const is = after.get(key) ?? NOTHING;
      const before = was.map(({ segment }) => segment);
      if (sameAnswers(before, is)) continue;
      changed.push({ key, before: was, after: is, change: axisChange(before, is, day) });
    }
    return changed;
  }

  /** Writes what {@link compare} found. @param n the number of the first status change */
  write(subject: Subject, changed: readonly ChangedAxis[], cause: Cause, n: number): readonly StatusChange[] {
    const stored = this.storedOf(subject);
    const changes: StatusChange[] = [];
    stored.axes = subject.axes();
    for (const { key, before, after, change } of changed) {
      if (change !== undefined) changes.push(this.writeChange(subject, stored, key, change, cause, n + changes.length));
      const kept = this.replaceSegments(subject, stored, before, after, cause.seq);
      if (kept.length > 0) stored.segments.set(key, kept);
      else stored.segments.delete(key);
    }
    return changes;
  }

  /** Writes what {@link write} left for later. To be called before others read the rows. */
  flush(subject: Subject): void {
    const { fresh } = this.storedOf(subject);
    for (const one of fresh) one.row = this.addSegment(subject, one, STILL_KNOWN);
    fresh.clear();
  }

  private replaceSegments(
    subject: Subject,
    { fresh }: Stored,
    before: readonly StoredSegment[],
    after: readonly Segment[],
    seq: number,
  ): readonly StoredSegment[] {
    const left = new Set(before);
    const kept = after.map((segment): StoredSegment => {
      for (const one of left) {
        if (!sameAnswer(one.segment, segment)) continue;
        left.delete(one);
        return one;
      }
      const made = { segment, from: seq, row: undefined };
      fresh.add(made);
      return made;
    });
    for (const one of left) {
      if (one.row !== undefined) this.statements.closeSegment.run(seq, one.row);
      else this.addSegment(subject, one, seq);
      fresh.delete(one);
    }
    return kept;
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
      JSON.stringify(segment),
    );
    return Number(lastInsertRowid);
  }

  private writeChange(
    subject: Subject,
    { present }: Stored,
    key: string,
    change: AxisChange,
    cause: Cause,
    n: number,
  ): StatusChange {
    const { ref, from, to, past } = change;
    const { seq } = cause;
    const day = dayOf(new Date(cause.known));
    const replaced = present.get(key);
    const kind = changeKind(change, cause.type, day, replaced?.day);
    const corrects = this.changeOfFact(subject, key, cause) ?? (kind === 'backdated' ? replaced?.id : undefined);
    const status: StatusChange = {
      id: changeId(seq, n),
      seq,
      subject: { kind: subject.kind === 'group' ? 'group' : 'person', id: subject.id },
      ...ref,
      from,
      to,
      ...(to.since !== undefined && { since: to.since }),
      kind,
      cause: { event: cause.id, type: cause.type },
      ...(corrects !== undefined && { corrects }),
      ...(past !== undefined && { days: daysView({ earliest: past.from, latest: past.to }) }),
    };
    const { axis, case: inCase, key: axisOwnKey } = ref;
    this.statements.addChange.run(
      seq,
      n,
      subject.ref.sid,
      axis,
      inCase ?? null,
      axisOwnKey ?? null,
      kind,
      day,
      cause.id,
      JSON.stringify(status),
    );
    if (kind !== 'history') present.set(key, { id: status.id, day });
    return status;
  }

  /** The change that was caused by the fact that this event takes back, mends or disputes. */
  private changeOfFact(subject: Subject, key: string, { data: { fact } }: Cause): string | undefined {
    if (typeof fact !== 'string') return undefined;
    const rows = this.statements.changesBy.all(subject.ref.sid, fact) as unknown as ChangeRow[];
    const found = rows.findLast((row) => axisKey(refOf(row)) === key);
    return found === undefined ? undefined : changeId(found.seq, found.n);
  }

  private storedOf(subject: Subject): Stored {
    let found = this.stored.get(subject);
    if (found === undefined) {
      found = this.load(subject.ref.sid);
      this.stored.set(subject, found);
    }
    return found;
  }

  private load(sid: number): Stored {
    const rows = this.statements.segmentsOf.all(sid, STILL_KNOWN) as unknown as SegmentRow[];
    const segments = new Map<string, StoredSegment[]>();
    for (const { row, known_from: from, answer } of rows) {
      const segment = readSegment(answer);
      const key = axisKey(segment);
      segments.set(key, [...(segments.get(key) ?? []), { segment, from, row }]);
    }
    // Rows of one axis were not all written at the same event: in order of their days, as the engine gives them.
    for (const list of segments.values()) list.sort((a, b) => a.segment.from - b.segment.from);
    const changes = this.statements.presentChanges.all(sid) as unknown as ChangeRow[];
    const present = new Map(
      changes.map((row) => [axisKey(refOf(row)), { id: changeId(row.seq, row.n), day: row.day }]),
    );
    return { axes: [], segments, fresh: new Set(), present };
  }
}

interface SegmentRow {
  readonly row: number;
  readonly known_from: number;
  readonly answer: string;
}

interface ChangeRow {
  readonly seq: number;
  readonly n: number;
  readonly day: Day;
  readonly axis: Segment['axis'];
  readonly case_id: string | null;
  readonly key: string | null;
}

function refOf({ axis, case_id, key }: ChangeRow): AxisRef {
  return { axis, ...(case_id !== null && { case: case_id }), ...(key !== null && { key }) };
}

function changeId(seq: number, n: number): string {
  return `f${FOLD_VERSION}-${seq}.${n}`;
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

function bounded(day: Day): number {
  return Math.min(Math.max(day, OPEN_START), OPEN_END);
}

/** A segment as it stands in its row: JSON has no infinity, so open days are null. */
type WrittenSegment = Omit<Segment, 'from' | 'to' | 'sinceBounds'> & {
  readonly from: Day | null;
  readonly to: Day | null;
  readonly sinceBounds: { readonly earliest: Day | null; readonly latest: Day | null };
};

function readSegment(answer: string): Segment {
  const { from, to, sinceBounds, ...rest } = JSON.parse(answer) as WrittenSegment;
  return {
    ...rest,
    from: from ?? -Infinity,
    to: to ?? Infinity,
    sinceBounds: { earliest: sinceBounds.earliest ?? -Infinity, latest: sinceBounds.latest ?? Infinity },
  };
}

function prepare({
  db,
}: ViewFile): Record<
  'segmentsOf' | 'addSegment' | 'closeSegment' | 'addChange' | 'presentChanges' | 'changesBy',
  StatementSync
> {
  return {
    segmentsOf: db.prepare('SELECT row, known_from, answer FROM segments WHERE sid = ? AND known_to = ?'),
    addSegment: db.prepare('INSERT INTO segments VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    closeSegment: db.prepare('UPDATE segments SET known_to = ? WHERE row = ?'),
    addChange: db.prepare('INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    presentChanges: db.prepare(
      "SELECT seq, n, day, axis, case_id, key FROM changes WHERE sid = ? AND kind <> 'history' ORDER BY seq, n",
    ),
    changesBy: db.prepare(
      'SELECT seq, n, day, axis, case_id, key FROM changes WHERE sid = ? AND cause = ? ORDER BY seq, n',
    ),
  };
}
