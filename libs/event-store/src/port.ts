/**
 * The one port to the event log, and what every adapter behind it guarantees.
 *
 * Guarantees
 * - **Durable**: `append` resolves only when the events survive a kill and a loss of power.
 * - **Atomic**: all events of one append are in the log, next to each other, or none is.
 * - **Exact**: an append lands only at the revision that it expects. There is no way to append without saying one.
 * - **Idempotent at its place**: an append with the ids of the events that are already behind that revision, in that
 *   order, answers with the first outcome and writes nothing, also after later events; so does a prefix of them (with
 *   the outcome of its own last event). The content is not compared: whoever appends does that. A mix of ids that are
 *   there and ids that are not is a wrong expected revision.
 * - **Ordered**: positions grow with commits; a reader that has seen a position never meets an earlier one afterwards.
 * - **Read your own writes**: what `append` has acknowledged is in every read of this store that begins afterwards.
 * - **Unchanged**: `data` and `metadata` come back as the same strings that were appended.
 * Not guaranteed: that two nodes see a commit at the same moment; that positions are dense or mean anything outside the
 * adapter; that an id is unique: the same id at another revision is appended again, so ids do not protect a retry that
 * moved on to a new revision; only loading the stream anew does.
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
  /**
   * This very call wrote them, so what is stored are the bytes that it sent. Left out, that is not known: an adapter may
   * be unable to tell, or events with these ids were there before, perhaps with other content.
   */
  readonly isNew?: true;
}

export interface ReadStreamOptions {
  /** `forwards` unless said. */
  readonly direction?: 'forwards' | 'backwards';
  /** The first revision to read, inclusive. The start of the stream, or its end when reading backwards, unless said. */
  readonly from?: number;
  /** At most this many events. */
  readonly limit?: number;
}

/** What a reading or subscription of the whole log takes in. */
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
 * - `events`: at least one event, next to be applied; as many as were at hand, but at most 16 MiB of them.
 *   The last one's position is a checkpoint.
 * - `checkpoint`: nothing up to here is still to come; as good a checkpoint as an event's position. Comes once in a
 *   while where many events do not match, and before `caught-up` where the last ones did not.
 * - `caught-up`: all that was in the log when it was last asked has been delivered; what follows is live. Carries no
 *   position. Comes again after the subscription fell behind and caught up anew.
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
  /** Ends the iteration after the message in hand (as leaving the loop does). Idempotent. */
  close(): Promise<void>;
}

export interface EventStore {
  /**
   * Appends one or more events to one stream, atomically and durably.
   *
   * @throws WrongExpectedRevisionError the stream is at another revision; nothing was written.
   * @throws AppendTooLargeError the append is larger than {@link MAX_APPEND_BYTES}; nothing was written.
   * @throws EventStoreError `timed-out`: the outcome is not known, send the same events again at the same revision.
   *   With every other code (`unavailable`, `disk-full`, `closed` …) nothing was written.
   */
  append(stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): Promise<AppendOutcome>;

  /**
   * The events of one stream; none if there is no such stream. What is appended meanwhile may or may not be seen.
   *
   * @throws EventStoreError `unavailable`, `corrupt`, `closed`
   */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<StoredEvent>;

  /**
   * All matching events that were in the log when the reading began, in its order. A reading that is still under way
   * when the store is closed throws `closed`: it never ends early in silence.
   *
   * @throws EventStoreError `unknown-position`, `unavailable`, `corrupt`, `closed`
   */
  readAll(options?: AllOptions & { readonly limit?: number }): AsyncIterable<StoredEvent>;

  /**
   * Follows the log. Any number of subscriptions may be open. Each may be iterated once.
   *
   * @throws EventStoreError (from the iteration) `unknown-position`, `corrupt`
   */
  subscribeToAll(options?: AllOptions): Subscription;

  /** Waits for appends under way, ends subscriptions, and lets go of the log. Idempotent; later calls throw `closed`. */
  close(): Promise<void>;
}

/** The largest append, as the sum of the UTF-8 bytes of all data and metadata. */
export const MAX_APPEND_BYTES = 512 * 1024;
