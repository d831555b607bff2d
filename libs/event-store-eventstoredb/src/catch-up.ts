/**
 * A catch-up subscription: takes events off the network into a bounded buffer, hands them on as they are pulled, and is
 * taken up again behind the last event whenever the server, the network or a full buffer ended it.
 *
 * While the server reads the past it waits for us, and a full buffer pauses it. Once live it does not wait: it keeps 32
 * events for a subscriber and then drops it. So a full buffer gives the subscription up, and what it would have brought is read
 * from the past once there is room.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type EventStoreError,
  type Position,
  PulledSubscription,
  type StoredEvent,
  type SubscriptionMessage,
} from '#event-store';
import { accessDenied, isDenied, unavailable } from './esdb-errors.js';
import { assertNotBehind, assertStillThere, endOfLog } from './head.js';
import { isBehind, parsePosition, positionOf, type LogPosition } from './position.js';
import { pause, pauseBefore, type Backoff } from './retry.js';
import type { ReadingContext } from './stream-reading.js';
import { Wire } from './wire.js';

/** The largest message: `MESSAGE_BYTES` in characters of data and metadata (one event may go over that). */
const MESSAGE_EVENTS = 1_000;
const MESSAGE_BYTES = 4 * 1024 * 1024;

/** When the buffer is full, and when it has room again. */
const FULL_EVENTS = 4_000;
const FULL_BYTES = 12 * 1024 * 1024;
const ROOM_EVENTS = 1_000;
const ROOM_BYTES = 3 * 1024 * 1024;

const BACKOFF: Backoff = { first: 20, most: 5_000 };

export interface CatchUpRequest {
  /** Exclusive. */
  readonly after: Position | undefined;
  readonly prefixes: readonly string[];
  /** Whether an event that the server let through is wanted. */
  readonly wanted: (event: StoredEvent) => boolean;
  readonly requiresLeader: boolean;
  /** Fails with `unavailable` after so many milliseconds in which nothing came before it has caught up; Infinity: never. */
  readonly patience: number;
}

export class CatchUp extends PulledSubscription {
  readonly #context: ReadingContext;
  readonly #request: CatchUpRequest;
  readonly #onClose: (subscription: CatchUp) => void;
  readonly #closing = new AbortController();

  #buffer: StoredEvent[] = [];
  #bytes = 0;
  /** Everything up to here was taken off the network. */
  #reached: LogPosition | undefined;
  /** The last event taken off the network. */
  #lastEvent: StoredEvent | undefined;
  /** Told by the server, and not yet known to be right. */
  #candidate: LogPosition | undefined;
  /** To be handed on when the buffer is empty. */
  #checkpoint: LogPosition | undefined;
  #toldCaughtUp = false;

  #wire: Wire | undefined;
  #connecting = false;
  #attempt = 0;
  #failure: EventStoreError | undefined;
  #wake: (() => void) | undefined;

  constructor(context: ReadingContext, request: CatchUpRequest, onClose: (subscription: CatchUp) => void) {
    super();
    this.#context = context;
    this.#request = request;
    this.#onClose = onClose;
    this.#reached = request.after === undefined ? undefined : parsePosition(request.after);
  }

