/**
 * Reading, in the calling thread, on a connection of its own. Everything is read in pages that are whole, short queries: a
 * read transaction left open would keep the journal from being reused, and a long one would block the thread.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { EventStoreError, type AllOptions, type StoredEvent } from '#event-store';
import { openForReading } from './log-file.js';
import { positionOf } from './position.js';

/** The largest page, in rows looked at and in bytes of data and metadata (one event may go over that). */
const PAGE_ROWS = 1_000;
const PAGE_BYTES = 4 * 1024 * 1024;

type Row<Stream> = [
  position: number,
  stream: Stream,
  revision: number,
  tid: number,
  id: string,
  data: string,
  metadata: string,
];

type RowWithStream = Row<string>;
/** The stream by its number. */
type RowOfStream = Row<number>;

/** Names of streams kept at hand: some 20 MB. */
const MAX_KNOWN_STREAMS = 200_000;

interface Rows<R> {
  readonly rows: readonly R[];
  /** The position of the last row, where there are more that the bound on bytes left out. */
  readonly cutAfter: number | undefined;
}

export interface Page {
  readonly events: readonly StoredEvent[];
  /** The last row that was looked at, matching or not. */
  readonly end: number;
}

export class LogReader {
  readonly #db: DatabaseSync;
  readonly #types = new Map<number, string>();
  /** Undefined: not one of ours. */
  readonly #streams = new Map<number, string | undefined>();
  readonly #lastRow: StatementSync;
  readonly #typeName: StatementSync;
  readonly #streamName: StatementSync;
  readonly #sizeOfRows: StatementSync;
  readonly #findStream: StatementSync;
  readonly #forwards: StatementSync;
  readonly #backwards: StatementSync;
  readonly #sizeOfRevisions: StatementSync;

