/** The port's own errors: every adapter maps what its driver throws to one of these. */

/**
 * - `wrong-expected-revision`, `append-too-large`: see their classes.
 * - `invalid-append`: the call itself is wrong (no events, a malformed id, text that UTF-8 cannot hold). A bug in the caller.
 * - `unknown-position`: not a position of this log: another adapter gave it, or the log was replaced by an older copy.
 * - `unavailable`: the log cannot be reached or takes no appends at present; nothing was written.
 * - `timed-out`: the outcome is not known. Sending the same events again at the same revision settles it.
 * - `access-denied`, `stream-deleted`, `disk-full`, `read-only`: as they say; nothing was written.
 * - `in-use`: another process owns the log.
 * - `foreign`: what lies there is not a log of Habeas, or is one of a newer version. It was left as it is.
 * - `corrupt`: the log is damaged. It was left as it is.
 * - `closed`: this store was closed.
 */
export type EventStoreErrorCode =
  | 'wrong-expected-revision'
  | 'append-too-large'
  | 'invalid-append'
  | 'unknown-position'
  | 'unavailable'
  | 'timed-out'
  | 'access-denied'
  | 'stream-deleted'
  | 'disk-full'
  | 'read-only'
  | 'in-use'
  | 'foreign'
  | 'corrupt'
  | 'closed';

export class EventStoreError extends Error {
  constructor(
    readonly code: EventStoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'EventStoreError';
  }
}

export class WrongExpectedRevisionError extends EventStoreError {
  constructor(
    readonly stream: string,
    readonly expected: number | 'no-stream',
    /** The revision of the stream's last event when the append was looked at. */
    readonly actual: number | 'no-stream',
  ) {
    super('wrong-expected-revision', `Expected ${stream} at ${expected}, found it at ${actual}.`);
    this.name = 'WrongExpectedRevisionError';
  }
}

export class AppendTooLargeError extends EventStoreError {
  constructor(readonly bytes: number) {
    super('append-too-large', `An append of ${bytes} bytes is over the limit.`);
    this.name = 'AppendTooLargeError';
  }
}
