/** Reads a JSON body: an object, not nested without end, and without names that mean something to JavaScript itself. */
import type { FastifyRequest } from 'fastify';
import { problem } from './problem.js';

const DEEPEST = 32;

/** Whether brackets nest deeper than any payload does. Looks at the text, so that nothing deep is ever built. */
function tooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > DEEPEST) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
}

/** Whether an object anywhere has a member named `__proto__`, which assigning would not set. */
function isNamedProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).includes('__proto__') || Object.values(value).some(isNamedProto);
}

/**
 * The object that a body holds.
 *
 * @throws ProblemError `malformed-json`, which never repeats what was sent.
 */
export function readJsonObject(text: string): object {
  if (text.trim() === '') throw problem('malformed-json', 'The body is empty; it must be a JSON object.');
  if (tooDeep(text)) throw problem('malformed-json', `The body is nested deeper than ${DEEPEST} levels.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw problem('malformed-json', 'The body is not valid JSON.');
  }
  // Written out, or with any of its letters escaped: most texts have neither, and are not searched.
  if ((text.includes('__proto__') || text.includes('\\u')) && isNamedProto(value)) {
    throw problem('malformed-json', 'The body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw problem('malformed-json', 'The body must be a JSON object.');
  }
  return value;
}

/** The same as a parser for Fastify. */
export function parseJsonBody(
  _request: FastifyRequest,
  body: string | Buffer,
  done: (error: Error | null, value?: unknown) => void,
): void {
  let value: object;
  try {
    value = readJsonObject(body.toString());
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, value);
}
