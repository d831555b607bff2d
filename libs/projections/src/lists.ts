/**
 * Lists of subjects: who meets all conditions, in which order, counted by what they answer. Which subjects those are
 * is worked out over sets of bits (list-index.ts); the page is then fetched by the index of its order. Nothing is put
 * in between pages by what is entered meanwhile.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type DayBounds, isId, ok, type Refusal, type Result } from '#kernel';
import { Bits } from './bits.js';
import { type CursorParts, readCursor, writeCursor } from './cursors.js';
import type { ListFilter } from './filters.js';
import { foldText } from './fold-text.js';
import {
  type Column,
  ColumnDraft,
  GROUPED,
  type Grouped,
  type Hits,
  ListIndex,
  noHits,
  numbersIn,
} from './list-index.js';
import { type CheckedQuery, type Condition, splitAnswer } from './list-query.js';
import type { SubjectRow } from './records.js';
import { OPEN_END, OPEN_START } from './schema.js';
import type { FacetValue, FacetView, ListItem, ListPage, SubjectCategory } from './shapes.js';
import { byName, foldedWords, JUDGED } from './traits.js';

/** Values of a facet that has no fixed vocabulary. */
const MOST_FACET_VALUES = 100;

/** What only documents know. */
export interface Lookups {
  /** The line of a subject whose document does not stand ready. */
  readonly itemOf: (row: SubjectRow) => ListItem;
  /** Who has a part in a case, and the id that it goes by together with those that were joined to it. */
  readonly personsOfCase: (id: string) => { readonly place: string; readonly persons: readonly number[] };
  /** A person with whoever was judged to be the same; of anybody else, the one alone. By sid, and by id. */
  readonly selvesOf: (sid: number) => readonly number[];
  readonly idsOfSame: (id: string) => readonly string[];
  /** The cases in which a person has a part. */
  readonly casesOfPerson: (id: string) => readonly number[];
}

export interface Snapshot {
  readonly seq: number;
  /** The day that the answers are for. */
  readonly day: number;
}

interface ListRow extends SubjectRow {
  readonly item: string | null;
}

/** Where a page ended. */
interface Place {
  readonly sid: number;
  /** Of orders by number: what it was ordered by. Names are not put into cursors: those stand in addresses. */
  readonly key?: number;
}

function placeOf([sid, key]: CursorParts): Place {
  return { sid: Number(sid), ...(key !== undefined && { key: Number(key) }) };
}

type Conditions = ReadonlyMap<string, Condition>;

export class Lists {
  private readonly statements: ReturnType<typeof prepare>;
  private readonly orders = new Map<string, StatementSync>();
  private readonly indexes = new Map<SubjectCategory, ListIndex>();

  constructor(private readonly db: DatabaseSync) {
    this.statements = prepare(db);
  }

  page(query: CheckedQuery, snapshot: Snapshot, lookups: Lookups): Result<Omit<ListPage, 'asOf'>, Refusal> {
    const log = String(this.statements.logId.get()?.log_id ?? '');
    const cursors = { list: query.digest, log };
    const ended = query.cursor === undefined ? ok(undefined) : readCursor(query.cursor, cursors);
    if (!ended.ok) return ended;
    const after = ended.value === undefined ? undefined : placeOf(ended.value);
    const index = this.indexOf(query.kind);
    index.follow(snapshot.seq, snapshot.day);
    const search = new Search(this.statements, index, snapshot.day, query, lookups);
    const hits = narrowed(search.hits(query.conditions), query.certainty);
    const total = hits.possible.count();
    // One more than asked for tells whether there is another page.
    const places = this.places(query, hits.possible, total, index.size, after);
    const shown = places.slice(0, query.limit);
    const last = shown.at(-1);
    const certain = hits.possible.common(hits.certain);
    const filtered = query.conditions.size > 0;
    return ok({
      items: this.items(shown, snapshot.day, lookups).map((item, at) => {
        if (!filtered) return item;
        return { ...item, certainty: hits.certain.has(shown[at]?.sid ?? -1) ? 'certain' : 'possible' };
      }),
      ...(places.length > query.limit &&
        last !== undefined && {
          next: writeCursor(cursors, [last.sid, ...(last.key === undefined ? [] : [last.key])]),
        }),
      total,
      ...(filtered && { counts: { certain, possible: total - certain } }),
      ...(query.facets.length > 0 && {
        facets: Object.fromEntries(query.facets.map((facet) => [facet.name, search.facet(facet)])),
      }),
    });
  }

