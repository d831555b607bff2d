/**
 * What is asked of a track: one axis in one case or under one key, or liberty. From it come the main reading, step by
 * step, and the pieces: which values are possible on which days, and which of them are held without doubt.
 */
import type { Day } from '#kernel';
import { aloneOf } from './alone.js';
import { nth } from './nth.js';
import { comesBefore, type OrderedFact } from './order.js';
import {
  apply,
  fadesOn,
  libertyBy,
  libertyOf,
  takesPlace,
  type Operation,
  type State,
  type Track,
  type TrackFact,
} from './state.js';
import type { AxisRef } from './types.js';
import { DEPRIVED, type AxisVocabulary } from './vocabulary.js';
import { isOver, type Happening } from './worlds.js';

/** One answer that is to be given over all time. */
export interface Question {
  readonly ref: AxisRef;
  readonly vocabulary: AxisVocabulary;
  readonly track: Track;
  /** The cell that holds the value; undefined for liberty, which is derived from all of them. */
  readonly cell: number | undefined;
}

/** The main reading after one more fact (at index 0: before any). */
export interface Step {
  readonly value: string;
  readonly detail: Readonly<Record<string, string>> | undefined;
  /** The first fact of the present run. */
  readonly since: OrderedFact | undefined;
  /** Ids of the facts of the present run, sorted. */
  readonly restsOn: readonly string[];
  /** Of each cell, the facts that its value rests on, sorted; liberty rests on those of the cells that it follows from. */
  readonly cells: readonly (readonly string[])[];
}

/** What is possible over a run of days, in some worlds. */
export interface Piece {
  readonly from: Day;
  readonly to: Day;
  readonly values: readonly string[];
  /** What is left of each value if nothing is taken for certain beyond its horizon; NOTHING where nothing is. */
  readonly held: readonly string[];
  /** Values that different orders of the same facts give, where there are several. */
  readonly readings: readonly string[];
}

export const NOTHING = '';
const NO_READINGS: readonly string[] = [];
const NO_IDS: readonly string[] = [];
const DEPRIVING = new Set(DEPRIVED);

/** Before any fact. */
const NOTHING_YET: Step = { value: 'unknown', detail: undefined, since: undefined, restsOn: NO_IDS, cells: [] };

/**
 * Adds to the states of the main reading, at index i after the first i facts, those that are missing.
 *
 * @param leaveOut facts that count as if they had not happened
 */
export function addStates(track: Track, states: State[], leaveOut?: ReadonlySet<TrackFact>): void {
  let state = states.at(-1);
  if (state === undefined) states.push((state = track.initial));
  for (let at = states.length - 1; at < track.facts.length; at++) {
    const fact = nth(track.facts, at);
    if (leaveOut?.has(fact) !== true) state = apply(track, fact, state);
    states.push(state);
  }
}

/** Adds to the main reading of a question, along the states of its track, the steps that are missing. */
export function addSteps(
  question: Question,
  states: readonly State[],
  steps: Step[],
  leaveOut?: ReadonlySet<TrackFact>,
): void {
  const { track, cell } = question;
  let step = steps.at(-1);
  if (step === undefined) steps.push((step = NOTHING_YET));
  for (let at = steps.length - 1; at < track.facts.length; at++) {
    const fact = nth(track.facts, at);
    if (leaveOut?.has(fact) !== true) {
      const [before, after] = [nth(states, at), nth(states, at + 1)];
      step =
        cell === undefined
          ? libertyStep(track, before, after, step, fact)
          : cellStep(question.vocabulary, cell, before, after, step, fact);
    }
    steps.push(step);
  }
}

function cellStep(
  vocabulary: AxisVocabulary,
  cell: number,
  before: State,
  after: State,
  step: Step,
  fact: TrackFact,
): Step {
  const done = effectiveOn(fact, cell, before);
  if (done === undefined) return step;
  const { value } = nth(after.cells, cell);
  if (value === 'unknown') return NOTHING_YET;
  const goesOn = value === step.value;
  const { id } = fact.ordered.fact;
  const given = done.effect.detail;
  const keeps = goesOn || (vocabulary.keepsDetail && !(given !== undefined && vocabulary.detailRestarts(given)));
  const detail =
    keeps && step.detail !== undefined ? (given === undefined ? step.detail : { ...step.detail, ...given }) : given;
  return goesOn
    ? { value, detail, since: step.since, restsOn: withId(step.restsOn, id), cells: step.cells }
    : { value, detail, since: fact.ordered, restsOn: [id], cells: step.cells };
}

/** The fact's operation on the cell that counts: the last one that takes place. */
function effectiveOn({ operations }: TrackFact, cell: number, before: State): Operation | undefined {
  for (let at = operations.length - 1; at >= 0; at--) {
    const operation = nth(operations, at);
    if (operation.cell === cell && takesPlace(operation, before)) return operation;
  }
  return undefined;
}