  close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#wire?.close();
      this.#wire = undefined;
      this.#buffer.length = 0;
      this.#onClose(this);
      this.#wake?.();
    }
    return Promise.resolve();
  }

  protected async advance(): Promise<IteratorResult<SubscriptionMessage>> {
    for (;;) {
      if (this.#closing.signal.aborted) return { done: true, value: undefined };
      const message = this.#take();
      this.#keepConnected();
      if (message !== undefined) return { done: false, value: message };
      if (this.#failure !== undefined) {
        const failure = this.#failure;
        await this.close();
        throw failure;
      }
      await this.#untilSomethingComes();
    }
  }

  async #untilSomethingComes(): Promise<void> {
    const { patience } = this.#request;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (patience === Infinity) return;
      timer = setTimeout(() => {
        this.#failure ??= unavailable('nothing came in time');
        resolve();
      }, patience);
    });
    clearTimeout(timer);
    this.#wake = undefined;
    // What comes with it, off the same piece of the network, goes into the same message.
    await nextTurn();
  }

  #take(): SubscriptionMessage | undefined {
    const events = this.#takeEvents();
    if (events.length > 0) {
      // More than one message at hand: the reader is behind.
      if (this.#buffer.length > 0) this.#toldCaughtUp = false;
      return { kind: 'events', events };
    }
    if (this.#checkpoint !== undefined) {
      const position = positionOf(this.#checkpoint);
      this.#checkpoint = undefined;
      return { kind: 'checkpoint', position };
    }
    if (this.#wire?.live !== true || this.#toldCaughtUp) return undefined;
    this.#toldCaughtUp = true;
    return { kind: 'caught-up' };
  }

  #takeEvents(): StoredEvent[] {
    if (this.#buffer.length <= MESSAGE_EVENTS && this.#bytes <= MESSAGE_BYTES) {
      const all = this.#buffer;
      this.#buffer = [];
      this.#bytes = 0;
      return all;
    }
    let count = 0;
    let bytes = 0;
    for (const event of this.#buffer) {
      const size = sizeOf(event);
      if (count === MESSAGE_EVENTS || (count > 0 && bytes + size > MESSAGE_BYTES)) break;
      count++;
      bytes += size;
    }
    this.#bytes -= bytes;
    return this.#buffer.splice(0, count);
  }

  #isFull(): boolean {
    return this.#buffer.length >= FULL_EVENTS || this.#bytes >= FULL_BYTES;
  }

  #hasRoom(): boolean {
    return this.#buffer.length <= ROOM_EVENTS && this.#bytes <= ROOM_BYTES;
  }

  #keepConnected(): void {
    if (!this.#hasRoom()) return;
    if (this.#wire !== undefined) this.#wire.resume();
    else if (!this.#connecting && this.#failure === undefined) void this.#connect();
  }

  /** Subscribes behind what was reached. Never rejects. */
  async #connect(): Promise<void> {
    this.#connecting = true;
    const { signal } = this.#closing;
    while (!signal.aborted && this.#failure === undefined && this.#wire === undefined) {
      if (this.#attempt > 0) await pause(pauseBefore(this.#attempt, BACKOFF, this.#context.randomness), signal);
      this.#attempt++;
      try {
        await this.#assertSameLog();
        this.#subscribe();
      } catch (error) {
        const { code } = error as EventStoreError;
        if (code !== 'unavailable') this.#fail(error as EventStoreError);
      }
    }
    this.#connecting = false;
  }

  /** @throws EventStoreError `unknown-position`: the log was replaced */
  async #assertSameLog(): Promise<void> {
    if (this.#reached === undefined) return;
    assertNotBehind(this.#reached, await endOfLog(this.#context));
    if (this.#lastEvent !== undefined) await assertStillThere(this.#context, this.#lastEvent);
  }

  #subscribe(): void {
    if (this.#closing.signal.aborted) return;
    const { prefixes, requiresLeader } = this.#request;
    this.#candidate = undefined;
    this.#toldCaughtUp = false;
    const { connected, namespace } = this.#context;
    this.#wire = new Wire(connected, { namespace, after: this.#reached, prefixes, requiresLeader }, this.#context, {
      event: (event, position) => this.#event(event, position),
      checkpoint: (position) => this.#checkpointReached(position),
      caughtUp: () => {
        this.#attempt = 0;
        this.#wake?.();
      },
      over: (error) => {
        this.#wire = undefined;
        if (isDenied(error)) this.#fail(accessDenied(error));
        // Who waits for the next message takes it up again; nobody else needs it.
        this.#wake?.();
      },
    });
  }

  #event(event: StoredEvent, position: LogPosition): void {
    // Delivered again.
    if (this.#reached !== undefined && !isBehind(position, this.#reached)) return;
    this.#reached = position;
    this.#lastEvent = event;
    this.#candidate = undefined;
    this.#attempt = 0;
    if (!this.#request.wanted(event)) {
      this.#checkpoint = position;
      this.#wake?.();
      return;
    }
    this.#checkpoint = undefined;
    this.#buffer.push(event);
    this.#bytes += sizeOf(event);
    if (this.#isFull()) this.#relieve();
    this.#wake?.();
  }

  #relieve(): void {
    if (this.#wire?.live !== true) {
      this.#wire?.pause();
      return;
    }
    this.#wire.close();
    this.#wire = undefined;
  }

  /**
   * Servers of several versions tell a checkpoint that is the place of the next event, which a resumption there would lose, or
   * tell old ones again. So it counts only once a later one has come on the same connection: an event between would have come.
   */
  #checkpointReached(position: LogPosition): void {
    if (this.#reached !== undefined && !isBehind(position, this.#reached)) return;
    if (this.#candidate !== undefined && !isBehind(position, this.#candidate)) return;
    this.#attempt = 0;
    if (this.#candidate !== undefined) {
      this.#reached = this.#checkpoint = this.#candidate;
      this.#wake?.();
    }
    this.#candidate = position;
  }

  #fail(failure: EventStoreError): void {
    this.#failure ??= failure;
    this.#wake?.();
  }
}

function sizeOf({ data, metadata }: StoredEvent): number {
  return data.length + metadata.length;
}
