/**
 * Places in the feed as texts: the id of a change, `f<fold>-<seq>.<n>`, is the place behind it; `f<fold>-<seq>` is behind all
 * changes of an event, and so is the seq alone.
 */
import { err, ok, refusal, type Refusal, type Result } from '#kernel';
import { type ChangePlace, type FedChange, FOLD_VERSION } from '#projections';

/** Before all changes. */
export const BEGINNING: ChangePlace = { seq: 0, n: 0 };

/** Behind all changes, also those to come. */
export const END: ChangePlace = { seq: Number.MAX_SAFE_INTEGER, n: Infinity };

export interface ReadPlace {
  readonly place: ChangePlace;
  /** The fold version that it is of, where that is not the present one: what was told up to there may have been told otherwise. */
  readonly otherFold?: number;
}

const PLACE = /^(?:f([1-9]\d{0,8})-)?(0|[1-9]\d{0,15})(?:\.(0|[1-9]\d{0,9}))?$/;

/**
 * Refusal code: `invalid-place`. Of a change of another fold the place is before all changes of its event: which of them
 * this fold has is not known there, and none is to be missed.
 */
export function parsePlace(text: string, pointer = '/after'): Result<ReadPlace, Refusal> {
  const [matched, fold, digits, n] = PLACE.exec(text) ?? [];
  const seq = Number(digits);
  if (matched === undefined || !Number.isSafeInteger(seq) || (fold === undefined && n !== undefined)) {
    return err(refusal('invalid-place', 'Give the id of a change as it was told, such as f2-15.0, or a seq.', pointer));
  }
  if (fold !== undefined && Number(fold) !== FOLD_VERSION) {
    const place = { seq: n === undefined ? seq : Math.max(0, seq - 1), n: Infinity };
    return ok({ place, otherFold: Number(fold) });
  }
  return ok({ place: { seq, n: n === undefined ? Infinity : Number(n) } });
}

/** What {@link parsePlace} reads again. */
export function placeText({ seq, n }: ChangePlace): string {
  return `f${FOLD_VERSION}-${seq}${Number.isFinite(n) ? `.${n}` : ''}`;
}

/** Where a change stands: behind it. */
export function placeOf({ change: { id, seq } }: FedChange): ChangePlace {
  return { seq, n: Number(id.slice(id.lastIndexOf('.') + 1)) };
}

export function isBehind(place: ChangePlace, other: ChangePlace): boolean {
  return place.seq > other.seq || (place.seq === other.seq && place.n > other.n);
}
