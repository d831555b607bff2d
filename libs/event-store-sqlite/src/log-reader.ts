/**
 * Reading, in the calling thread, on a connection of its own. Everything is read in whole, short queries: a read
 * transaction left open would keep the journal from being reused, and a long one would block the thread.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { EventStoreError, type AllOptions, type StoredEvent } from '#event-store';
import { openForReading } from './log-file.js';
import { positionOf } from './position.js';

/**
 * Events read by one query. Few, so that their sizes need not be asked for first: 24 of the largest that there are, of
 * 512 KiB each, are 12 MiB. And what is read and let go of at once costs the collector of garbage next to nothing.
 */
const GULP = 24;
/** The largest page, in rows looked at; and the bytes of data and metadata at which it takes no further gulp. */
export const PAGE_ROWS = 1_000;
const PAGE_BYTES = 4 * 1024 * 1024;

/** The stream by its name or by its number. */
type Row<Stream> = readonly [
  position: number,
  stream: Stream,
  revision: number,
  tid: number,
  id: string,
  data: string,
  metadata: string,
];

/** Streams whose names are kept at hand, some 15 MB; a map of as many takes several times as long to look into. */
const STREAMS_KNOWN = 131_072;
/** Names looked up at a time. */
const STREAMS_LOOKED_UP = 32;

export interface Page {
  readonly events: readonly StoredEvent[];
  /** The last row that was looked at, matching or not. */
  readonly end: number;
}

/** What matches behind one row, up to another: a gulp of it. */
export type Selection = (after: number, last: number) => Page;

/** As many gulps as a page holds: at most 16 MiB, whatever the events are like. */
export function pageOf(select: Selection, after: number, last: number): Page {
  const stop = Math.min(last, after + PAGE_ROWS);
  const found: StoredEvent[] = [];
  let [end, bytes] = [after, 0];
  while (end < stop && bytes < PAGE_BYTES) {
    const gulp = select(end, stop);
    for (const { data, metadata } of gulp.events) bytes += Buffer.byteLength(data) + Buffer.byteLength(metadata);
    found.push(...gulp.events);
    ({ end } = gulp);
  }
  return { events: found, end };
}

export class LogReader {
  readonly #db: DatabaseSync;
  readonly #types = new Map<number, string>();
  /** At the remainder of its number, the stream that was met last and its name; undefined: not one of ours. */
  readonly #streamAt = new Float64Array(STREAMS_KNOWN);
  readonly #streamNameAt = new Array<string | undefined>(STREAMS_KNOWN);
  readonly #lastRow: StatementSync;
  readonly #typeName: StatementSync;
  readonly #streamNames: StatementSync;
  readonly #findStream: StatementSync;
  readonly #forwards: StatementSync;
  readonly #backwards: StatementSync;

  constructor(file: string) {
    this.#db = openForReading(file);
    const stream = `SELECT position, '', revision, tid, id, data, metadata FROM events
      WHERE sid = ? AND revision BETWEEN ? AND ? ORDER BY revision`;
    this.#lastRow = this.#prepare('SELECT ifnull(max(position), 0) FROM events');
    this.#typeName = this.#prepare('SELECT name FROM types WHERE tid = ?');
    this.#streamNames = this.#prepare('SELECT sid, name FROM streams WHERE sid >= ? AND sid < ? ORDER BY sid');
    this.#findStream = this.#prepare('SELECT sid, head FROM streams WHERE name = ?');
    this.#forwards = this.#prepare(stream);
    this.#backwards = this.#prepare(`${stream} DESC`);
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
   * A gulp of one stream, from one revision to another, both inclusive; backwards where the first is the greater.
   *
   * @throws EventStoreError `corrupt` if a revision that must be there is not
   */
  ofStream(stream: string, sid: number, from: number, to: number): readonly StoredEvent[] {
    const forwards = from <= to;
    const [least, most] = forwards ? [from, Math.min(to, from + GULP - 1)] : [Math.max(to, from - GULP + 1), from];
    const statement = forwards ? this.#forwards : this.#backwards;
    const rows = statement.all(sid, least, most) as unknown as readonly Row<string>[];
    // Revisions are unique: where none is missing, there are as many rows as revisions.
    if (rows.length !== most - least + 1) throw hole(stream);
    return rows.map((row) => this.#toEvent(row, stream));
  }

  /** What a reading or subscription with these options takes in. */
  select({ categories }: AllOptions): Selection {
    return categories === undefined ? this.#selectOurs() : this.#selectCategories(categories);
  }

  /**
   * Nearly all that is in the log: rows are read alone, and each stream's name is looked up once, which takes a quarter
   * less time than to join it to every row.
   */
  #selectOurs(): Selection {
    const statement = this.#prepare(
      `SELECT position, sid, revision, tid, id, data, metadata FROM events
       WHERE position BETWEEN ? AND ? ORDER BY position LIMIT ${GULP}`,
    );
    return (after, last) => {
      const rows = statement.all(after + 1, last) as unknown as readonly Row<number>[];
      const events: StoredEvent[] = [];
      for (const row of rows) {
        const stream = this.#ourStream(row[1]);
        if (stream !== undefined) events.push(this.#toEvent(row, stream));
      }
      return { events, end: endOf(rows, last) };
    };
  }

  #selectCategories(categories: readonly string[]): Selection {
    const { condition, values } = toCondition(categories);
    // CROSS JOIN keeps the order of the tables: the log is walked, and each event's stream looked up.
    const statement = this.#prepare(
      `SELECT e.position, s.name, e.revision, e.tid, e.id, e.data, e.metadata
       FROM events e CROSS JOIN streams s ON s.sid = e.sid
       WHERE e.position BETWEEN ? AND ? AND (${condition}) ORDER BY e.position LIMIT ${GULP}`,
    );
    return (after, last) => {
      const rows = statement.all(after + 1, last, ...values) as unknown as readonly Row<string>[];
      return { events: rows.map((row) => this.#toEvent(row, row[1])), end: endOf(rows, last) };
    };
  }

  #toEvent(row: Row<unknown>, stream: string): StoredEvent {
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
   * there as soon as an event of it is. Streams are numbered as they begin, so those that a walk through the log meets
   * next are the next in number: they are looked up together.
   */
  #ourStream(sid: number): string | undefined {
    const place = sid % STREAMS_KNOWN;
    if (this.#streamAt[place] !== sid) this.#lookUpStreams(sid);
    return this.#streamNameAt[place];
  }

  #lookUpStreams(sid: number): void {
    const found = this.#streamNames.all(sid, sid + STREAMS_LOOKED_UP) as unknown as [number, string][];
    if (found[0]?.[0] !== sid) throw new EventStoreError('corrupt', 'The log is damaged: an event has no stream.');
    for (const [one, name] of found) {
      this.#streamAt[one % STREAMS_KNOWN] = one;
      this.#streamNameAt[one % STREAMS_KNOWN] = isOurs(name) ? name : undefined;
    }
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

/** Where a gulp ends: at its last row, or where all was looked at. */
function endOf(rows: readonly Row<unknown>[], last: number): number {
  return (rows.length < GULP ? undefined : rows.at(-1)?.[0]) ?? last;
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
