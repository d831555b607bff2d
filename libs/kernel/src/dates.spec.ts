import fc from 'fast-check';
import { formatEdtf } from './dates-format.js';
import { parseEdtf } from './dates.js';
import {
  addMonths,
  capBounds,
  civilFromDay,
  dayFromCivil,
  dayOf,
  hullOf,
  isoDay,
  recordingDay,
  UNBOUNDED,
} from './day.js';

/** Bounds as text, open sides as `..`: what the tables below are written in. */
function boundsOf(text: string): string {
  const parsed = parseEdtf(text);
  if (!parsed.ok) return parsed.error.code;
  const { earliest, latest } = parsed.value.bounds;
  return `${Number.isFinite(earliest) ? isoDay(earliest) : '..'} ${Number.isFinite(latest) ? isoDay(latest) : '..'}`;
}

describe('bounds of EDTF', () => {
  test.each([
    // points
    ['2018-11-20', '2018-11-20 2018-11-20'],
    ['2017-05', '2017-05-01 2017-05-31'],
    ['2014', '2014-01-01 2014-12-31'],
    ['2016-02', '2016-02-01 2016-02-29'],
    ['0000', '0000-01-01 0000-12-31'],
    ['-0100', '-0100-01-01 -0100-12-31'],
    ['196', '1960-01-01 1969-12-31'],
    ['20', '2000-01-01 2099-12-31'],
    // qualified: one unit of the precision on both sides, a day by three
    ['2017-05~', '2017-04-01 2017-06-30'],
    ['2019-01?', '2018-12-01 2019-02-28'],
    ['2014%', '2013-01-01 2015-12-31'],
    ['2018-11-20~', '2018-11-17 2018-11-23'],
    ['?2014', '2013-01-01 2015-12-31'],
    ['2004-06-~11', '2004-06-08 2004-06-14'],
    ['2004-06~-11', '2004-05-11 2004-07-11'],
    ['2004?-06-11', '2003-06-11 2005-06-11'],
    ['?2004-06-~11', '2003-06-11 2005-06-11'],
    // unspecified digits
    ['2017-05-XX', '2017-05-01 2017-05-31'],
    ['2017-02-XX', '2017-02-01 2017-02-28'],
    ['2017-XX', '2017-01-01 2017-12-31'],
    ['2017-XX-05', '2017-01-05 2017-12-05'],
    ['2017-1X', '2017-10-01 2017-12-31'],
    ['201X', '2010-01-01 2019-12-31'],
    ['20XX', '2000-01-01 2099-12-31'],
    ['1X99', '1099-01-01 1999-12-31'],
    ['XXXX-12', '0000-12-01 9999-12-31'],
    ['-201X', '-2019-01-01 -2010-12-31'],
    // seasons: hulls over hemispheres and calendars
    ['2017-21', '2017-03-01 2017-12-24'],
    ['2017-24', '2016-12-01 2018-03-22'],
    ['2017-25', '2017-03-01 2017-06-24'],
    ['2017-31', '2017-03-01 2017-06-24'],
    ['2017-32', '2017-06-01 2017-09-24'],
    ['2017-30', '2016-12-01 2018-03-22'],
    ['2017-33', '2017-01-01 2017-03-31'],
    ['2017-36', '2017-10-01 2017-12-31'],
    ['2017-38', '2017-05-01 2017-08-31'],
    ['2017-41', '2017-07-01 2017-12-31'],
    ['2017-33~', '2016-10-01 2017-06-30'],
    // letters, significant digits
    ['1950S2', '1900-01-01 1999-12-31'],
    ['Y17E8', 'date-out-of-range'],
    ['Y-170000002', 'date-out-of-range'],
    ['Y2018', 'date-malformed'],
    // open and unknown ends
    ['..', '.. ..'],
    ['../..', '.. ..'],
    ['/', '.. ..'],
    ['2018-11-20/..', '2018-11-20 ..'],
    ['../2018', '.. 2018-12-31'],
    ['[..2011]', '.. 2011-12-31'],
    ['[2018-11-20..]', '2018-11-20 ..'],
    ['{..1984}', '.. 1984-12-31'],
    // intervals and sets: one unknown day within
    ['2017-05-01/2017-05-14', '2017-05-01 2017-05-14'],
    ['2019-01~/2019-02~', '2018-12-01 2019-03-31'],
    ['2017-05?/..', '2017-04-01 ..'],
    ['2018-11-20/2018-11', '2018-11-01 2018-11-30'],
    ['2017-21/2017-24', '2016-12-01 2018-03-22'],
    ['[1667,1668,1670..1672]', '1667-01-01 1672-12-31'],
    ['[2019, 2014-05]', '2014-05-01 2019-12-31'],
    ['{2017-05~,2018}', '2017-04-01 2018-12-31'],
    ['[2017-05-XX..]', '2017-05-01 ..'],
  ])('%s', (text, expected) => {
    expect(boundsOf(text)).toBe(expected);
  });

  test.each([
    ['a set that ends in a month ends on its last day', '[2019-01..2019-02]', '2019-01-01 2019-02-28'],
    ['an interval without a beginning does not begin in 1970', '/2018', '.. 2018-12-31'],
    ['an interval without an end does not end in 1970', '2018-11-20/', '2018-11-20 ..'],
    ['qualifiers inside sets are read', '[2019-01~..2019-02]', '2018-12-01 2019-02-28'],
    ['a qualified member alone', '[1667?]', '1666-01-01 1668-12-31'],
    ['29 February of a common year is no day', '2018-02-29', 'date-impossible'],
    ['29 February of a leap year is one', '2016-02-29', '2016-02-29 2016-02-29'],
    ['29 February of an unspecified year is in a leap year', '20X7-02-29', 'date-impossible'],
    ['… where there is one', '200X-02-29', '2000-02-29 2008-02-29'],
    ['years below 100 are not 1900 and on', '0050', '0050-01-01 0050-12-31'],
  ])('a trap of the package: %s', (_, text, expected) => {
    expect(boundsOf(text)).toBe(expected);
  });

  test.each([
    ['2018-02-30', 'date-impossible'],
    ['2018-06-31', 'date-impossible'],
    ['2018-02-30~', 'date-impossible'],
    ['[2018-02-30..]', 'date-impossible'],
    ['2018-02-30/2018-03-01', 'date-impossible'],
    ['2018-11-20/2018-11-10', 'date-impossible'],
    ['[2019..2018]', 'date-impossible'],
    ['2018-13', 'date-malformed'],
    ['2018-00', 'date-malformed'],
    ['2018-11-32', 'date-malformed'],
    ['2016-01-01T10:00:00Z', 'date-with-time'],
    ['2016-01-01T10:00/2016-01-02T10:00', 'date-with-time'],
    ['', 'date-malformed'],
    [' 2017', 'date-malformed'],
    ['2017\n', 'date-malformed'],
    ['20 November 2018', 'date-malformed'],
    ['2017-5', 'date-malformed'],
    ['20181120', 'date-malformed'],
    ['196x', 'date-malformed'],
    ['[]', 'date-malformed'],
    ['[..]', 'date-malformed'],
    ['[2017', 'date-malformed'],
    ['[2017}', 'date-malformed'],
    ['[2017,..2018]', 'date-malformed'],
    ['[2017..,2018]', 'date-malformed'],
    ['[[2017]]', 'date-malformed'],
    ['[2017/2018]', 'date-malformed'],
    ['2017/2018/2019', 'date-malformed'],
    ['2017/[2018]', 'date-malformed'],
    ['[2017..2018..2019]', 'date-malformed'],
    [`[${'2017,'.repeat(60)}2018]`, 'date-malformed'],
  ])('refused: %j', (text, code) => {
    expect(boundsOf(text)).toBe(code);
  });

  test('a refusal never repeats the date', () => {
    for (const text of ['2018-02-30', '1984-W12', '2016-01-01T10:00:00Z']) {
      const parsed = parseEdtf(text);
      expect(parsed.ok).toBe(false);
      if (!parsed.ok) expect(parsed.error.detail).not.toContain(text);
    }
  });

  test('against a slow reference: every day that matches lies within, and the first and last of them are the bounds', () => {
    const calendar: string[] = [];
    const first = Date.UTC(1900, 0, 1) / 86_400_000;
    for (let day = first; day < Date.UTC(2100, 0, 1) / 86_400_000; day++) {
      calendar.push(new Date(day * 86_400_000).toISOString().slice(0, 10));
    }
    const digit = fc.constantFrom('X', '0', '1', '2', '9');
    const month = fc.constantFrom('01', '02', '12', '1X', '0X', 'XX');
    const dayOfMonth = fc.constantFrom('01', '28', '29', '30', '31', '2X', '3X', 'XX');
    const pattern = fc.tuple(fc.constantFrom('19', '20'), digit, digit, month, dayOfMonth);
    fc.assert(
      fc.property(pattern, ([century, decade, year, m, d]) => {
        const text = `${century}${decade}${year}-${m}-${d}`;
        const parsed = parseEdtf(text);
        const matcher = new RegExp(`^${text.replaceAll('X', '\\d')}$`);
        const matching = calendar.flatMap((iso, index) => (matcher.test(iso) ? [first + index] : []));
        // The package refuses some shapes (a day of three tens in February); then there is nothing to compare.
        if (!parsed.ok) return matching.length === 0 || parsed.error.code === 'date-malformed';
        return parsed.value.bounds.earliest === matching[0] && parsed.value.bounds.latest === matching.at(-1);
      }),
      { numRuns: 60 },
    );
  });

  test('any text is answered, never thrown at', () => {
    const edtfLike = fc.string({ unit: fc.constantFrom(...Array.from('0123456789-/.[]{},X~?%YESTZ')), maxLength: 14 });
    fc.assert(
      fc.property(fc.oneof(fc.string(), edtfLike), (text) => {
        const parsed = parseEdtf(text);
        return !parsed.ok || parsed.value.bounds.earliest <= parsed.value.bounds.latest;
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('days', () => {
  test('days and calendar agree with the platform, far into both sides', () => {
    fc.assert(
      fc.property(fc.integer({ min: -3_000_000, max: 2_900_000 }), (day) => {
        const { year, month, day: dayOfMonth } = civilFromDay(day);
        const date = new Date(day * 86_400_000);
        expect([year, month, dayOfMonth]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]);
        expect(dayFromCivil(year, month, dayOfMonth)).toBe(day);
      }),
    );
  });

  test('months are added to the last day of a shorter month', () => {
    expect(isoDay(addMonths(dayFromCivil(2017, 8, 31), 18))).toBe('2019-02-28');
    expect(isoDay(addMonths(dayFromCivil(2016, 2, 29), -12))).toBe('2015-02-28');
    expect(addMonths(Infinity, 1)).toBe(Infinity);
  });

  test('the day of recording is that of the zone furthest ahead', () => {
    const instant = new Date('2019-03-01T10:00:00.000Z');
    expect(isoDay(dayOf(instant))).toBe('2019-03-01');
    expect(isoDay(recordingDay(instant))).toBe('2019-03-02');
    expect(isoDay(recordingDay(new Date('2019-03-01T09:59:59.999Z')))).toBe('2019-03-01');
  });

  test('an open side has no date', () => {
    expect(() => isoDay(Infinity)).toThrow(RangeError);
  });

  test('caps', () => {
    const bounds = { earliest: 10, latest: 20 };
    expect(capBounds(bounds, [15, 17])).toEqual({ bounds: { earliest: 10, latest: 15 }, ignored: false });
    expect(capBounds(bounds, [9, 17])).toEqual({ bounds: { earliest: 10, latest: 17 }, ignored: true });
    expect(capBounds(bounds, [])).toEqual({ bounds, ignored: false });
    expect(capBounds(UNBOUNDED, [3]).bounds).toEqual({ earliest: -Infinity, latest: 3 });
  });

  test('hulls', () => {
    expect(
      hullOf([
        { earliest: 1, latest: 2 },
        { earliest: 5, latest: Infinity },
      ]),
    ).toEqual({ earliest: 1, latest: Infinity });
    expect(hullOf([])).toEqual(UNBOUNDED);
  });
});

describe('dates for people', () => {
  test.each([
    ['2018-11-20', '20 November 2018', 'on 20 November 2018'],
    ['2017-05', 'May 2017', 'in May 2017'],
    ['2014', '2014', 'in 2014'],
    ['2017-05-XX', 'May 2017', 'in May 2017'],
    ['2017-XX', '2017', 'in 2017'],
    ['201X', 'the 2010s', 'in the 2010s'],
    ['20XX', '2000 to 2099', 'in 2000 to 2099'],
    ['2017-21', 'spring 2017', 'in spring 2017'],
    ['2017-34', 'the second quarter of 2017', 'in the second quarter of 2017'],
    ['2019-01~', 'about January 2019', 'in about January 2019'],
    ['2014?', '2014 (uncertain)', 'in 2014 (uncertain)'],
    ['[2018-11-20..]', 'on or after 20 November 2018', 'on or after 20 November 2018'],
    ['2018-11/..', 'in or after November 2018', 'in or after November 2018'],
    ['[..2011]', 'in or before 2011', 'in or before 2011'],
    ['[2017,2018-05]', '2017 or May 2018', 'in 2017 or May 2018'],
    ['2017-05-01/2017-05-14', 'between 1 May 2017 and 14 May 2017', 'between 1 May 2017 and 14 May 2017'],
    [
      '2019-01~/2019-02~',
      'between about January 2019 and about February 2019',
      'between about January 2019 and about February 2019',
    ],
    ['..', 'date unknown', 'at an unknown date'],
    ['-0100', '101 BC', 'in 101 BC'],
    ['nonsense', 'nonsense', 'nonsense'],
  ])('%s', (text, words, withPreposition) => {
    expect(formatEdtf(text)).toBe(words);
    expect(formatEdtf(text, { preposition: true })).toBe(withPreposition);
  });
});
