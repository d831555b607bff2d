/**
 * A hash of what a fact says, for ties in the main reading: the same whenever, in whatever order and under whatever ids
 * it is recorded, and also after an erasure.
 *
 * So it leaves out what only says how the record holds it: ids of events and cases (`after`, `case`, `movedFrom`,
 * `decisionId`), the evidence (`citations`, `basis`, `confidence`), and whatever is sealed. Two facts with the same hash
 * act in the same way on a status.
 */
import { hash } from 'node:crypto';
import { canonicalJson, NotCanonicalError } from '#kernel';
import type { Data, EventDefinition } from '../catalogue/definition.js';
import { isPlainObject } from '../validation/fields.js';

const NOT_SAID: ReadonlySet<string> = new Set([
  'after',
  'basis',
  'case',
  'citations',
  'confidence',
  'decisionId',
  'movedFrom',
]);

export function contentHash(definition: EventDefinition, data: Data): string {
  const hashes = known.get(definition) ?? new WeakMap<Data, string>();
  known.set(definition, hashes);
  let found = hashes.get(data);
  if (found === undefined) {
    found = compute(definition, data);
    hashes.set(data, found);
  }
  return found;
}

/** By the payload itself: a subject is read again after each of its events, and most of its facts stay what they were. */
const known = new WeakMap<EventDefinition, WeakMap<Data, string>>();

function compute(definition: EventDefinition, data: Data): string {
  const said = Object.fromEntries(Object.entries(data).filter(([name]) => !NOT_SAID.has(name)));
  const open = definition.personal.reduce<unknown>((rest, path) => without(rest, path.split('/').slice(1)), said);
  return hash('sha256', canonical({ type: definition.type, data: open }));
}

function canonical(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (!(error instanceof NotCanonicalError)) throw error;
    // Nothing that was recorded; but a fold never throws.
    return JSON.stringify(value);
  }
}

/** A copy without what the pattern matches. */
function without(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value;
  if (Array.isArray(value)) return step === '*' ? value.map((each) => without(each, rest)) : value;
  if (!isPlainObject(value) || !Object.hasOwn(value, step)) return value;
  const { [step]: inner, ...others } = value;
  return rest.length === 0 ? others : { ...others, [step]: without(inner, rest) };
}
