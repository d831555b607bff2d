/**
 * Which fold answers were given by. Answers are functions of the log and of the version of the fold; so that an auditor
 * can tell from the log alone since when a fold was in use, adopting one is recorded beside the start of the log.
 */
import type { EventStore, StoredEvent } from '#event-store';
import { type Clock, randomId, type Randomness } from '#kernel';
import { verifyChain } from './chain.js';
import { createEventCodec } from './codec.js';
import { LOG_START_STREAM, SYSTEM } from './log-start.js';
import { parseObject } from './metadata.js';
import { settledAppend } from './settled-append.js';
import type { StoredForm } from './types.js';

export const FOLD_ADOPTED: StoredForm = { type: 'FoldAdopted', schemaVersion: 1, personal: [] };

/**
 * Records FoldAdopted {foldVersion}, unless this version or a newer one was adopted before: while nodes are replaced one
 * by one, an older one adopts nothing back. Safe against other nodes that do so at the same time.
 *
 * @param logId from `ensureLogStarted`
 * @throws IntegrityError the log's own stream is broken
 */
export async function ensureFoldAdopted(
  store: EventStore,
  logId: string,
  foldVersion: number,
  clock: Clock,
  randomness: Randomness,
): Promise<void> {
  for (;;) {
    const events: StoredEvent[] = [];
    for await (const event of store.readStream(LOG_START_STREAM)) events.push(event);
    const head = verifyChain(events, logId);
    if (!head.ok) throw head.error;
    if (events.some((event) => adoptedBy(event) >= foldVersion)) return;
    const encoded = createEventCodec([FOLD_ADOPTED], randomness).encode(
      [{ id: randomId(randomness), type: FOLD_ADOPTED.type, data: { foldVersion } }],
      {
        logId,
        stream: LOG_START_STREAM,
        head: head.value,
        recordedAt: clock.now(),
        recordedBy: SYSTEM,
        correlationId: logId,
        visibility: 'public',
      },
    );
    const landed = await settledAppend(store, LOG_START_STREAM, encoded.events, head.value.revision, randomness);
    // Else another node wrote first: what it wrote is looked at.
    if (landed !== undefined) return;
  }
}

function adoptedBy(event: StoredEvent): number {
  const version = event.type === FOLD_ADOPTED.type ? parseObject(event.data)?.foldVersion : undefined;
  return typeof version === 'number' ? version : 0;
}
