/**
 * What was ever answered on one axis, of everybody, at hand as columns of numbers: on which days, and from which event of
 * the log up to which. Who answers what on any day, as known at any event, is one pass over them: of a hundred thousand
 * persons it takes milliseconds; no row is read from the file for it, and nothing folded. They are read when they are first
 * asked for, and then kept in step with the file: rows are only ever added, and ended.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Axis, vocabularyOf } from '#domain';
import { LRUCache } from 'lru-cache';
import { Bits } from './bits.js';
import { type Column, noHits, numbersIn, put } from './list-index.js';
import type { TraitRow } from './list-traits.js';
import { Numbered } from './numbered.js';
import { OPEN_END, OPEN_START, STILL_KNOWN } from './schema.js';
import { ANSWER, type AnswerColumns, answerOf } from './segment-columns.js';
import { traitsOfAnswer } from './traits.js';

/** What is asked about: a span of days, see schema.ts, as known at a seq. */
export interface DaysAsKnown {
  readonly from: number;
  readonly to: number;
  readonly seq: number;
}

/** What answers say of whoever has them; see traits.ts. */
interface TraitOfAxis {
  readonly value: string;
  /** The organisation of a role; of others left out: it is the case or the key that the answer belongs to. */
  readonly place: string | undefined;
}

interface EndedRow {
  readonly row: number;
  readonly known_to: number;
}

const NUMBERS = ['row', 'sid', 'valid_from', 'valid_to', 'known_from', 'known_to'];
const PLACE = "coalesce(case_id, key, '')";
/** What an answer says: of roles, which and where, is a detail of it. */
const SAYS =
  "value || certain || ifnull(possible, '') || ifnull(groups, '') || iif(axis = 'role', ifnull(detail, ''), '')";

/** Of the table, whatever the axis. */
const ROWS_AT_A_TIME = 20_000;
/** Somebody goes through the pages of one, or counts it in several ways. */
const MOMENTS_AT_HAND = 4;
/** Of what is still known: numbers of events, subjects and rows are held in 32 bits. */
const STILL = 0xffff_ffff;

export class AxisInTime {
  private readonly traits = new Numbered<TraitOfAxis>();
  /** Cases and keys. */
  private readonly places = new Numbered<string>();
  /** Few answers say different things. */
  private readonly answers = new Numbered<readonly { readonly trait: number; readonly certain: boolean }[]>();
  private readonly statements: Record<'last' | 'rows' | 'answer' | 'ended', StatementSync>;
  private columns = columnsOf(1_024);
  /** What was known at an event is not changed by those that come later. */
  private readonly found = new LRUCache<string, Column>({ max: MOMENTS_AT_HAND });
  private count = 0;
  private sids = 0;
  /** Up to which row the table was read, and the event that the file had come to when that began. */
  private row = 0;
  private seq = 0;

  constructor(
    db: DatabaseSync,
    private readonly axis: Axis,
    private readonly rowsAtATime = ROWS_AT_A_TIME,
  ) {
    this.statements = {
      last: db.prepare('SELECT ifnull(max(row), 0) AS row FROM segments'),
      // Columns as JSON are read in half of the time that as many rows take through the driver.
      rows: db.prepare(
        `SELECT ${[...NUMBERS, SAYS, PLACE].map((column) => `json_group_array(${column})`).join()}
         FROM (SELECT * FROM segments WHERE row > ? AND row <= ? AND axis = ? ORDER BY row)`,
      ),
      answer: db.prepare(`SELECT ${ANSWER} FROM segments WHERE row = ?`),
      ended: db.prepare(
        `SELECT g.row, g.known_to FROM subjects s JOIN segments g ON g.sid = s.sid AND g.known_to > ?1 AND g.known_to < ?2
         WHERE s.kind = ?3 AND s.updated > ?1 AND g.axis = ?4`,
      ),
    };
    this.statements.rows.setReturnArrays(true);
  }

  /** How many answers are at hand. */
  get size(): number {
    return this.count;
  }

  /**
   * Reads some of what it has not read yet.
   * @param seq the event that the file has come to, as the open transaction sees it
   * @returns whether there is more
   */
  read(seq: number): boolean {
    // What ends after this event is looked at again.
    if (this.row === 0) this.seq = seq;
    const last = Number(this.statements.last.get()?.row);
    const end = Math.min(last, this.row + this.rowsAtATime);
    this.add(this.statements.rows.get(this.row, end, this.axis) as unknown as string[]);
    this.row = end;
    return end < last;
  }

  /** Brings it in step with the file as the open transaction sees it. */
  follow(seq: number): void {
    while (this.read(seq));
    if (seq === this.seq) return;
    const { ended } = this.statements;
    const { subject: kind } = vocabularyOf(this.axis);
    const rows = ended.iterate(this.seq, STILL_KNOWN, kind, this.axis) as unknown as Iterable<EndedRow>;
    for (const { row, known_to: knownTo } of rows) this.columns.knownTo[this.indexOf(row)] = knownTo;
    this.seq = seq;
  }

  /** Who has which traits. Nobody may change it. */
  column(asked: DaysAsKnown): Column {
    const key = `${asked.from} ${asked.to} ${asked.seq}`;
    let column = this.found.get(key);
    if (column === undefined) this.found.set(key, (column = this.readColumn(asked)));
    return column;
  }

