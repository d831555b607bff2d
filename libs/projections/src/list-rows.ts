/**
 * The rows that lists are answered from: the traits of each subject, when it last changed, the days that it speaks of.
 * They follow from the segments and from the subject's own events, so they are written for a subject once for all
 * events of one commit; and in a file that nobody reads yet, once for all of them.
 */
import type { StatementSync } from 'node:sqlite';
import { recordingDay } from '#kernel';
import type { Knowledge } from './knowledge.js';
import { OPEN_END, OPEN_START, STILL_KNOWN } from './schema.js';
import type { SubjectCategory } from './shapes.js';
import type { Subject } from './subject.js';
import { type AnswerOnDays, datesOf, JUDGED, ownTraits, type Trait, traitsOfAnswer } from './traits.js';
import type { ViewFile } from './view-file.js';

/** The last event that changed something of a subject. */
interface Touch {
  readonly seq: number;
  /** Known time, in milliseconds. */
  readonly known: number;
  /** Somebody judged who the person is: there may be another one that is the same. */
  readonly isJudged: boolean;
}

export class ListRows {
  private readonly statements: ReturnType<typeof prepare>;
  private readonly touched = new Map<number, Touch>();
  private served: boolean;

  constructor(
    private readonly file: ViewFile,
    private readonly knowledge: Knowledge,
  ) {
    this.statements = prepare(file);
    this.served = file.checkpoint.seq > 0;
  }

  /** An event of the subject was taken in, or one of another subject changed its answers. */
  touch({ ref: { sid }, isJudged }: Subject, seq: number, known: number): void {
    this.touched.set(sid, { seq, known, isJudged });
  }

  /** From now on somebody may read the file. */
  serve(): void {
    this.served = true;
  }

  /** Writes the rows of all subjects that were touched. To be called before each commit. */
  flush(): void {
    if (!this.served || this.touched.size === 0) return;
    this.file.begin();
    // In the order of the rows: many at once are written much faster so.
    for (const sid of [...this.touched.keys()].sort((a, b) => a - b)) this.write(sid, this.touched.get(sid));
    this.touched.clear();
  }

  private write(sid: number, touch: Touch | undefined): void {
    const row = this.statements.kindOf.get(sid) as unknown as { kind: SubjectCategory } | undefined;
    // What was touched by an event that was taken back is touched again when that comes.
    if (row === undefined || touch === undefined) return;
    const subject = row.kind === 'person' ? undefined : this.knowledge.bySid(sid);
    const own = subject === undefined ? [] : ownTraits(subject);
    const answers = row.kind === 'person' || row.kind === 'group' ? this.answersOf(sid, touch.known) : [];
    this.replace(sid, [...own, ...answers, ...(touch.isJudged ? [JUDGED] : [])]);
    const dates = subject === undefined ? undefined : datesOf(subject);
    if (dates === undefined) this.statements.changed.run(touch.seq, sid);
    else {
      const { earliest, latest } = dates;
      this.statements.dated.run(touch.seq, Math.max(earliest, OPEN_START), Math.min(latest, OPEN_END), sid);
    }
  }

  /** Answers about days that were past when the subject last changed are no trait: lists say the present. */
  private answersOf(sid: number, known: number): Trait[] {
    const day = recordingDay(new Date(known));
    const rows = this.statements.answersOf.all(sid, STILL_KNOWN, day - DAYS_BACK) as unknown as SegmentRow[];
    return rows.flatMap((row) => traitsOfAnswer(JSON.parse(row.answer) as AnswerOnDays, row.valid_from, row.valid_to));
  }

  private replace(sid: number, traits: readonly Trait[]): void {
    const rows = this.statements.traitsOf.all(sid) as unknown as TraitRow[];
    const old = new Map(rows.map((row) => [keyOf(row.field, row.value, row.place, row.valid_from), row]));
    for (const [key, { field, value, place, from, to, certain }] of byKey(traits)) {
      const was = old.get(key);
      old.delete(key);
      if (was?.valid_to === to && (was.certain === 1) === certain) continue;
      this.statements.put.run(field, value, sid, place, from, to, certain ? 1 : 0);
    }
    for (const { field, value, place, valid_from } of old.values())
      this.statements.drop.run(field, value, sid, place, valid_from);
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

function keyOf(...parts: readonly [field: string, value: string, place: string, from: number]): string {
  return JSON.stringify(parts);
}

/** Room for clocks that are not quite right, and for the days that begin at different times around the world. */
const DAYS_BACK = 2;

interface SegmentRow {
  readonly valid_from: number;
  readonly valid_to: number;
  readonly answer: string;
}

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
}: ViewFile): Record<'kindOf' | 'answersOf' | 'traitsOf' | 'put' | 'drop' | 'changed' | 'dated', StatementSync> {
  return {
    kindOf: db.prepare('SELECT kind FROM subjects WHERE sid = ?'),
    answersOf: db.prepare(
      'SELECT valid_from, valid_to, answer FROM segments WHERE sid = ? AND known_to = ? AND valid_to >= ?',
    ),
    traitsOf: db.prepare('SELECT field, value, place, valid_from, valid_to, certain FROM traits WHERE sid = ?'),
    put: db.prepare('INSERT OR REPLACE INTO traits VALUES (?, ?, ?, ?, ?, ?, ?)'),
    drop: db.prepare('DELETE FROM traits WHERE field = ? AND value = ? AND sid = ? AND place = ? AND valid_from = ?'),
    changed: db.prepare('UPDATE subjects SET updated = ? WHERE sid = ?'),
    dated: db.prepare('UPDATE subjects SET updated = ?, date_from = ?, date_to = ? WHERE sid = ?'),
  };
}
