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
  for (const steps of stepsOf(patterns)) take(data, steps, 0, '', taken);
  return taken;
}

type Steps = readonly (readonly string[])[];

/** A definition's patterns are taken apart once. */
const known = new WeakMap<readonly string[], Steps>();

function stepsOf(patterns: readonly string[]): Steps {
  let steps = known.get(patterns);
  if (steps === undefined) {
    steps = patterns.map((pattern) => pattern.split('/').slice(1).map(unescape));
    known.set(patterns, steps);
  }
  return steps;
}

/** A copy that shares nothing. */
export function copyOf<T extends Json>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as readonly Json[] as T;
  const copy: Record<string, Json> = {};
  for (const name of Object.keys(value)) copy[name] = copyOf((value as JsonObject)[name] as Json);
  return copy as T;
}

function take(at: Mutable, steps: readonly string[], depth: number, path: string, taken: Record<string, Json>): void {
  const step = steps[depth] ?? '';
  if (Array.isArray(at)) {
    if (step === '*') for (let index = 0; index < at.length; index++) takeAt(at, index, steps, depth, path, taken);
  } else if (Object.hasOwn(at, step)) takeAt(at, step, steps, depth, path, taken);
}

function takeAt(
  at: Mutable,
  key: string | number,
  steps: readonly string[],
  depth: number,
  path: string,
  taken: Record<string, Json>,
): void {
  const value = (at as Record<string | number, Json>)[key];
  const here = path + jsonPointer([key]);
  if (depth + 1 < steps.length) {
    if (typeof value === 'object' && value !== null) take(value as Mutable, steps, depth + 1, here, taken);
  } else if (value !== undefined && value !== null) {
    taken[here] = value;
    if (Array.isArray(at)) at[key as number] = null;
    else Reflect.deleteProperty(at, key);
  }
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
