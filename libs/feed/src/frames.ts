/** What goes over a stream, as the HTML standard defines event streams (9.2.5): bytes, made once for all who are told. */
import type { OwnLens } from '#domain';
import type { ChangeFilter, ChangePlace } from '#projections';
import type { StatusChangeEvent } from './cloud-event.js';
import { FILTER_FIELDS } from './filter.js';
import { placeText } from './place.js';

/** Keeps connections open that nothing is told over, and finds out which are dead. */
export const HEARTBEAT = Buffer.from(':\n\n');

/** The id comes last: of a block that is cut off in the middle, no client can have noted the id without the data. */
export function changeFrame(event: StatusChangeEvent): Buffer {
  return Buffer.from(`data: ${JSON.stringify(event)}\nid: ${event.id}\n\n`);
}

/** Tells nothing, and yet a client that comes again begins behind this place: a block without data moves its last event id. */
export function placeFrame(place: ChangePlace, fold: string): Buffer {
  return Buffer.from(`id: ${placeText(place, fold)}\n\n`);
}

export function retryFrame(milliseconds: number): Buffer {
  return Buffer.from(`retry: ${Math.round(milliseconds)}\n\n`);
}

/** What `restated` tells a client that comes with an id of another fold. */
export interface Restated {
  readonly fromFold: number;
  readonly toFold: number;
  /** Which facts counted then, and which count now. */
  readonly fromLens: OwnLens;
  readonly toLens: OwnLens;
  /** What was told up to this event may be told otherwise now. */
  readonly seq: number;
  /** Where all changes are, as this fold tells them. */
  readonly changes: string;
}

/** @param filter of what it is told */
export function restated(from: string, to: string, { seq }: ChangePlace, filter: ChangeFilter): Restated {
  const [before, now] = [readFold(from), readFold(to)];
  return {
    fromFold: before.version,
    toFold: now.version,
    fromLens: before.lens,
    toLens: now.lens,
    seq,
    changes: changesPath(filter),
  };
}

function readFold(fold: string): { readonly version: number; readonly lens: OwnLens } {
  return { version: Number.parseInt(fold), lens: fold.endsWith('v') ? 'verified' : 'all' };
}

/** @param fold the present one */
export function restatedFrame(told: Restated, place: ChangePlace, fold: string): Buffer {
  return Buffer.from(`event: restated\ndata: ${JSON.stringify(told)}\nid: ${placeText(place, fold)}\n\n`);
}

/** The page of changes from the beginning, under the same filter. */
function changesPath(filter: ChangeFilter): string {
  const query = new URLSearchParams({ after: '0' });
  for (const field of FILTER_FIELDS) for (const value of filter[field] ?? []) query.append(field, value);
  return `/v1/status-changes?${query.toString()}`;
}