  private readColumn(asked: DaysAsKnown): Column {
    const any = new Bits();
    const values = new Map(this.traits.all.map(({ value }) => [value, noHits()]));
    // By the numbers of traits, which are looked up faster than names.
    const hits = this.traits.all.map(({ value }) => values.get(value));
    this.pass(asked, (trait, sid, certain) => {
      any.add(sid);
      const found = hits[trait];
      if (found !== undefined) put(found, sid, certain);
    });
    return { any, values };
  }

  /** The same as rows, in no order. */
  rows(asked: DaysAsKnown): TraitRow[] {
    const found: TraitRow[] = [];
    this.pass(asked, (trait, sid, certain, where) => {
      const { value = '', place = this.places.all[where] ?? '' } = this.traits.all[trait] ?? {};
      found.push([value, sid, certain ? 1 : 0, place]);
    });
    return found;
  }

  /** @param each called for each trait of each subject; of one that has it several times, as often */
  private pass(asked: DaysAsKnown, each: (trait: number, sid: number, certain: boolean, place: number) => void): void {
    const { sid, from, to, answer, place } = this.columns;
    const days = new CertainDays(asked.to - asked.from + 1, this.sids);
    for (const at of this.touching(asked)) {
      const covered = Math.min(to[at] ?? 0, asked.to) - Math.max(from[at] ?? 0, asked.from) + 1;
      const [who, where] = [sid[at] ?? 0, place[at] ?? 0];
      for (const { trait, certain } of this.answers.all[answer[at] ?? 0] ?? [])
        each(trait, who, certain && days.areAll(covered, trait, where, who), where);
    }
  }

  /** The answers on any of the days, as known then. */
  private touching({ from: first, to: last, seq }: DaysAsKnown): Uint32Array {
    const { from, to, knownFrom, knownTo } = this.columns;
    const found = new Uint32Array(this.count);
    let count = 0;
    for (let at = 0; at < this.count; at++) {
      found[count] = at;
      // Without a branch, since chance would have it: that takes a third of the time.
      const isTouched = +((from[at] ?? 0) <= last) & +((to[at] ?? 0) >= first);
      count += isTouched & +((knownFrom[at] ?? 0) <= seq) & +((knownTo[at] ?? 0) > seq);
    }
    return found.subarray(0, count);
  }

  /** @param read as JSON, column by column */
  private add(read: readonly string[]): void {
    const numbers = read.slice(0, NUMBERS.length).map(numbersIn);
    const [says = [], places = []] = read.slice(NUMBERS.length).map((json) => JSON.parse(json) as readonly string[]);
    const [rows = [], sids = [], from = [], to = [], knownFrom = [], knownTo = []] = numbers;
    const start = this.count;
    this.count += rows.length;
    if (this.count > this.columns.row.length) this.columns = columnsOf(Math.ceil(this.count * 1.25), this.columns);
    const { columns } = this;
    columns.row.set(rows, start);
    columns.sid.set(sids, start);
    columns.from.set(from, start);
    columns.to.set(to, start);
    columns.knownFrom.set(knownFrom, start);
    columns.knownTo.set(
      knownTo.map((seq) => Math.min(seq, STILL)),
      start,
    );
    columns.answer.set(
      says.map((text, index) => this.answerOf(text, rows[index] ?? 0)),
      start,
    );
    columns.place.set(
      places.map((place) => this.places.of(place, () => place)),
      start,
    );
    for (const sid of sids) this.sids = Math.max(this.sids, sid + 1);
  }

  /** @param says the same in all rows that say the same @param row one of them */
  private answerOf(says: string, row: number): number {
    return this.answers.of(says, () => {
      const answer = this.statements.answer.get(row) as unknown as AnswerColumns;
      return traitsOfAnswer(answerOf(answer), OPEN_START, OPEN_END).map(({ value, place, certain }) => {
        const made = { value, place: this.axis === 'role' ? place : undefined };
        return { trait: this.traits.of(`${value}\n${made.place ?? ''}`, () => made), certain };
      });
    });
  }

  /** Rows were read in the order of their numbers. */
  private indexOf(row: number): number {
    let [low, high] = [0, this.count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.columns.row[middle] ?? 0) < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Of each answer that there ever was. */
interface Columns {
  readonly row: Uint32Array;
  readonly sid: Uint32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly knownFrom: Uint32Array;
  readonly knownTo: Uint32Array;
  readonly answer: Uint32Array;
  readonly place: Uint32Array;
}

function columnsOf(length: number, old?: Columns): Columns {
  const made = {
    row: new Uint32Array(length),
    sid: new Uint32Array(length),
    from: new Int32Array(length),
    to: new Int32Array(length),
    knownFrom: new Uint32Array(length),
    knownTo: new Uint32Array(length),
    answer: new Uint32Array(length),
    place: new Uint32Array(length),
  };
  if (old !== undefined) for (const name of Object.keys(made) as (keyof Columns)[]) made[name].set(old[name]);
  return made;
}

/** Whether something certainly holds on every day of a span, where several answers may say so one after the other. */
class CertainDays {
  private readonly counts: Map<number, number>[] = [];

  /** @param sids more than any subject's number */
  constructor(
    private readonly all: number,
    private readonly sids: number,
  ) {}

  /** @param days on how many more days of the span a place of a subject certainly has the trait */
  areAll(days: number, trait: number, place: number, sid: number): boolean {
    if (days === this.all) return true;
    const counts = (this.counts[trait] ??= new Map<number, number>());
    // A number is looked up much faster than a text of the two.
    const key = place * this.sids + sid;
    const count = (counts.get(key) ?? 0) + days;
    counts.set(key, count);
    return count === this.all;
  }
}
