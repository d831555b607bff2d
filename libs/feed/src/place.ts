/**
 * Places in the feed as texts: the id of a change, `f<fold>-<seq>.<n>`, is the place behind it; `f<fold>-<seq>` is behind all
 * changes of an event, and so is the seq alone. The fold is what changes are told by: a number, with a `v` where only verified
 * facts count.
 */
import { err, ok, refusal, type Refusal, type Result } from '#kernel';
import type { ChangePlace, FedChange } from '#projections';

/** Before all changes. */
export const BEGINNING: ChangePlace = { seq: 0, n: 0 };

/** Behind all changes, also those to come. */
export const END: ChangePlace = { seq: Number.MAX_SAFE_INTEGER, n: Infinity };

export interface ReadPlace {
  readonly place: ChangePlace;
  /** The fold that it is of, where that is not the present one: what was told up to there may have been told otherwise. */
  readonly otherFold?: string;
}

const PLACE = /^(?:f([1-9]\d{0,8}v?)-)?(0|[1-9]\d{0,15})(?:\.(0|[1-9]\d{0,9}))?$/;

/**
 * Refusal code: `invalid-place`. Of a change of another fold the place is before all changes of its event: which of them
 * the present one has is not known there, and none is to be missed.
 */
export function parsePlace(text: string, present: string, pointer = '/after'): Result<ReadPlace, Refusal> {
  const [matched, fold, digits, n] = PLACE.exec(text) ?? [];
  const seq = Number(digits);
  if (matched === undefined || !Number.isSafeInteger(seq) || (fold === undefined && n !== undefined)) {
    return err(refusal('invalid-place', 'Give the id of a change as it was told, such as f2-15.0, or a seq.', pointer));
  }
  if (fold !== undefined && fold !== present) {
    const place = { seq: n === undefined ? seq : Math.max(0, seq - 1), n: Infinity };
    return ok({ place, otherFold: fold });
  }
  return ok({ place: { seq, n: n === undefined ? Infinity : Number(n) } });
}

/** What {@link parsePlace} reads again. */
export function placeText({ seq, n }: ChangePlace, fold: string): string {
  return `f${fold}-${seq}${Number.isFinite(n) ? `.${n}` : ''}`;
}

/** Where a change stands: behind it. */
export function placeOf({ change: { id, seq } }: FedChange): ChangePlace {
  return { seq, n: Number(id.slice(id.lastIndexOf('.') + 1)) };
}

export function isBehind(place: ChangePlace, other: ChangePlace): boolean {
  return place.seq > other.seq || (place.seq === other.seq && place.n > other.n);
}
