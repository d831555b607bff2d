/** What lists filter by and count: who answers what, and says what of itself, at the moment that a list is for. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Bits } from './bits.js';
import { type Column, GROUPED, type Grouped, type Hits, type ListIndex, noHits, numbersIn, put } from './list-index.js';
import type { SubjectCategory } from './shapes.js';

/** One who has a value in a field; at a case, under a key, in an organisation, or else at no place. */
export type TraitRow = readonly [value: string, sid: number, certain: 0 | 1, place: string];

export interface ListTraits {
  /** All of the kind. */
  readonly everyone: Bits;
  column(field: string): Column;
  /** By value, then by subject. Who has a value several times may come as often. */
  rows(field: string): Iterable<TraitRow>;
  rowsAt(place: string, field: string): Iterable<TraitRow>;
  withValue(field: string, value: string): Hits;
  /** Every value that anybody has in a field. */
  valuesOf(field: string): readonly string[];
  /** Who goes by this name, which is folded. */
  named(kind: SubjectCategory, name: string): readonly string[];
  /** Who may have a date of their own, such as statements have, within these days; certainly, where it is. */
  dated(kind: SubjectCategory, from: number, to: number): Hits;
}

/** As it is today, as known now: from the rows that are kept for it. */
export class PresentTraits implements ListTraits {
  constructor(
    private readonly statements: TraitStatements,
    private readonly index: ListIndex,
    private readonly day: number,
  ) {}

  get everyone(): Bits {
    return this.index.everyone;
  }

  column(field: string): Column {
    return this.index.column(field);
  }

  rows(field: string): Iterable<TraitRow> {
    return this.statements.ofField.all(field, this.day, this.day) as unknown as TraitRow[];
  }

  rowsAt(place: string, field: string): Iterable<TraitRow> {
    return this.statements.atPlace.all(place, field, this.day, this.day) as unknown as TraitRow[];
  }

  withValue(field: string, value: string): Hits {
    const hits = noHits();
    const row = this.statements.ofValue.get(field, value, this.day, this.day) as unknown as Grouped;
    for (const sid of numbersIn(row[1])) put(hits, sid, true);
    for (const sid of numbersIn(row[2])) put(hits, sid, false);
    return hits;
  }

  valuesOf(field: string): readonly string[] {
    return (this.statements.valuesOf.all(field) as unknown as [string][]).map(([value]) => value);
  }

  named(kind: SubjectCategory, name: string): readonly string[] {
    return (this.statements.named.all(kind, name) as unknown as [string][]).map(([id]) => id);
  }

  dated(kind: SubjectCategory, from: number, to: number): Hits {
    const hits = noHits();
    const rows = this.statements.dated.all(kind, to, from) as unknown as [number, number, number][];
    for (const [sid, first, last] of rows) put(hits, sid, from <= first && last <= to);
    return hits;
  }
}

export type TraitStatements = Readonly<
  Record<'ofField' | 'ofValue' | 'atPlace' | 'valuesOf' | 'named' | 'dated', StatementSync>
>;

export function traitStatements(db: DatabaseSync): TraitStatements {
  const TODAY = 'valid_from <= ? AND valid_to >= ?';
  const statements = {
    ofField: db.prepare(
      `SELECT value, sid, certain, place FROM traits WHERE field = ? AND ${TODAY} ORDER BY value, sid`,
    ),
    ofValue: db.prepare(`SELECT value, ${GROUPED} FROM traits WHERE field = ? AND value = ? AND ${TODAY}`),
    atPlace: db.prepare(
      `SELECT value, sid, certain, place FROM traits INDEXED BY traits_place
       WHERE place = ? AND place NOT IN ('', 'only') AND field = ? AND ${TODAY}`,
    ),
    // Leaps from one value to the next instead of passing all rows.
    valuesOf: db.prepare(
      `WITH RECURSIVE found (value) AS (
         SELECT min(value) FROM traits WHERE field = ?1
         UNION ALL
         SELECT (SELECT min(value) FROM traits WHERE field = ?1 AND value > found.value) FROM found
         WHERE found.value IS NOT NULL)
       SELECT value FROM found WHERE value IS NOT NULL`,
    ),
    named: db.prepare('SELECT id FROM subjects WHERE kind = ? AND sort = ?'),
    dated: db.prepare(
      'SELECT sid, date_from, date_to FROM subjects WHERE kind = ? AND date_from <= ? AND date_to >= ?',
    ),
  };
  for (const statement of Object.values(statements)) statement.setReturnArrays(true);
  return statements;
}