  private indexOf(kind: SubjectCategory): ListIndex {
    let index = this.indexes.get(kind);
    if (index === undefined) this.indexes.set(kind, (index = new ListIndex(this.db, kind)));
    return index;
  }

  private items(places: readonly Place[], day: number, { itemOf }: Lookups): ListItem[] {
    return places.flatMap(({ sid }) => {
      const row = this.statements.row.get(day, day, sid) as unknown as ListRow | undefined;
      if (row === undefined) return [];
      return [row.item === null ? itemOf(row) : (JSON.parse(row.item) as ListItem)];
    });
  }

  private places(
    { sort, descending, kind, limit }: CheckedQuery,
    hits: Bits,
    total: number,
    size: number,
    after: Place | undefined,
  ): readonly Place[] {
    if (sort === 'entered') return hits.next(after?.sid, descending, limit + 1).map((sid) => ({ sid }));
    const column = COLUMNS[sort] ?? 'sort';
    const key = after === undefined ? undefined : (after.key ?? this.keyOf(column, after.sid));
    const from = key ?? (column === 'sort' ? (descending ? LAST : '') : descending ? MOST : LEAST);
    const sid = after?.sid ?? (descending ? MOST : LEAST);
    const place = ([key, found]: [string | number, number]): Place =>
      typeof key === 'number' ? { sid: found, key } : { sid: found };
    // Few hits are looked up and put in order; of many, a walk through the order soon meets enough.
    if (total * total < (limit + 1) * size) {
      const few = this.order(column, descending, true);
      const rows = few.all(from, sid, JSON.stringify(hits.all()), limit + 1) as unknown as [string | number, number][];
      return rows.map(place);
    }
    const found: Place[] = [];
    const walk = this.order(column, descending, false).iterate(from, sid, kind);
    for (const row of walk as unknown as Iterable<[string | number, number]>) {
      if (hits.has(row[1])) found.push(place(row));
      if (found.length > limit) break;
    }
    return found;
  }

  private keyOf(column: string, sid: number): string | number {
    const row = this.db.prepare(`SELECT ${column} AS key FROM subjects WHERE sid = ?`).get(sid);
    return (row?.key ?? '') as string | number;
  }

  private order(column: string, descending: boolean, few: boolean): StatementSync {
    const name = `${column} ${String(descending)} ${String(few)}`;
    let statement = this.orders.get(name);
    if (statement === undefined) {
      const [beyond, way] = descending ? ['<', 'DESC'] : ['>', 'ASC'];
      const wanted = few
        ? `FROM json_each(?3) hits JOIN subjects s ON s.sid = hits.value WHERE`
        : `FROM subjects s WHERE s.kind = ?3 AND s.${column} IS NOT NULL AND`;
      statement = this.db.prepare(
        `SELECT s.${column}, s.sid ${wanted} (s.${column}, s.sid) ${beyond} (?1, ?2)
         ORDER BY s.${column} ${way}, s.sid ${way} ${few ? 'LIMIT ?4' : ''}`,
      );
      statement.setReturnArrays(true);
      this.orders.set(name, statement);
    }
    return statement;
  }
}

const COLUMNS: Readonly<Record<string, string>> = { name: 'sort', updated: 'updated', date: 'date_from' };
/** Before and behind every number and every name. */
const LEAST = -Number.MAX_SAFE_INTEGER;
const MOST = Number.MAX_SAFE_INTEGER;
const LAST = '\u{10ffff}\u{10ffff}';

function narrowed({ possible, certain }: Hits, certainty: CheckedQuery['certainty']): Hits {
  if (certainty === undefined) return { possible, certain };
  if (certainty === 'certain') return { possible: possible.copy().cut(certain), certain };
  return { possible: possible.copy().without(certain), certain: new Bits() };
}

