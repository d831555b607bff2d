/** Days as numbers: what bounds are compared with. */

/** A calendar day, counted from 1970-01-01 (day 0) in the proleptic Gregorian calendar. May be infinite in bounds. */
export type Day = number;

/** The first and last day on which something may have happened, both inclusive; an open side is infinite. */
export interface DayBounds {
  readonly earliest: Day;
  readonly latest: Day;
}

export const UNBOUNDED: DayBounds = { earliest: -Infinity, latest: Infinity };

const DAY_IN_MS = 86_400_000;
/** The zone furthest ahead is UTC+14 (Kiribati): no place on earth has a later date. */
const FURTHEST_AHEAD_IN_MS = 14 * 3_600_000;
/** Days from 0000-03-01 to 1970-01-01, and in 400 years. */
const EPOCH = 719_468;
const ERA = 146_097;

/** The number of a day of the proleptic Gregorian calendar. Month 1 to 12; the day is not checked against the month. */
export function dayFromCivil(year: number, month: number, day: number): Day {
  // Years begin in March here, so that the leap day is the last day of a year.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * ERA + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - EPOCH;
}

export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The calendar date of a finite day. */
export function civilFromDay(value: Day): Civil {
  const z = value + EPOCH;
  const era = Math.floor(z / ERA);
  const dayOfEra = z - era * ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * mp + 2) / 5) + 1,
  };
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** The day that many months later (earlier, if negative); the last of the month where it has no such day. Infinite days stay. */
export function addMonths(value: Day, months: number): Day {
  if (!Number.isFinite(value)) return value;
  const { year, month, day } = civilFromDay(value);
  const index = year * 12 + month - 1 + months;
  const y = Math.floor(index / 12);
  const m = index - y * 12 + 1;
  return dayFromCivil(y, m, Math.min(day, daysInMonth(y, m)));
}

/** A finite day as `YYYY-MM-DD` (which is EDTF too). Throws a RangeError for an infinite one. */
export function isoDay(value: Day): string {
  if (!Number.isFinite(value)) throw new RangeError('an open side has no date');
  const { year, month, day } = civilFromDay(value);
  const digits = String(Math.abs(year)).padStart(4, '0');
  return `${year < 0 ? '-' : ''}${digits}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** The day of an instant, in UTC. */
export function dayOf(instant: Date): Day {
  return Math.floor(instant.getTime() / DAY_IN_MS);
}

/**
 * The day of an instant in the zone furthest ahead: what caps the dates of facts that are recorded at it, so that a
 * recorder anywhere may report what happened on their own calendar's day.
 */
export function recordingDay(instant: Date): Day {
  return Math.floor((instant.getTime() + FURTHEST_AHEAD_IN_MS) / DAY_IN_MS);
}

/**
 * Caps the latest day by each of the given days (recording, publication of the sources). A cap that falls before the
 * earliest day cannot be true of the same event: it is ignored, and `ignored` says so.
 */
export function capBounds(
  bounds: DayBounds,
  caps: readonly Day[],
): { readonly bounds: DayBounds; readonly ignored: boolean } {
  let latest = bounds.latest;
  let ignored = false;
  for (const cap of caps) {
    if (cap < bounds.earliest) ignored = true;
    else if (cap < latest) latest = cap;
  }
  return { bounds: latest === bounds.latest ? bounds : { earliest: bounds.earliest, latest }, ignored };
}

/** The smallest bounds that hold all of the given ones; unbounded for none. */
export function hullOf(all: readonly DayBounds[]): DayBounds {
  if (all.length === 0) return UNBOUNDED;
  return {
    earliest: Math.min(...all.map((bounds) => bounds.earliest)),
    latest: Math.max(...all.map((bounds) => bounds.latest)),
  };
}
