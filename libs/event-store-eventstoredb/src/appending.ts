/**
 * Appends, each with an outcome: what was lost on the way is looked for in the log, and only what cannot be settled at once is
 * handed back as unknown.
 */
import { NO_STREAM, type AppendResult, type EventStoreDBClient } from '@eventstore/db-client';
import {
  AppendTooLargeError,
  EventStoreError,
  WrongExpectedRevisionError,
  type AppendOutcome,
  type EventToAppend,
  type ExpectedRevision,
  type StoredEvent,
} from '#event-store';
import type { Connected } from './connection.js';
import { DeadlineError, within } from './deadline.js';
import { accessDenied, codeOf, reason, typeOf, unavailable } from './esdb-errors.js';
import { positionOf } from './position.js';
import type { SendingGate } from './sending-gate.js';
import { toEventData } from './stored-form.js';
import { readStream, type ReadingContext } from './stream-reading.js';

export interface AppendingContext {
  readonly connected: Connected;
  readonly gate: SendingGate;
  /** To look for what was lost. */
  readonly reading: ReadingContext;
  /** Milliseconds. */
  readonly deadline: number;
}

/** See the port. `bytes` is the size of the append. */
export async function append(
  context: AppendingContext,
  stream: string,
  events: readonly EventToAppend[],
  expected: ExpectedRevision,
  bytes: number,
): Promise<AppendOutcome> {
  const sending: Sending = { client: undefined, givenUp: false };
  let result: AppendResult;
  try {
    result = await within(context.deadline, send(context, sending, stream, events, expected));
  } catch (error) {
    sending.givenUp = true;
    if (sending.client === undefined) throw unavailable(reason(error), error);
    // Its stream of appends may have ended without the client noticing: nothing sent on it would ever be answered.
    if (error instanceof DeadlineError) context.connected.replace(sending.client);
    switch (typeOf(error)) {
      case 'wrong-expected-version':
        throw conflict(stream, expected, error);
      case 'maximum-append-size-exceeded':
        throw new AppendTooLargeError(bytes);
      case 'stream-deleted':
        throw new EventStoreError('stream-deleted', `${stream} was deleted for good.`, { cause: error });
      case 'access-denied':
        // With a code it is the whole stream of appends that was refused, and others may have been taken before.
        if (codeOf(error) === undefined) throw accessDenied(error);
    }
    return settle(context, stream, events, expected, error);
  }
  return outcomeOf(context, stream, result);
}

/** How far an append got. */
interface Sending {
  /** Who was handed it; undefined: nobody, so that it cannot be in the log. */
  client: EventStoreDBClient | undefined;
  /** Nobody waits for it any more: it is not to be handed over. */
  givenUp: boolean;
}

async function send(
  { connected, gate, reading, deadline }: AppendingContext,
  sending: Sending,
  stream: string,
  events: readonly EventToAppend[],
  expected: ExpectedRevision,
): Promise<AppendResult> {
  const data = events.map(toEventData);
  try {
    const client = await gate.pass(connected);
    if (sending.givenUp) throw unavailable('it was given up before it was sent');
    sending.client = client;
    return await client.appendToStream(reading.namespace + stream, data, {
      expectedRevision: expected === 'no-stream' ? NO_STREAM : BigInt(expected),
      requiresLeader: true,
      deadline,
    });
  } finally {
    gate.left();
  }
}

async function outcomeOf(context: AppendingContext, stream: string, result: AppendResult): Promise<AppendOutcome> {
  const revision = Number(result.nextExpectedRevision);
  if (result.position !== undefined) return { revision, position: positionOf(result.position) };
  const [event] = await eventsOf(context, stream, revision, 1);
  if (event === undefined) throw unknown(stream, undefined);
  return { revision, position: event.position };
}

/**
 * Whether an append is in the log whose answer did not come. Nothing at its place proves nothing: it may still be on its way.
 *
 * @throws WrongExpectedRevisionError other events are at its place
 * @throws EventStoreError `timed-out`: not settled
 */
async function settle(
  context: AppendingContext,
  stream: string,
  events: readonly EventToAppend[],
  expected: ExpectedRevision,
  cause: unknown,
): Promise<AppendOutcome> {
  const first = expected === 'no-stream' ? 0 : expected + 1;
  let there: StoredEvent[];
  try {
    there = await within(context.deadline, eventsOf(context, stream, first, events.length));
  } catch {
    throw unknown(stream, cause);
  }
  const last = there.at(-1);
  if (last === undefined) throw unknown(stream, cause);
  if (there.length === events.length && there.every(({ id }, n) => id === events[n]?.id)) {
    return { revision: last.revision, position: last.position };
  }
  throw new WrongExpectedRevisionError(stream, expected, await headOf(context, stream, last.revision));
}

async function eventsOf(
  { reading }: AppendingContext,
  stream: string,
  from: number,
  limit: number,
): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const event of readStream(reading, stream, { from, limit })) events.push(event);
  return events;
}

async function headOf({ reading }: AppendingContext, stream: string, atLeast: number): Promise<number> {
  try {
    for await (const { revision } of readStream(reading, stream, { direction: 'backwards', limit: 1 })) return revision;
  } catch {
    // What is known is enough.
  }
  return atLeast;
}

function conflict(stream: string, expected: ExpectedRevision, error: unknown): WrongExpectedRevisionError {
  const { actualVersion } = error as { actualVersion?: unknown };
  const actual = typeof actualVersion === 'bigint' ? Number(actualVersion) : 'no-stream';
  return new WrongExpectedRevisionError(stream, expected, actual);
}

function unknown(stream: string, cause: unknown): EventStoreError {
  return new EventStoreError('timed-out', `It is not known whether the append to ${stream} is in the log.`, { cause });
}
