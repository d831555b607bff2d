/** Goes through two tables side by side, in the order of their keys, and finds the rows that are not alike. */
import type { DatabaseSync } from 'node:sqlite';
import type { ComparedTable } from './tables.js';

export type Value = string | number | null | Uint8Array;
export type Row = readonly Value[];

export interface RowDifference {
  readonly finding: 'missing' | 'extra' | 'differs';
  /** The served one; where it is missing, the one that it should be. */
  readonly row: Row;
  /** Which columns differ. */
  readonly columns: readonly string[];
}

/** Rows with the same key. */
interface Group {
  readonly key: Row;
  readonly rows: Row[];
}

export interface Step {
  /** How many rows of the table as it should be were gone through. */
  readonly rows: number;
  readonly found: readonly RowDifference[];
}

/** In steps: a few thousand rows each. */
export function* compareTable(
  table: ComparedTable,
  { served, fresh }: { readonly served: DatabaseSync; readonly fresh: DatabaseSync },
  counts: (row: Row) => boolean,
): Generator<Step, void, undefined> {
  const [is, should] = [groupsOf(served, table, counts), groupsOf(fresh, table, counts)];
  let [one, other] = [is.next(), should.next()];
  let rows = 0;
  let found: RowDifference[] = [];
  while (one.done !== true || other.done !== true) {
    const order = one.done === true ? 1 : other.done === true ? -1 : compareRows(one.value.key, other.value.key);
    if (order < 0 && one.done !== true && !table.mayHaveMore) found.push(...one.value.rows.map(lone('extra')));
    if (order > 0 && other.done !== true) found.push(...other.value.rows.map(lone('missing')));
    if (order === 0 && one.done !== true && other.done !== true)
      found.push(...compareGroups(table, one.value.rows, other.value.rows));
    if (order >= 0 && other.done !== true) rows += other.value.rows.length;
    if (order <= 0) one = is.next();
    if (order >= 0) other = should.next();
    if (rows < ROWS_PER_STEP && found.length < FOUND_PER_STEP) continue;
    yield { rows, found };
    rows = 0;
    found = [];
  }
  yield { rows, found };
}

const ROWS_PER_STEP = 5_000;
const FOUND_PER_STEP = 1_000;

function* groupsOf(
  db: DatabaseSync,
  { name, key, columns }: ComparedTable,
  counts: (row: Row) => boolean,
): Generator<Group, void, undefined> {
  const statement = db.prepare(`SELECT ${columns.map(quoted).join(', ')} FROM ${name} ORDER BY ${key.join(', ')}`);
  statement.setReturnArrays(true);
  let group: Group | undefined;
  for (const row of statement.iterate() as unknown as Iterable<Row>) {
    if (!counts(row)) continue;
    if (group?.key.every((value, index) => value === row[index]) === true) {
      group.rows.push(row);
      continue;
    }
    if (group !== undefined) yield group;
    group = { key: row.slice(0, key.length), rows: [row] };
  }
  if (group !== undefined) yield group;
}

function quoted(column: string): string {
  return `"${column}"`;
}

function lone(finding: 'missing' | 'extra'): (row: Row) => RowDifference {
  return (row) => ({ finding, row, columns: [] });
}

/** Rows of one key have no order of their own: those that are alike are put aside, what is left is compared in some order. */
function compareGroups(table: ComparedTable, is: readonly Row[], should: readonly Row[]): readonly RowDifference[] {
  const [first, second] = [is[0], should[0]];
  if (is.length === 1 && should.length === 1 && first !== undefined && second !== undefined)
    return compareRows(first, second) === 0 ? [] : [differing(table, first, second)];
  const [extra, missing] = withoutAlike([...is].sort(compareRows), [...should].sort(compareRows));
  const both = Math.min(extra.length, missing.length);
  return [
    ...extra.slice(0, both).map((row, index) => differing(table, row, missing[index] ?? row)),
    ...extra.slice(both).map(lone('extra')),
    ...missing.slice(both).map(lone('missing')),
  ];
}

function withoutAlike(some: readonly Row[], others: readonly Row[]): readonly [Row[], Row[]] {
  const [left, right]: [Row[], Row[]] = [[], []];
  let at = 0;
  for (const row of some) {
    let other = others[at];
    while (other !== undefined && compareRows(other, row) < 0) {
      right.push(other);
      other = others[++at];
    }
    if (other !== undefined && compareRows(other, row) === 0) at++;
    else left.push(row);
  }
  return [left, [...right, ...others.slice(at)]];
}

function differing({ columns }: ComparedTable, row: Row, other: Row): RowDifference {
  const differ = columns.filter((_, column) => compareValues(row[column], other[column]) !== 0);
  return { finding: 'differs', row, columns: differ };
}

/** As SQLite orders them. */
function compareRows(a: Row, b: Row): number {
  for (const [index, value] of a.entries()) {
    const order = compareValues(value, b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareValues(a: Value | undefined, b: Value | undefined): number {
  if (a === b) return 0;
  const [rankA, rankB] = [rank(a), rank(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(bytes(a), bytes(b));
}

/** Nothing comes before numbers, those before texts, and those before bytes. */
function rank(value: Value | undefined): number {
  if (value === null || value === undefined) return 0;
  return typeof value === 'number' ? 1 : typeof value === 'string' ? 2 : 3;
}

function bytes(value: Value | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(String(value));
}
