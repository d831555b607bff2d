/**
 * Imprecise dates: EDTF (ISO 8601-2) to the first and last day on which something may have happened. Dates are as
 * imprecise as their sources, and nothing here ever sharpens one.
 *
 * The package `edtf` says whether the text of a single date is well formed, and nothing more: its own bounds are wrong
 * for sets with months, for open intervals and for 29 February, and it knows no qualifiers inside sets. Brackets,
 * ranges and intervals are therefore taken apart here.
 */
import { parse as parseSyntax } from 'edtf';
import { LRUCache } from 'lru-cache';
import { UNBOUNDED, addMonths, dayFromCivil, daysInMonth, type Day, type DayBounds } from './day.js';
import { refusal, type Refusal } from './refusal.js';
import { err, ok, type Result } from './result.js';

/** Unit of the last digit that the text gives. */
export type DatePrecision = 'day' | 'month' | 'season' | 'year' | 'decade' | 'century';

/** One date of a text: a point, a member of a set, an end of an interval. */
export interface DatePoint {
  /** As written, with qualifiers. */
  readonly text: string;
  readonly precision: DatePrecision;
  readonly approximate: boolean;
  readonly uncertain: boolean;
  /** Some digits are unspecified (X), or only some are significant (S). */
  readonly unspecified: boolean;
  /** Widened for what is approximate or uncertain. */
  readonly bounds: DayBounds;
}

/** A span inside a set or interval; an open side has no point. A single date is a span of one point. */
export interface DateSpan {
  readonly from?: DatePoint;
  readonly to?: DatePoint;
}

export interface ImpreciseDate {
  /** As written. */
  readonly text: string;
  /** `unknown` is `..`, `../..` and the like: nothing is said. */
  readonly form: 'point' | 'set' | 'interval' | 'unknown';
  /** One for a point or interval, one or more for a set, none if unknown. */
  readonly spans: readonly DateSpan[];
  /** Days on which it may have happened: one unknown day within them is meant. */
  readonly bounds: DayBounds;
}

const LONGEST = 200;
const OUT_OF_RANGE = refusal('date-out-of-range', 'Give a year between -9999 and 9999.');
const IMPOSSIBLE = refusal('date-impossible', 'There is no such day in the calendar.');
const REVERSED = refusal('date-impossible', 'The date ends before it begins.');
const MALFORMED = refusal(
  'date-malformed',
  'Give the date in EDTF (ISO 8601-2), such as 2018-11-20, 2017-05, 2014~ or [..2011].',
);
const WITH_TIME = refusal(
  'date-with-time',
  'Give a day without a time of day; `after` orders what happened on one day.',
);

const memo = new LRUCache<string, Result<ImpreciseDate, Refusal>>({ max: 20_000 });

/**
 * Reads an EDTF text, memoised (a first parse takes about 100 µs; a fold must not parse at all). Refusals:
 * `date-malformed`, `date-impossible` (30 February, an end before its beginning), `date-with-time`,
 * `date-out-of-range`.
 */
export function parseEdtf(text: string): Result<ImpreciseDate, Refusal> {
  const known = memo.get(text);
  if (known !== undefined) return known;
  const result = text.length > LONGEST ? err(MALFORMED) : parseText(text);
  if (text.length <= LONGEST) memo.set(text, result);
  return result;
}

function parseText(text: string): Result<ImpreciseDate, Refusal> {
  if (text.includes('T')) return err(WITH_TIME);
  if (text === '..') return ok({ text, form: 'unknown', spans: [], bounds: UNBOUNDED });
  const first = text[0];
  if (first === '[' || first === '{') {
    if (text.at(-1) !== (first === '[' ? ']' : '}')) return err(MALFORMED);
    return parseSet(text);
  }
  if (text.includes('/')) return parseInterval(text);
  const point = parsePoint(text);
  if (!point.ok) return point;
  return ok({ text, form: 'point', spans: [{ from: point.value, to: point.value }], bounds: point.value.bounds });
}

