/** Words in the sealed fields of a subject: found wherever they stand, named by code points, blanked without moving anything. */
import fc from 'fast-check';
import type { SealedEvent } from '#command-handling';
import { wordsAt } from '#domain';
import { canonicalText, type Json } from '#kernel';
import { blankedFields, countOf, everythingIn, namedPlaces, placesOf, shownSpans, together } from './texts.js';
import { FILLER, finderOf } from './words.js';

const NAMES = ['Ada Zimmer', '𝔸da 𝔹ell', 'សាម សេរី', 'Đặng Thị Hà'];
const finder = finderOf(NAMES);
const EVENT = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const text = fc
  .array(
    fc.oneof(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.constantFrom(...NAMES, ' ', '😀', '. ', 'Adam Zimmer')),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((parts) => canonicalText(parts.join('')));

/** A source whose text comes in parts that are cut anywhere between code points, also within a name. */
const source = fc.tuple(text, fc.array(fc.nat(60), { maxLength: 3 })).map(([whole, cuts]): SealedEvent[] => {
  const points = Array.from(whole);
  const at = [0, ...cuts.map((cut) => Math.min(cut, points.length)).sort((a, b) => a - b), points.length];
  return at.slice(1).map((end, n) => ({
    id: EVENT(n),
    type: n === 0 ? 'SourceEntered' : 'SourceTextContinued',
    fields: { '/text': points.slice(at[n], end).join(''), '/sha256': 'of what stood there' },
  }));
});
const wholeOf = (events: readonly SealedEvent[]): string =>
  events.map(({ fields }) => fields['/text'] as string).join('');
const blank = (events: readonly SealedEvent[], places = placesOf(events, finder)): SealedEvent[] => {
  const left = blankedFields(events, places);
  return events.map((event) => ({ ...event, fields: left.get(event.id) ?? event.fields }));
};

test('the text of a source keeps its length, so that quotations point where they did, and no word is left', () => {
  fc.assert(
    fc.property(source, fc.nat(100), fc.nat(20), (events, start, length) => {
      const [before, left] = [wholeOf(events), blank(events)];
      const after = wholeOf(left);
      expect(Array.from(after)).toHaveLength(Array.from(before).length);
      const place = { start, end: start + length };
      const [quoted, now] = [Array.from(wordsAt(before, place)), Array.from(wordsAt(after, place))];
      expect(now).toEqual(quoted.map((character, n) => (now[n] === FILLER ? FILLER : character)));
      expect(countOf(placesOf(left, finder))).toBe(0);
      expect(finder.find(after)).toEqual([]);
      const isBlanked = before !== after;
      expect(left.some(({ fields }) => '/sha256' in fields)).toBe(!isBlanked);
    }),
    { numRuns: 1_000, endOnFailure: true },
  );
});

test('spans as they are shown name the places that they were shown of', () => {
  fc.assert(
    fc.property(source, (events) => {
      const places = placesOf(events, finder);
      const spans = shownSpans(events, places, 1_000);
      for (const { words, start, end } of spans) expect(Array.from(words)).toHaveLength(end - start);
      const named = namedPlaces(events, spans);
      expect(named.ok && blank(events, named.value)).toEqual(blank(events, places));
    }),
    { numRuns: 500, endOnFailure: true },
  );
});

const field = (pointer: string, value: Json): SealedEvent => ({
  id: EVENT(1),
  type: 'PersonArrested',
  fields: { [pointer]: value },
});
const leftOf = (event: SealedEvent): unknown => blank([event])[0]!.fields;

test('words are blanked inside of quotations and lists; what is no text stays', () => {
  expect(leftOf(field('/citations/0/quote', { exact: 'of Ada Zimmer', prefix: 'Ada Zimmer' }))).toEqual({
    '/citations/0/quote': { exact: `of ${FILLER.repeat(10)}`, prefix: FILLER.repeat(10) },
  });
  expect(leftOf(field('/conditions', ['not to see Ada Zimmer', 'to pay', 7]))).toEqual({
    '/conditions': [`not to see ${FILLER.repeat(10)}`, 'to pay', 7],
  });
});

test('what was told again is looked for where it belongs, and a hash is no text', () => {
  const retold = { id: EVENT(1), type: 'PersonalDataRetold', fields: { '/retold': { '/note': 'Ada Zimmer' } } };
  expect(countOf(placesOf([retold], finder))).toBe(0);
  expect(countOf(everythingIn([field('/sha256', 'Ada Zimmer')]))).toBe(0);
});

test('everything of a subject, and what is named beside what is found', () => {
  const event = field('/note', '😀 little A. and Ada Zimmer');
  expect(leftOf(event)).toEqual({ '/note': `😀 little A. and ${FILLER.repeat(10)}` });
  expect(blank([event], everythingIn([event]))[0]!.fields).toEqual({ '/note': FILLER.repeat(26) });
  const named = namedPlaces([event], [{ event: EVENT(1), pointer: '/note', start: 2, end: 11 }]);
  const places = together(placesOf([event], finder), named.ok ? named.value : new Map());
  expect(blank([event], places)[0]!.fields).toEqual({ '/note': `😀 ${FILLER.repeat(9)} and ${FILLER.repeat(10)}` });
});

test('a span lies within a text of the subject', () => {
  const event = field('/note', '😀 Ada');
  const span = { event: EVENT(1), pointer: '/note', start: 0, end: 5 };
  expect(namedPlaces([event], [span]).ok).toBe(true);
  for (const wrong of [
    { ...span, end: 6 },
    { ...span, start: -1 },
    { ...span, start: 5 },
    { ...span, end: 1.5 },
    { ...span, pointer: '/other' },
    { ...span, event: EVENT(2) },
  ])
    expect(namedPlaces([event], [span, wrong])).toMatchObject({
      ok: false,
      error: { code: 'invalid-span', pointer: '/spans/1' },
    });
});
