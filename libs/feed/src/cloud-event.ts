/** A status change as it is told: a CloudEvent 1.0 in structured JSON, the same in pages, streams and webhooks. */
import type { CitationView, FedChange, ShownChange, StatusChange, SubjectPointer } from '#projections';
import { placeOf } from './place.js';

export const CHANGE_EVENT_TYPE = 'org.habeas.status-change.v1';
/** Names the schema of `data`; it stands in /openapi.json and /asyncapi.json as StatusChangeData. */
export const CHANGE_DATA_SCHEMA = 'urn:habeas:schema:status-change:v1';

/** What is told of a change. Names and words are as they are now; all else is as of the event that caused it. */
export interface StatusChangeData extends Omit<StatusChange, 'id' | 'subject' | 'cause'> {
  readonly subject: SubjectPointer;
  readonly cause: StatusChange['cause'] & { readonly citations: readonly CitationView[] };
}

export interface StatusChangeEvent {
  readonly specversion: '1.0';
  readonly type: typeof CHANGE_EVENT_TYPE;
  /** `urn:habeas:log:<id>`: the log, whichever node tells of it. With `id` it names the change for ever. */
  readonly source: string;
  readonly id: string;
  /** `person/<id>` or `group/<id>`. */
  readonly subject: string;
  /** When the cause was recorded. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: typeof CHANGE_DATA_SCHEMA;
  /** The order of changes as texts: by seq, then by their numbers. */
  readonly sequence: string;
  readonly data: StatusChangeData;
}

export function cloudEvent(fed: FedChange, shown: ShownChange, logId: string): StatusChangeEvent {
  const { id, subject, cause, ...change } = fed.change;
  const { seq, n } = placeOf(fed);
  return {
    specversion: '1.0',
    type: CHANGE_EVENT_TYPE,
    source: `urn:habeas:log:${logId}`,
    id,
    subject: `${subject.kind}/${subject.id}`,
    time: fed.recordedAt,
    datacontenttype: 'application/json',
    dataschema: CHANGE_DATA_SCHEMA,
    sequence: `${digits(seq, 16)}.${digits(n, 6)}`,
    data: { ...change, subject: shown.subject, cause: { ...cause, citations: shown.citations } },
  };
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0');
}
