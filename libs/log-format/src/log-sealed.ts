/**
 * The log's own witness: now and then it records the root of the tree of all events so far, signed. What the events are
 * is here, who makes and judges them in libs/audit.
 */
import type { StoredEvent } from '#event-store';
import { streamName } from '#kernel';
import { eventHash } from './chain.js';
import { leafHash, type TreeHash } from './merkle.js';
import { bareMetadata, readMetadata } from './metadata.js';
import type { StoredForm } from './types.js';

/**
 * `data.checkpoint`: a signed checkpoint (C2SP tlog-checkpoint) of the first events of the log, fewer than come before it;
 * `data.verifierKey`: whose signature it bears, as whoever wrote it says.
 */
export const LOG_SEALED: StoredForm = { type: 'LogSealed', schemaVersion: 1, personal: [] };
export const SEAL_STREAM = streamName('log', 'seals');

/**
 * SHA-256, hex, over what is stored of an event, as it is stored: what its own `hash` says if nobody changed it. Defined
 * for whatever stands in the log, also for what Habeas never writes.
 */
export function storedHash(event: StoredEvent, logId: string): string {
  const hash = readMetadata(event.metadata)?.hash;
  const bare = hash === undefined ? undefined : bareMetadata(event.metadata, hash);
  return eventHash({ ...event, logId, metadata: bare ?? event.metadata });
}

/** An event's leaf in the tree over the log. @param hash of the event, hex */
export function leafOf(hash: string): TreeHash {
  return leafHash(Buffer.from(hash, 'hex'));
}
