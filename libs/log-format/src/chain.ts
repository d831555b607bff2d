/**
 * The chain of a stream: each event's hash covers what is stored of it and the hash of the event before.
 *
 * The hash is computed over the stored strings as they are, never over values written again: it proves the bytes, and
 * costs a third.
 */
import { hash } from 'node:crypto';
import type { StoredEvent } from '#event-store';
import { err, ok, type Result } from '#kernel';
import { IntegrityError } from './errors.js';
import { bareMetadata, readMetadata } from './metadata.js';
import type { EventMetadata } from './types.js';

/** Where a chain stands: what the next event has to follow. */
export interface ChainHead {
  /** Of the last event; -1 before the first. */
  readonly revision: number;
  /** Of the last event; undefined before the first. */
  readonly hash: string | undefined;
}

export const CHAIN_START: ChainHead = { revision: -1, hash: undefined };

export interface HashedParts {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly logId: string;
  /** In stored form. */
  readonly data: string;
  /** In stored form, without `hash`. */
  readonly metadata: string;
}

/** SHA-256, hex, of the canonical JSON of {data, id, logId, metadata, revision, stream, type, v}. */
export function eventHash({ data, id, logId, metadata, revision, stream, type }: HashedParts): string {
  const q = JSON.stringify;
  return hash(
    'sha256',
    `{"data":${data},"id":${q(id)},"logId":${q(logId)},"metadata":${metadata},"revision":${revision},"stream":${q(stream)},"type":${q(type)},"v":1}`,
  );
}

/**
 * Checks events of one stream, in order and without gaps, against the chain.
 * @param from where the chain stands before the first of them; the stream's start unless said
 * @returns where it stands after the last
 */
export function verifyChain(
  events: readonly StoredEvent[],
  logId: string,
  from: ChainHead = CHAIN_START,
): Result<ChainHead, IntegrityError> {
  let head = from;
  for (const event of events) {
    const metadata = readMetadata(event.metadata);
    const fault = metadata === undefined ? 'malformed-metadata' : faultOf(event, metadata, logId, head);
    if (fault !== undefined || metadata === undefined) {
      return err(new IntegrityError(fault ?? 'malformed-metadata', event.stream, event.revision));
    }
    head = { revision: event.revision, hash: metadata.hash };
  }
  return ok(head);
}

function faultOf(event: StoredEvent, metadata: EventMetadata, logId: string, head: ChainHead) {
  if (event.revision !== head.revision + 1) return 'revision-gap';
  if (metadata.prev !== head.hash) return 'prev-mismatch';
  const bare = bareMetadata(event.metadata, metadata.hash);
  if (bare === undefined) return 'malformed-metadata';
  return eventHash({ ...event, logId, metadata: bare }) === metadata.hash ? undefined : 'hash-mismatch';
}
