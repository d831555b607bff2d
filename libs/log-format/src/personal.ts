/** Takes the personal fields out of an event's data, by the patterns of its definition, and puts them back. */
import { type Json, type JsonObject, jsonPointer } from '#kernel';

type Mutable = Json[] | Record<string, Json>;

/** By JSON pointer. */
export type PersonalFields = Readonly<Record<string, Json>>;

/**
 * Takes every field that a pattern matches out of `data`, which is changed: members of objects are removed; elements of
 * arrays become null, so that what stays keeps its place.
 */
export function takePersonal(data: JsonObject, patterns: readonly string[]): PersonalFields {
  const taken: Record<string, Json> = {};
  for (const pattern of patterns) {
    take(data, pattern.split('/').slice(1).map(unescape), [], taken);
  }
  return taken;
}

function take(at: Mutable, steps: readonly string[], path: (string | number)[], taken: Record<string, Json>): void {
  const [step, ...rest] = steps;
  if (step === undefined) return;
  for (const key of matches(at, step)) {
    const value = (at as Record<string | number, Json>)[key];
    const here = [...path, key];
    if (rest.length > 0) {
      if (typeof value === 'object' && value !== null) take(value as Mutable, rest, here, taken);
    } else if (value !== undefined && value !== null) {
      taken[jsonPointer(here)] = value;
      if (Array.isArray(at)) at[key as number] = null;
      else Reflect.deleteProperty(at, key);
    }
  }
}

function matches(at: Mutable, step: string): readonly (string | number)[] {
  if (Array.isArray(at)) return step === '*' ? [...at.keys()] : [];
  return Object.hasOwn(at, step) ? [step] : [];
}

/**
 * Puts the fields back into `data`, which is changed.
 * @returns false if a field has no place there: the box belongs to other data
 */
export function putPersonal(data: JsonObject, fields: PersonalFields): boolean {
  // In order, so that a field comes before the fields inside of it.
  for (const pointer of Object.keys(fields).sort()) {
    const steps = pointer.split('/').slice(1).map(unescape);
    const last = steps.pop();
    if (last === undefined || last === '__proto__') return false;
    let at: Json | undefined = data;
    for (const step of steps) {
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return false;
      at = (at as JsonObject)[step];
    }
    if (typeof at !== 'object' || at === null) return false;
    // An element's place was kept; a member's was not.
    if (Array.isArray(at) !== Object.hasOwn(at, last)) return false;
    (at as Record<string, Json>)[last] = fields[pointer] as Json;
  }
  return true;
}

function unescape(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
