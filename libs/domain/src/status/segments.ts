/** From the main reading and the pieces of one question to its segments: the answer over all time, day by day. */
import { isoDay, UNBOUNDED, type Day } from '#kernel';
import { aloneOf, groupsOf, NO_VALUES, type Groups } from './alone.js';
import { nth } from './nth.js';
import { ONLY, type OrderedFact } from './order.js';
import { NOTHING, type Piece, type Question, type Step } from './readings.js';
import type { AxisAnswer, AxisRef, Segment } from './types.js';
import type { AxisVocabulary } from './vocabulary.js';

/** Optional fields are put in one by one: conditional spreads took a third of the whole computation. */
type Draft = { -readonly [K in keyof Segment]: Segment[K] };

/** The answer where nothing is known, over all time. The same object for the same axis of any two subjects. */
export function blankSegment(ref: AxisRef, vocabulary: AxisVocabulary): Segment {
  // Of most cases only the one without an id is met again.
  if (ref.key !== undefined || (ref.case !== undefined && ref.case !== ONLY)) return newBlank(ref, vocabulary);
  let blank = blanks.get(vocabulary);
  if (blank === undefined) blanks.set(vocabulary, (blank = newBlank(ref, vocabulary)));
  return blank;
}

const blanks = new Map<AxisVocabulary, Segment>();

function newBlank(ref: AxisRef, vocabulary: AxisVocabulary): Segment {
  return {
    ...ref,
    value: 'unknown',
    sinceBounds: UNBOUNDED,
    certain: false,
    possible: NO_VALUES,
    groups: aloneOf(vocabulary, 'unknown').groups,
    disputed: false,
    orderUncertain: false,
    otherReadings: NO_VALUES,
    restsOn: NO_VALUES,
    from: -Infinity,
    to: Infinity,
  };
}

/** What the answers to a question follow from. */
export interface Grounds {
  /** The main reading, index i after the first i facts of the track. */
  readonly steps: readonly Step[];
  /** The same with disputed facts left out. */
  readonly variants: readonly (readonly Step[])[];
  /** For each step, that a later one undid it; undefined where none did. */
  readonly undone: readonly boolean[] | undefined;
  /** All that bear on the days that are asked for; they cover these together. */
  readonly pieces: Piece[];
}

/**
 * The segments, where those of the days before `day` are known, and are still what they were. What says the same as
 * before is the same object.
 *
 * @param at how many facts of the track happen before `day`
 */
export function segmentsFrom(
  day: Day,
  at: number,
  question: Question,
  grounds: Grounds,
  known: readonly Segment[],
): readonly Segment[] {
  const { facts } = question.track;
  const { steps, variants, undone, pieces } = grounds;
  let count = 0;
  while (count < known.length && nth(known, count).from < day) count++;
  // The last one of these may end earlier now, or go on.
  let last: Segment | undefined = known[count - 1];
  const segments = known.slice(0, Math.max(count - 1, 0));
  let made: Draft | undefined;
  const days = startsOf(day, at, question, pieces);
  pieces.sort(byFrom);
  let active: Piece[] = [];
  let nextPiece = 0;
  for (let index = 0; index < days.length; index++) {
    const from = nth(days, index);
    while (at < facts.length && nth(facts, at).ordered.acts <= from) at++;
    if (active.length > 0) active = active.filter((piece) => piece.to >= from);
    for (let piece = pieces[nextPiece]; piece !== undefined && piece.from <= from; piece = pieces[++nextPiece]) {
      if (piece.to >= from) active.push(piece);
    }
    const to = index + 1 < days.length ? nth(days, index + 1) - 1 : Infinity;
    const step = nth(steps, at);
    const disputed = variants.length > 0 && variants.some((variant) => !sameStep(nth(variant, at), step));
    const segment = answer(question, step, active, disputed, undone?.[at] === true, from, to);
    if (last !== undefined && sameAnswer(last, segment)) {
      if (made === undefined) last = made = { ...last, to };
      else made.to = to;
      continue;
    }
    if (last !== undefined) segments.push(ending(last, from - 1));
    last = made = segment;
  }
  if (last !== undefined) segments.push(last);
  return withSame(segments, known, Math.max(count - 1, 0));
}

function ending(segment: Segment, to: Day): Segment {
  return segment.to === to ? segment : { ...segment, to };
}

