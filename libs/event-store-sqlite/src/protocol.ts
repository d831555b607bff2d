/**
 * What the calling thread and the writer's thread say to each other. Requests and replies travel in batches and as
 * tuples: a message costs far more than an element of it, and objects cost more than tuples.
 */
import type { EventStoreErrorCode } from '#event-store';

/** What the writer's thread is started with. */
export interface WriterStart {
  readonly file: string;
}

/** Stands for no-stream among revisions. */
export const NO_STREAM = -1;

/**
 * The largest group, in appends and in bytes: what one transaction may hold before its first append is acknowledged. So many
 * appends that are called in one turn, while no other is under way, are one commit in the order of the calls.
 */
export const GROUP_APPENDS = 512;
export const GROUP_BYTES = 16 * 1024 * 1024;

export type EventTuple = readonly [id: string, type: string, data: string, metadata: string];

export type AppendRequest = readonly [
  ticket: number,
  stream: string,
  expected: number,
  events: readonly EventTuple[],
  bytes: number,
];

export type AppendReply =
  | readonly [ticket: number, kind: 'done', revision: number, position: number]
  | readonly [ticket: number, kind: 'repeated', revision: number, position: number]
  | readonly [ticket: number, kind: 'conflict', actual: number]
  | readonly [ticket: number, kind: 'failed', code: EventStoreErrorCode, message: string];

export type ToWriter =
  { readonly kind: 'append'; readonly requests: readonly AppendRequest[] } | { readonly kind: 'close' };

export type FromWriter =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly code: EventStoreErrorCode; readonly message: string }
  /** To one group of appends, and how long its commit took. */
  | { readonly kind: 'replies'; readonly replies: readonly AppendReply[]; readonly milliseconds: number };
