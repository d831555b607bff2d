/** The log up to a moment, as if nothing had been recorded since: what views of an earlier moment are folded from. */
import {
  type EventStore,
  PulledSubscription,
  type StoredEvent,
  type Subscription,
  type SubscriptionMessage,
} from '#event-store';
import { parseObject } from '#log-format';
import type { KnownMoment } from './moment.js';

/** What a projection reads. */
export type ReadLog = Pick<EventStore, 'readStream' | 'subscribeToAll'>;

/** How far a reader of the log is, and what it does not count. */
export interface Taken {
  readonly seq: number;
  /** The greatest recordedAt so far, in milliseconds. */
  readonly known: number;
}

/**
 * @param upTo left out: the end of the log at the moment at which a reading comes to it
 * @param taken how far the reader is when it subscribes
 * @param skipped events that the reader passes over: they count, and say nothing of the time
 */
export function logPrefix(
  log: ReadLog,
  upTo: KnownMoment | undefined,
  taken: () => Taken,
  skipped: ReadonlySet<string>,
): ReadLog {
  return {
    readStream: (...parameters) => log.readStream(...parameters),
    subscribeToAll: (options) => new Prefix(log.subscribeToAll(options), new End(upTo, taken(), skipped)),
  };
}

class End {
  private seq: number;
  private known: number;

  constructor(
    private readonly upTo: KnownMoment | undefined,
    taken: Taken,
    private readonly skipped: ReadonlySet<string>,
  ) {
    ({ seq: this.seq, known: this.known } = taken);
  }

  /** How many of these events, which come next, belong to it still. */
  count(events: readonly StoredEvent[]): number {
    const { upTo } = this;
    if (upTo === undefined) return events.length;
    const behind = events.findIndex((event) => !this.takes(event, upTo));
    return behind < 0 ? events.length : behind;
  }

  private takes(event: StoredEvent, upTo: KnownMoment): boolean {
    if ('seq' in upTo) return ++this.seq <= upTo.seq;
    if (!this.skipped.has(event.id)) {
      const { recordedAt } = parseObject(event.metadata) ?? {};
      const at = Date.parse(String(recordedAt));
      // What cannot be read stops the fold, which says so.
      if (!Number.isNaN(at)) this.known = Math.max(this.known, at);
    }
    return this.known <= upTo.instant;
  }
}

/** Caught up at its end, and then silent until it is closed. */
class Prefix extends PulledSubscription {
  #over: 'not-yet' | 'to-be-told' | 'told' = 'not-yet';
  readonly #closed = Promise.withResolvers<undefined>();
  readonly #messages: AsyncIterator<SubscriptionMessage>;

  constructor(
    private readonly whole: Subscription,
    private readonly end: End,
  ) {
    super();
    this.#messages = whole[Symbol.asyncIterator]();
  }

  async close(): Promise<void> {
    this.#closed.resolve(undefined);
    await this.whole.close();
  }

  protected async advance(): Promise<IteratorResult<SubscriptionMessage>> {
    if (this.#over === 'told') {
      await this.#closed.promise;
      return { done: true, value: undefined };
    }
    const next = this.#over === 'to-be-told' ? undefined : await this.#messages.next();
    if (next?.done === true) return next;
    const message = next?.value ?? { kind: 'caught-up' };
    if (message.kind === 'caught-up') this.#over = 'told';
    if (message.kind !== 'events') return { done: false, value: message };
    const events = message.events.slice(0, this.end.count(message.events));
    if (events.length < message.events.length) this.#over = 'to-be-told';
    return events.length === 0 ? this.advance() : { done: false, value: { kind: 'events', events } };
  }
}