type ValueRow = readonly [value: string, sid: number, certain: number];

/** One question to the index and the rows. */
class Search {
  private readonly found = new Map<string, Hits>();
  private readonly cases: { readonly place: string; readonly persons: readonly number[] }[];
  private readonly words: Bits | undefined;

  constructor(
    private readonly statements: ReturnType<typeof prepare>,
    private readonly index: ListIndex,
    private readonly day: number,
    private readonly query: CheckedQuery,
    private readonly lookups: Lookups,
  ) {
    const { values = [] } = query.conditions.get('case') ?? {};
    this.cases = values.map((id) => lookups.personsOfCase(id));
    // The one place where `q` is answered. All filters cut it.
    this.words = query.q === '' ? undefined : index.matching(foldText(query.q));
  }

  /** Who meets all of these conditions, and has the words that are searched for. */
  hits(conditions: Conditions): Hits {
    const possible = this.index.everyone.copy();
    if (this.words !== undefined) possible.cut(this.words);
    const certain = possible.copy();
    for (const condition of conditions.values()) {
      const hits = this.of(condition, conditions);
      possible.cut(hits.possible);
      certain.cut(hits.certain);
    }
    if (this.query.kind === 'person') this.keepOnce(possible, certain);
    return { possible, certain };
  }

  /** Of persons who were judged to be one, the first that was found: answers are given of all of them together. */
  private keepOnce(possible: Bits, certain: Bits): void {
    const shown = new Set<number>();
    for (const sid of this.index.column(JUDGED.field).any.copy().cut(possible).all()) {
      if (shown.has(sid)) {
        possible.delete(sid);
        certain.delete(sid);
      } else for (const self of this.lookups.selvesOf(sid)) shown.add(self);
    }
  }

  /** Counts by value, under all conditions but those on the field itself. */
  facet(facet: ListFilter): FacetView {
    const conditions = new Map(this.query.conditions);
    conditions.delete(facet.name);
    const hits = this.hits(conditions);
    const among = this.query.certainty === 'certain' ? hits.possible.cut(hits.certain) : hits.possible;
    if (facet.takes === 'text') return this.openFacet(facet, among);
    const column = this.column(facet, conditions);
    const countOf = (value: string): FacetValue[] => {
      const { possible, certain } = column.values.get(value) ?? noHits();
      const sure = among.common(certain);
      const count = among.common(possible);
      return count === 0 ? [] : [{ value, certain: sure, possible: count - sure }];
    };
    const values = facet.words.filter((word) => word !== 'unknown' && !facet.groups.includes(word));
    return {
      values: values.flatMap(countOf),
      ...(facet.groups.length > 0 && { groups: facet.groups.flatMap(countOf) }),
      unknown: among.count() - among.common(column.any),
    };
  }

  private openFacet({ name }: ListFilter, among: Bits): FacetView {
    const values: { value: string; certain: number; possible: number }[] = [];
    const any = new Bits();
    let last: ValueRow | undefined;
    let sure = false;
    for (const row of this.statements.ofField.all(name, this.day, this.day) as unknown as ValueRow[]) {
      const [value, sid, certain] = row;
      if (!among.has(sid)) continue;
      any.add(sid);
      let entry = values.at(-1);
      if (entry?.value !== value) values.push((entry = { value, certain: 0, possible: 0 }));
      // Rows come by value, then by subject: one who has a value twice is counted once.
      const again = last?.[0] === value && last[1] === sid;
      if (!again) sure = false;
      if (!again) entry.possible += 1;
      if (certain === 1 && !sure) {
        entry.possible -= 1;
        entry.certain += 1;
        sure = true;
      }
      last = row;
    }
    values.sort((a, b) => b.certain + b.possible - a.certain - a.possible || (a.value < b.value ? -1 : 1));
    const left = values.length - MOST_FACET_VALUES;
    return {
      values: values.slice(0, MOST_FACET_VALUES),
      unknown: among.count() - any.count(),
      ...(left > 0 && { more: left }),
    };
  }

