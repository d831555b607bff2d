/** The signs of words by which texts are looked up: none may be asked for that a text which holds the needle lacks. */
import fc from 'fast-check';
import { indexedForm, type Needles, needlesOf, wordGramsOf, wordSigns } from './folded-words.js';

function trigramsOf(text: string): ReadonlySet<string> {
  const points = Array.from(text);
  return new Set(points.map((_, at) => points.slice(at, at + 3).join('')));
}

const letters = fc.string({
  unit: fc.constantFrom('a', 'b', 'é', 'ស', 'ុ', '𝕢', '1', ' ', ' ', ' ', '.', '-', "'"),
  maxLength: 24,
});

test('whatever a text holds, it has all signs of', () => {
  fc.assert(
    fc.property(letters, fc.nat(24), fc.nat(24), fc.boolean(), (text, from, length, continues) => {
      const needles = needlesOf(text.slice(from, from + length));
      fc.pre(needles !== undefined);
      const indexed = indexedForm(text.normalize('NFC'), continues);
      const trigrams = trigramsOf(indexed + wordSigns(indexed));
      for (const how of ['whole', 'beginning', 'word', 'part', 'plain'] as const satisfies readonly (keyof Needles)[]) {
        if (!indexed.includes(needles[how])) continue;
        for (const gram of wordGramsOf(needles[how])) expect([how, trigrams.has(gram)]).toEqual([how, true]);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('neighbouring words are told from the same words apart, and a word from another with the same beginning', () => {
  const signs = (text: string): ReadonlySet<string> => trigramsOf(wordSigns(indexedForm(text, false)));
  const has = (text: string, q: string): boolean =>
    wordGramsOf(needlesOf(q)?.word ?? '').every((gram) => signs(text).has(gram));
  expect(has('the law of the court', 'of the court')).toBe(true);
  expect(has('the court of a law', 'of the court')).toBe(false);
  expect(has('the court of the law', 'the law')).toBe(true);
  // Of the last word only the beginning is looked at; it may go on.
  expect(has('the court of the law', 'of th')).toBe(true);
  expect(has('the court of the law', 'the of')).toBe(false);
  expect(wordGramsOf(needlesOf('court')?.word ?? '')).toEqual([]);
  expect(wordGramsOf(needlesOf('court')?.whole ?? '')).toHaveLength(1);
});