function parseSet(text: string): Result<ImpreciseDate, Refusal> {
  const members = text.slice(1, -1).split(',');
  const spans: DateSpan[] = [];
  for (const [index, raw] of members.entries()) {
    const member = raw.trim();
    const dots = member.indexOf('..');
    if (dots < 0) {
      const point = parsePoint(member);
      if (!point.ok) return point;
      spans.push({ from: point.value, to: point.value });
      continue;
    }
    const before = member.slice(0, dots);
    const after = member.slice(dots + 2);
    // Only the first member may be open towards the past, only the last one towards the future, and none on both sides.
    if (before === '' && (after === '' || index > 0)) return err(MALFORMED);
    if (after === '' && index < members.length - 1) return err(MALFORMED);
    const span = parseSpan(before, after);
    if (!span.ok) return span;
    spans.push(span.value);
  }
  return ok({ text, form: 'set', spans, bounds: hullOfSpans(spans) });
}

function parseInterval(text: string): Result<ImpreciseDate, Refusal> {
  const ends = text.split('/');
  if (ends.length !== 2) return err(MALFORMED);
  // An unknown end (left out) and an open one (..) say the same here: no bound on that side.
  const [from, to] = ends.map((end) => (end === '..' ? '' : end)) as [string, string];
  if (from === '' && to === '') return ok({ text, form: 'unknown', spans: [], bounds: UNBOUNDED });
  const span = parseSpan(from, to);
  if (!span.ok) return span;
  return ok({ text, form: 'interval', spans: [span.value], bounds: hullOfSpans([span.value]) });
}

/** A span of which at most one side is left out. */
function parseSpan(fromText: string, toText: string): Result<DateSpan, Refusal> {
  const from = fromText === '' ? undefined : parsePoint(fromText);
  if (from?.ok === false) return from;
  const to = toText === '' ? undefined : parsePoint(toText);
  if (to?.ok === false) return to;
  if (from !== undefined && to !== undefined && to.value.bounds.latest < from.value.bounds.earliest)
    return err(REVERSED);
  return ok({ ...(from && { from: from.value }), ...(to && { to: to.value }) });
}

function hullOfSpans(spans: readonly DateSpan[]): DayBounds {
  let earliest = Infinity;
  let latest = -Infinity;
  for (const { from, to } of spans) {
    // A range that is written backwards within the width of its ends still holds both of them.
    earliest = Math.min(earliest, from?.bounds.earliest ?? -Infinity, to?.bounds.earliest ?? Infinity);
    latest = Math.max(latest, to?.bounds.latest ?? Infinity, from?.bounds.latest ?? -Infinity);
  }
  return { earliest, latest };
}

const QUALIFIERS = /[?~%]/g;
const PLAIN = /^\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?[?~%]?$/;
const SEASON = /^(-?\d{4})-(2[1-9]|3\d|4[01])$/;
const DATE = /^(-?)([\dX]{4})(?:-([\dX]{2})(?:-([\dX]{2}))?)?$/;
const SHORT_YEAR = /^(-?)(\d{2,3})$/;
const LONG_YEAR = /^(?:Y-?\d+(?:E\d+)?|-?\d{4})(?:S\d+)?$/;

