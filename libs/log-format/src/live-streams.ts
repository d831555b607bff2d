/**
 * Streams of one category that every node holds in memory: few, short, and followed live, such as those of access keys. Whoever
 * holds them takes in each event as it comes, from the log or from an append of its own.
 *
 * A subscription to which nothing comes looks like one that stands still, or one of a server that was cut off from the others. So
 * the log is asked again every few seconds, behind what was taken in: only that it says once more that this was all is a sign of
 * life. It costs a reading of what was appended since, of any kind, or less.
 */
import type { EventStore, Position, StoredEvent, Subscription } from '#event-store';
import { type Clock, parseStreamName, type Randomness, streamCategory, streamName, type Ticker } from '#kernel';
import { CHAIN_START, type ChainHead, verifyChain } from './chain.js';
import { createEventCodec, type EventCodec, type NewEvent } from './codec.js';
import { requestMac } from './box.js';
import { settledAppend } from './settled-append.js';
import type { KeyStore, RecordedEvent, StoredForm } from './types.js';

export interface LiveStreamsOptions {
  readonly store: EventStore;
  /** `find`: what events are opened by; what it throws ends the following. */
  readonly keys: Pick<KeyStore, 'obtain' | 'find'>;
  readonly logId: string;
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly randomness: Randomness;
  /** `access` of `habeasAccess-…`. */
  readonly category: string;
  /** Every event that may be met. */
  readonly forms: readonly StoredForm[];
  /**
   * Takes an event in. Each event comes once at least, and those of a stream in their order; those that this node appended or loaded
   * come once more, perhaps behind later ones.
   */
  readonly apply: (id: string, event: RecordedEvent) => void;
  /** An event that cannot be read. */
  readonly unreadable: (id: string, event: { readonly id: string }) => void;
}

/** Who appends, and the request that the events answer. */
export interface Appending {
  readonly by: string;
  readonly correlationId?: string;
  /** Canonical text of the request, to be known again by the stream's MAC of it. */
  readonly request?: string;
}

/** How often the log is asked again, in milliseconds. */
const ASK_EVERY = 3_000;
/** Milliseconds after which a log that has said nothing is not followed any more, until it is heard again. */
const LONGEST_SILENCE = 10_000;

export class LiveStreams {
  readonly #options: LiveStreamsOptions;
  readonly #codec: EventCodec;
  #subscription: Subscription | undefined;
  /** Everything up to here was taken in. */
  #at: Position | undefined;
  /** When the log was last asked a question that it answered, by the ticker. */
  #heard = -Infinity;
  #followed: Promise<void> = Promise.resolve();
  #ended = false;
  #closing = false;

  /**
   * Resolves when everything that is in the log was taken in.
   * @throws EventStoreError the log cannot be followed
   */
  static async open(options: LiveStreamsOptions): Promise<LiveStreams> {
    const streams = new LiveStreams(options);
    await streams.#start();
    return streams;
  }

  private constructor(options: LiveStreamsOptions) {
    this.#options = options;
    this.#codec = createEventCodec(options.forms, options.randomness);
  }

  /** False: what was recorded elsewhere more than {@link LONGEST_SILENCE} ago may not have been seen. */
  get following(): boolean {
    return !this.#ended && this.#options.ticker.now() - this.#heard <= LONGEST_SILENCE;
  }

  /** Reads one stream, takes it in, and tells where its chain stands. */
  async load(id: string): Promise<ChainHead> {
    const stored: StoredEvent[] = [];
    for await (const event of this.#options.store.readStream(this.#nameOf(id))) stored.push(event);
    const verified = verifyChain(stored, this.#options.logId);
    if (!verified.ok) throw verified.error;
    await this.#takeIn(stored);
    return verified.value;
  }

  /** Appends one event behind the head, and takes it in at once; false on a conflict. */
  async append(
    id: string,
    event: NewEvent,
    head: ChainHead,
    { by, correlationId, request }: Appending,
  ): Promise<boolean> {
    const { store, keys, logId, clock, randomness, apply } = this.#options;
    const stream = this.#nameOf(id);
    const key = await keys.obtain(stream);
    const { events, recorded } = this.#codec.encode([event], {
      logId,
      stream,
      head,
      key,
      recordedAt: clock.now(),
      recordedBy: by,
      correlationId: correlationId ?? event.id,
      ...(request !== undefined && { requestMac: requestMac(key, request) }),
      visibility: 'internal',
    });
    const expected = head === CHAIN_START ? 'no-stream' : head.revision;
    const outcome = await settledAppend(store, stream, events, expected, randomness);
    if (outcome === undefined) return false;
    for (const each of recorded) apply(id, { ...each, position: outcome.position });
    return true;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#subscription?.close();
    await this.#followed;
  }

  #start(): Promise<void> {
    return new Promise((caughtUp, failed) => {
      this.#followed = this.#follow(caughtUp)
        .catch(failed)
        .finally(() => {
          this.#ended = true;
          failed(new Error('The log was closed before these streams were read.'));
        });
    });
  }

  async #follow(caughtUp: () => void): Promise<void> {
    while (!this.#closing) await this.#listen(caughtUp);
  }

  /** Asks the log for what is behind what was taken in, and goes on with what comes until it is time to ask again. */
  async #listen(caughtUp: () => void): Promise<void> {
    const { store, category, ticker } = this.#options;
    const asked = ticker.now();
    const subscription = store.subscribeToAll({
      categories: [streamCategory(category)],
      ...(this.#at !== undefined && { after: this.#at }),
    });
    this.#subscription = subscription;
    const over = new AbortController();
    let answered = false;
    const due = new AbortController();
    const askAgain = async (): Promise<void> => {
      await ticker.sleep(Math.max(0, asked + ASK_EVERY - ticker.now()), over.signal);
      due.abort();
      await subscription.close();
    };
    try {
      for await (const message of subscription) {
        if (message.kind === 'caught-up') {
          if (!answered) void askAgain();
          answered = true;
          // Of what was recorded since it was asked, nothing is known.
          this.#heard = asked;
          caughtUp();
        } else if (message.kind === 'checkpoint') {
          this.#at = message.position;
        } else {
          await this.#takeIn(message.events);
          this.#at = message.events.at(-1)?.position ?? this.#at;
        }
      }
    } finally {
      over.abort();
    }
    if (!due.signal.aborted && !this.#closing) throw new Error('The log ended a subscription.');
  }

  async #takeIn(stored: readonly StoredEvent[]): Promise<void> {
    const { keys, apply, unreadable } = this.#options;
    for (const event of await this.#codec.decodePage(stored, keys)) {
      if (event.ok) apply(idOf(event.value.stream), event.value);
      else unreadable(idOf(event.error.event.stream), event.error.event);
    }
  }

  #nameOf(id: string): string {
    return streamName(this.#options.category, id);
  }
}

function idOf(stream: string): string {
  return parseStreamName(stream)?.id ?? stream;
}