  private of(condition: Condition, conditions: Conditions): Hits {
    const { filter } = condition;
    // A role and its organisation are one condition.
    const together = filter.name === 'role' || filter.name === 'organisation';
    const inCase = filter.per === 'case' && conditions.has('case');
    const name = together
      ? `role ${['role', 'organisation'].filter((one) => conditions.has(one)).join()}`
      : filter.name;
    const key = inCase ? `${name} in case` : name;
    let hits = this.found.get(key);
    if (hits === undefined) {
      hits = together
        ? this.roles(conditions.get('role'), conditions.get('organisation'))
        : this.evaluate(condition, conditions);
      this.found.set(key, hits);
    }
    return hits;
  }

  private evaluate(condition: Condition, conditions: Conditions): Hits {
    const { filter, values, spans } = condition;
    switch (filter.takes) {
      case 'answer':
        return this.answers(condition, conditions);
      case 'word':
        return fromColumn(this.index.column(filter.name), values);
      case 'period':
        return this.dated(spans);
      case 'text':
        return this.withValues(filter.name, this.alike(filter.name, values));
      case 'id-or-text':
        return this.withValues(
          filter.name,
          values.flatMap((value) => this.idsOrName(['person', 'group'], value)).flatMap(this.lookups.idsOfSame),
        );
      case 'id':
        break;
    }
    if (filter.name === 'case') return sure(Bits.of(this.cases.flatMap(({ persons }) => persons)));
    if (filter.name === 'person') return sure(Bits.of(values.flatMap((person) => this.lookups.casesOfPerson(person))));
    return this.withValues(filter.name, values.flatMap(this.lookups.idsOfSame));
  }

  private answers({ filter, values }: Condition, conditions: Conditions): Hits {
    const column = this.column(filter, conditions);
    const asked = values.map((value) => splitAnswer(filter, value));
    const words = asked.flatMap(({ key, word }) => (key === undefined && word !== undefined ? [word] : []));
    const hits = fromColumn(
      column,
      words.filter((word) => word !== 'unknown'),
    );
    if (words.includes('unknown')) hits.possible.join(this.index.everyone.copy().without(column.any));
    const keyed = asked.filter(({ key }) => key !== undefined);
    if (keyed.length === 0) return hits;
    const wanted = keyed.map(({ key = '', word }) => ({ key: foldedWords(key), word }));
    const rows = this.statements.places.all(filter.name, this.day, this.day);
    for (const [value, sid, certain, place] of rows as unknown as (readonly [...ValueRow, string])[]) {
      const key = foldedWords(place);
      // Certain of some answer under the key; or of the one that is asked for.
      if (wanted.some((one) => one.key === key && (one.word ?? value) === value)) put(hits, sid, certain === 1);
    }
    return hits;
  }

  private column(filter: ListFilter, conditions: Conditions): Column {
    if (filter.per !== 'case' || !conditions.has('case')) return this.index.column(filter.name);
    const column = new ColumnDraft();
    for (const { place } of this.cases) {
      const rows = this.statements.atPlace.all(place, filter.name, this.day, this.day) as unknown as ValueRow[];
      for (const [value, sid, certain] of rows) column.add(value, sid, certain === 1);
    }
    return column;
  }

  private roles(role: Condition | undefined, organisation: Condition | undefined): Hits {
    if (organisation === undefined) return this.withValues('role', (role?.values ?? []).map(foldedWords));
    const wanted = role === undefined ? undefined : new Set(role.values.map(foldedWords));
    const hits = noHits();
    for (const place of organisation.values.flatMap((value) => this.idsOrName(['group'], value))) {
      const rows = this.statements.atPlace.all(place, 'role', this.day, this.day) as unknown as ValueRow[];
      for (const [value, sid, certain] of rows) if (wanted?.has(value) !== false) put(hits, sid, certain === 1);
    }
    return hits;
  }

