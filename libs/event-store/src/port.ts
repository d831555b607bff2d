/**
 * The one port to the event log, and what every adapter behind it guarantees.
 *
 * Guarantees
 * - **Durable**: `append` resolves only when the events survive a kill and a loss of power.
 * - **Atomic**: all events of one append are in the log, next to each other, or none is.
 * - **Exact**: an append lands only at the revision that it expects. There is no way to append without saying one.
 * - **Idempotent at its place**: an append with the ids of the events that are already at that revision, in that order,
 *   answers with the first outcome and writes nothing. The content is not compared: whoever appends does that.
 * - **Ordered**: positions grow with commits; a reader that has seen a position never meets an earlier one afterwards.
 * - **Unchanged**: `data` and `metadata` come back as the same strings that were appended.
 * Not guaranteed: that two nodes see a commit at the same moment; that positions are dense or mean anything outside the
 * adapter; that an id is unique across streams.
 */

/** A place in the whole log. Opaque: only the adapter that gave it can read it. Fit to be stored in a checkpoint. */
export type Position = string & { readonly __position: unique symbol };

/** The revision an append must land behind: of the stream's last event (the first event is revision 0), or no stream. */
export type ExpectedRevision = number | 'no-stream';

export interface EventToAppend {
  /** A UUID in lower case. */
  readonly id: string;
  readonly type: string;
  /** A JSON object in its stored form (canonical bytes, see log-format). */
  readonly data: string;
  /** A JSON object in its stored form. */
  readonly metadata: string;
}

export interface StoredEvent extends EventToAppend {
  readonly stream: string;
  /** Counted from 0 in its stream, without gaps. */
  readonly revision: number;
  readonly position: Position;
}

export interface AppendOutcome {
  /** The revision of the last event of the append. */
  readonly revision: number;
  /** The position of the last event of the append. */
  readonly position: Position;
}

export interface ReadStreamOptions {
  /** `forwards` unless said. */
  readonly direction?: 'forwards' | 'backwards';
  /** The first revision to read, inclusive. The start of the stream, or its end when reading backwards, unless said. */
  readonly from?: number;
  /** At most this many events. */
  readonly limit?: number;
}

export interface AllOptions {
  /** Exclusive: reading goes on with the event behind this position. From the start of the log unless said. */
  readonly after?: Position;
  /**
   * Only events of streams whose name begins with one of these categories and a hyphen (`habeasPerson` for
   * `habeasPerson-…`). All streams of Habeas (names that begin with `habeas`) unless said, save operational ones (`habeasOps-…`).
   */
  readonly categories?: readonly string[];
}

/**
 * What a subscription delivers, in the order of the log.
 * - `events`: at least one event, next to be applied; as many as were at hand. The last one's position is a checkpoint.
 * - `checkpoint`: everything up to here was looked at and did not match; as good a checkpoint as an event's position.
 * - `caught-up`: all that was in the log when it was asked has been delivered; what follows is live. Carries no
 *   position. May come again after the subscription fell behind.
 */
export type SubscriptionMessage =
  | { readonly kind: 'events'; readonly events: readonly StoredEvent[] }
  | { readonly kind: 'checkpoint'; readonly position: Position }
  | { readonly kind: 'caught-up' };

/**
 * A catch-up subscription: from a position through the past into the live tail. It is pulled: a slow reader delays only
 * itself, and memory stays bounded. It survives interruptions of the log by taking up again behind the last delivered
 * message; it ends only when closed, or by an error that no retry can mend, which the iteration throws.
 */
export interface Subscription extends AsyncIterable<SubscriptionMessage> {
  /** Ends the iteration after the message in hand. Idempotent. */
  close(): Promise<void>;
}

export interface EventStore {
  /**
   * Appends one or more events to one stream, atomically and durably.
   *
   * @throws WrongExpectedRevisionError the stream is at another revision; nothing was written.
   * @throws AppendTooLargeError the append is larger than {@link MAX_APPEND_BYTES}; nothing was written.
   * @throws EventStoreError `unavailable`: nothing was written; `timed-out`: the outcome is not known, send the same
   *   events again at the same revision; `access-denied`, `stream-deleted`, `disk-full`, `read-only`, `corrupt`, `closed`: nothing was written.
   */
  append(stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): Promise<AppendOutcome>;

  /** The events of one stream; none if there is no such stream. What is appended meanwhile may or may not be seen. */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<StoredEvent>;

  /** All matching events that were in the log when the reading began, in its order. */
  readAll(options?: AllOptions & { readonly limit?: number }): AsyncIterable<StoredEvent>;

  subscribeToAll(options?: AllOptions): Subscription;

  /** Waits for appends under way, ends subscriptions and lets go of the log. Idempotent; later calls throw `closed`. */
  close(): Promise<void>;
}

/** The largest append, as the sum of the UTF-8 bytes of all data and metadata. */
export const MAX_APPEND_BYTES = 512 * 1024;
