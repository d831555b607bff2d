/**
 * Checks JSON against a payload class. class-validator's rules decide, object by object; this file walks from object to
 * object, refuses what no field takes, and says with a code and a pointer what is wrong. For the door only, never for reads.
 */
import { jsonPointer, refusal, type Refusal } from '#kernel';
import { failingFields } from './checker.js';
import { exactlyOneOf, type Field, fieldsOf, isPlainObject, needsOf, type PayloadClass } from './fields.js';
import type { RefusalCode } from './refusal-codes.js';
import type { Rule } from './scalars.js';

/** `client`: what a request may hold; `stored`: also what the server adds to it. */
export type Door = 'client' | 'stored';

type Path = readonly (string | number)[];

/** A request with more faults than these is not mended fault by fault. */
const MOST_REFUSALS = 50;

/** @returns everything that is wrong (the first fifty), in the order of the fields; none: it is a valid payload */
export function faultsOf(payload: PayloadClass, json: unknown, door: Door, path: Path = []): readonly Refusal[] {
  const faults: Refusal[] = [];
  visit(payload, json, door, path, faults);
  return faults.slice(0, MOST_REFUSALS);
}

function domainRefusal(code: RefusalCode, detail: string, path?: Path): Refusal {
  return path === undefined ? refusal(code, detail) : refusal(code, detail, jsonPointer(path));
}

function visit(payload: PayloadClass, json: unknown, door: Door, path: Path, faults: Refusal[]): void {
  if (!isPlainObject(json)) {
    faults.push(domainRefusal('wrong-type', 'This takes an object.', path));
    return;
  }
  const fields = fieldsOf(payload);
  for (const name of Object.keys(json)) {
    const field = fields.get(name);
    if (field === undefined) {
      faults.push(domainRefusal('unknown-field', 'There is no such field here.', [...path, name]));
    } else if (field.serverSet && door === 'client') {
      faults.push(domainRefusal('server-set-field', 'The server sets this field.', [...path, name]));
    }
    if (faults.length >= MOST_REFUSALS) return;
  }
  const failing = failingFields(payload, json);
  for (const field of fields.values()) {
    if (faults.length >= MOST_REFUSALS) return;
    if (field.nested === undefined && failing.size === 0) continue;
    const value = Object.hasOwn(json, field.name) ? json[field.name] : undefined;
    if (failing.has(field.name)) faults.push(explain(field, value, [...path, field.name]));
    else if (field.nested !== undefined && value !== undefined) {
      const here = [...path, field.name];
      if (!field.list) visit(field.nested, value, door, here, faults);
      else {
        for (const [index, element] of (value as readonly unknown[]).entries()) {
          visit(field.nested, element, door, [...here, index], faults);
        }
      }
    }
  }
  for (const names of exactlyOneOf(payload)) {
    if (names.filter((name) => Object.hasOwn(json, name)).length !== 1) {
      faults.push(domainRefusal('exactly-one', `Give exactly one of: ${names.join(', ')}.`, path));
    }
  }
  for (const { field, needs } of needsOf(payload)) {
    if (Object.hasOwn(json, field) && !Object.hasOwn(json, needs)) {
      faults.push(domainRefusal('missing-field', `This field is required beside ${field}.`, [...path, needs]));
    }
  }
}

/** Finds the first rule that fails, and where. */
function explain(field: Field, value: unknown, path: Path): Refusal {
  if (value === undefined) return domainRefusal('missing-field', 'This field is required.', path);
  const whole = failed(field.rules, value);
  if (whole !== undefined) return domainRefusal(whole.code, whole.detail, path);
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) {
      const rule = failed(field.items ?? [], element);
      if (rule !== undefined) return domainRefusal(rule.code, rule.detail, [...path, index]);
    }
  }
  throw new Error(`The field ${field.name} fails by no rule of its own.`);
}

function failed(rules: readonly Rule[], value: unknown): Rule | undefined {
  return rules.find((rule) => !rule.test(value));
}
