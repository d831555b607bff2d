/** Places as texts: ids of changes, seqs, and what is neither. */
import fc from 'fast-check';
import { FOLD_VERSION, foldOf } from '#projections';
import { isBehind, parsePlace, placeText } from './place.js';

const FOLD = foldOf('all');
const VERIFIED = foldOf('verified');

test('a place is read as it was written', () => {
  fc.assert(
    fc.property(fc.nat(), fc.option(fc.nat(), { nil: Infinity }), fc.constantFrom(FOLD, VERIFIED), (seq, n, fold) => {
      expect(parsePlace(placeText({ seq, n }, fold), fold)).toEqual({ ok: true, value: { place: { seq, n } } });
    }),
  );
  expect(placeText({ seq: 15, n: 2 }, FOLD)).toBe(`f${FOLD_VERSION}-15.2`);
  expect(placeText({ seq: 15, n: Infinity }, VERIFIED)).toBe(`f${FOLD_VERSION}v-15`);
});

test('a seq alone is behind all changes of its event', () => {
  expect(parsePlace('15', FOLD)).toEqual({ ok: true, value: { place: { seq: 15, n: Infinity } } });
});

test('of another fold, it is before the changes of its event, none of which may be missed', () => {
  for (const [otherFold, present] of [
    ['1', FOLD],
    [VERIFIED, FOLD],
    [FOLD, VERIFIED],
  ] as const) {
    const read = (text: string): unknown => parsePlace(`f${otherFold}-${text}`, present);
    expect(read('15.2')).toEqual({ ok: true, value: { place: { seq: 14, n: Infinity }, otherFold } });
    expect(read('15')).toEqual({ ok: true, value: { place: { seq: 15, n: Infinity }, otherFold } });
  }
});

test.each([
  '',
  'f2',
  'f2-',
  '15.2',
  'f0-1.1',
  'f2-01.1',
  'f2-1.1 ',
  '-1',
  '1e3',
  'f2-9999999999999999.1',
  'f2-1.1.1',
  'fv-1.1',
  'f2vv-1',
])('refused: "%s"', (text) => {
  expect(parsePlace(text, FOLD)).toMatchObject({ ok: false, error: { code: 'invalid-place', pointer: '/after' } });
});

test('behind: a later event, or a later change of the same one', () => {
  expect(isBehind({ seq: 3, n: 0 }, { seq: 2, n: Infinity })).toBe(true);
  expect(isBehind({ seq: 3, n: 1 }, { seq: 3, n: 0 })).toBe(true);
  expect(isBehind({ seq: 3, n: 1 }, { seq: 3, n: 1 })).toBe(false);
  expect(isBehind({ seq: 3, n: Infinity }, { seq: 3, n: Infinity })).toBe(false);
  expect(isBehind({ seq: 2, n: 5 }, { seq: 3, n: 0 })).toBe(false);
});
