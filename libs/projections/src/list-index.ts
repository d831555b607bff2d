/**
 * What lists of one kind of subject filter by and count, at hand as sets of bits: who may answer what today, and who
 * certainly does. Read from the file when it is first asked for, then kept in step with it by the subjects that
 * changed since; read anew when the day turns.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Bits } from './bits.js';
import { ListTexts } from './list-texts.js';
import type { SubjectCategory } from './shapes.js';

/** Who meets a condition: at least possibly; and certainly, who are among the former. */
export interface Hits {
  readonly possible: Bits;
  readonly certain: Bits;
}

export interface Column {
  /** Anything is known of them in this field. */
  readonly any: Bits;
  readonly values: ReadonlyMap<string, Hits>;
}

export function noHits(): Hits {
  return { possible: new Bits(), certain: new Bits() };
}

export function put({ possible, certain }: Hits, sid: number, isCertain: boolean): void {
  possible.add(sid);
  if (isCertain) certain.add(sid);
}

/** A column that is being filled. */
export class ColumnDraft implements Column {
  readonly any = new Bits();
  readonly values = new Map<string, Hits>();

  add(value: string, sid: number, certain: boolean): void {
    let hits = this.values.get(value);
    if (hits === undefined) this.values.set(value, (hits = noHits()));
    this.any.add(sid);
    put(hits, sid, certain);
  }

  forget(sid: number): void {
    this.any.delete(sid);
    for (const { possible, certain } of this.values.values()) {
      possible.delete(sid);
      certain.delete(sid);
    }
  }
}

/**
 * The numbers of a value's subjects, those that certainly have it and the others, each as one JSON text: SQLite writes
 * and V8 reads a hundred thousand of them in a third of the time that as many rows take through the driver.
 */
export const GROUPED =
  'json_group_array(sid) FILTER (WHERE certain = 1), json_group_array(sid) FILTER (WHERE certain = 0)';
export type Grouped = readonly [value: string, certain: string, possible: string];

export function numbersIn(json: string): readonly number[] {
  return JSON.parse(json) as readonly number[];
}

type Cells = readonly [field: string, value: string, sid: number, certain: number];

export class ListIndex {
  readonly everyone = new Bits();
  /** In the order in which they were entered: each with the event that did. */
  private readonly entered: { readonly sids: number[]; readonly seqs: number[] } = { sids: [], seqs: [] };
  private readonly columns = new Map<string, ColumnDraft>();
  private readonly statements: Record<'moved' | 'entered' | 'ofField' | 'ofSubject', StatementSync>;
  private readonly texts: ListTexts;
  private seq = -1;
  private day = NaN;
  private total = 0;

  constructor(
    db: DatabaseSync,
    private readonly kind: SubjectCategory,
  ) {
    this.texts = new ListTexts(db, kind);
    this.statements = {
      moved: db.prepare('SELECT json_group_array(sid) FROM subjects WHERE kind = ? AND updated > ?'),
      entered: db.prepare(
        `SELECT json_group_array(sid), json_group_array(entered)
         FROM (SELECT sid, entered FROM subjects WHERE kind = ? AND entered > ? ORDER BY entered)`,
      ),
      ofField: db.prepare(
        `SELECT value, ${GROUPED} FROM traits WHERE field = ? AND valid_from <= ? AND valid_to >= ? GROUP BY value`,
      ),
      ofSubject: db.prepare(
        'SELECT field, value, sid, certain FROM traits WHERE sid = ? AND valid_from <= ? AND valid_to >= ?',
      ),
    };
    for (const statement of Object.values(this.statements)) statement.setReturnArrays(true);
  }

  /** How many there are of the kind. */
  get size(): number {
    return this.total;
  }

  /** Brings it in step with the file as the open transaction sees it. */
  follow(seq: number, day: number): void {
    if (day !== this.day) this.columns.clear();
    this.day = day;
    if (seq === this.seq) return;
    const [json] = this.statements.moved.get(this.kind, this.seq) as unknown as [string];
    const moved = numbersIn(json);
    this.seq = seq;
    if (moved.length === 0) return;
    for (const sid of moved) this.everyone.add(sid);
    this.texts.forget(moved);
    this.total = this.everyone.count();
    // Reading columns anew is cheaper than mending most of them.
    if (moved.length * 4 > this.total) this.columns.clear();
    else if (this.columns.size > 0) for (const sid of moved) this.mend(sid);
  }

  /** Everyone who was entered by this event. */
  enteredBy(seq: number): Bits {
    const { sids, seqs } = this.entered;
    const found = this.statements.entered.get(this.kind, seqs.at(-1) ?? 0) as unknown as readonly [string, string];
    for (const sid of numbersIn(found[0])) sids.push(sid);
    for (const one of numbersIn(found[1])) seqs.push(one);
    const later = seqs.findIndex((one) => one > seq);
    return Bits.of(later < 0 ? sids : sids.slice(0, later));
  }

  column(field: string): Column {
    let column = this.columns.get(field);
    if (column === undefined) {
      column = new ColumnDraft();
      const rows = this.statements.ofField.all(field, this.day, this.day) as unknown as readonly Grouped[];
      for (const [value, certain, possible] of rows) {
        for (const sid of numbersIn(certain)) column.add(value, sid, true);
        for (const sid of numbersIn(possible)) column.add(value, sid, false);
      }
      this.columns.set(field, column);
    }
    return column;
  }

  /** Whose names, titles or words hold this, which is folded. */
  matching(folded: string): Bits {
    return this.texts.matching(folded);
  }

  private mend(sid: number): void {
    for (const column of this.columns.values()) column.forget(sid);
    const rows = this.statements.ofSubject.all(sid, this.day, this.day) as unknown as Cells[];
    for (const [field, value, , certain] of rows) this.columns.get(field)?.add(value, sid, certain === 1);
  }
}
