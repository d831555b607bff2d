/** A recorded event as the domain takes it. */
import type { DomainEvent } from '#domain';
import type { AppendedEvent } from './types.js';

export function asDomainEvent({ id, type, data, metadata }: AppendedEvent): DomainEvent {
  const { recordedAt, recordedBy, visibility } = metadata;
  return { id, type, data, recordedAt, recordedBy, visibility };
}
