/**
 * What nodes share that is no history: who holds a lease, how far a delivery has come. Last values only, beside the log: outside
 * `seq`, proofs, exports and subscriptions.
 *
 * Guarantees
 * - **Exact**: a value is written only over the revision that the writer names, so of several writers one wins, and whoever
 *   was overtaken is refused.
 * - **Atomic**, and **read your own writes**: what `write` answered is in every read that begins afterwards, on any node.
 * - **Durable** against a kill. After a loss of power an embedded state may have forgotten its last writes; what is in it then
 *   was there once, and nobody who wrote later is left.
 */
import { checkAppend } from './check-append.js';
import { EventStoreError } from './errors.js';
import type { ExpectedRevision } from './port.js';

export interface StateValue {
  readonly value: string;
  /** Grows with every write. */
  readonly revision: number;
}

export interface OperationalState {
  /**
   * The last value of a name; undefined if there never was one.
   *
   * @throws EventStoreError `unavailable`, `access-denied`, `corrupt`, `closed`
   */
  read(name: string): Promise<StateValue | undefined>;

  /**
   * Puts a value in the place of the one at the expected revision (`no-stream`: of none).
   *
   * @param name letters in lower case, digits and hyphens; at most 100
   * @param value well-formed text, within the limit of an append
   * @returns its revision
   * @throws WrongExpectedRevisionError another value is there by now. This one may have been there in between, if an
   *   earlier call for it timed out.
   * @throws EventStoreError `timed-out`: the outcome is not known; reading tells, unless the write is still on its way. With
   *   every other code nothing was written.
   */
  write(name: string, value: string, expected: ExpectedRevision): Promise<number>;

  /** Waits for writes under way. Idempotent; later calls throw `closed`. */
  close(): Promise<void>;
}

/** The stream that holds a name's value where state is kept in streams. */
export function stateStream(name: string): string {
  if (!/^[a-z0-9-]{1,100}$/.test(name)) {
    throw new EventStoreError('invalid-append', 'A name of operational state has more than a-z, 0-9 and hyphens.');
  }
  return `habeasOps-${name}`;
}

const ANY_ID = '00000000-0000-4000-8000-000000000000';

/** What every adapter refuses before a write goes anywhere. @throws EventStoreError `invalid-append`, `append-too-large` */
export function checkStateWrite(name: string, value: string, expected: ExpectedRevision): void {
  checkAppend(stateStream(name), [{ id: ANY_ID, type: 'State', data: value, metadata: '' }], expected);
}
