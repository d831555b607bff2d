/**
 * What nodes write down beside the log and nobody changes: kept for so many days, outside of `seq`, proofs, exports and
 * subscriptions.
 *
 * Guarantees
 * - **Durable**: what `append` answered survives a kill and a loss of power.
 * - **One order** for all nodes that share a log, and **read your own writes**, on any of them.
 * Not guaranteed: that an append which failed left nothing, and that it is there once only; whoever needs that names entries.
 */

/** Where an entry stands. Places grow, with gaps. */
export type TrailPlace = number;

export interface TrailEntry {
  readonly place: TrailPlace;
  readonly text: string;
}

export interface Trail {
  /**
   * Puts texts at the end, next to each other, in their order. One call at a time.
   *
   * @param texts well-formed, at least one, together within the limit of an append
   * @throws EventStoreError as an append to the log does
   */
  append(texts: readonly string[]): Promise<void>;

  /**
   * The last ones before a place, exclusive, or before the end: the latest first. Fewer than the limit: there are no more.
   *
   * @throws EventStoreError `unavailable`, `access-denied`, `corrupt`, `closed`
   */
  before(place: TrailPlace | undefined, limit: number): Promise<readonly TrailEntry[]>;

  /** Waits for what is under way. Idempotent; later calls throw `closed`. */
  close(): Promise<void>;
}
