/** The words in a payload: what a person wrote or a source says, told from ids, dates, codes and vocabularies. */
import { jsonPointer } from '#kernel';
import { type Field, fieldsOf, isPlainObject, type PayloadClass } from '../validation/fields.js';
import type { Data, EventDefinition } from './definition.js';

export interface TextInPayload {
  /** JSON pointer into the payload. */
  readonly pointer: string;
  readonly text: string;
}

/**
 * The free texts of a payload, in the order in which its class declares them; those that were erased are missing. A
 * payload inside of it (of a correction, of another reading) is not looked into.
 */
export function textsOf({ payload }: EventDefinition, data: Data): readonly TextInPayload[] {
  const found: TextInPayload[] = [];
  collect(payload, data, '', found);
  return found;
}

function collect(payload: PayloadClass, data: unknown, path: string, found: TextInPayload[]): void {
  if (!isPlainObject(data)) return;
  for (const field of fieldsOf(payload).values()) {
    const value = data[field.name];
    if (value === undefined || (field.nested === undefined && !isFreeText(field))) continue;
    const here = path + jsonPointer([field.name]);
    if (!field.list) visit(field, value, here, found);
    else if (Array.isArray(value)) {
      value.forEach((each, index) => {
        visit(field, each, `${here}/${index}`, found);
      });
    }
  }
}

function visit({ nested }: Field, value: unknown, pointer: string, found: TextInPayload[]): void {
  if (nested !== undefined) collect(nested, value, pointer, found);
  else if (typeof value === 'string') found.push({ pointer, text: value });
}

const freeTexts = new WeakMap<Field, boolean>();

/** A text of bounded length that is no date, address, id or word of a vocabulary. */
function isFreeText(field: Field): boolean {
  let free = freeTexts.get(field);
  if (free === undefined) {
    const schemas = (field.items ?? field.rules).map(({ schema }) => schema);
    free =
      schemas.some((schema) => 'maxLength' in schema) &&
      !schemas.some((schema) => 'format' in schema || 'enum' in schema);
    freeTexts.set(field, free);
  }
  return free;
}
