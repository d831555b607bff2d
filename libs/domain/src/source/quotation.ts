/** Where quoted words stand in a text. */
import { canonicalText } from '#kernel';
import type { Quote } from '../facts/citation.js';
import { codePointsBetween } from '../validation/code-points.js';

/** In code points; `end` is the first one behind the words. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * The first place in the text at which the words stand with what is said to stand around them. The quotation may be in
 * any normal form and have any ends of lines; nothing else is overlooked, neither case nor white space.
 */
export function findQuote(text: string, quote: Quote): Place | undefined {
  const exact = canonicalText(quote.exact);
  const prefix = canonicalText(quote.prefix ?? '');
  const suffix = canonicalText(quote.suffix ?? '');
  for (let at = text.indexOf(exact); at >= 0; at = text.indexOf(exact, at + 1)) {
    const end = at + exact.length;
    if (text.endsWith(prefix, at) && text.startsWith(suffix, end)) {
      const start = codePointsBetween(text, 0, at);
      return { start, end: start + codePointsBetween(text, at, end) };
    }
  }
  return undefined;
}

const SURROGATE = /[\ud800-\udfff]/;

/** The words that stand at a place of a text. */
export function wordsAt(text: string, { start, end }: Place): string {
  // Without surrogates, code points and units are the same.
  return SURROGATE.test(text) ? Array.from(text).slice(start, end).join('') : text.slice(start, end);
}
