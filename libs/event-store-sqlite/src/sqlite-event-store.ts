/** The embedded log behind the port: appends go to the writer's thread, reads are done here. */
import { statSync } from 'node:fs';
import {
  checkAppend,
  EventStoreError,
  type AllOptions,
  type AppendOutcome,
  type EventStore,
  type EventToAppend,
  type ExpectedRevision,
  type Position,
  type ReadStreamOptions,
  type StoredEvent,
  type Subscription,
} from '#event-store';
import { type LogReader, PAGE_ROWS, pageOf } from './log-reader.js';
import { rowOf, unknownPosition } from './position.js';
import { type Gulps, Reading } from './reading.js';
import { toEventStoreError } from './sqlite-errors.js';
import { LogSubscription } from './subscription.js';
import { Waker } from './wake-up.js';
import type { WriterThread } from './writer-thread.js';

const UNREADABLE = 'The log could not be read';

/** The embedded log can also say how it stands, without reading an event. */
export interface SqliteLog extends EventStore {
  /**
   * How many events the log holds behind this position; behind none: how many it holds.
   *
   * @throws EventStoreError `unknown-position`
   */
  eventsBehind(position?: Position): number;
  /** What it takes on the disk, its journal included, in bytes. */
  size(): number;
  /** How many subscriptions are open through this opening. */
  subscriptions(): number;
}

export class SqliteEventStore implements SqliteLog {
  readonly #file: string;
  readonly #reader: LogReader;
  /** Undefined where the log was opened only to read. */
  readonly #writer: WriterThread | undefined;
  readonly #subscriptions = new Set<LogSubscription>();
  /** Exists while there are subscriptions. */
  #waker: Waker | undefined;
  #closing: Promise<void> | undefined;

  constructor(file: string, reader: LogReader, writer: WriterThread | undefined) {
    this.#file = file;
    this.#reader = reader;
    this.#writer = writer;
  }

  // Async, so that a refused call rejects rather than throws.
  async append(stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): Promise<AppendOutcome> {
    this.#assertOpen();
    const bytes = checkAppend(stream, events, expected);
    if (this.#writer === undefined) {
      throw new EventStoreError('read-only', 'The log was opened only to be read.');
    }
    return this.#writer.append(stream, events, expected, bytes);
  }

  readStream(stream: string, options: ReadStreamOptions = {}): AsyncIterable<StoredEvent> {
    return new Reading(this.#gulpsOfStream(stream, options));
  }

  *#gulpsOfStream(stream: string, options: ReadStreamOptions): Gulps {
    const { direction = 'forwards', from, limit = Infinity } = options;
    const found = this.#read(() => this.#reader.findStream(stream));
    if (found === undefined || limit < 1) return;
    const { sid, head } = found;
    const forwards = direction === 'forwards';
    const first = forwards ? (from ?? 0) : Math.min(from ?? head, head);
    const last = forwards ? Math.min(head, first + limit - 1) : Math.max(0, first - limit + 1);
    const step = forwards ? 1 : -1;
    let turn = first;
    for (let next = first; forwards ? next <= last : next >= last;) {
      if (Math.abs(next - turn) >= PAGE_ROWS) {
        yield 'turn';
        turn = next;
      }
      const gulp = this.#read(() => this.#reader.ofStream(stream, sid, next, last));
      yield gulp;
      next += step * gulp.length;
    }
  }

  readAll(options: AllOptions & { readonly limit?: number } = {}): AsyncIterable<StoredEvent> {
    return new Reading(this.#gulpsOfAll(options));
  }

  *#gulpsOfAll(options: AllOptions & { readonly limit?: number }): Gulps {
    let left = options.limit ?? Infinity;
    let at = this.#start(options);
    const last = this.#endFrom(at);
    const select = this.#read(() => this.#reader.select(options));
    let turn = at;
    while (at < last && left > 0) {
      const stop = Math.min(last, turn + PAGE_ROWS);
      const { events, end } = this.#read(() => select(at, stop));
      yield events.length > left ? events.slice(0, left) : events;
      left -= events.length;
      at = end;
      if (at < stop) continue;
      yield 'turn';
      turn = at;
    }
  }

  /** The last row of a log that has come at least so far. */
  #endFrom(at: number): number {
    const last = this.#read(() => this.#reader.lastRow());
    if (at > last) throw unknownPosition('it lies behind the end of the log');
    return last;
  }

  subscribeToAll(options: AllOptions = {}): Subscription {
    const select = this.#read(() => this.#reader.select(options));
    this.#waker ??= new Waker(this.#file);
    const subscription: LogSubscription = new LogSubscription(
      { lastRow: () => this.#reader.lastRow(), page: (after, last) => pageOf(select, after, last) },
      this.#start(options),
      this.#waker,
      () => {
        this.#unsubscribe(subscription);
      },
    );
    this.#subscriptions.add(subscription);
    return subscription;
  }

  eventsBehind(position?: Position): number {
    const at = position === undefined ? 0 : rowOf(position);
    return this.#endFrom(at) - at;
  }

  size(): number {
    // Asked of the file system by name: the files themselves are SQLite's alone to open.
    return [this.#file, `${this.#file}-wal`].reduce(
      (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }

  subscriptions(): number {
    return this.#subscriptions.size;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const subscription of [...this.#subscriptions]) await subscription.close();
    // First this connection: the last one to close, the writer's, tidies the journal away.
    this.#reader.close();
    await this.#writer?.close();
  }

  #unsubscribe(subscription: LogSubscription): void {
    this.#subscriptions.delete(subscription);
    if (this.#subscriptions.size > 0) return;
    this.#waker?.close();
    this.#waker = undefined;
  }

  #start(options: AllOptions): number {
    return options.after === undefined ? 0 : rowOf(options.after);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new EventStoreError('closed', 'The log was closed.');
  }

  #read<T>(look: () => T): T {
    this.#assertOpen();
    try {
      return look();
    } catch (error) {
      throw toEventStoreError(error, UNREADABLE);
    }
  }
}
