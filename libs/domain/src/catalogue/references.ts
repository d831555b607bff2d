/** Which other subjects a payload names, and what of them a decision needs. */
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

/**
 * The subjects that a payload names by id, also in a payload inside of it (of a correction, of another reading).
 *
 * @param inner what that payload is; recorded events say so themselves
 */
export function references(definition: EventDefinition, data: Data, inner?: EventDefinition): readonly Reference[] {
  const found: Reference[] = [];
  collect(definition.payload, data, '', found);
  const embedded = embeddedIn(definition, data);
  const of = inner ?? innerTypeOf(data);
  if (embedded !== undefined && of !== undefined)
    collect(of.payload, embedded.data, `/${embedded.path.join('/')}`, found);
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

function collect(payload: PayloadClass, data: unknown, pointer: string, found: Reference[]): void {
  if (!isPlainObject(data)) return;
  for (const field of namingFields(payload)) {
    const value = data[field.name];
    if (value === undefined) continue;
    // Names of fields need no escapes.
    const here = `${pointer}/${field.name}`;
    if (field.list && Array.isArray(value))
      value.forEach((each, index) => {
        visit(field, each, `${here}/${index}`, found);
      });
    else visit(field, value, here, found);
  }
}

function visit({ reference, nested }: Field, value: unknown, pointer: string, found: Reference[]): void {
  if (nested !== undefined) collect(nested, value, pointer, found);
  else if (reference !== undefined && typeof value === 'string') found.push({ kind: reference, id: value, pointer });
}

const naming = new Map<PayloadClass, readonly Field[]>();

/** The fields in which a payload of this class may name a subject: a few of many, and every event is asked. */
function namingFields(payload: PayloadClass): readonly Field[] {
  const known = naming.get(payload);
  if (known !== undefined) return known;
  const fields = [...fieldsOf(payload).values()];
  // Classes may hold each other: until it is known what this one names, it may name something.
  naming.set(payload, fields);
  const found = fields.filter(
    ({ nested, reference }) => reference !== undefined || (nested !== undefined && namingFields(nested).length > 0),
  );
  naming.set(payload, found);
  return found;
}
