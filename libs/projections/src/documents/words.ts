/** The words of a source's held text: kept once, in the source, and cut out where they are shown. */
import type { Subject } from '../subject.js';

const SURROGATE = /[\ud800-\udfff]/;

/** The words from code point `start` up to `end`. */
export function wordsAt(
  source: Subject,
  { start, end }: { readonly start: number; readonly end: number },
): string | undefined {
  const whole = source.source()?.text;
  if (whole === undefined) return undefined;
  // Without surrogates, code points and units are the same.
  return SURROGATE.test(whole) ? Array.from(whole).slice(start, end).join('') : whole.slice(start, end);
}
