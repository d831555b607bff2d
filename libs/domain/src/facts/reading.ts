/** Fields of payloads of which only the type's definition knows the class; what is of another type counts as left out. */
import { isPlainObject } from '../validation/fields.js';
import type { Data } from '../catalogue/definition.js';
import type { Citation } from './citation.js';

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

export function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Readonly<Partial<Record<Name, Value>>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, Value>>;
}

export function citationsOf(data: Data): readonly Citation[] {
  return Array.isArray(data.citations) ? data.citations.filter((each): each is Citation => isPlainObject(each)) : [];
}
