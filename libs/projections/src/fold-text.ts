/**
 * Texts made alike for comparison, in any script: what a person would type in a search box finds what somebody else
 * wrote down. Every character is folded by itself, so that a part of a text folds to a part of the folded text; only in
 * Khmer is a whole syllable looked at, since the same syllable is typed in several orders.
 *
 * - Letter case, accents and compatibility forms do not matter (É, é, e; ﬁ, fi; đ, d; ß, ss); nor do signs of Khmer that
 *   are often left out (៉ ៊ ់ ៍ ័ …), Arabic and Hebrew points, and characters that are not seen (zero-width spaces).
 *   Vowels and subscripts of Khmer do: they are what is written.
 * - Digits of any script are those of 0 to 9. Apostrophes are passed over; hyphens are spaces; several spaces are one.
 */

/** A folded text, and where each of its UTF-16 units comes from: units of the original from `starts` up to `ends`. */
export interface FoldedText {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export function foldText(text: string): string {
  return fold(text, undefined);
}

/** The same, with the places in the original: for showing what was found. */
export function foldWithPlaces(text: string): FoldedText {
  const places: Places = { starts: [], ends: [] };
  return { text: fold(text, places), ...places };
}

interface Places {
  readonly starts: number[];
  readonly ends: number[];
}

function fold(text: string, places: Places | undefined): string {
  let folded = '';
  let spaced = false;
  const put = (piece: string, start: number, end: number): void => {
    if (piece === ' ' && spaced) return;
    spaced = piece === ' ';
    folded += piece;
    if (places === undefined) return;
    places.starts.push(...new Array<number>(piece.length).fill(start));
    places.ends.push(...new Array<number>(piece.length).fill(end));
  };
  for (let at = 0; at < text.length;) {
    const unit = text.charCodeAt(at);
    if (unit >= KHMER_FIRST && unit <= KHMER_LAST) {
      const end = endOfSyllable(text, at);
      if (end > at + 1 || isKhmerMark(unit)) {
        for (const { piece, from, to } of syllable(text, at, end)) put(piece, from, to);
        at = end;
        continue;
      }
    }
    const point = text.codePointAt(at) ?? unit;
    const end = at + (point > 0xffff ? 2 : 1);
    const piece = foldedCharacter(point);
    if (piece !== '') put(piece, at, end);
    // An accent belongs to the letter before it, also where that is shown as found.
    else if (places?.ends.at(-1) === at && MARK.test(text.slice(at, end))) cover(places, end);
    at = end;
  }
  return folded;
}

/** The last character put, all of its units, reaches up to `end`. */
function cover({ starts, ends }: Places, end: number): void {
  const start = starts.at(-1);
  for (let last = ends.length - 1; last >= 0 && starts[last] === start; last--) ends[last] = end;
}

const MARK = /^\p{M}$/u;

const known = new Map<number, string>();

function foldedCharacter(point: number): string {
  let found = known.get(point);
  if (found === undefined) {
    found = foldOne(String.fromCodePoint(point), point);
    known.set(point, found);
  }
  return found;
}

const SPACE = /^[\s\p{Z}\p{Cc}]$/u;
const HYPHEN = /^[\p{Pd}\u2212]$/u;
const UNSEEN = /^\p{Cf}$/u;
const APOSTROPHE = /^['`´ʹʻʼʽʾʿˈ‘’‛′＇]$/u;
/** Accents of Latin, Greek and Cyrillic; points of Hebrew and Arabic, and the Arabic stretching of a line. */
const ACCENT =
  /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]/gu;
/** Letters that no decomposition takes apart. */
const LETTERS: Readonly<Record<string, string>> = {
  đ: 'd',
  ð: 'd',
  ø: 'o',
  ł: 'l',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  ŋ: 'n',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
  ĸ: 'k',
  ƒ: 'f',
  ɓ: 'b',
  ɗ: 'd',
  ƙ: 'k',
  ς: 'σ',
};
/** The zero of each script's digits; those from 1 to 9 follow it. */
const ZEROS = [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x17e0, 0x1810];

function foldOne(character: string, point: number): string {
  if (UNSEEN.test(character) || APOSTROPHE.test(character)) return '';
  if (SPACE.test(character) || HYPHEN.test(character)) return ' ';
  if (point >= KHMER_FIRST && point <= KHMER_LAST && isPassedOver(point)) return '';
  for (const zero of ZEROS) if (point >= zero && point < zero + 10) return String(point - zero);
  const bare = character.normalize('NFKD').replace(ACCENT, '').toLowerCase();
  const letters = Array.from(bare, (letter) => LETTERS[letter] ?? letter).join('');
  // What was only taken apart to lose its accents is put together again: syllables of Hangul, for one.
  return letters
    .normalize('NFC')
    .replaceAll(/[\s\p{Pd}]+/gu, ' ')
    .replace(/['’]/gu, '');
}

// Khmer: a syllable is a letter with what stands under, over and around it, in an order that typists differ in.

const KHMER_FIRST = 0x1780;
const KHMER_LAST = 0x17ff;
const LAST_LETTER = 0x17b3;
const COENG = 0x17d2;
const RO = 'រ';

function isKhmerMark(unit: number): boolean {
  return (unit >= 0x17b4 && unit <= 0x17d3) || unit === 0x17dd;
}

/** Vowels that are not seen, and signs that change how a letter is said: often left out, or typed elsewhere. */
function isPassedOver(unit: number): boolean {
  return unit === 0x17b4 || unit === 0x17b5 || (unit >= 0x17c9 && unit <= 0x17d1) || unit === 0x17d3 || unit === 0x17dd;
}

function isLetter(unit: number): boolean {
  return unit >= KHMER_FIRST && unit <= LAST_LETTER;
}

/** Zero-width characters, which some put between the parts of a syllable. */
function isJoiner(unit: number): boolean {
  return unit >= 0x200b && unit <= 0x200d;
}

function endOfSyllable(text: string, start: number): number {
  if (!isLetter(text.charCodeAt(start)) && !isKhmerMark(text.charCodeAt(start))) return start;
  let end = isLetter(text.charCodeAt(start)) ? start + 1 : start;
  for (;;) {
    let at = end;
    while (isJoiner(text.charCodeAt(at))) at++;
    const unit = text.charCodeAt(at);
    if (!isKhmerMark(unit)) return end;
    end = at + 1;
    if (unit === COENG && isLetter(text.charCodeAt(end))) end++;
  }
}

interface Part {
  piece: string;
  readonly rank: number;
  readonly from: number;
  to: number;
}

/** The parts of a syllable in one order: letter, subscripts (ro last), vowels, what follows them. */
function syllable(text: string, start: number, end: number): readonly Part[] {
  const parts: Part[] = [];
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit === COENG && isLetter(text.charCodeAt(at + 1)) && at + 1 < end) {
      const letter = text.charAt(at + 1);
      // A subscript da looks like a subscript ta, and both are typed for either.
      const piece = `\u17d2${letter === 'ដ' ? 'ត' : letter}`;
      parts.push({ piece, rank: letter === RO ? 2 : 1, from: at, to: at + 2 });
      at++;
    } else if (isPassedOver(unit) || isJoiner(unit)) {
      const last = parts.at(-1);
      if (last !== undefined && isPassedOver(unit) && last.to === at) last.to = at + 1;
    } else parts.push({ piece: text.charAt(at), rank: rankOf(unit), from: at, to: at + 1 });
  }
  parts.sort((a, b) => a.rank - b.rank);
  return oneVowel(parts);
}

function rankOf(unit: number): number {
  if (isLetter(unit)) return 0;
  if (unit === COENG) return 2.5;
  return unit <= 0x17c5 ? 3 : 4;
}

/** Vowels typed in two parts are one; and a short u under another vowel stands for a sign that is passed over. */
function oneVowel(parts: readonly Part[]): readonly Part[] {
  const vowels = parts.filter(({ rank }) => rank === 3);
  if (vowels.length < 2) return parts;
  const typed = vowels.map(({ piece }) => piece);
  const whole = (one: string, other: string, vowel: string): readonly Part[] | undefined => {
    if (!typed.includes(one) || !typed.includes(other)) return undefined;
    const [from, to] = [Math.min(...vowels.map((part) => part.from)), Math.max(...vowels.map((part) => part.to))];
    return [
      ...parts.filter(({ rank }) => rank < 3),
      { piece: vowel, rank: 3, from, to },
      ...parts.filter(({ rank }) => rank > 3),
    ];
  };
  return (
    whole('េ', 'ី', 'ើ') ??
    whole('េ', 'ា', 'ោ') ??
    (typed.includes('ុ') && typed.some((vowel) => ABOVE.has(vowel)) ? parts.filter(({ piece }) => piece !== 'ុ') : parts)
  );
}

const ABOVE: ReadonlySet<string> = new Set(['ិ', 'ី', 'ឹ', 'ឺ', 'ើ']);
