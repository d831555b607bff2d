/** What the client throws, as what it says about the call, and as the port's errors. */
import { EventStoreError, type EventStoreErrorCode } from '#event-store';

/** Codes of gRPC that mean something of their own here. */
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
export const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

interface ClientError {
  /** The client's name for what happened; missing on errors of gRPC that it hands on as they are. */
  readonly type?: unknown;
  /** gRPC's status; missing where the error was the answer to this very append. */
  readonly code?: unknown;
}

function parts(error: unknown): ClientError {
  return typeof error === 'object' && error !== null ? error : {};
}

export function typeOf(error: unknown): string | undefined {
  const { type } = parts(error);
  return typeof type === 'string' ? type : undefined;
}

export function codeOf(error: unknown): number | undefined {
  const { code } = parts(error);
  return typeof code === 'number' ? code : undefined;
}

/** A failure whose cause was the connection or the server's state, and that another try may not meet. */
export function isPassing(error: unknown): boolean {
  switch (typeOf(error)) {
    case 'access-denied':
    case 'stream-deleted':
    case 'invalid-argument':
      return false;
    default:
      return !isDenied(error);
  }
}

export function isDenied(error: unknown): boolean {
  const code = codeOf(error);
  return typeOf(error) === 'access-denied' || code === PERMISSION_DENIED || code === UNAUTHENTICATED;
}

/** A failed read as the port's error; one of the port's own is handed on. */
export function toReadError(error: unknown): EventStoreError {
  if (error instanceof EventStoreError) return error;
  const [code, why] = classify(error);
  return new EventStoreError(code, `EventStoreDB could not be read: ${why}.`, { cause: error });
}

export function accessDenied(cause: unknown): EventStoreError {
  return new EventStoreError('access-denied', `EventStoreDB refused: ${DENIED}.`, { cause });
}

export function unavailable(why: string, cause?: unknown): EventStoreError {
  return new EventStoreError('unavailable', `EventStoreDB cannot be reached: ${why}.`, { cause });
}

const DENIED = 'the user of the connection string may not do this';

function classify(error: unknown): [EventStoreErrorCode, string] {
  if (isDenied(error)) return ['access-denied', DENIED];
  if (typeOf(error) === 'stream-deleted') return ['stream-deleted', 'the stream was deleted for good'];
  return ['unavailable', reason(error)];
}

/** In our own words: the client's texts may quote addresses, streams and whatever a server says. */
export function reason(error: unknown): string {
  const type = typeOf(error);
  if (type === 'not-leader') return 'the leader changed';
  switch (codeOf(error)) {
    case UNAVAILABLE:
      return 'there is no connection';
    case DEADLINE_EXCEEDED:
      return 'it did not answer in time';
    case CANCELLED:
      return 'it broke off the call';
    default:
      return type === undefined && codeOf(error) === undefined
        ? 'no node was found'
        : `it failed (${type ?? 'unknown'})`;
  }
}
