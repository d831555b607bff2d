/**
 * Lists of subjects: who meets all conditions, in which order, counted by what they answer. Which subjects those are
 * is worked out over sets of bits (list-index.ts); the page is then fetched by the index of its order. Nothing is put
 * in between pages by what is entered meanwhile.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ok, type Refusal, type Result } from '#kernel';
import type { DaysAsKnown } from './axis-in-time.js';
import { Bits } from './bits.js';
import { type CursorParts, readCursor, writeCursor } from './cursors.js';
import { foldText } from './fold-text.js';
import { type Hits, ListIndex } from './list-index.js';
import type { CheckedQuery } from './list-query.js';
import { Search, type SearchLookups } from './list-search.js';
import { PresentTraits, traitStatements } from './list-traits.js';
import { Moments } from './moments.js';
import type { Records, SubjectRow } from './records.js';
import type { ListItem, ListPage, SubjectCategory } from './shapes.js';

/** What only documents know, at the moment that is asked about. */
export interface Lookups extends SearchLookups {
  /** The line of a subject whose document does not stand ready: at present. */
  readonly itemOf: (row: SubjectRow) => ListItem;
}

export interface Snapshot {
  /** The event that the file has come to. */
  readonly head: number;
  readonly today: number;
  /** Left out: the present. */
  readonly asked?: DaysAsKnown;
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

export class Lists {
  private readonly statements: ReturnType<typeof prepare>;
  private readonly orders = new Map<string, StatementSync>();
  private readonly indexes = new Map<SubjectCategory, ListIndex>();
  private readonly traits: ReturnType<typeof traitStatements>;
  private readonly moments: Moments;

  constructor(
    private readonly db: DatabaseSync,
    private readonly records: Records,
  ) {
    this.statements = prepare(db);
    this.traits = traitStatements(db);
    this.moments = new Moments(db, records);
  }

  page(query: CheckedQuery, snapshot: Snapshot, lookups: Lookups): Result<Omit<ListPage, 'asOf'>, Refusal> {
    const log = String(this.statements.logId.get()?.log_id ?? '');
    const cursors = { list: query.digest, log };
    const ended = query.cursor === undefined ? ok(undefined) : readCursor(query.cursor, cursors);
    if (!ended.ok) return ended;
    const after = ended.value === undefined ? undefined : placeOf(ended.value);
    const index = this.indexOf(query.kind);
    index.follow(snapshot.head, snapshot.today);
    const search = this.search(query, snapshot, index, lookups);
    const hits = narrowed(search.hits(query.conditions), query.certainty);
    const total = hits.possible.count();
    // One more than asked for tells whether there is another page.
    const places = this.places(query, hits.possible, total, index.size, after);
    const shown = places.slice(0, query.limit);
    const last = shown.at(-1);
    const certain = hits.possible.common(hits.certain);
    const filtered = query.conditions.size > 0;
    return ok({
      items: this.items(shown, snapshot, lookups).map((item, at) => {
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

  /**
   * Reads some of what an answer at another moment than the present is worked out from: the first one takes long.
   * @param head the event that the file has come to
   * @returns whether there is more
   */
  readAhead({ conditions, facets }: CheckedQuery, head: number): boolean {
    const filters = [...[...conditions.values()].map(({ filter }) => filter), ...facets];
    return this.moments.read(
      filters.map(({ name }) => (name === 'organisation' ? 'role' : name)),
      head,
    );
  }

  private indexOf(kind: SubjectCategory): ListIndex {
    let index = this.indexes.get(kind);
    if (index === undefined) this.indexes.set(kind, (index = new ListIndex(this.db, kind)));
    return index;
  }

  private search(query: CheckedQuery, { today, head, asked }: Snapshot, index: ListIndex, lookups: Lookups): Search {
    const present = new PresentTraits(this.traits, index, today);
    const traits =
      asked === undefined ? present : this.moments.traits(query.kind, asked, { head, index, traits: present });
    // The one place where `q` is answered. All filters cut it.
    const words = query.q === '' ? undefined : index.matching(foldText(query.q));
    return new Search(traits, words, query, lookups);
  }

  private items(places: readonly Place[], { today, asked }: Snapshot, { itemOf }: Lookups): ListItem[] {
    const lines = asked && this.moments.lines(asked);
    return places.flatMap(({ sid }) => {
      const row = this.statements.row.get(today, today, sid) as unknown as ListRow | undefined;
      if (row === undefined) return [];
      if (lines !== undefined) return [lines.of(row)];
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

function prepare(db: DatabaseSync): Record<'logId' | 'row', StatementSync> {
  return {
    logId: db.prepare('SELECT log_id FROM checkpoint'),
    row: db.prepare(
      `SELECT s.sid, s.kind, s.id, s.entered, s.name, d.item FROM subjects s
       LEFT JOIN documents d ON d.sid = s.sid AND d.day <= ? AND d.until >= ? WHERE s.sid = ?`,
    ),
  };
}
