/** The end of the log, and whether the log is still the one that a position or an event came from. */
import { BACKWARDS, END } from '@eventstore/db-client';
import type { StoredEvent } from '#event-store';
import { isBehind, unknownPosition, type LogPosition } from './position.js';
import { drain, readStream, tryAgain, type ReadingContext } from './stream-reading.js';

/**
 * Where the last event of the log is, of whatever kind, as the leader knows it; undefined: the log is empty.
 *
 * @throws EventStoreError `unavailable`, `access-denied`
 */
export async function endOfLog(context: ReadingContext): Promise<LogPosition | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { connected, deadline } = context;
      const wire = connected.client.readAll({
        direction: BACKWARDS,
        fromPosition: END,
        maxCount: 1,
        requiresLeader: true,
      });
      for await (const { event } of drain(wire, deadline)) if (event !== undefined) return event.position;
      return undefined;
    } catch (error) {
      await tryAgain(context, error, attempt);
    }
  }
}

/** @throws EventStoreError `unknown-position`: it lies behind the end of the log */
export function assertNotBehind(position: LogPosition | undefined, end: LogPosition | undefined): void {
  if (position !== undefined && (end === undefined || isBehind(position, end))) {
    throw unknownPosition('it lies behind the end of the log');
  }
}

/** @throws EventStoreError `unknown-position`: another event is in the place of one that was read; or what `readStream` throws */
export async function assertStillThere(context: ReadingContext, { stream, revision, id }: StoredEvent): Promise<void> {
  for await (const there of readStream(context, stream, { from: revision, limit: 1 })) {
    if (there.revision === revision && there.id === id) return;
  }
  throw unknownPosition('what was read before it is not there any more');
}