/** Those that say the same as known ones, from a place on, as the objects that they were. */
function withSame(segments: Segment[], known: readonly Segment[], from: number): readonly Segment[] {
  let isSame = segments.length === known.length;
  for (let index = from; index < segments.length; index++) {
    const [is, was] = [nth(segments, index), known[index]];
    if (is === was) continue;
    if (was?.from === is.from && was.to === is.to && sameAnswer(is, was)) segments[index] = was;
    else isSame = false;
  }
  return isSame ? known : segments;
}

function byFrom(a: Piece, b: Piece): number {
  return a.from === b.from ? 0 : a.from < b.from ? -1 : 1;
}

/** Days, from the first one on, on which the answer may change, in order. */
function startsOf(first: Day, at: number, { track }: Question, pieces: readonly Piece[]): Day[] {
  const days: Day[] = [first];
  for (const { from, to } of pieces) {
    // What fades at no day that comes has a piece that begins at none.
    if (from > first && from !== Infinity) days.push(from);
    if (to !== Infinity && to + 1 > first) days.push(to + 1);
  }
  for (let fact = at; fact < track.facts.length; fact++) {
    const { acts } = nth(track.facts, fact).ordered;
    if (acts > first) days.push(acts);
  }
  days.sort(byNumber);
  let count = 1;
  for (const one of days) if (one !== days[count - 1]) days[count++] = one;
  days.length = count;
  return days;
}

function byNumber(a: Day, b: Day): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/**
 * Steps whose value a later step undoes; undefined where there is none. A run of answers that the same fact undoes is
 * undone together.
 */
export function undoneSteps(steps: readonly Step[], { undoneBy }: AxisVocabulary): readonly boolean[] | undefined {
  let undone: boolean[] | undefined;
  for (let index = 1; index < steps.length; index++) {
    const { value } = nth(steps, index);
    if (value === nth(steps, index - 1).value) continue;
    for (let earlier = index - 1; undoneBy[steps[earlier]?.value ?? '']?.includes(value) === true; earlier--) {
      undone ??= steps.map(() => false);
      undone[earlier] = true;
    }
  }
  return undone;
}

function sameStep(a: Step, b: Step): boolean {
  return a === b || (a.value === b.value && a.since === b.since && sameDetail(a.detail, b.detail));
}

function sameDetail(a: Step['detail'], b: Step['detail']): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function answer(
  { ref, vocabulary }: Question,
  step: Step,
  active: readonly Piece[],
  disputed: boolean,
  laterQuashed: boolean,
  from: Day,
  to: Day,
): Segment {
  const { value } = step;
  const only = active.length === 1 ? nth(active, 0) : undefined;
  // Mostly one value alone is possible, and held.
  const alone = only?.values.length === 1 && only.held === only.values && only.values[0] === value;
  const made: Draft = alone
    ? draft(ref, step, aloneOf(vocabulary, value), value !== 'unknown', disputed, from, to)
    : ambiguous(ref, vocabulary, step, active, disputed, from, to);
  if (ref.case !== undefined) made.case = ref.case;
  if (ref.key !== undefined) made.key = ref.key;
  if (step.detail !== undefined) made.detail = step.detail;
  if (step.since !== undefined) putSince(made, step.since);
  if (!alone && value !== 'unknown' && !made.certain && isFaded(active, value)) made.reason = 'stale';
  if (laterQuashed) made.laterQuashed = true;
  return made;
}

function draft(
  { axis }: AxisRef,
  { value, restsOn }: Step,
  { possible, groups }: Pick<Segment, 'possible' | 'groups'>,
  certain: boolean,
  disputed: boolean,
  from: Day,
  to: Day,
): Draft {
  return {
    axis,
    value,
    sinceBounds: UNBOUNDED,
    certain,
    possible,
    groups,
    disputed,
    orderUncertain: false,
    otherReadings: NO_VALUES,
    restsOn,
    from,
    to,
  };
}

