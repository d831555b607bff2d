/** Imprecise dates in words, for lines that people read. English; what the date does not say is not said. */
import { parseEdtf, type DatePoint, type DateSpan, type ImpreciseDate } from './dates.js';
import { civilFromDay, isoDay } from './day.js';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const SEASONS = ['spring', 'summer', 'autumn', 'winter'];
const DIVISIONS = [
  'the first quarter',
  'the second quarter',
  'the third quarter',
  'the fourth quarter',
  'the first third',
  'the second third',
  'the last third',
  'the first half',
  'the second half',
];

/**
 * An EDTF text for people: `May 2017`, `20 November 2018`, `about January 2019`, `on or after 20 November 2018`,
 * `between 1 May 2017 and 14 May 2017`. With `preposition` as the end of a sentence: `in May 2017`, `on 20 November
 * 2018`. `date unknown` (with preposition: `at an unknown date`) where it says nothing; a text that is not EDTF is
 * given back as it is.
 */
export function formatEdtf(text: string, options: { readonly preposition?: boolean } = {}): string {
  const parsed = parseEdtf(text);
  if (!parsed.ok) return text;
  const date = parsed.value;
  if (date.form === 'unknown') return options.preposition === true ? 'at an unknown date' : 'date unknown';
  const words = date.spans.map(formatSpan).join(date.form === 'set' && text.startsWith('{') ? ' and ' : ' or ');
  return options.preposition === true && isSinglePoint(date) ? `${prepositionOf(date)}${words}` : words;
}

function isSinglePoint(date: ImpreciseDate): boolean {
  return date.spans.every((span) => span.from !== undefined && span.from === span.to);
}

function prepositionOf(date: ImpreciseDate): string {
  const point = date.spans[0]?.from;
  // "in about May 2017" is said; "on about 3 May 2017" likewise.
  return point === undefined ? '' : `${placeWord(point)} `;
}

function formatSpan(span: DateSpan): string {
  const { from, to } = span;
  if (from !== undefined && to !== undefined) {
    return from === to ? formatPoint(from) : `between ${formatPoint(from)} and ${formatPoint(to)}`;
  }
  if (from !== undefined) return `${placeWord(from)} or after ${formatPoint(from)}`;
  if (to !== undefined) return `${placeWord(to)} or before ${formatPoint(to)}`;
  return 'date unknown';
}

function placeWord(point: DatePoint): 'on' | 'in' {
  return point.precision === 'day' && !point.unspecified ? 'on' : 'in';
}

function formatPoint(point: DatePoint): string {
  const words = plainWords(point);
  const approximate = point.approximate ? `about ${words}` : words;
  return point.uncertain ? `${approximate} (uncertain)` : approximate;
}

function plainWords(point: DatePoint): string {
  const plain = point.text.replace(/[?~%]/g, '');
  const season = /^(-?\d{4})-(2[1-9]|3\d|4[01])$/.exec(plain);
  if (season !== null) {
    const [, year = '', code] = season;
    const index = Number(code) - 21;
    return index < 12
      ? `${SEASONS[index % 4] ?? ''} ${yearWords(year)}`
      : `${DIVISIONS[index - 12] ?? ''} of ${yearWords(year)}`;
  }
  const date = /^(-?\d{4})(?:-(\d{2}|XX)(?:-(\d{2}|XX))?)?$/.exec(plain);
  if (date !== null) {
    const [, year = '', month, day] = date;
    const monthName = month === undefined ? undefined : MONTHS[Number(month) - 1];
    // 2017-XX says no more than 2017, and 2017-05-XX no more than 2017-05.
    if (monthName !== undefined && day !== undefined && day !== 'XX')
      return `${String(Number(day))} ${monthName} ${yearWords(year)}`;
    if (monthName !== undefined) return `${monthName} ${yearWords(year)}`;
    if (day === undefined || day === 'XX') return yearWords(year);
  }
  const decade = /^(\d{3})X?$/.exec(plain);
  if (decade !== null) return `the ${decade[1] ?? ''}0s`;
  // Anything rarer is told by its bounds, which are exact.
  const { earliest, latest } = point.bounds;
  const [from, to] = [civilFromDay(earliest), civilFromDay(latest)];
  const wholeYears = from.month === 1 && from.day === 1 && to.month === 12 && to.day === 31;
  return wholeYears
    ? `${yearWords(String(from.year))} to ${yearWords(String(to.year))}`
    : `${isoDay(earliest)} to ${isoDay(latest)}`;
}

function yearWords(year: string): string {
  const value = Number(year);
  return value <= 0 ? `${String(1 - value)} BC` : String(value);
}
