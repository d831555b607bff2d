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

/** Whether words in this text are told apart by spaces at all. */
export function writesSpaces(text: string): boolean {
  return !/\p{Script=Khmer}|\p{Script=Thai}|\p{Script=Lao}|\p{Script=Myanmar}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}/u.test(
    text,
  );
}

function markWords(folded: string, inWord: boolean): string {
  let marked = '';
  let before = inWord;
  for (let at = 0; at < folded.length; at++) {
    const unit = folded.charCodeAt(at);
    const pair = unit >= 0xd800 && unit < 0xdc00 && at + 1 < folded.length;
    const character = pair ? folded.slice(at, at + 2) : folded.charAt(at);
    if (pair) at++;
    const ofWord = pair ? OF_WORD.test(character) : isOfWord(unit, character);
    marked += ofWord && !before ? WORD + character : character;
    before = ofWord;
  }
  return marked;
}

const OF_WORD = /^[\p{L}\p{M}\p{N}]$/u;
const known = new Uint8Array(0x1_0000);

function isOfWord(unit: number, character: string): boolean {
  if (known[unit] === 0) known[unit] = OF_WORD.test(character) ? 1 : 2;
  return known[unit] === 1;
}
