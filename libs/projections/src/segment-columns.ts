/**
 * A segment as the columns of its row, and back. Columns are written and read many times faster than JSON of the whole, and
 * any SQLite tool can ask for them.
 */
import type { Axis, AxisAnswer, AxisRef, Segment } from '#domain';
import type { Day } from '#kernel';
import { OPEN_END, OPEN_START } from './schema.js';

export type Column = string | number | null;
export type Flag = 0 | 1;

/** Where an answer belongs. */
export interface RefColumns {
  readonly axis: Axis;
  readonly case_id: string | null;
  readonly key: string | null;
}

export function refOf({ axis, case_id, key }: RefColumns): AxisRef {
  return { axis, ...(case_id !== null && { case: case_id }), ...(key !== null && { key }) };
}

/** What {@link segmentOf} reads. */
export const SEGMENT = `axis, case_id, key, valid_from, valid_to, value, detail, since, since_from, since_to, certain, possible,
  groups, disputed, order_uncertain, other_readings, reason, later_quashed, rests_on`;

export interface SegmentColumns extends RefColumns {
  readonly valid_from: Day;
  readonly valid_to: Day;
  readonly value: string;
  readonly detail: string | null;
  readonly since: string | null;
  readonly since_from: Day;
  readonly since_to: Day;
  readonly certain: Flag;
  readonly possible: string | null;
  readonly groups: string | null;
  readonly disputed: Flag;
  readonly order_uncertain: Flag;
  readonly other_readings: string | null;
  readonly reason: 'stale' | null;
  readonly later_quashed: Flag | null;
  readonly rests_on: string;
}

/**
 * From `value` on, in the order of {@link SEGMENT}.
 * @param seqOf the seq of a fact by its id
 */
export function answerColumns(segment: Segment, seqOf: (fact: string) => number): Column[] {
  const { value, detail, since, sinceBounds, possible, otherReadings, restsOn } = segment;
  return [
    value,
    detail === undefined ? null : JSON.stringify(detail),
    since ?? null,
    bounded(sinceBounds.earliest),
    bounded(sinceBounds.latest),
    segment.certain ? 1 : 0,
    possible.length === 1 && possible[0] === value ? null : JSON.stringify(possible),
    groupsText(segment.groups),
    segment.disputed ? 1 : 0,
    segment.orderUncertain ? 1 : 0,
    otherReadings.length === 0 ? null : JSON.stringify(otherReadings),
    segment.reason ?? null,
    segment.laterQuashed === true ? 1 : null,
    restsOn.length === 1 ? `[${seqOf(restsOn[0] ?? '')}]` : JSON.stringify(restsOn.map(seqOf).sort((a, b) => a - b)),
  ];
}

/** @param idOf the id of a fact by its seq */
export function segmentOf(row: SegmentColumns, idOf: (seq: number) => string): Segment {
  return {
    ...refOf(row),
    value: row.value,
    ...(row.detail !== null && { detail: JSON.parse(row.detail) as NonNullable<Segment['detail']> }),
    ...(row.since !== null && { since: row.since }),
    sinceBounds: { earliest: unbounded(row.since_from), latest: unbounded(row.since_to) },
    certain: row.certain === 1,
    possible: possibleOf(row),
    groups: groupsOf(row),
    disputed: row.disputed === 1,
    orderUncertain: row.order_uncertain === 1,
    otherReadings: row.other_readings === null ? [] : (JSON.parse(row.other_readings) as string[]),
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.later_quashed === 1 && { laterQuashed: true as const }),
    restsOn: (JSON.parse(row.rests_on) as number[]).map(idOf).sort(),
    from: unbounded(row.valid_from),
    to: unbounded(row.valid_to),
  };
}

/** As one axis answers on a run of days. */
export type AnswerOnDays = Pick<AxisAnswer, 'axis' | 'case' | 'key' | 'possible' | 'certain' | 'groups' | 'detail'>;

/** What {@link answerOf} reads. */
export const ANSWER = 'axis, case_id, key, value, detail, certain, possible, groups';

export type AnswerColumns = Pick<
  SegmentColumns,
  'axis' | 'case_id' | 'key' | 'value' | 'detail' | 'certain' | 'possible' | 'groups'
>;

export function answerOf(row: AnswerColumns): AnswerOnDays {
  return {
    ...refOf(row),
    possible: possibleOf(row),
    certain: row.certain === 1,
    groups: groupsOf(row),
    ...(row.detail !== null && { detail: JSON.parse(row.detail) as NonNullable<Segment['detail']> }),
  };
}

function possibleOf({ value, possible }: Pick<SegmentColumns, 'value' | 'possible'>): readonly string[] {
  return possible === null ? [value] : (JSON.parse(possible) as string[]);
}

function groupsOf({ groups }: Pick<SegmentColumns, 'groups'>): Segment['groups'] {
  return groups === null ? {} : (JSON.parse(groups) as Segment['groups']);
}

/** Axes share what they answer about groups of values. */
const groupsTexts = new WeakMap<Segment['groups'], { readonly text: string | null }>();

function groupsText(groups: Segment['groups']): string | null {
  let found = groupsTexts.get(groups);
  if (found === undefined) {
    found = { text: Object.keys(groups).length === 0 ? null : JSON.stringify(groups) };
    groupsTexts.set(groups, found);
  }
  return found.text;
}

/** A day as it stands in a row. */
export function bounded(day: Day): number {
  return Math.min(Math.max(day, OPEN_START), OPEN_END);
}

export function unbounded(day: number): Day {
  return day === OPEN_START ? -Infinity : day === OPEN_END ? Infinity : day;
}
