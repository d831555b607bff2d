/** The events of a bundle, and what its sources are by them: the same to whoever makes it and to whoever judges it. */
import { evolve, initial, type SourceRecord, sourceOf, type SubjectState } from '#domain';
import { parseStreamName } from '#kernel';
import { asDomainEvent, type Disclosure, type PersonalFields, type RecordedEvent, retoldAmong } from '#log-format';
import { atSeq, type RawEvent } from '../raw-event.js';

export interface BundledEvent {
  readonly raw: RawEvent;
  readonly disclosure: Disclosure | undefined;
  /** What was told again of it, where its box is closed. */
  readonly retold: PersonalFields | undefined;
  readonly event: RecordedEvent;
}

/** What is disclosed among these events of others whose boxes are closed: it was told again when words in them were blanked. */
export function toldAgain(
  events: Iterable<Pick<BundledEvent, 'raw' | 'disclosure'>>,
): (event: Pick<RawEvent, 'stream' | 'id'>) => PersonalFields | undefined {
  const retold = retoldAmong(
    [...events].map(({ raw, disclosure }) => ({ event: atSeq(raw), fields: disclosure?.fields })),
  );
  return ({ stream, id }) => retold.get(stream)?.get(id);
}

/** What sources are known to be, by the events of their streams. */
export function sourcesAmong(events: Iterable<Pick<BundledEvent, 'event'>>): ReadonlyMap<string, SourceRecord> {
  const states = new Map<string, SubjectState>();
  for (const { event } of events) {
    const { category, id = '' } = parseStreamName(event.stream) ?? {};
    if (category === 'source') states.set(id, evolve(states.get(id) ?? initial('source', id), asDomainEvent(event)));
  }
  const found = new Map<string, SourceRecord>();
  for (const [id, state] of states) {
    const source = sourceOf(state);
    if (source !== undefined) found.set(id, source);
  }
  return found;
}
