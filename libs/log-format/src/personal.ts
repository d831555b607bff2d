/** Takes the personal fields out of an event's data, by the patterns of its definition, and puts them back. */
import { type Json, type JsonObject, jsonPointer } from '#kernel';

/** By JSON pointer. */
export type PersonalFields = Readonly<Record<string, Json>>;

export interface Parted {
  /** Without the personal fields: members of objects are left out; elements of arrays are null, so that what stays keeps its place. */
  readonly rest: JsonObject;
  readonly fields: PersonalFields;
}

/** Parts data from every field that a pattern matches. `data` stays as it is; `rest` shares with it what has nothing personal. */
export function partPersonal(data: JsonObject, patterns: readonly string[]): Parted {
  const fields: Record<string, Json> = {};
  return { rest: restOf(data, treeOf(patterns), '', fields) as JsonObject, fields };
}

/** Patterns put together, by their steps; a leaf is a field that is personal as a whole. */
type Tree = ReadonlyMap<string, Tree>;

const LEAF: Tree = new Map();
const EVERY_ELEMENT = '*';

/** A definition's patterns are put together once. */
const known = new WeakMap<readonly string[], Tree>();

function treeOf(patterns: readonly string[]): Tree {
  let tree = known.get(patterns);
  if (tree === undefined) {
    tree = grown(patterns.map((pattern) => pattern.split('/').slice(1).map(unescape)));
    known.set(patterns, tree);
  }
  return tree;
}

function grown(paths: readonly (readonly string[])[]): Tree {
  // Whatever lies inside of a personal field goes with it.
  if (paths.some((path) => path.length === 0)) return LEAF;
  const below = Map.groupBy(paths, ([step = '']) => step);
  return new Map([...below].map(([step, ones]) => [step, grown(ones.map((path) => path.slice(1)))]));
}

/** Built without what is taken, not by deleting it: objects with deleted members are slow to write. */
function restOf(at: Json, tree: Tree, path: string, fields: Record<string, Json>): Json {
  if (typeof at !== 'object' || at === null) return at;
  if (Array.isArray(at)) {
    const elements = at as readonly Json[];
    const every = tree.get(EVERY_ELEMENT);
    if (every === undefined) return elements;
    return elements.map((element, index) => partOf(element, every, `${path}/${index}`, fields) ?? null);
  }
  const rest: Record<string, Json> = {};
  for (const name of Object.keys(at)) {
    const value = (at as JsonObject)[name] as Json;
    const below = tree.get(name);
    const left = below === undefined ? value : partOf(value, below, path + jsonPointer([name]), fields);
    if (left !== undefined) rest[name] = left;
  }
  return rest;
}

/** Undefined: it was taken whole. */
function partOf(value: Json, tree: Tree, here: string, fields: Record<string, Json>): Json | undefined {
  if (tree !== LEAF) return restOf(value, tree, here, fields);
  if (value === null) return value;
  fields[here] = value;
  return undefined;
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
