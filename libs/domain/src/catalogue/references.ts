/** Which other subjects a payload names, and what of them a decision needs. */
import { jsonPointer } from '#kernel';
import { type Field, fieldsOf, isPlainObject, type PayloadClass } from '../validation/fields.js';
import { definitionOf } from './catalogue.js';
import type { Category } from './category.js';
import type { Data, EventDefinition } from './definition.js';

export interface Reference {
  readonly kind: Category;
  readonly id: string;
  /** JSON pointer into the payload. */
  readonly pointer: string;
}

type Path = readonly (string | number)[];

/**
 * The subjects that a payload names by id, also in a payload inside of it (of a correction, of another reading).
 *
 * @param inner what that payload is; recorded events say so themselves
 */
export function references(definition: EventDefinition, data: Data, inner?: EventDefinition): readonly Reference[] {
  const found: Reference[] = [];
  collect(definition.payload, data, [], found);
  const embedded = embeddedIn(definition, data);
  const of = inner ?? innerTypeOf(data);
  if (embedded !== undefined && of !== undefined) collect(of.payload, embedded.data, embedded.path, found);
  return found;
}

/** What a recorded act says that the payload inside of it is. */
export function innerTypeOf({ factType }: Data): EventDefinition | undefined {
  return isPlainObject(factType) && typeof factType.type === 'string' ? definitionOf(factType.type) : undefined;
}

/** The payload that an act holds inside of its own. */
export function embeddedIn(
  { type }: Pick<EventDefinition, 'type'>,
  data: Data,
): { readonly data: unknown; readonly path: readonly string[] } | undefined {
  if (type === 'FactCorrected') return { data: data.data, path: ['data'] };
  if (type !== 'FactDisputed' || !isPlainObject(data.alternative)) return undefined;
  return { data: data.alternative.data, path: ['alternative', 'data'] };
}

function collect(payload: PayloadClass, data: unknown, path: Path, found: Reference[]): void {
  if (!isPlainObject(data)) return;
  for (const field of fieldsOf(payload).values()) {
    if (field.nested === undefined && field.reference === undefined) continue;
    const value = data[field.name];
    if (value === undefined) continue;
    const here = [...path, field.name];
    if (field.list && Array.isArray(value))
      value.forEach((each, index) => {
        visit(field, each, [...here, index], found);
      });
    else visit(field, value, here, found);
  }
}

function visit({ reference, nested }: Field, value: unknown, path: Path, found: Reference[]): void {
  if (nested !== undefined) collect(nested, value, path, found);
  else if (reference !== undefined && typeof value === 'string') {
    found.push({ kind: reference, id: value, pointer: jsonPointer(path) });
  }
}
