/**
 * The identity of a log. Its first event says LogStarted {logId}; every hash covers that id and every checkpoint names
 * it, so that a log that was replaced or mixed with another is noticed.
 */
import { type EventStore, type StoredEvent } from '#event-store';
import { type Clock, isId, randomId, type Randomness, streamName } from '#kernel';
import { CHAIN_START, verifyChain } from './chain.js';
import { createEventCodec } from './codec.js';
import { IntegrityError } from './errors.js';
import { parseObject } from './metadata.js';
import { settledAppend } from './settled-append.js';
import type { StoredForm } from './types.js';

export const LOG_STARTED: StoredForm = { type: 'LogStarted', schemaVersion: 1, personal: [] };
export const LOG_START_STREAM = streamName('log', 'start');

/** The recorder of what no principal asked for. */
export const SYSTEM = 'system';

/**
 * The log's id. Starts the log if it is new: safe against other nodes that do so at the same time, because only one
 * append to a stream that is not there can land. To be called before anything else is recorded.
 *
 * @throws IntegrityError the log holds events of Habeas before or without its LogStarted
 */
export async function ensureLogStarted(store: EventStore, clock: Clock, randomness: Randomness): Promise<string> {
  const found = await readLogId(store);
  if (found !== undefined) return found;
  const logId = randomId(randomness);
  const { events } = createEventCodec([LOG_STARTED], randomness).encode(
    [{ id: randomId(randomness), type: LOG_STARTED.type, data: { logId } }],
    {
      logId,
      stream: LOG_START_STREAM,
      head: CHAIN_START,
      recordedAt: clock.now(),
      recordedBy: SYSTEM,
      correlationId: logId,
      visibility: 'public',
    },
  );
  await settledAppend(store, LOG_START_STREAM, events, 'no-stream', randomness);
  // Read back in any case: another node may have been first.
  const started = await readLogId(store);
  if (started === undefined) throw new IntegrityError('log-without-start', LOG_START_STREAM, 0);
  return started;
}

/** Whether anything but what it says of itself was recorded in the log. */
export async function hasRecords(store: EventStore): Promise<boolean> {
  let own = 0;
  for await (const _ of store.readStream(LOG_START_STREAM)) own++;
  // Among one more than those there is another stream's event, or there is none.
  for await (const event of store.readAll({ limit: own + 1 })) if (event.stream !== LOG_START_STREAM) return true;
  return false;
}

/** The log's id; undefined if the log holds nothing of Habeas yet. */
async function readLogId(store: EventStore): Promise<string | undefined> {
  const first = await firstEvent(store);
  if (first === undefined) return undefined;
  const logId = first.stream === LOG_START_STREAM ? parseObject(first.data)?.logId : undefined;
  if (!isId(logId) || first.type !== LOG_STARTED.type) {
    throw new IntegrityError('log-without-start', first.stream, first.revision);
  }
  const verified = verifyChain([first], logId);
  if (!verified.ok) throw verified.error;
  return logId;
}

async function firstEvent(store: EventStore): Promise<StoredEvent | undefined> {
  for await (const event of store.readAll({ limit: 1 })) return event;
  return undefined;
}
