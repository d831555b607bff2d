/**
 * The rows that lists are answered from: the traits of each subject, when it last changed, the days that it speaks of.
 * They follow from the segments and from the subject's own events, so they are written for a subject once for all
 * events of one commit; and of a file that nobody reads yet, all at once before it is first served.
 */
import type { StatementSync } from 'node:sqlite';
import { type DayBounds, recordingDay } from '#kernel';
import { STILL_KNOWN } from './schema.js';
import { ANSWER, type AnswerColumns, answerOf, bounded, type SegmentColumns } from './segment-columns.js';
import type { Subject } from './subject.js';
import { datesOf, ownTraits, type Trait, traitsOfAnswer } from './traits.js';
import type { ViewFile } from './view-file.js';

/** The last event that changed something of a subject. */
interface Touch {
  readonly seq: number;
  /** Known time, in milliseconds. */
  readonly known: number;
  /** It has answers. */
  readonly answers: boolean;
  /** What it says of itself, which only its own events change. */
  readonly own: readonly Trait[];
  readonly dates: DayBounds | undefined;
}

export class ListRows {
  private readonly statements: ReturnType<typeof prepare>;
  private readonly touched = new Map<number, Touch>();

  constructor(private readonly file: ViewFile) {
    this.statements = prepare(file);
  }

  /** An event of the subject was taken in, or one of another subject changed its answers. */
  touch(subject: Subject, seq: number, known: number): void {
    const { ref, kind } = subject;
    this.touched.set(ref.sid, {
      seq,
      known,
      answers: kind === 'person' || kind === 'group',
      own: ownTraits(subject),
      dates: datesOf(subject),
    });
  }

  /** Writes the rows of all subjects, of a file that has none yet. Until {@link filled} is called it may be done again. */
  fill(): void {
    if (this.file.isWhole) {
      this.flush();
      return;
    }
    this.file.begin();
    this.statements.empty.run();
    this.writeTouched((sid, traits) => {
      for (const trait of traits.values()) this.put(sid, trait);
    });
  }

  /** What {@link fill} wrote stands. */
  filled(): void {
    this.touched.clear();
  }

  /** Writes the rows of all subjects that were touched. To be called before each commit. */
  flush(): void {
    if (!this.file.isWhole || this.touched.size === 0) return;
    this.file.begin();
    this.writeTouched((sid, traits) => {
      this.replace(sid, traits);
    });
    this.touched.clear();
  }

  private writeTouched(write: (sid: number, traits: ReadonlyMap<string, Trait>) => void): void {
    // In the order of the rows: many at once are written much faster so.
    for (const sid of [...this.touched.keys()].sort((a, b) => a - b)) {
      const touch = this.touched.get(sid);
      if (touch === undefined) continue;
      // What was touched by an event that was taken back is touched again when that comes.
      if (!this.update(sid, touch)) continue;
      const { own, answers, known } = touch;
      write(sid, byKey(answers ? [...own, ...this.answersOf(sid, known)] : own));
    }
  }

  /** @returns false for a subject that has no row */
  private update(sid: number, { seq, dates }: Touch): boolean {
    const { changes } =
      dates === undefined
        ? this.statements.changed.run(seq, sid)
        : this.statements.dated.run(seq, bounded(dates.earliest), bounded(dates.latest), sid);
    return changes === 1;
  }

  /** Answers about days that were past when the subject last changed are no trait: lists say the present. */
  private answersOf(sid: number, known: number): Trait[] {
    const day = recordingDay(new Date(known));
    const rows = this.statements.answersOf.all(sid, STILL_KNOWN, day - DAYS_BACK) as unknown as SegmentRow[];
    return rows.flatMap((row) => traitsOfAnswer(answerOf(row), row.valid_from, row.valid_to));
  }

  private replace(sid: number, traits: ReadonlyMap<string, Trait>): void {
    const rows = this.statements.traitsOf.all(sid) as unknown as TraitRow[];
    const old = new Map(rows.map((row) => [keyOf(row.field, row.value, row.place, row.valid_from), row]));
    for (const [key, trait] of traits) {
      const was = old.get(key);
      old.delete(key);
      if (was?.valid_to !== trait.to || (was.certain === 1) !== trait.certain) this.put(sid, trait);
    }
    for (const { field, value, place, valid_from } of old.values())
      this.statements.drop.run(field, value, sid, place, valid_from);
  }

  private put(sid: number, { field, value, place, from, to, certain }: Trait): void {
    this.statements.put.run(field, value, sid, place, from, to, certain ? 1 : 0);
  }
}

/** Words that differ in accents only are one value: what either of them says. */
function byKey(traits: readonly Trait[]): ReadonlyMap<string, Trait> {
  const found = new Map<string, Trait>();
  for (const trait of traits) {
    const key = keyOf(trait.field, trait.value, trait.place, trait.from);
    const other = found.get(key) ?? trait;
    found.set(key, { ...trait, to: Math.max(trait.to, other.to), certain: trait.certain || other.certain });
  }
  return found;
}

function keyOf(field: string, value: string, place: string, from: number): string {
  return `${field}\n${place}\n${from}\n${value}`;
}

/** Room for clocks that are not quite right, and for the days that begin at different times around the world. */
const DAYS_BACK = 2;

type SegmentRow = AnswerColumns & Pick<SegmentColumns, 'valid_from' | 'valid_to'>;

interface TraitRow {
  readonly field: string;
  readonly value: string;
  readonly place: string;
  readonly valid_from: number;
  readonly valid_to: number;
  readonly certain: number;
}

function prepare({
  db,
}: ViewFile): Record<'empty' | 'answersOf' | 'traitsOf' | 'put' | 'drop' | 'changed' | 'dated', StatementSync> {
  return {
    empty: db.prepare('DELETE FROM traits'),
    answersOf: db.prepare(
      `SELECT ${ANSWER}, valid_from, valid_to FROM segments
       WHERE sid = ? AND known_to = ? AND valid_to >= ?`,
    ),
    traitsOf: db.prepare('SELECT field, value, place, valid_from, valid_to, certain FROM traits WHERE sid = ?'),
    put: db.prepare('INSERT OR REPLACE INTO traits VALUES (?, ?, ?, ?, ?, ?, ?)'),
    drop: db.prepare('DELETE FROM traits WHERE field = ? AND value = ? AND sid = ? AND place = ? AND valid_from = ?'),
    changed: db.prepare('UPDATE subjects SET updated = ? WHERE sid = ?'),
    dated: db.prepare('UPDATE subjects SET updated = ?, date_from = ?, date_to = ? WHERE sid = ?'),
  };
}
