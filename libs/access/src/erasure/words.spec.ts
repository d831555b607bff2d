/** Names are found as they are written, and nothing else; what is blanked leaves positions true and no word behind. */
import fc from 'fast-check';
import { canonicalText } from '#kernel';
import { foldText } from '#projections';
import { blanked, FILLER, finderOf } from './words.js';

const found = (text: string, ...words: string[]): string[] =>
  finderOf(words)
    .find(text)
    .map(({ start, end }) => text.slice(start, end));
const blank = (text: string, ...words: string[]): string => blanked(text, finderOf(words).find(text));

describe('what is found', () => {
  test.each<[string, string, string[]]>([
    ['as it is given', 'So Ada Zimmer went.', ['Ada Zimmer']],
    ['in other letters, with other accents', 'ADA ZIMMER, and Äda Zímmer', ['ADA ZIMMER', 'Äda Zímmer']],
    ['with the last part first', 'Zimmer Ada; Zimmer, Ada', ['Zimmer Ada', 'Zimmer, Ada']],
    ['over other spaces, ends of lines and hyphens', 'Ada\n  Zimmer; Ada-Zimmer', ['Ada\n  Zimmer', 'Ada-Zimmer']],
    ['with an ending', 'Ada Zimmers Haus; Ada Zimmer’s', ['Ada Zimmers', 'Ada Zimmer']],
    ['with points that are not seen', 'A\u200bda Zimmer', ['A\u200bda Zimmer']],
    ['not as a part of other words', 'Canada Zimmer; Ada Zimmermannsky; Adam Zimmer', []],
    ['not in parts', 'Ada, or Zimmer', []],
  ])('%s', (_, text, expected) => {
    expect(found(text, 'Ada Zimmer')).toEqual(expected);
  });

  test.each<[string, string, string, string[]]>([
    ['one word stands by itself', 'Thy', 'Thy, thyme, worthy; thy', ['Thy', 'thy']],
    ['Khmer, amid what is written without spaces', 'សាម សេរី', 'លោកសាម សេរីត្រូវ និងសាមសេរីនៅ', ['សាម សេរី', 'សាមសេរី']],
    ['Khmer, its syllable typed in another order', 'ស្រី', 'នាងស្\u200bរីមក', ['ស្\u200bរី']],
    ['Cyrillic', 'Ада Циммер', 'Я видел АДУ, и Ада Циммера', ['Ада Циммера']],
    ['a number of a register', 'Q-4711', 'see Q 4711 and Q-47112', ['Q 4711']],
  ])('%s', (_, word, text, expected) => {
    expect(found(text, word)).toEqual(expected);
  });

  test('what has no letters is looked for nowhere', () => {
    expect(found('██████, – a', '███', '–', ' ', 'a')).toEqual([]);
  });
});

const NAMES = [
  'Ada Zimmer',
  'Thuy Vy',
  'សាម សេរី',
  'Đặng Thị Hà',
  'Straße',
  '𝔸da 𝔹ell',
  'Q4711',
  'Аня',
  'José',
  '李 明',
];
const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(' ', '\n', ', ', '“', '😀', 'e\u0301', '\u0301', 'ក្រ', '\u200b', 'Ada', 'Zimmer', 'ស'),
);
const called = fc
  .constantFrom(...NAMES)
  .chain((name) =>
    fc.constantFrom(name, name.toUpperCase(), name.normalize('NFD'), name.toLowerCase(), name.replace(' ', '  ')),
  );
const storedText = fc.array(fc.oneof(piece, called), { maxLength: 12 }).map((parts) => canonicalText(parts.join('')));

test('blanking keeps every other code point in its place, the normal form, and no word', () => {
  const finder = finderOf(NAMES);
  fc.assert(
    fc.property(storedText, (text) => {
      const left = blanked(text, finder.find(text));
      const [before, after] = [Array.from(text), Array.from(left)];
      expect(after).toHaveLength(before.length);
      expect(after.every((character, at) => character === FILLER || character === before[at])).toBe(true);
      expect(left.normalize('NFC')).toBe(left);
      expect(finder.find(left)).toEqual([]);
    }),
    { numRuns: 2_000, endOnFailure: true },
  );
});

test('a name that stands alone is found however it is written', () => {
  fc.assert(
    fc.property(piece, called, piece, (before, name, after) => {
      const text = canonicalText(`${before} ${name}. ${after}`);
      expect(foldText(blank(text, ...NAMES))).not.toContain(` ${foldText(name)}.`);
    }),
    { numRuns: 1_000, endOnFailure: true },
  );
});
