/**
 * From stored events to what the fold takes in. Events of subjects are opened by the format of the log, their keys
 * fetched a page at a time; of all others (the start of the log, access keys) only their place in the log counts.
 */
import { catalogue } from '#domain';
import type { StoredEvent } from '#event-store';
import { parseStreamName } from '#kernel';
import { createEventCodec, type EventMetadata, type Opening, parseObject, type RecordedEvent } from '#log-format';
import type { SubjectCategory } from './shapes.js';

const SUBJECTS: ReadonlyMap<string, SubjectCategory> = new Map(
  (['person', 'group', 'case', 'statement', 'source'] as const).map((kind) => [kind, kind]),
);

/** The subject whose stream this is; undefined for a stream that is no subject's. */
export function subjectOf(stream: string): { readonly kind: SubjectCategory; readonly id: string } | undefined {
  const place = parseStreamName(stream);
  // Not the text that was cut out of the name: this one is compared all the time.
  const kind = place && SUBJECTS.get(place.category);
  return place && kind && { kind, id: place.id };
}

export type Decoded = RecordedEvent | 'undecodable' | 'unknown-type';

const codec = createEventCodec(catalogue, {
  bytes: () => {
    throw new RangeError('Reading draws nothing.');
  },
});

/** One answer for each event, in their order. */
export async function decode(events: readonly StoredEvent[], keys: Opening): Promise<readonly Decoded[]> {
  const opened = await codec.decodePage(
    events.filter(({ stream }) => subjectOf(stream) !== undefined),
    keys,
  );
  const next = opened.values();
  return events.map((event) => {
    if (subjectOf(event.stream) === undefined) return bare(event);
    const result = next.next().value;
    if (result === undefined) throw new RangeError('The codec answered for fewer events than it was given.');
    if (result.ok) return result.value;
    return result.error.reason === 'unknown-type' ? 'unknown-type' : 'undecodable';
  });
}

function bare(event: StoredEvent): Decoded {
  const data = parseObject(event.data);
  const metadata = parseObject(event.metadata);
  if (data === undefined || metadata === undefined) return 'undecodable';
  const { hash, recordedAt, recordedBy, visibility } = metadata;
  const complete = [hash, recordedAt, recordedBy, visibility].every((field) => typeof field === 'string');
  if (!complete || Number.isNaN(Date.parse(String(recordedAt)))) return 'undecodable';
  return { ...event, data, opened: true, metadata: metadata as unknown as EventMetadata };
}
