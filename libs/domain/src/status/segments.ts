/** From the main reading and the pieces of one question to its segments: the answer over all time, day by day. */
import { isoDay, UNBOUNDED, type Day } from '#kernel';
import { ONLY } from './order.js';
import { NOTHING, type Piece, type Question, type Step } from './readings.js';
import type { TrackFact } from './state.js';
import type { AxisAnswer, AxisRef, Segment } from './types.js';
import type { AxisVocabulary } from './vocabulary.js';
import { nth } from './nth.js';

type Groups = AxisAnswer['groups'];
/** Optional fields are put in one by one: conditional spreads took a third of the whole computation. */
type Draft = { -readonly [K in keyof Segment]: Segment[K] };

const NO_VALUES: readonly string[] = [];
const NO_GROUPS: Groups = {};

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
    groups: vocabulary.hasGroups ? groupsOf(vocabulary, NO_VALUES, () => false) : NO_GROUPS,
    disputed: false,
    orderUncertain: false,
    otherReadings: NO_VALUES,
    restsOn: NO_VALUES,
    from: -Infinity,
    to: Infinity,
  };
}

/**
 * `steps` is the main reading, index i after the first i facts of the track; `variants` the same with disputed facts
 * left out. Pieces cover all days together.
 */
export function segmentsOf(
  question: Question,
  steps: readonly Step[],
  variants: readonly (readonly Step[])[],
  pieces: readonly Piece[],
): Segment[] {
  const { facts } = question.track;
  const undone = undoneSteps(steps, question.vocabulary);
  const inOrder = pieces.toSorted((a, b) => (a.from === b.from ? 0 : a.from < b.from ? -1 : 1));
  const segments: Segment[] = [];
  let active: Piece[] = [];
  let nextPiece = 0;
  let at = 0;
  const days = startsOf(question, inOrder);
  for (const [index, from] of days.entries()) {
    while (at < facts.length && nth(facts, at).ordered.acts <= from) at++;
    active = active.filter((piece) => piece.to >= from);
    for (let piece = inOrder[nextPiece]; piece !== undefined && piece.from <= from; piece = inOrder[++nextPiece]) {
      if (piece.to >= from) active.push(piece);
    }
    const next = days[index + 1];
    const to = next === undefined ? Infinity : next - 1;
    const step = nth(steps, at);
    const disputed = variants.some((variant) => !sameStep(nth(variant, at), step));
    const segment = answer(question, step, active, disputed, undone[at] === true, from, to);
    const last = segments.at(-1);
    if (last !== undefined && sameAnswer(last, segment)) segments[segments.length - 1] = { ...last, to };
    else segments.push(segment);
  }
  return segments;
}

/** Days on which the answer may change. */
function startsOf({ track }: Question, pieces: readonly Piece[]): Day[] {
  const days = new Set<Day>([-Infinity]);
  for (const { from, to } of pieces) {
    // What fades at no day that comes has a piece that begins at none.
    if (from !== Infinity) days.add(from);
    if (to !== Infinity) days.add(to + 1);
  }
  for (const { ordered } of track.facts) days.add(ordered.acts);
  return [...days].sort((a, b) => (a === b ? 0 : a < b ? -1 : 1));
}

/** Steps whose value a later step undoes. A run of answers that the same fact undoes is undone together. */
function undoneSteps(steps: readonly Step[], { undoneBy }: AxisVocabulary): boolean[] {
  const undone = steps.map(() => false);
  for (const [index, step] of steps.entries()) {
    if (index === 0 || step.value === steps[index - 1]?.value) continue;
    for (let earlier = index - 1; undoneBy[steps[earlier]?.value ?? '']?.includes(step.value) === true; earlier--)
      undone[earlier] = true;
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
  const values = union(active, 'values');
  const held = union(active, 'held');
  const readings = union(active, 'readings');
  const possible = values.includes('unknown') ? values.filter((one) => one !== 'unknown') : values;
  const isCertain = (wanted: (one: string) => boolean): boolean => values.every(wanted) && held.every(wanted);
  const certain = value !== 'unknown' && isCertain((one) => one === value);
  const made: Draft = {
    axis: ref.axis,
    value,
    sinceBounds: UNBOUNDED,
    certain,
    possible: possible.length === 0 ? NO_VALUES : possible.sort(),
    groups: vocabulary.hasGroups ? groupsOf(vocabulary, possible, isCertain) : NO_GROUPS,
    disputed,
    orderUncertain: readings.length > 0,
    otherReadings: readings.length === 0 ? NO_VALUES : readings.filter((one) => one !== value).sort(),
    restsOn: step.restsOn,
    from,
    to,
  };
  if (ref.case !== undefined) made.case = ref.case;
  if (ref.key !== undefined) made.key = ref.key;
  if (step.detail !== undefined) made.detail = step.detail;
  if (step.since !== undefined) putSince(made, step.since);
  if (value !== 'unknown' && !certain && isFaded(active, value)) made.reason = 'stale';
  if (laterQuashed) made.laterQuashed = true;
  return made;
}

/** One object for each answer that an axis can give about its groups: every segment has one. */
function groupsOf(
  vocabulary: AxisVocabulary,
  possible: readonly string[],
  isCertain: (wanted: (one: string) => boolean) => boolean,
): Groups {
  let answer = '';
  for (const members of Object.values(vocabulary.groups)) {
    const isMember = (one: string): boolean => members.includes(one);
    answer += `${isCertain(isMember) ? 'c' : '-'}${possible.some(isMember) ? 'p' : '-'}`;
  }
  let known = groupAnswers.get(vocabulary);
  if (known === undefined) groupAnswers.set(vocabulary, (known = new Map<string, Groups>()));
  let groups = known.get(answer);
  if (groups === undefined) {
    const names = Object.keys(vocabulary.groups);
    groups = Object.fromEntries(
      names.map((name, at) => [name, { certain: answer[2 * at] === 'c', possible: answer[2 * at + 1] === 'p' }]),
    );
    known.set(answer, groups);
  }
  return groups;
}

const groupAnswers = new Map<AxisVocabulary, Map<string, Groups>>();

function union(pieces: readonly Piece[], part: 'values' | 'held' | 'readings'): string[] {
  if (pieces.length === 1) return [...nth(pieces, 0)[part]];
  const all = new Set<string>();
  for (const piece of pieces) for (const value of piece[part]) all.add(value);
  return [...all];
}

/** In some world that gives the value, it is beyond its horizon. */
function isFaded(pieces: readonly Piece[], value: string): boolean {
  return pieces.some(({ values, held }) => values.includes(value) && (held.includes(NOTHING) || !held.includes(value)));
}

function putSince(made: Draft, { ordered }: TrackFact): void {
  const { fact, earliest, latest } = ordered;
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
