/** Reads query parameters by hand: each is known, given once unless it may be repeated, and short. */
import { ProblemError } from './problem.js';

const LONGEST = 500;
const MOST = 100;

function invalid(detail: string, name?: string): ProblemError {
  return new ProblemError([
    { code: 'invalid-query', detail, ...(name !== undefined && name.length <= 100 && { pointer: `/${name}` }) },
  ]);
}

/**
 * The given parameters out of those that a route knows, those that may be repeated with all of their values.
 *
 * @throws ProblemError `invalid-query`, with the parameter as its pointer, for one that the route does not know, that is
 * given twice and may not be, or is too long; without one for more than 100 in all.
 */
export function readQuery<Once extends string, Many extends string = never>(
  query: unknown,
  once: readonly Once[],
  many: readonly Many[] = [],
): { readonly once: Readonly<Partial<Record<Once, string>>>; readonly many: ReadonlyMap<Many, readonly string[]> } {
  const found: Partial<Record<Once, string>> = {};
  const repeated = new Map<Many, readonly string[]>();
  let count = 0;
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>)) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    count += values.length;
    if (count > MOST) throw invalid(`There are more than ${MOST} parameters.`);
    const single = once.find((candidate) => candidate === name);
    const several = many.find((candidate) => candidate === name);
    if (single === undefined && several === undefined) {
      const known = [...once, ...many];
      throw invalid(`This route knows these parameters only: ${known.join(', ') || 'none'}.`, name);
    }
    if (single !== undefined && values.length !== 1)
      throw invalid(`The parameter ${name} is given more than once.`, name);
    const texts = values.filter((one) => typeof one === 'string');
    if (texts.length !== values.length) throw invalid(`The parameter ${name} is not a text.`, name);
    if (texts.some((one) => one.length > LONGEST))
      throw invalid(`The parameter ${name} is longer than ${LONGEST} characters.`, name);
    if (single !== undefined && texts[0] !== undefined) found[single] = texts[0];
    if (several !== undefined) repeated.set(several, texts);
  }
  return { once: found, many: repeated };
}

/** A whole number, as query parameters write it. */
export function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,15}$/.test(text)) throw invalid(`The parameter ${name} must be a whole number.`, name);
  return Number(text);
}
