/** Days as the views show them. */
import { type Day, type DayBounds, isoDay } from '#kernel';
import type { DaysView } from './shapes.js';

/** Bounds in ISO days; an open side is left out. */
export function daysView({ earliest, latest }: { readonly earliest: Day; readonly latest: Day }): DaysView {
  return {
    ...(Number.isFinite(earliest) && { earliest: isoDay(earliest) }),
    ...(Number.isFinite(latest) && { latest: isoDay(latest) }),
  };
}

/** Orders what happened, as far as the bounds tell: the earliest first, wholly unknown days first of all. */
export function byBounds(a: DayBounds, b: DayBounds): number {
  return compare(a.earliest, b.earliest) || compare(a.latest, b.latest);
}

export function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
