/**
 * When a fact was, by all who tell of it.
 *
 * Days are capped by the day on which the telling was recorded (a correction's telling: the day of the correction) and by
 * the publication of the sources that it cites; a cap before the earliest day is ignored, and marked.
 */
import { capBounds, type Day, type DayBounds, hullOf, parseEdtf, recordingDay, UNBOUNDED } from '#kernel';
import type { Data } from '../catalogue/definition.js';
import { citationsOf, optional, text } from './reading.js';

/** One source's telling of when it was. */
export interface Reading {
  /** The event that tells it: the fact itself, its correction or an account. */
  readonly id: string;
  readonly occurred?: string;
  readonly bounds: DayBounds;
}

/** When a fact was. */
export interface Days {
  /** As the fact gives it, else as the first account that gives a date. EDTF. */
  readonly occurred?: string;
  /** Of its readings, before caps; UNBOUNDED itself where none gives a date. */
  readonly stated: DayBounds;
  /** Of its readings, each capped. */
  readonly bounds: DayBounds;
  readonly capIgnored: boolean;
  /** The fact's own first. */
  readonly readings: readonly Reading[];
}

interface Telling {
  readonly id: string;
  readonly data: Data;
  readonly recordedAt: string;
}

export function readDays(tellings: readonly Telling[]): Days {
  let capIgnored = false;
  const readings = tellings.map(({ id, data, recordedAt }) => {
    const occurred = text(data.occurred);
    const stated = statedBounds(occurred);
    const { bounds, ignored } = capBounds(stated, capsOf(data, recordedAt));
    capIgnored ||= ignored;
    return { id, ...optional('occurred', occurred), stated, bounds };
  });
  const dated = readings.filter(({ stated }) => stated !== UNBOUNDED);
  // Where no telling gives a date, all that is left is that it was before it was told.
  const speaking = dated.length > 0 ? dated : readings.slice(0, 1);
  return {
    ...optional('occurred', (readings[0]?.occurred === undefined ? dated[0] : readings[0])?.occurred),
    stated: dated.length > 0 ? hullOf(dated.map(({ stated }) => stated)) : UNBOUNDED,
    bounds: hullOf(speaking.map(({ bounds }) => bounds)),
    capIgnored,
    readings: readings.map(({ stated: _, ...reading }) => reading),
  };
}

/** UNBOUNDED itself where nothing is said. */
function statedBounds(occurred: string | undefined): DayBounds {
  const parsed = occurred === undefined ? undefined : parseEdtf(occurred);
  if (parsed?.ok !== true) return UNBOUNDED;
  const { bounds } = parsed.value;
  return bounds.earliest === -Infinity && bounds.latest === Infinity ? UNBOUNDED : bounds;
}

function capsOf(data: Data, recordedAt: string): readonly Day[] {
  const recorded = new Date(recordedAt);
  const published = citationsOf(data).flatMap((citation) => {
    const parsed = citation.published === undefined ? undefined : parseEdtf(citation.published);
    return parsed?.ok === true ? [parsed.value.bounds.latest] : [];
  });
  return Number.isNaN(recorded.getTime()) ? published : [recordingDay(recorded), ...published];
}