function libertyStep(track: Track, before: State, after: State, step: Step, fact: TrackFact): Step {
  const { id } = fact.ordered.fact;
  let cells: (readonly string[])[] | undefined;
  for (const cell of track.cells.keys()) {
    const changed = nth(before.cells, cell).value !== nth(after.cells, cell).value;
    if (!changed && effectiveOn(fact, cell, before) === undefined) continue;
    cells ??= track.cells.map((_, index) => step.cells[index] ?? NO_IDS);
    cells[cell] = changed ? [id] : withId(cells[cell] ?? NO_IDS, id);
  }
  if (cells === undefined) return step;
  const value = libertyOf(track, after);
  if (value === 'unknown') return { ...NOTHING_YET, cells };
  let restsOn: readonly string[] | undefined;
  for (const [cell, place] of track.cells.entries()) {
    if (libertyBy(place, nth(after.cells, cell)) !== value) continue;
    const ids = cells[cell] ?? NO_IDS;
    restsOn = restsOn === undefined ? ids : ids.reduce(withId, restsOn);
  }
  return {
    value,
    detail: undefined,
    since: value === step.value ? step.since : fact.ordered,
    restsOn: restsOn ?? NO_IDS,
    cells,
  };
}

/** Sorted ids with one more. */
function withId(sorted: readonly string[], id: string): readonly string[] {
  let place = sorted.length;
  while (place > 0 && nth(sorted, place - 1) > id) place--;
  return sorted[place - 1] === id ? sorted : sorted.toSpliced(place, 0, id);
}

/** The pieces of a question, from what may have happened, from one of the happenings on. */
export function piecesOf(question: Question, happenings: readonly Happening[], first: number): Piece[] {
  const pieces: Piece[] = [];
  for (let at = first; at < happenings.length; at++) {
    const happening = nth(happenings, at);
    const { from, to, states } = happening;
    const single = states.length === 1 ? states[0] : undefined;
    const fades: Day[] = [];
    if (question.track.hasHorizons) for (const state of states) collectFades(question, happening, state, fades);
    if (single !== undefined && fades.length === 0) {
      const { values } = aloneOf(question.vocabulary, valueOf(question, single));
      pieces.push({ from, to, values, held: values, readings: NO_READINGS });
      continue;
    }
    const values = distinct(states.map((state) => valueOf(question, state)));
    const readings = values.length > 1 ? values : NO_READINGS;
    const starts = [from, ...fades.filter((day) => day > from).sort((a, b) => a - b)];
    for (const [index, start] of starts.entries()) {
      const next = starts[index + 1];
      if (next === start) continue;
      pieces.push({
        from: start,
        to: next === undefined ? to : next - 1,
        values,
        held: distinct(states.map((state) => heldOn(question, happening, state, start))),
        readings,
      });
    }
  }
  return pieces;
}

function distinct(values: readonly string[]): readonly string[] {
  return values.length < 2 ? values : [...new Set(values)];
}

function valueOf({ track, cell }: Question, state: State): string {
  return cell === undefined ? libertyOf(track, state) : nth(state.cells, cell).value;
}

function collectFades({ track, cell }: Question, happening: Happening, state: State, days: Day[]): void {
  const collect = (index: number): void => {
    const day = fadesOn(track, state, index);
    if (day !== Infinity && day <= happening.to) days.push(day);
  };
  if (cell !== undefined) collect(cell);
  else for (const [index, place] of track.cells.entries()) if (place.axis === 'hold') collect(index);
}

/** What of the state's value is certain on a day, if that state holds. */
function heldOn(question: Question, happening: Happening, state: State, day: Day): string {
  const { track, cell } = question;
  const value = valueOf(question, state);
  const faded = (index: number): boolean =>
    nth(track.cells, index).axis !== 'sentence' &&
    fadesOn(track, state, index) <= day &&
    !isAttested(track, happening, state, index);
  if (cell !== undefined) {
    return fadesOn(track, state, cell) <= day && !isAttested(track, happening, state, cell) ? NOTHING : value;
  }
  if (!DEPRIVING.has(value)) return value;
  const left = libertyOf(track, state, faded);
  if (DEPRIVING.has(left)) return left;
  // A fact that attests deprivation, but in no case, speaks for the only hold that can be meant.
  const holds = track.cells.flatMap((place, index) =>
    place.axis === 'hold' && DEPRIVING.has(nth(state.cells, index).value) ? [index] : [],
  );
  return holds.length === 1 && isAttested(track, happening, state, nth(holds, 0), true) ? value : NOTHING;
}

/**
 * A later undisputed fact tells that the value was still so, and no other fact can have ended it in between. With
 * `anyCase` the fact may belong to another case, or to none.
 */
function isAttested(track: Track, happening: Happening, state: State, cell: number, anyCase = false): boolean {
  const place = nth(track.cells, cell);
  const { value } = nth(state.cells, cell);
  const ahead = [...track.facts.keys()].filter((fact) => !isOver(happening, fact));
  return ahead.some((witness) => {
    const { ordered } = nth(track.facts, witness);
    if (ordered.fact.disputed) return false;
    const attested = ordered.fact.attests?.find(
      ({ axis, values }) =>
        axis === place.axis &&
        values.includes(value) &&
        (anyCase || place.case === undefined || ordered.case === place.case),
    );
    if (attested === undefined) return false;
    const leavesItSo = ({ cell: target, value: set }: Operation): boolean => {
      if (target === cell) return set !== undefined && attested.values.includes(set);
      // A deprivation that begins elsewhere may be the one that a fact of no case attests.
      const elsewhere = anyCase && nth(track.cells, target).axis === place.axis;
      return !elsewhere || (set !== undefined && !attested.values.includes(set));
    };
    return ahead.every(
      (other) =>
        other === witness ||
        comesBefore(ordered, nth(track.facts, other).ordered) ||
        nth(track.facts, other).operations.every(leavesItSo),
    );
  });
}
