/** What is alike for whoever searches, and what is not. */
import fc from 'fast-check';
import { foldText, foldWithPlaces } from './fold-text.js';

test.each([
  ['Sérèy', 'serey'],
  ['S\u0065\u0301rey', 'serey'],
  ['ĐINH Văn Nguyễn', 'dinh van nguyen'],
  ['Łódź, Øresund, Þór, Æsir, Œuvre, Straße, ẞ', 'lodz, oresund, thor, aesir, oeuvre, strasse, ss'],
  ['İstanbul Iğdır', 'istanbul igdir'],
  ['ΣΊΣΥΦΟΣ ςσ', 'σισυφοσ σσ'],
  ['O’Neil, Ba\u02bcath, d‘Arc', 'oneil, baath, darc'],
  ['Kem-Sokha – Kem\u2011Sokha  Kem\n Sokha', 'kem sokha kem sokha kem sokha'],
  ['ﬁve Ｆｕｌｌ ２０', 'five full 20'],
  ['១៨ ខែ', '18 ខែ'],
  ['٤٢ ๔๒', '42 42'],
  ['a\u00adb\u200bc\u2060d\ufeff', 'abcd'],
  ['مُحَمَّد', 'محمد'],
  ['한국', '한국'],
  ['"free" NEAR(a* -b)', '"free" near(a* b)'],
])('%s', (text, folded) => {
  expect(foldText(text)).toBe(folded);
  expect(foldText(folded)).toBe(folded);
});

describe('Khmer', () => {
  test.each([
    ['a zero-width space between words', 'សម\u200bរង្ស៊ី', 'សមរង្ស៊ី'],
    ['a joiner in a syllable', 'ក\u200dា', 'កា'],
    ['a sign that is often left out', 'អ៊ុក', 'អុក'],
    ['signs over the last letter', 'ចាន់', 'ចាន'],
    ['ា before ំ and after it', 'ក\u17c6\u17b6', 'ក\u17b6\u17c6'],
    ['ើ in one and in two parts', 'ជ\u17c1\u17b8ង', 'ជ\u17beង'],
    ['ោ in one and in two parts', 'ក\u17c1\u17b6', 'ក\u17c4'],
    ['subscript ro before another subscript and after it', 'ស\u17d2រ\u17d2តី', 'ស\u17d2ត\u17d2រី'],
    ['subscript da and ta, which look alike', 'បណ\u17d2ឌ\u17d2ដ', 'បណ\u17d2ឌ\u17d2ត'],
    ['a sign under a vowel typed as ុ', 'ស\u17bb\u17b8', 'ស៊ី'],
    ['a vowel that is not seen', 'ក\u17b4ខ', 'កខ'],
    ['digits', '២០១៨', '2018'],
  ])('%s does not matter', (_, one, other) => {
    expect(foldText(one)).toBe(foldText(other));
  });

  test.each([
    ['vowels', 'ស្រី', 'ស្រា'],
    ['subscripts', 'ស្រី', 'សី'],
    ['letters', 'កា', 'ខា'],
    ['ុ beside ំ', 'កុំ', 'កំ'],
  ])('%s do matter', (_, one, other) => {
    expect(foldText(one)).not.toBe(foldText(other));
  });
});

const character = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...'abcéÉđß\'’- \n"*០៩ខ។'.split(''), '\u0301', '\u200b', '𝕢', '한', 'ﬁ') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
);
const text = fc.array(character, { maxLength: 30 }).map((characters) => characters.join(''));

test('a part of a text folds to a part of the folded text', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(text, fc.constantFrom('ស្ត្រី', 'រង្ស៊ី', 'ចាន់', 'ក\u17c6\u17b6')), { maxLength: 5 }),
      fc.nat(),
      fc.nat(),
      (parts, a, b) => {
        const [from, to] = [a % (parts.length + 1), b % (parts.length + 1)].sort((one, other) => one - other);
        expect(foldText(parts.join(''))).toContain(foldText(parts.slice(from, to).join('')).trim());
      },
    ),
  );
});

test('each unit of the folded text knows which characters of the text it comes from', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(text, fc.constantFrom('ស្រ្តី', 'ចាន់', 'ក\u17c6\u17b6')), { maxLength: 4 }), (parts) => {
      const whole = parts.join('');
      const { text: folded, starts, ends } = foldWithPlaces(whole);
      expect(folded).toBe(foldText(whole));
      expect([starts.length, ends.length]).toEqual([folded.length, folded.length]);
      for (let at = 0; at < folded.length; at++) {
        const [start = -1, end = -1] = [starts[at], ends[at]];
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(whole.length);
      }
      for (let at = 0; at < folded.length; at++) {
        if (/[\p{Script=Khmer}\p{Cs}]/u.test(folded.charAt(at))) continue;
        expect(foldText(whole.slice(starts[at], ends[at]))).toContain(folded.charAt(at));
      }
    }),
  );
});
