/** What is shown of a text that was found: a part of it, and where in that part the words stand, in code points. */
import { foldWithPlaces } from '../fold-text.js';
import { codePointsBetween, cutBefore } from './cut.js';

export interface Highlight {
  /** In code points of the snippet; `end` is the first one behind. */
  readonly start: number;
  readonly end: number;
}

export interface Snippet {
  readonly text: string;
  /** Where the snippet begins in the whole field, in code points. */
  readonly start: number;
  readonly highlights: readonly Highlight[];
}

/** In UTF-16 units: what is shown before the first words found, and in all. */
const BEFORE = 60;
const LONGEST = 240;
const MOST_HIGHLIGHTS = 20;

/**
 * @param plain what was searched for, folded
 * @param wordStart only where a word begins with it
 * @param start where the text begins in the whole field, in code points
 */
export function snippetOf(text: string, plain: string, wordStart: boolean, start: number): Snippet {
  const found = placesOf(text, plain, wordStart);
  const first = found[0] ?? { start: 0, end: 0 };
  const from = first.start <= BEFORE ? 0 : cutAfterSpace(text, first.start - BEFORE, first.start);
  const to = text.length <= from + LONGEST ? text.length : Math.max(first.end, cutAtSpace(text, from + LONGEST));
  return {
    text: text.slice(from, to),
    start: start + codePointsBetween(text, 0, from),
    highlights: found
      .filter((place) => place.end <= to)
      .slice(0, MOST_HIGHLIGHTS)
      .map((place) => ({
        start: codePointsBetween(text, from, place.start),
        end: codePointsBetween(text, from, place.end),
      })),
  };
}

/** In UTF-16 units of the text; none overlaps the one before. */
function placesOf(text: string, plain: string, wordStart: boolean): readonly Highlight[] {
  const folded = foldWithPlaces(text);
  const found: Highlight[] = [];
  let after = 0;
  for (let at = folded.text.indexOf(plain); at >= 0; at = folded.text.indexOf(plain, at + 1)) {
    if (at < after || (wordStart && OF_WORD.test(folded.text.slice(0, at)))) continue;
    after = at + plain.length;
    // The parts of a syllable may have been put in another order: from the first to the last of them.
    const start = Math.min(...folded.starts.slice(at, after));
    const end = Math.max(...folded.ends.slice(at, after));
    const last = found.at(-1);
    if (last === undefined || start >= last.end) found.push({ start, end });
  }
  return found;
}

const OF_WORD = /[\p{L}\p{M}\p{N}]$/u;
const SPACE = /\s/;

function cutAfterSpace(text: string, from: number, to: number): number {
  for (let at = from; at < Math.min(from + 20, to); at++) if (SPACE.test(text.charAt(at - 1))) return at;
  return cutBefore(text, from);
}

function cutAtSpace(text: string, to: number): number {
  for (let at = to; at > to - 20; at--) if (SPACE.test(text.charAt(at))) return at;
  return cutBefore(text, to);
}
