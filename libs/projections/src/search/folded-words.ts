/**
 * The form in which texts are indexed and looked for: folded (fold-text.ts), with a mark where the text begins, where
 * each word begins, and where the text ends. So "begins with", "has a word that begins with" and "is" are all the same
 * question as "contains".
 */
import { foldText } from '../fold-text.js';

const WORD = '\u0001';
const BEGIN = '\u0002';
const END = '\u0003';

/** How a text holds what is searched for, the best first. */
export type How = 'whole' | 'beginning' | 'word' | 'part';

/** A text as it is indexed. @param continues it is a later piece of a long text, and may begin within a word */
export function indexedForm(text: string, continues: boolean): string {
  return `${continues ? '' : BEGIN}${markWords(foldText(text), continues)}${END}`;
}

/** What is searched for, once for each way in which a text may hold it. */
export interface Needles extends Readonly<Record<How, string>> {
  /** As it is looked for in a folded text without marks. */
  readonly plain: string;
}

/** Undefined where nothing is left to be searched for: nothing but spaces, hyphens, apostrophes. */
export function needlesOf(query: string): Needles | undefined {
  // As texts are kept.
  const plain = foldText(query.normalize('NFC')).trim();
  if (plain === '') return undefined;
  const part = markWords(plain, true);
  const word = markWords(plain, false);
  const beginning = BEGIN + word;
  return { plain, part, word, beginning, whole: beginning + END };
}

/**
 * What is put behind a text in its index: for each word its first character and a sign of the whole word, then the end.
 * Three of these that follow each other say which word stands before which, or before what first character: so words that
 * are common, but seldom stand together, are looked up together. @param folded as it is indexed
 */
export function wordSigns(folded: string): string {
  return signsOf(folded).join('');
}

/**
 * The threes of signs that every text has which holds this: of neighbouring words that begin and end in it, and of the
 * last such word with what follows it.
 */
export function wordGramsOf(needle: string): readonly string[] {
  const signs = signsOf(needle);
  const last = signs.length - 3;
  const grams: string[] = [];
  for (let at = 0; at <= last; at++) if (at % 2 === 1 || at === last) grams.push(signs.slice(at, at + 3).join(''));
  return [...new Set(grams)];
}

function signsOf(marked: string): readonly string[] {
  const signs: string[] = [];
  for (let at = marked.indexOf(WORD); at >= 0; at = marked.indexOf(WORD, at + 1)) {
    const begin = at + 1;
    const { character, end } = wordAt(marked, begin);
    signs.push(character);
    // Of the last word of what is searched for only the beginning may be given.
    if (end === marked.length) return signs;
    signs.push(String.fromCodePoint(FIRST_SIGN + hash(marked, begin, end)));
  }
  if (signs.length > 0 && marked.endsWith(END)) signs.push(END);
  return signs;
}

/** Characters that stand for nothing in Unicode. Words that share one are told apart where the text itself is looked at. */
const FIRST_SIGN = 0xf0000;
const SIGNS = 0xfff0;

function hash(text: string, from: number, to: number): number {
  let found = 0x811c9dc5;
  for (let at = from; at < to; at++) found = Math.imul(found ^ text.charCodeAt(at), 0x01000193);
  return (found >>> 0) % SIGNS;
}

/** Whether words in this text are told apart by spaces at all. */
export function writesSpaces(text: string): boolean {
  return !/\p{Script=Khmer}|\p{Script=Thai}|\p{Script=Lao}|\p{Script=Myanmar}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}/u.test(
    text,
  );
}

function markWords(folded: string, inWord: boolean): string {
  let marked = '';
  let before = inWord;
  for (let at = 0; at < folded.length;) {
    const character = characterAt(folded, at);
    const ofWord = isOfWord(character);
    marked += ofWord && !before ? WORD + character : character;
    before = ofWord;
    at += character.length;
  }
  return marked;
}

/** The first character of the word that begins here, and where it ends. */
function wordAt(marked: string, begin: number): { readonly character: string; readonly end: number } {
  const character = characterAt(marked, begin);
  let end = begin + character.length;
  while (end < marked.length) {
    const next = characterAt(marked, end);
    if (!isOfWord(next)) break;
    end += next.length;
  }
  return { character, end };
}

function characterAt(text: string, at: number): string {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00 && at + 1 < text.length ? text.slice(at, at + 2) : text.charAt(at);
}

const OF_WORD = /^[\p{L}\p{M}\p{N}]$/u;
const known = new Uint8Array(0x1_0000);

function isOfWord(character: string): boolean {
  if (character.length > 1) return OF_WORD.test(character);
  const unit = character.charCodeAt(0);
  if (known[unit] === 0) known[unit] = OF_WORD.test(character) ? 1 : 2;
  return known[unit] === 1;
}
