/** Reads query parameters by hand: each is known, given once, and short. */
import { problem } from './problem.js';

const LONGEST = 500;

/**
 * The given parameters out of those that a route knows.
 *
 * @throws ProblemError `invalid-query` for one that it does not know, that is given twice or is too long.
 */
export function readQuery<Name extends string>(
  query: unknown,
  known: readonly Name[],
): Readonly<Partial<Record<Name, string>>> {
  const found: Partial<Record<Name, string>> = {};
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>)) {
    const match = known.find((candidate) => candidate === name);
    if (match === undefined) {
      throw problem('invalid-query', `This route knows these parameters only: ${known.join(', ') || 'none'}.`);
    }
    if (typeof value !== 'string') throw problem('invalid-query', `The parameter ${match} is given more than once.`);
    if (value.length > LONGEST)
      throw problem('invalid-query', `The parameter ${match} is longer than ${LONGEST} characters.`);
    found[match] = value;
  }
  return found;
}

/** A whole number, as query parameters write it. */
export function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,15}$/.test(text)) throw problem('invalid-query', `The parameter ${name} must be a whole number.`);
  return Number(text);
}