  private withValues(field: string, values: readonly string[]): Hits {
    const hits = noHits();
    for (const value of new Set(values)) {
      const row = this.statements.ofValue.get(field, value, this.day, this.day) as unknown as Grouped;
      for (const sid of numbersIn(row[1])) put(hits, sid, true);
      for (const sid of numbersIn(row[2])) put(hits, sid, false);
    }
    return hits;
  }

  /** The values of a field that are one of these texts, but for letter case and accents. */
  private alike(field: string, texts: readonly string[]): readonly string[] {
    const wanted = new Set(texts.map(foldedWords));
    const values = this.statements.valuesOf.all(field) as unknown as [string][];
    return values.map(([value]) => value).filter((value) => wanted.has(foldedWords(value)));
  }

  /** An id as it is; else those who go by this name, and the name itself where nobody of the record was named. */
  private idsOrName(kinds: readonly SubjectCategory[], value: string): readonly string[] {
    if (isId(value)) return [value];
    const ids = kinds.flatMap((kind) => this.statements.named.all(kind, foldText(value)) as unknown as [string][]);
    return [byName(value), ...ids.map(([id]) => id)];
  }

  private dated(spans: readonly DayBounds[]): Hits {
    const hits = noHits();
    for (const { earliest, latest } of spans) {
      const [from, to] = [Math.max(earliest, OPEN_START), Math.min(latest, OPEN_END)];
      const rows = this.statements.dated.all(this.query.kind, to, from) as unknown as [number, number, number][];
      for (const [sid, first, last] of rows) put(hits, sid, from <= first && last <= to);
    }
    return hits;
  }
}

function sure(bits: Bits): Hits {
  return { possible: bits, certain: bits };
}

function put({ possible, certain }: Hits, sid: number, isCertain: boolean): void {
  possible.add(sid);
  if (isCertain) certain.add(sid);
}

function fromColumn({ values }: Column, wanted: readonly string[]): Hits {
  const hits = noHits();
  for (const value of wanted) {
    const { possible, certain } = values.get(value) ?? noHits();
    hits.possible.join(possible);
    hits.certain.join(certain);
  }
  return hits;
}

function prepare(
  db: DatabaseSync,
): Record<
  'logId' | 'row' | 'ofField' | 'ofValue' | 'places' | 'atPlace' | 'valuesOf' | 'named' | 'dated',
  StatementSync
> {
  const TODAY = 'valid_from <= ? AND valid_to >= ?';
  const arrays = (sql: string): StatementSync => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  return {
    logId: db.prepare('SELECT log_id FROM checkpoint'),
    row: db.prepare(
      `SELECT s.sid, s.kind, s.id, s.entered, s.name, d.item FROM subjects s
       LEFT JOIN documents d ON d.sid = s.sid AND d.day <= ? AND d.until >= ? WHERE s.sid = ?`,
    ),
    ofField: arrays(`SELECT value, sid, certain FROM traits WHERE field = ? AND ${TODAY} ORDER BY value, sid`),
    ofValue: arrays(`SELECT value, ${GROUPED} FROM traits WHERE field = ? AND value = ? AND ${TODAY}`),
    places: arrays(`SELECT value, sid, certain, place FROM traits WHERE field = ? AND ${TODAY}`),
    atPlace: arrays(
      `SELECT value, sid, certain FROM traits INDEXED BY traits_place
       WHERE place = ? AND place NOT IN ('', 'only') AND field = ? AND ${TODAY}`,
    ),
    // Leaps from one value to the next instead of passing all rows.
    valuesOf: arrays(
      `WITH RECURSIVE found (value) AS (
         SELECT min(value) FROM traits WHERE field = ?1
         UNION ALL
         SELECT (SELECT min(value) FROM traits WHERE field = ?1 AND value > found.value) FROM found
         WHERE found.value IS NOT NULL)
       SELECT value FROM found WHERE value IS NOT NULL`,
    ),
    named: arrays('SELECT id FROM subjects WHERE kind = ? AND sort = ?'),
    dated: arrays('SELECT sid, date_from, date_to FROM subjects WHERE kind = ? AND date_from <= ? AND date_to >= ?'),
  };
}
