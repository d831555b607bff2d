/**
 * An append whose outcome is known when it returns.
 *
 * After an unknown outcome (`timed-out`) the same bytes are sent again at the same revision until the log answers. Only
 * another event at that revision proves that the first try is absent: an error, or a stream that looks shorter than
 * expected, proves nothing, because the first try may still be on its way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AppendOutcome,
  EventStoreError,
  type EventStore,
  type EventToAppend,
  type ExpectedRevision,
  WrongExpectedRevisionError,
} from '#event-store';
import type { Randomness } from '#kernel';
import { IntegrityError, OutcomeUnknownError } from './errors.js';

export interface RetryOptions {
  /** How often in all; at least 1. */
  readonly attempts: number;
  /** Milliseconds before the second try; doubled from try to try, each drawn between half and the whole. */
  readonly firstDelay: number;
  /** Milliseconds; no pause is longer. */
  readonly maxDelay: number;
}

/** Some five seconds of pauses in all. */
const SETTLING: RetryOptions = { attempts: 10, firstDelay: 20, maxDelay: 2_000 };
/** Milliseconds after which no other try begins: one may take long by itself, where a log is silent, and somebody waits. */
const SETTLING_ENDS = 10_000;

/** Waits before try number `attempt` (from 1: the first retry). The jitter keeps rivals from meeting again and again. */
export async function backoff(attempt: number, options: RetryOptions, randomness: Randomness): Promise<void> {
  const ceiling = Math.min(options.maxDelay, options.firstDelay * 2 ** (attempt - 1));
  const share = (randomness.bytes(1)[0] ?? 0) / 255;
  await sleep((ceiling * (1 + share)) / 2);
}

/**
 * Appends, and settles an unknown outcome.
 *
 * @returns the outcome, or undefined on a conflict: other events are at that place and none of ours was written
 * @throws OutcomeUnknownError it could not be settled; the same request, asked again later, will be
 * @throws IntegrityError it landed at another revision than it was sent for
 * @throws EventStoreError nothing was written, for another reason than a conflict
 */
export async function settledAppend(
  store: EventStore,
  stream: string,
  events: readonly EventToAppend[],
  expected: ExpectedRevision,
  randomness: Randomness,
  options: RetryOptions = SETTLING,
  ends = SETTLING_ENDS,
): Promise<AppendOutcome | undefined> {
  const begun = performance.now();
  const first = expected === 'no-stream' ? 0 : expected + 1;
  let unknown: unknown;
  for (let attempt = 1; ; attempt++) {
    try {
      const outcome = await store.append(stream, events, expected);
      if (outcome.revision !== first + events.length - 1) {
        throw new IntegrityError('landed-elsewhere', stream, outcome.revision);
      }
      return outcome;
    } catch (error) {
      if (!(error instanceof EventStoreError)) throw error;
      if (error.code === 'timed-out') unknown = error;
      // Nothing was written by this try, and no earlier one is open: that is the outcome.
      else if (unknown === undefined) {
        if (error instanceof WrongExpectedRevisionError) return undefined;
        throw error;
      } else if (error instanceof WrongExpectedRevisionError && isBehind(error.actual, first)) return undefined;
    }
    const isOver = attempt >= options.attempts || performance.now() - begun > ends;
    if (isOver) throw new OutcomeUnknownError(stream, { cause: unknown });
    await backoff(attempt, options, randomness);
  }
}

/** Something is at this revision, and (the append was refused) it is not what was sent. */
function isBehind(actual: number | 'no-stream', revision: number): boolean {
  return actual !== 'no-stream' && actual >= revision;
}