/** The answer where several values are possible, or one is not held, or the main reading tells another. */
function ambiguous(
  ref: AxisRef,
  vocabulary: AxisVocabulary,
  step: Step,
  active: readonly Piece[],
  disputed: boolean,
  from: Day,
  to: Day,
): Draft {
  const { value } = step;
  const values = union(active, 'values');
  const held = union(active, 'held');
  const readings = union(active, 'readings');
  const possible = values.includes('unknown') ? values.filter((one) => one !== 'unknown') : values;
  const isCertain = (wanted: (one: string) => boolean): boolean => values.every(wanted) && held.every(wanted);
  const certain = value !== 'unknown' && isCertain((one) => one === value);
  const groups = groupsOf(vocabulary, possible, isCertain);
  const made = draft(ref, step, { possible: sorted(possible), groups }, certain, disputed, from, to);
  if (readings.length > 0) {
    made.orderUncertain = true;
    made.otherReadings = sorted(readings.filter((one) => one !== value));
  }
  return made;
}

function sorted(values: readonly string[]): readonly string[] {
  return values.length === 0 ? NO_VALUES : values.length === 1 ? values : values.toSorted();
}

function union(pieces: readonly Piece[], part: 'values' | 'held' | 'readings'): readonly string[] {
  let all = pieces[0]?.[part] ?? NO_VALUES;
  let own: string[] | undefined;
  for (let index = 1; index < pieces.length; index++) {
    const more = nth(pieces, index)[part];
    if (more === all) continue;
    for (const value of more) {
      if (all.includes(value)) continue;
      if (own === undefined) all = own = [...all, value];
      else own.push(value);
    }
  }
  return all;
}

/** In some world that gives the value, it is beyond its horizon. */
function isFaded(pieces: readonly Piece[], value: string): boolean {
  return pieces.some(({ values, held }) => values.includes(value) && (held.includes(NOTHING) || !held.includes(value)));
}

function putSince(made: Draft, { fact, earliest, latest }: OrderedFact): void {
  if (fact.aspect === 'observed') {
    // Seen to be so on a day: it began then or earlier.
    made.sinceBounds = { earliest: -Infinity, latest };
    if (Number.isFinite(latest)) made.since = `[..${isoDay(latest)}]`;
  } else {
    made.sinceBounds = { earliest, latest };
    if (fact.occurred !== undefined) made.since = fact.occurred;
  }
}

function sameAnswer(a: Segment, b: Segment): boolean {
  return (
    a.value === b.value &&
    a.certain === b.certain &&
    a.disputed === b.disputed &&
    a.orderUncertain === b.orderUncertain &&
    a.reason === b.reason &&
    a.laterQuashed === b.laterQuashed &&
    a.since === b.since &&
    a.sinceBounds.earliest === b.sinceBounds.earliest &&
    a.sinceBounds.latest === b.sinceBounds.latest &&
    sameList(a.restsOn, b.restsOn) &&
    sameList(a.possible, b.possible) &&
    sameList(a.otherReadings, b.otherReadings) &&
    sameDetail(a.detail, b.detail) &&
    sameGroups(a.groups, b.groups)
  );
}

function sameGroups(a: Groups, b: Groups): boolean {
  if (a === b) return true;
  return Object.entries(a).every(
    ([name, group]) => group.certain === b[name]?.certain && group.possible === b[name].possible,
  );
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((value, index) => value === b[index]));
}

/** One answer over a span of days, from the segments of one axis that touch it, in order. */
export function answerOver(touching: readonly Segment[]): AxisAnswer {
  const last = touching.at(-1);
  if (last === undefined) throw new Error('segments leave no gaps');
  const { from: _from, to: _to, ...atEnd } = last;
  if (touching.length === 1) return atEnd;
  const all = <T>(values: (segment: Segment) => readonly T[]): T[] => [...new Set(touching.flatMap(values))].sort();
  const { reason: _reason, laterQuashed: _laterQuashed, ...rest } = atEnd;
  return {
    ...rest,
    certain: touching.every((segment) => segment.certain && segment.value === last.value),
    possible: all((segment) => segment.possible),
    groups: Object.fromEntries(
      Object.keys(last.groups).map((name) => [
        name,
        {
          certain: touching.every((segment) => segment.groups[name]?.certain === true),
          possible: touching.some((segment) => segment.groups[name]?.possible === true),
        },
      ]),
    ),
    disputed: touching.some((segment) => segment.disputed),
    orderUncertain: touching.some((segment) => segment.orderUncertain),
    otherReadings: all((segment) => segment.otherReadings),
    ...(touching.some((segment) => segment.reason === 'stale') && { reason: 'stale' as const }),
    ...(touching.some((segment) => segment.laterQuashed === true) && { laterQuashed: true as const }),
    restsOn: all((segment) => segment.restsOn),
  };
}
