/** The embedded log behind the port: appends go to the writer's thread, reads are done here. */
import { statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
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
import type { LogReader } from './log-reader.js';
import { rowOf, unknownPosition } from './position.js';
import { toEventStoreError } from './sqlite-errors.js';
import { LogSubscription } from './subscription.js';
import { Waker } from './wake-up.js';
import type { WriterThread } from './writer-thread.js';

const UNREADABLE = 'The log could not be read';

/** The embedded log can also say how it stands, without reading an event. */
export interface SqliteLog extends EventStore {
  /** How many events the log holds behind this position; behind none: how many it holds. */
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

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<StoredEvent, void, undefined> {
    const { direction = 'forwards', from, limit = Infinity } = options;
    const found = this.#read(() => this.#reader.findStream(stream));
    if (found === undefined || limit < 1) return;
    const { sid, head } = found;
    const forwards = direction === 'forwards';
    const first = forwards ? (from ?? 0) : Math.min(from ?? head, head);
    const last = forwards ? Math.min(head, first + limit - 1) : Math.max(0, first - limit + 1);
    const step = forwards ? 1 : -1;
    for (let next = first; forwards ? next <= last : next >= last;) {
      const page = this.#read(() => this.#reader.pageOfStream(stream, sid, next, last));
      yield* page;
      next += step * page.length;
      if (next !== last + step) await setImmediate();
    }
  }

  async *readAll(options: AllOptions & { readonly limit?: number } = {}): AsyncGenerator<StoredEvent, void, undefined> {
    let left = options.limit ?? Infinity;
    let at = this.#start(options);
    const last = this.#read(() => this.#reader.lastRow());
    if (at > last) throw unknownPosition('it lies behind the end of the log');
    const page = this.#read(() => this.#reader.select(options));
    while (at < last && left > 0) {
      const { events, end } = this.#read(() => page(at, last));
      for (const event of events) {
        yield event;
        if (--left === 0) return;
      }
      at = end;
      // Everyone else gets a turn between pages.
      if (at < last) await setImmediate();
    }
  }

  subscribeToAll(options: AllOptions = {}): Subscription {
    const page = this.#read(() => this.#reader.select(options));
    this.#waker ??= new Waker(this.#file);
    const subscription: LogSubscription = new LogSubscription(
      { lastRow: () => this.#reader.lastRow(), page },
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
    return Math.max(0, this.#read(() => this.#reader.lastRow()) - (position === undefined ? 0 : rowOf(position)));
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
