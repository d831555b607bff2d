/** Days as numbers: what bounds are compared with. */

/** A calendar day, counted from 1970-01-01 (day 0) in the proleptic Gregorian calendar. May be infinite in bounds. */
export type Day = number;

/** The first and last day on which something may have happened, both inclusive; an open side is infinite. */
export interface DayBounds {
  readonly earliest: Day;
  readonly latest: Day;
}

export const UNBOUNDED: DayBounds = { earliest: -Infinity, latest: Infinity };