  constructor(file: string) {
    this.#db = openForReading(file);
    const size = 'SELECT ifnull(sum(octet_length(data) + octet_length(metadata)), 0) FROM events';
    const stream = `SELECT position, '', revision, tid, id, data, metadata FROM events
      WHERE sid = ? AND revision BETWEEN ? AND ? ORDER BY revision`;
    this.#lastRow = this.#prepare('SELECT ifnull(max(position), 0) FROM events');
    this.#typeName = this.#prepare('SELECT name FROM types WHERE tid = ?');
    this.#streamName = this.#prepare('SELECT name FROM streams WHERE sid = ?');
    this.#sizeOfRows = this.#prepare(`${size} WHERE position BETWEEN ? AND ?`);
    this.#findStream = this.#prepare('SELECT sid, head FROM streams WHERE name = ?');
    this.#forwards = this.#prepare(stream);
    this.#backwards = this.#prepare(`${stream} DESC`);
    this.#sizeOfRevisions = this.#prepare(`${size} WHERE sid = ? AND revision BETWEEN ? AND ?`);
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  /** The row of the last event in the log; 0 when it is empty. */
  lastRow(): number {
    return (this.#lastRow.get() as unknown as [number])[0];
  }

  findStream(name: string): { readonly sid: number; readonly head: number } | undefined {
    const found = this.#findStream.get(name) as unknown as [number, number] | undefined;
    return found && { sid: found[0], head: found[1] };
  }

  /**
   * A page of one stream, from one revision to another, both inclusive; backwards where the first is the greater.
   *
   * @throws EventStoreError `corrupt` if a revision that must be there is not
   */
  pageOfStream(stream: string, sid: number, from: number, to: number): readonly StoredEvent[] {
    const forwards = from <= to;
    const [least, most] = forwards
      ? [from, Math.min(to, from + PAGE_ROWS - 1)]
      : [Math.max(to, from - PAGE_ROWS + 1), from];
    const size = (this.#sizeOfRevisions.get(sid, least, most) as unknown as [number])[0];
    const { rows, cutAfter } = within<RowWithStream>(size, forwards ? this.#forwards : this.#backwards, [
      sid,
      least,
      most,
    ]);
    // Revisions are unique: where none is missing, there are as many rows as revisions.
    const reached = cutAfter === undefined ? (forwards ? most : least) : rows.at(-1)?.[2];
    if (reached === undefined || rows.length !== Math.abs(reached - from) + 1) throw hole(stream);
    return rows.map((row) => this.#toEvent(row, stream));
  }

  /** What a reading or subscription with these options takes in, page by page. */
  select({ categories }: AllOptions): (after: number, last: number) => Page {
    return categories === undefined ? this.#selectOurs() : this.#selectCategories(categories);
  }

  /**
   * Nearly all that is in the log: rows are read alone, and each stream's name is looked up once, which takes a quarter
   * less time than to join it to every row.
   */
  #selectOurs(): (after: number, last: number) => Page {
    const statement = this.#prepare(
      `SELECT position, sid, revision, tid, id, data, metadata FROM events
       WHERE position BETWEEN ? AND ? ORDER BY position`,
    );
    return (after, last) => {
      const end = Math.min(last, after + PAGE_ROWS);
      if (end <= after) return { events: [], end: after };
      const size = (this.#sizeOfRows.get(after + 1, end) as unknown as [number])[0];
      const { rows, cutAfter } = within<RowOfStream>(size, statement, [after + 1, end]);
      const events: StoredEvent[] = [];
      for (const row of rows) {
        const stream = this.#ourStream(row[1]);
        if (stream !== undefined) events.push(this.#toEvent(row, stream));
      }
      return { events, end: cutAfter ?? end };
    };
  }

  #selectCategories(categories: readonly string[]): (after: number, last: number) => Page {
    const { condition, values } = toCondition(categories);
    // CROSS JOIN keeps the order of the tables: the log is walked, and each event's stream looked up.
    const statement = this.#prepare(
      `SELECT e.position, s.name, e.revision, e.tid, e.id, e.data, e.metadata
       FROM events e CROSS JOIN streams s ON s.sid = e.sid
       WHERE e.position BETWEEN ? AND ? AND (${condition}) ORDER BY e.position`,
    );
    return (after, last) => {
      const end = Math.min(last, after + PAGE_ROWS);
      if (end <= after) return { events: [], end: after };
      const size = (this.#sizeOfRows.get(after + 1, end) as unknown as [number])[0];
      const { rows, cutAfter } = within<RowWithStream>(size, statement, [after + 1, end, ...values]);
      return { events: rows.map((row) => this.#toEvent(row, row[1])), end: cutAfter ?? end };
    };
  }

  #toEvent(row: RowWithStream | RowOfStream, stream: string): StoredEvent {
    return {
      id: row[4],
      type: this.#typeNamed(row[3]),
      data: row[5],
      metadata: row[6],
      stream,
      revision: row[2],
      position: positionOf(row[0]),
    };
  }

  #typeNamed(tid: number): string {
    let name = this.#types.get(tid);
    if (name === undefined) {
      const found = this.#typeName.get(tid) as unknown as [string] | undefined;
      if (found === undefined) throw new EventStoreError('corrupt', 'The log is damaged: an event has no type.');
      name = found[0];
      this.#types.set(tid, name);
    }
    return name;
  }

  /**
   * The name of a stream of Habeas that is not operational; undefined for others. A stream never changes its name, and is
   * there as soon as an event of it is.
   */
  #ourStream(sid: number): string | undefined {
    let name = this.#streams.get(sid);
    if (name === undefined && !this.#streams.has(sid)) {
      const found = this.#streamName.get(sid) as unknown as [string] | undefined;
      if (found === undefined) throw new EventStoreError('corrupt', 'The log is damaged: an event has no stream.');
      name = isOurs(found[0]) ? found[0] : undefined;
      if (this.#streams.size >= MAX_KNOWN_STREAMS) this.#streams.clear();
      this.#streams.set(sid, name);
    }
    return name;
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  }
}

function hole(stream: string): EventStoreError {
  return new EventStoreError(
    'corrupt',
    `The log is damaged: events of ${stream} are missing. Restore it from a backup.`,
  );
}

/** Rows up to the bound on bytes, and at least one. Reading all at once is faster, so the bound is only minded where it is met. */
function within<R extends RowWithStream | RowOfStream>(
  size: number,
  statement: StatementSync,
  values: readonly (number | string)[],
): Rows<R> {
  if (size <= PAGE_BYTES) return { rows: statement.all(...values) as unknown as R[], cutAfter: undefined };
  const rows: R[] = [];
  let bytes = 0;
  let last = 0;
  for (const row of statement.iterate(...values) as unknown as Iterable<R>) {
    bytes += Buffer.byteLength(row[5]) + Buffer.byteLength(row[6]);
    if (rows.length > 0 && bytes > PAGE_BYTES) return { rows, cutAfter: last };
    rows.push(row);
    last = row[0];
  }
  return { rows, cutAfter: undefined };
}

/** All streams of Habeas, save operational ones. */
function isOurs(stream: string): boolean {
  return stream.startsWith('habeas') && !stream.startsWith('habeasOps-');
}

/** A category is what stands before the hyphen: from `category-` on, and before `category.`, the next in the order of bytes. */
function toCondition(categories: readonly string[]): { condition: string; values: readonly string[] } {
  if (categories.length === 0) return { condition: 'FALSE', values: [] };
  return {
    condition: categories.map(() => '(s.name >= ? AND s.name < ?)').join(' OR '),
    values: categories.flatMap((category) => [`${category}-`, `${category}.`]),
  };
}
