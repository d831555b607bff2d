/** Reading one stream from the leader, and taking the reading up again behind the last event when the connection breaks. */
import { BACKWARDS, END, FORWARDS, START, type ResolvedEvent, type StreamingRead } from '@eventstore/db-client';
import type { ReadStreamOptions, StoredEvent } from '#event-store';
import type { Randomness } from '#kernel';
import type { Connected } from './connection.js';
import { DeadlineError, within } from './deadline.js';
import { isPassing, toReadError, typeOf, unavailable } from './esdb-errors.js';
import { pause, pauseBefore, type Backoff } from './retry.js';
import { toStoredEvent } from './stored-form.js';

/** How often a reading is taken up again without getting anywhere; a change of leader takes one or two. */
const TRIES = 4;
const BACKOFF: Backoff = { first: 25, most: 400 };

export interface ReadingContext {
  readonly connected: Connected;
  /** Stands before every stream's name on the server; may be empty. */
  readonly namespace: string;
  readonly randomness: Randomness;
  /** Milliseconds that the server may be silent for. */
  readonly deadline: number;
  /** Milliseconds after which a live subscription that nothing came from is taken again. */
  readonly renewAfter: number;
  readonly closing: AbortSignal;
}

/** @throws EventStoreError `unavailable`, `access-denied`, `stream-deleted` */
export async function* readStream(
  context: ReadingContext,
  stream: string,
  { direction = 'forwards', from, limit = Infinity }: ReadStreamOptions,
): AsyncGenerator<StoredEvent, void, undefined> {
  const forwards = direction === 'forwards';
  let next = from;
  let left = limit;
  for (let attempt = 1; left >= 1; attempt++) {
    const wire = context.connected.client.readStream(context.namespace + stream, {
      direction: forwards ? FORWARDS : BACKWARDS,
      fromRevision: next === undefined ? (forwards ? START : END) : BigInt(next),
      maxCount: left === Infinity ? Number.MAX_SAFE_INTEGER : left,
      requiresLeader: true,
    });
    try {
      for await (const { event } of drain(wire, context.deadline)) {
        if (event === undefined) continue;
        const stored = toStoredEvent(event, context.namespace);
        yield stored;
        attempt = 0;
        left--;
        next = stored.revision + (forwards ? 1 : -1);
        if (left < 1 || next < 0) return;
      }
      return;
    } catch (error) {
      if (typeOf(error) === 'stream-not-found') return;
      await tryAgain(context, error, attempt);
    }
  }
}

/**
 * Waits before a reading is tried again that failed, for the `attempt`th time since it last got anywhere.
 *
 * @throws EventStoreError it is not to be tried again
 */
export async function tryAgain(
  { randomness, closing }: ReadingContext,
  error: unknown,
  attempt: number,
): Promise<void> {
  if (error instanceof DeadlineError) throw unavailable('it did not answer in time', error);
  if (!isPassing(error) || attempt >= TRIES || closing.aborted) throw toReadError(error);
  await pause(pauseBefore(Math.max(attempt, 1), BACKOFF, randomness), closing);
}

/**
 * The messages of a reading of the client, at the pace of who takes them. However it is left, nothing goes on behind it.
 *
 * @throws DeadlineError the server was silent for longer than so many milliseconds
 */
export async function* drain<E extends ResolvedEvent>(
  wire: StreamingRead<E>,
  deadline: number,
): AsyncGenerator<E, void, undefined> {
  // An error that nobody listens to ends the process, also one that comes after this is left.
  wire.on('error', () => undefined);
  const messages = wire[Symbol.asyncIterator]() as AsyncIterator<E, undefined>;
  try {
    for (;;) {
      const { done, value } = await within(deadline, messages.next());
      if (done === true) return;
      yield value;
    }
  } finally {
    // Ending the iteration alone would leave the call open.
    await wire.cancel().catch(() => undefined);
  }
}