function parsePoint(text: string): Result<DatePoint, Refusal> {
  // Inside a set or an interval nothing else may hide.
  if (text === '' || /[^-0-9XYES?~%]/.test(text)) return err(MALFORMED);
  let parsed;
  try {
    // Nearly all dates are as plain as this, and the package takes a tenth of a millisecond for each.
    if (!PLAIN.test(text)) parsed = parseSyntax(text, { seasonUncertainty: true });
  } catch {
    // The syntax of 30 February is refused by the package as well; tell the two apart for who has to mend it.
    return err(
      /^-?\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(text.replace(QUALIFIERS, '')) ? IMPOSSIBLE : MALFORMED,
    );
  }
  const plain = text.replace(QUALIFIERS, '');
  const found = SEASON.test(plain)
    ? seasonBounds(plain)
    : DATE.test(plain)
      ? digitBounds(plain)
      : SHORT_YEAR.test(plain)
        ? shortYearBounds(plain)
        : LONG_YEAR.test(plain)
          ? longYearBounds(Number(parsed?.values[0]), parsed?.significant)
          : err(MALFORMED);
  if (!found.ok) return found;
  const { bounds, precision } = found.value;
  return ok({
    text,
    precision,
    approximate: /[~%]/.test(text),
    uncertain: /[?%]/.test(text),
    unspecified: /[XS]/.test(plain),
    bounds: widen(bounds, qualifiedUnit(text, precision)),
  });
}

type Found = Result<{ readonly bounds: DayBounds; readonly precision: DatePrecision }, Refusal>;

/** All completions of unspecified digits: from the first day among them to the last. */
function digitBounds(plain: string): Found {
  const match = DATE.exec(plain);
  const [, sign, yearPattern = '', monthPattern, dayPattern] = match ?? [];
  const years = completions(yearPattern, 0, 9999).map((year) => (sign === '-' ? -year : year));
  years.sort((a, b) => a - b);
  const months = monthPattern === undefined ? undefined : completions(monthPattern, 1, 12);
  const days = dayPattern === undefined ? undefined : completions(dayPattern, 1, 31);
  const earliest = firstDay(years, months ?? [1], days ?? [1]);
  const latest = lastDay(years, months ?? [12], days);
  if (earliest === undefined || latest === undefined) return err(IMPOSSIBLE);
  const known = (pattern: string | undefined): boolean => pattern !== undefined && pattern !== 'XX';
  const precision: DatePrecision = known(dayPattern)
    ? 'day'
    : known(monthPattern)
      ? 'month'
      : yearPattern.endsWith('XX')
        ? 'century'
        : yearPattern.endsWith('X')
          ? 'decade'
          : 'year';
  return ok({ bounds: { earliest, latest }, precision });
}

/** Numbers between the two whose digits match the pattern, where X stands for any digit; ascending. */
function completions(pattern: string, least: number, greatest: number): number[] {
  let values = [0];
  for (const digit of pattern) {
    const digits = digit === 'X' ? [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] : [Number(digit)];
    values = values.flatMap((value) => digits.map((next) => value * 10 + next));
  }
  return values.filter((value) => value >= least && value <= greatest);
}

function firstDay(years: readonly number[], months: readonly number[], days: readonly number[]): Day | undefined {
  for (const year of years) {
    for (const month of months) {
      const day = days.find((candidate) => candidate <= daysInMonth(year, month));
      if (day !== undefined) return dayFromCivil(year, month, day);
    }
  }
  return undefined;
}

function lastDay(
  years: readonly number[],
  months: readonly number[],
  days: readonly number[] | undefined,
): Day | undefined {
  for (const year of years.toReversed()) {
    for (const month of months.toReversed()) {
      const last = daysInMonth(year, month);
      const day = days === undefined ? last : days.findLast((candidate) => candidate <= last);
      if (day !== undefined) return dayFromCivil(year, month, day);
    }
  }
  return undefined;
}

/** A decade of three digits, a century of two. */
function shortYearBounds(plain: string): Found {
  const [, sign, digits = ''] = SHORT_YEAR.exec(plain) ?? [];
  const found = digitBounds(`${sign ?? ''}${digits.padEnd(4, 'X')}`);
  return found.ok ? ok({ ...found.value, precision: digits.length === 3 ? 'decade' : 'century' }) : found;
}

