/**
 * The one form in which a JSON value is stored, hashed and signed: RFC 8785 (sorted keys, no white space), restricted so
 * that parsing and writing again gives the same bytes in any client, also in one that shows only parsed values.
 *
 * Text is normalised: NFC, and LF for every end of a line. Everything that another reader might take differently is
 * refused: numbers other than integers within 2^53 (decimals are strings), lone surrogates, keys that look like integers
 * (engines sort them to the front), `__proto__` (assigning it is not setting it), undefined, values that are no JSON.
 */
import { type Refusal, refusal } from './refusal.js';
import { err, ok, type Result } from './result.js';

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** No payload of ours is nested nearly as deep; beyond it a reader's stack may end before the text does. */
export const MAX_JSON_DEPTH = 64;

/** A value that has no canonical form. `pointer` (RFC 6901) says where; neither it nor the message holds the value. */
export class NotCanonicalError extends Error {
  constructor(
    readonly pointer: string,
    readonly reason: string,
  ) {
    super(`${reason} (at "${pointer}")`);
    this.name = 'NotCanonicalError';
  }
}

/** Text as it is stored: NFC, with LF for CRLF and for a lone CR. Idempotent. */
export function canonicalText(text: string): string {
  if (isPlain(text)) return text;
  const unix = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  return unix.normalize('NFC');
}

/** Short and ASCII without CR, as most texts are: quicker to see than to normalise. */
function isPlain(text: string): boolean {
  if (text.length > 64) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7e || code === 0x0d) return false;
  }
  return true;
}

/**
 * A copy of a JSON value with its texts and keys normalised and its keys in order. Objects of classes count by their own enumerable fields.
 * @throws NotCanonicalError the value has no canonical form
 */
export function canonicalValue(value: unknown): Json {
  return normalise(value, [], []);
}

/** The same at the door, where a value that has no canonical form is the caller's to mend. */
export function readCanonical(value: unknown): Result<Json, Refusal> {
  try {
    return ok(canonicalValue(value));
  } catch (error) {
    if (!(error instanceof NotCanonicalError)) throw error;
    return err(refusal('not-canonical', error.reason, error.pointer));
  }
}

/**
 * The canonical text of a value; its UTF-8 bytes are what is stored.
 * @throws NotCanonicalError the value has no canonical form
 */
export function canonicalJson(value: unknown): string {
  return writeCanonical(canonicalValue(value));
}

/**
 * The canonical text of a value that is normalised already: one that `canonicalValue` gave, a part of it, or made of such.
 * In a value whose keys are in order, which those are, `JSON.stringify` writes exactly the form of RFC 8785.
 */
export function writeCanonical(value: Json): string {
  return JSON.stringify(inOrder(value));
}

/** The same value if its keys are in order everywhere, as they mostly are, else a copy. */
function inOrder(value: Json): Json {
  if (isInOrder(value) || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(inOrder);
  const object = value as JsonObject;
  const copy: Record<string, Json> = {};
  for (const name of Object.keys(object).sort()) copy[name] = inOrder(object[name] as Json);
  return copy;
}

function isInOrder(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return (value as readonly Json[]).every(isInOrder);
  const object = value as JsonObject;
  let before = '';
  // Over the object itself, because a list of its names would be thrown away at once.
  for (const name in object) {
    if (name < before || !isInOrder(object[name] as Json)) return false;
    before = name;
  }
  return true;
}

type Path = (string | number)[];

function normalise(value: unknown, path: Path, parents: object[]): Json {
  switch (typeof value) {
    case 'string':
      return normaliseText(value, path);
    case 'number':
      if (!Number.isSafeInteger(value)) {
        throw notCanonical(path, 'Numbers must be integers within 2^53; write a decimal as a string');
      }
      // -0 is written as 0 and would come back as another value.
      return value === 0 ? 0 : value;
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : normaliseObject(value, path, parents);
    default:
      throw notCanonical(path, `A value of type ${typeof value} is not JSON`);
  }
}

function normaliseText(text: string, path: Path): string {
  if (isPlain(text)) return text;
  if (!text.isWellFormed()) throw notCanonical(path, 'Text must be well-formed Unicode, without lone surrogates');
  return canonicalText(text);
}

function normaliseObject(value: object, path: Path, parents: object[]): Json {
  if (parents.includes(value)) throw notCanonical(path, 'A value that holds itself is not JSON');
  if (parents.length >= MAX_JSON_DEPTH)
    throw notCanonical(path, `JSON nested deeper than ${MAX_JSON_DEPTH} is refused`);
  parents.push(value);
  const copy = Array.isArray(value) ? normaliseArray(value, path, parents) : normaliseMembers(value, path, parents);
  parents.pop();
  return copy;
}

function normaliseArray(value: readonly unknown[], path: Path, parents: object[]): Json {
  const copy: Json[] = [];
  // By index, so that a hole is met as undefined and refused.
  for (let index = 0; index < value.length; index++) {
    path.push(index);
    copy.push(normalise(value[index], path, parents));
    path.pop();
  }
  return copy;
}

function normaliseMembers(value: object, path: Path, parents: object[]): Json {
  if ((!isLiteral(value) && Object.prototype.toString.call(value) !== '[object Object]') || 'toJSON' in value) {
    throw notCanonical(path, 'Only plain objects are JSON');
  }
  const copy: Record<string, Json> = {};
  let before = '';
  let sorted = true;
  let renamed = false;
  for (const name of Object.keys(value)) {
    path.push(name);
    const key = normaliseText(name, path);
    if (key === '__proto__') throw notCanonical(path, 'The key __proto__ is refused');
    if (isDigit(key.charCodeAt(0)) && /^\d+$/.test(key)) {
      throw notCanonical(path, 'Keys that look like integers are refused');
    }
    // Names of one object differ, until one of them is normalised.
    renamed ||= key !== name;
    if (renamed && Object.hasOwn(copy, key)) throw notCanonical(path, 'Two keys are the same in Unicode NFC');
    copy[key] = normalise((value as Record<string, unknown>)[name], path, parents);
    path.pop();
    // By UTF-16 code units, as RFC 8785 asks and as `sort` does.
    sorted &&= before <= key;
    before = key;
  }
  if (sorted) return copy;
  const ordered: Record<string, Json> = {};
  for (const name of Object.keys(copy).sort()) ordered[name] = copy[name] as Json;
  return ordered;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLiteral(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function notCanonical(path: Path, reason: string): NotCanonicalError {
  return new NotCanonicalError(jsonPointer(path), reason);
}

/** RFC 6901. Lone surrogates of a refused key are replaced, so that the pointer itself can be sent. */
export function jsonPointer(path: readonly (string | number)[]): string {
  let pointer = '';
  for (const step of path)
    pointer += typeof step === 'number' || !/[~/\ud800-\udfff]/.test(step) ? `/${step}` : escaped(step);
  return pointer;
}

function escaped(step: string): string {
  return `/${step.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
