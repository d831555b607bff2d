/**
 * Who may be a child. A birth date on record is a claim like any other, and there may be several: whoever may be under age by
 * one of them is treated as a child, because the error in the other direction cannot be taken back.
 */
import { addMonths, type Day, parseEdtf } from '#kernel';
import type { Data } from '../catalogue/definition.js';
import { innerTypeOf } from '../catalogue/references.js';
import type { NewEvent } from '../facts/context.js';
import { factsOf } from '../facts/ledger.js';
import type { SubjectState } from '../facts/state.js';
import { isPlainObject } from '../validation/fields.js';

const MONTHS_UNDER_AGE = 18 * 12;

/** By a birth date that stands, the person is or may be under 18 on this day. False where none is known, or can be read. */
export function mayBeMinor(state: SubjectState, day: Day): boolean {
  return factsOf(state).some(
    ({ type, data, standing }) => (standing === 'standing' || standing === 'corrected') && tells(type, data, day),
  );
}

/** An event that tells such a birth date itself, or corrects one to it. */
export function tellsOfMinor({ type, data }: Pick<NewEvent, 'type' | 'data'>, day: Day): boolean {
  if (type !== 'FactCorrected') return tells(type, data, day);
  const inner = innerTypeOf(data);
  return inner !== undefined && isPlainObject(data.data) && tells(inner.type, data.data, day);
}

function tells(type: string, { attribute, value }: Data, day: Day): boolean {
  if (type !== 'AttributeAsserted' || attribute !== 'birth-date' || typeof value !== 'string') return false;
  const born = parseEdtf(value);
  if (!born.ok) return false;
  const { earliest, latest } = born.value.bounds;
  // "In or after 2001" says of nobody that they are under age.
  return addMonths(Number.isFinite(latest) ? latest : earliest, MONTHS_UNDER_AGE) > day;
}