/** `Y…` and `…S…`: only the significant digits are meant. */
function longYearBounds(year: number, significant: number | undefined): Found {
  if (!Number.isInteger(year) || Math.abs(year) > 9999) return err(OUT_OF_RANGE);
  const digits = String(Math.abs(year)).padStart(4, '0');
  const meant = significant === undefined ? digits.length : Math.max(1, significant + digits.search(/[1-9]|$/));
  return digitBounds(`${year < 0 ? '-' : ''}${digits.slice(0, meant).padEnd(4, 'X')}`);
}

/**
 * First and last month of the divisions of a year that ISO 8601-2 numbers 33 to 41: quarters, quadrimesters, semesters.
 */
const DIVISIONS = [
  [1, 3],
  [4, 6],
  [7, 9],
  [10, 12],
  [1, 4],
  [5, 8],
  [9, 12],
  [1, 6],
  [7, 12],
] as const;

/**
 * Seasons. Where they begin differs between the meteorological and the astronomical calendar, and with the hemisphere;
 * the winter (in the north) or summer (in the south) of a year may be the one it begins or ends in. The bounds hold
 * all of these; 21 to 24 name no hemisphere, 25 to 28 the northern and 29 to 32 the southern one.
 */
function seasonBounds(plain: string): Found {
  const [, yearText, codeText] = SEASON.exec(plain) ?? [];
  const year = Number(yearText);
  const code = Number(codeText);
  const between = (...ends: [Day, Day]): Found =>
    ok({ bounds: { earliest: ends[0], latest: ends[1] }, precision: 'season' });
  const division = DIVISIONS[code - 33];
  if (division !== undefined) {
    const [from, to] = division;
    return between(dayFromCivil(year, from, 1), dayFromCivil(year, to, daysInMonth(year, to)));
  }
  const overNewYear = (): Found => between(dayFromCivil(year - 1, 12, 1), dayFromCivil(year + 1, 3, 22));
  const within = (from: number, to: number): Found => between(dayFromCivil(year, from, 1), dayFromCivil(year, to, 24));
  // 0 spring, 1 summer, 2 autumn, 3 winter; turned by half a year in the south.
  const season = (code - 21) % 4;
  if (code <= 24) return season === 1 || season === 3 ? overNewYear() : within(3, 12);
  const northern = code <= 28 ? season : (season + 2) % 4;
  return (
    [(): Found => within(3, 6), (): Found => within(6, 9), (): Found => within(9, 12), overNewYear][northern]?.() ??
    err(MALFORMED)
  );
}

/**
 * By how much a qualified date is widened on both sides: one unit of the part that the qualifier stands at, the
 * coarsest of several. Nothing for a date without a qualifier.
 */
function qualifiedUnit(text: string, precision: DatePrecision): DatePrecision | undefined {
  if (!/[?~%]/.test(text)) return undefined;
  // A qualifier behind a part speaks of it (and of what is left of it), one before a part of that part alone.
  const parts = text.replace(/^([?~%]?)-/, '$1').split('-');
  const units: readonly DatePrecision[] = ['year', 'month', 'day'];
  const index = parts.findIndex((part) => /[?~%]/.test(part));
  if (index === parts.length - 1) return precision;
  return units[index] ?? precision;
}

const MONTHS_OF: Readonly<Record<Exclude<DatePrecision, 'day'>, number>> = {
  month: 1,
  season: 3,
  year: 12,
  decade: 120,
  century: 1200,
};
const DAYS_AROUND_A_DAY = 3;

function widen(bounds: DayBounds, unit: DatePrecision | undefined): DayBounds {
  if (unit === undefined) return bounds;
  if (unit === 'day') {
    return { earliest: bounds.earliest - DAYS_AROUND_A_DAY, latest: bounds.latest + DAYS_AROUND_A_DAY };
  }
  // The first day of a span is moved as such, the last one as the day before the next span begins: months differ in length.
  return {
    earliest: addMonths(bounds.earliest, -MONTHS_OF[unit]),
    latest: addMonths(bounds.latest + 1, MONTHS_OF[unit]) - 1,
  };
}
