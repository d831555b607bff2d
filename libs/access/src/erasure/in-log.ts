/** What a log says of erasures, to who reads it without a server: which keys are destroyed, and whose data was erased. */
import { ERASURE_TYPES } from '#domain';
import type { EventStore } from '#event-store';
import { parseStreamName, streamCategory } from '#kernel';
import { parseObject, readMetadata, type RecordedEvent } from '#log-format';
import { ERASURE_ASKED, ERASURE_CATEGORY, KEYS_CONDEMNED, readAsked } from './events.js';

const DESTROYING = new Set<string>([ERASURE_TYPES.erased, ERASURE_TYPES.redacted, KEYS_CONDEMNED.type]);

/** The ids of keys that are destroyed, as this event says. */
export function destroyedBy({ type, data }: Pick<RecordedEvent, 'type' | 'data'>): readonly string[] {
  return DESTROYING.has(type) && Array.isArray(data.keys) ? data.keys.map(String) : [];
}

/**
 * How many times keys were condemned.
 * @throws EventStoreError
 */
export async function condemnationsIn(store: Pick<EventStore, 'readAll'>): Promise<number> {
  let count = 0;
  for await (const { type } of store.readAll({ categories: [streamCategory(ERASURE_CATEGORY)] }))
    if (type === KEYS_CONDEMNED.type) count++;
  return count;
}

export interface ErasureInLog {
  readonly id: string;
  readonly person: string;
  /** UTC, with milliseconds and Z. */
  readonly askedAt: string;
}

/**
 * All erasures that were asked for, in their order.
 * @throws EventStoreError
 */
export async function erasuresIn(store: Pick<EventStore, 'readAll'>): Promise<readonly ErasureInLog[]> {
  const found: ErasureInLog[] = [];
  for await (const event of store.readAll({ categories: [streamCategory(ERASURE_CATEGORY)] })) {
    const asked = event.type === ERASURE_ASKED.type ? readAsked(parseObject(event.data) ?? {}) : undefined;
    const id = parseStreamName(event.stream)?.id;
    const askedAt = readMetadata(event.metadata)?.recordedAt;
    if (asked !== undefined && id !== undefined && askedAt !== undefined)
      found.push({ id, person: asked.person, askedAt });
  }
  return found;
}
