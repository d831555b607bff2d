/** EventStoreDB behind the port. */
import {
  checkAppend,
  EventStoreError,
  WrongExpectedRevisionError,
  type AllOptions,
  type AppendOutcome,
  type EventStore,
  type EventStoreObserver,
  type EventToAppend,
  type ExpectedRevision,
  type ReadStreamOptions,
  type StoredEvent,
  type Subscription,
} from '#event-store';
import { randomId, type Randomness } from '#kernel';
import { append, type AppendingContext } from './appending.js';
import { CatchUp } from './catch-up.js';
import type { Connection } from './connection.js';
import { assertNotBehind, endOfLog } from './head.js';
import { isBehind, parsePosition } from './position.js';
import { readStream, type ReadingContext } from './stream-reading.js';

const OURS = 'habeas';
const OPERATIONAL = 'habeasOps-';
/** No stream's name begins like this: a reading of no category brings nothing. */
const NOTHING = 'habeas-of-no-category\u0001';

export interface EventStoreDbOptions {
  readonly namespace: string;
  readonly randomness: Randomness;
  /** Milliseconds, as is the next. */
  readonly deadline: number;
  readonly renewAfter: number;
  readonly observer?: EventStoreObserver | undefined;
}

/** Beside the port: what it knows of itself without asking the server. */
export interface EventStoreDbLog extends EventStore {
  /** How many subscriptions are open through this opening, readings of the whole log included. */
  subscriptions(): number;
}

export class EventStoreDb implements EventStoreDbLog {
  readonly #connection: Connection;
  readonly #observer: EventStoreObserver | undefined;
  readonly #randomness: Randomness;
  readonly #reading: ReadingContext;
  readonly #appending: AppendingContext;
  readonly #closed = new AbortController();
  readonly #subscriptions = new Set<CatchUp>();
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(connection: Connection, { namespace, randomness, deadline, renewAfter, observer }: EventStoreDbOptions) {
    this.#observer = observer;
    this.#randomness = randomness;
    this.#connection = connection;
    const closing = this.#closed.signal;
    this.#reading = { connected: connection.reading, namespace, randomness, deadline, renewAfter, closing };
    this.#appending = { connected: connection.appending, gate: connection.gate, reading: this.#reading, deadline };
  }

  // Async, so that a refused call rejects rather than throws.
  async append(stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): Promise<AppendOutcome> {
    this.#assertOpen();
    const bytes = checkAppend(stream, events, expected);
    const ended = this.#observer?.appending({ stream, events, bytes });
    const appended = append(this.#appending, stream, events, expected, bytes);
    this.#underWay.add(appended);
    try {
      const outcome = await appended;
      // The server does not say whether it wrote them now or had them before.
      ended?.({ outcome: 'written' });
      return outcome;
    } catch (error) {
      const code = error instanceof EventStoreError ? error.code : 'unavailable';
      ended?.({ outcome: code === 'wrong-expected-revision' ? 'conflict' : code });
      throw error;
    } finally {
      this.#underWay.delete(appended);
    }
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<StoredEvent, void, undefined> {
    this.#assertOpen();
    for await (const event of readStream(this.#reading, stream, options)) {
      this.#assertOpen();
      yield event;
    }
    this.#assertOpen();
  }

  async *readAll(options: AllOptions & { readonly limit?: number } = {}): AsyncGenerator<StoredEvent, void, undefined> {
    this.#assertOpen();
    const { after, limit = Infinity } = options;
    const start = after === undefined ? undefined : parsePosition(after);
    const end = await endOfLog(this.#reading);
    assertNotBehind(start, end);
    this.#assertOpen();
    if (end === undefined || limit < 1 || (start !== undefined && !isBehind(end, start))) return;
    // The server filters subscriptions alone; so this is one that ends with what was there when it began.
    const reading = this.#follow(options, this.#reading.deadline);
    let left = limit;
    try {
      for await (const message of reading) {
        if (message.kind === 'caught-up') return;
        if (message.kind === 'checkpoint') {
          if (!isBehind(end, parsePosition(message.position))) return;
          continue;
        }
        for (const event of message.events) {
          const position = parsePosition(event.position);
          if (isBehind(position, end)) return;
          yield event;
          this.#assertOpen();
          if (--left < 1 || !isBehind(end, position)) return;
        }
      }
      this.#assertOpen();
    } finally {
      await reading.close();
    }
  }

  subscribeToAll(options: AllOptions = {}): Subscription {
    this.#assertOpen();
    return this.#follow(options, Infinity);
  }

  subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Has the server keep only the last event of a stream, unless it was told before how many. */
  async keepLast(stream: string): Promise<void> {
    await this.#keep(stream, '{"$maxCount":1}', 'no-stream');
  }

  /** Has the server keep events of a stream for so many seconds, whatever it was told before. */
  async keepFor(stream: string, seconds: number): Promise<void> {
    const limit = `{"$maxAge":${seconds}}`;
    const told = readStream({ ...this.#reading, namespace: '' }, this.#metadataOf(stream), {
      direction: 'backwards',
      limit: 1,
    });
    for await (const { data, revision } of told) {
      if (data !== limit) await this.#keep(stream, limit, revision);
      return;
    }
    await this.#keep(stream, limit, 'no-stream');
  }

  /** Of several that say so at the same time, one is heard. */
  async #keep(stream: string, data: string, expected: ExpectedRevision): Promise<void> {
    this.#assertOpen();
    const reading = { ...this.#reading, namespace: '' };
    const limit = { id: randomId(this.#randomness), type: '$metadata', data, metadata: '' };
    try {
      await append({ ...this.#appending, reading }, this.#metadataOf(stream), [limit], expected, data.length);
    } catch (error) {
      if (!(error instanceof WrongExpectedRevisionError)) throw error;
    }
  }

  #metadataOf(stream: string): string {
    return `$$${this.#reading.namespace}${stream}`;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const subscription of [...this.#subscriptions]) await subscription.close();
    await Promise.allSettled([...this.#underWay]);
    this.#closed.abort();
    await this.#connection.release();
  }

  #follow({ after, categories }: AllOptions, patience: number): CatchUp {
    const subscription = new CatchUp(
      this.#reading,
      {
        after,
        prefixes: prefixesOf(categories),
        wanted: categories === undefined ? ({ stream }) => !stream.startsWith(OPERATIONAL) : () => true,
        // A reading holds what was acknowledged before it began; a follower may not have that yet.
        requiresLeader: patience !== Infinity,
        patience,
      },
      (closed) => this.#subscriptions.delete(closed),
    );
    this.#subscriptions.add(subscription);
    return subscription;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new EventStoreError('closed', 'The log was closed.');
  }
}

function prefixesOf(categories: readonly string[] | undefined): string[] {
  if (categories === undefined) return [OURS];
  return categories.length === 0 ? [NOTHING] : categories.map((category) => `${category}-`);
}
