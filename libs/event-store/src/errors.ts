/** The port's own errors: every adapter maps what its driver throws to one of these. */

export type EventStoreErrorCode =
  | 'wrong-expected-revision'
  | 'append-too-large'
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
