/**
 * Finds how a person is called in texts, and blanks it. Names are told from other words as a search does it: letter case, accents
 * and compatibility forms do not matter, and Khmer syllables are looked at as a whole. They are found
 * - in the order in which they are given, and with the last part first, as registers and lists have it;
 * - as whole words, where the script parts words: Ada is not found in Canada. Names of several parts may have an ending (Zimmers);
 * - without their spaces where the script has none between words, as in Khmer.
 *
 * What is blanked keeps its length in code points, so positions behind it stay true, and its normal form: nothing composes with
 * the filler.
 */
import { foldText, foldWithPlaces } from '#projections';

/** One code point, in NFC, that combines with nothing before or behind it, and folds to no letter. */
export const FILLER = '\u2588';

/** UTF-16 units of a text, from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Code points as a search folds them: fewer are found everywhere. */
const FEWEST = 2;
/** Letters that a name of several parts may have behind it. */
const LONGEST_ENDING = 3;

interface Pattern {
  /** Folded. */
  readonly text: string;
  readonly several: boolean;
}

export interface WordFinder {
  /** In order; what touches or overlaps is one. */
  find(text: string): readonly Range[];
  /** The longest text, in UTF-16 units, that may hold one of them across a cut. */
  readonly reach: number;
}

/** @param words in any spelling; what has no letter or digit, or too little of them, is passed over */
export function finderOf(words: Iterable<string>): WordFinder {
  const patterns = new Map<string, Pattern>();
  for (const word of words)
    for (const pattern of patternsOf(foldText(word).trim()))
      if (!patterns.has(pattern.text)) patterns.set(pattern.text, pattern);
  const all = [...patterns.values()];
  const longest = Math.max(0, ...all.map(({ text }) => text.length));
  return {
    find: (text) => findAll(text, all),
    // What is not seen (points, joiners) may stand between the letters.
    reach: longest * 4 + 16,
  };
}

/** Blanks these units of a text, each code point by one. */
export function blanked(text: string, ranges: readonly Range[]): string {
  let left = '';
  let at = 0;
  for (const { start, end } of ranges) {
    left += text.slice(at, start) + FILLER.repeat(Array.from(text.slice(start, end)).length);
    at = end;
  }
  return left + text.slice(at);
}

/** In order; what touches or overlaps made one. */
export function joinedRanges(ranges: readonly Range[]): readonly Range[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

function patternsOf(folded: string): readonly Pattern[] {
  if (!WORD.test(folded) || Array.from(folded).length < FEWEST) return [];
  const parts = folded.split(' ').filter((part) => part !== '');
  const several = parts.length > 1;
  const texts = new Set([parts.join(' ')]);
  if (several) {
    const [last = '', ...others] = [parts.at(-1), ...parts.slice(0, -1)];
    texts.add(`${last} ${others.join(' ')}`).add(`${last}, ${others.join(' ')}`);
    if (UNSPACED.test(folded)) texts.add(parts.join('')).add(last + others.join(''));
  }
  return [...texts].map((text) => ({ text, several }));
}

const WORD = /[\p{L}\p{N}]/u;
const DIGIT = /^\p{N}$/u;
const IN_WORD = /^[\p{L}\p{N}\p{M}]$/u;
/** Of scripts that have no spaces between words: where a name ends there cannot be told. */
const UNSPACED =
  /[\p{Script=Khmer}\p{Script=Thai}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

function findAll(text: string, patterns: readonly Pattern[]): readonly Range[] {
  const folded = foldText(text);
  const there = patterns.filter((pattern) => folded.includes(pattern.text));
  if (there.length === 0) return [];
  const { starts, ends } = foldWithPlaces(text);
  const found: Range[] = [];
  for (const pattern of there) {
    for (let at = folded.indexOf(pattern.text); at >= 0; at = folded.indexOf(pattern.text, at + 1)) {
      const range = wordAt(text, starts[at] ?? 0, ends[at + pattern.text.length - 1] ?? text.length, pattern);
      if (range !== undefined) found.push(range);
    }
  }
  return joinedRanges(found);
}

/** Where whole words stand there; undefined where it is a part of others. */
function wordAt(text: string, start: number, end: number, { several }: Pattern): Range | undefined {
  const before = codePointBefore(text, start);
  if (isInWord(codePointAt(text, start)) && isInWord(before)) return undefined;
  if (!isInWord(codePointBefore(text, end))) return { start, end };
  let to = end;
  for (let letters = 0; isInWord(codePointAt(text, to)); letters++) {
    const next = codePointAt(text, to);
    if (!several || letters === LONGEST_ENDING || DIGIT.test(next)) return undefined;
    to += next.length;
  }
  return { start, end: to };
}

/** Whether it is a letter, or what is written on one, of a script that parts words. */
function isInWord(character: string): boolean {
  return IN_WORD.test(character) && !UNSPACED.test(character);
}

function codePointAt(text: string, at: number): string {
  const point = text.codePointAt(at);
  return point === undefined ? '' : String.fromCodePoint(point);
}

function codePointBefore(text: string, at: number): string {
  const unit = text.charCodeAt(at - 1);
  return text.slice(unit >= 0xdc00 && unit <= 0xdfff ? at - 2 : at - 1, at);
}
