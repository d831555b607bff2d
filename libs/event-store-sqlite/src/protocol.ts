/**
 * What the calling thread and the writer's thread say to each other. Requests and replies travel in batches and as flat
 * tuples: a message costs far more than an element of it, and objects cost more than tuples.
 */
import type { EventStoreErrorCode } from '#event-store';

/** What the writer's thread is started with. */
export interface WriterStart {
  readonly file: string;
}

/** Stands for no-stream among revisions. */
export const NO_STREAM = -1;

/** `events` holds id, type, data and metadata of each event, one after the other. */
export type AppendRequest = readonly [
  ticket: number,
  stream: string,
  expected: number,
  events: readonly string[],
  bytes: number,
];

/** The fields of {@link AppendRequest} per event. */
export const FIELDS_PER_EVENT = 4;

export type AppendReply =
  | readonly [ticket: number, kind: 'done', revision: number, position: number]
  | readonly [ticket: number, kind: 'conflict', actual: number]
  | readonly [ticket: number, kind: 'failed', code: EventStoreErrorCode, message: string];

export type ToWriter =
  { readonly kind: 'append'; readonly requests: readonly AppendRequest[] } | { readonly kind: 'close' };

export type FromWriter =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly code: EventStoreErrorCode; readonly message: string }
  | { readonly kind: 'replies'; readonly replies: readonly AppendReply[] };
