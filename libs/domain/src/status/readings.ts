/**
 * What is asked of a track: one axis in one case or under one key, or liberty. From it come the main reading, step by
 * step, and the pieces: which values are possible on which days, and which of them are held without doubt.
 */
import type { Day } from '#kernel';
import {
  apply,
  fadesOn,
  libertyBy,
  libertyOf,
  takesPlace,
  type CellPlace,
  type Operation,
  type State,
  type Track,
  type TrackFact,
} from './state.js';
import type { AxisRef } from './types.js';
import { DEPRIVED, vocabularyOf, type AxisVocabulary } from './vocabulary.js';
import type { Happening } from './worlds.js';
import { nth } from './nth.js';

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
  readonly since: TrackFact | undefined;
  /** Ids of the facts of the present run, sorted. */
  readonly restsOn: readonly string[];
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
const UNKNOWN_STEP: Step = { value: 'unknown', detail: undefined, since: undefined, restsOn: [] };
const DEPRIVING = new Set(DEPRIVED);

/** The states of the main reading, with some facts left out: at index i after the first i facts. */
export function mainStates(track: Track, leaveOut?: ReadonlySet<TrackFact>): readonly State[] {
  const states = [track.initial];
  let state = track.initial;
  for (const fact of track.facts) {
    if (leaveOut?.has(fact) !== true) state = apply(track, fact, state);
    states.push(state);
  }
  return states;
}

/** The main reading of a question, along the states of its track. */
export function stepsOf(
  question: Question,
  states: readonly State[],
  leaveOut?: ReadonlySet<TrackFact>,
): readonly Step[] {
  return question.cell === undefined
    ? libertySteps(question.track, states, leaveOut)
    : cellSteps(question, question.cell, states, leaveOut);
}

function cellSteps(
  question: Question,
  cell: number,
  states: readonly State[],
  leaveOut?: ReadonlySet<TrackFact>,
): Step[] {
  const { track, vocabulary } = question;
  let step = UNKNOWN_STEP;
  const steps = [step];
  for (const [index, fact] of track.facts.entries()) {
    if (leaveOut?.has(fact) !== true) {
      const done = effectiveOn(fact, cell, nth(states, index));
      if (done !== undefined)
        step = nextStep(step, nth(nth(states, index + 1).cells, cell).value, fact, done, vocabulary);
    }
    steps.push(step);
  }
  return steps;
}

/** The fact's operation on the cell that counts: the last one that takes place. */
function effectiveOn(fact: TrackFact, cell: number, before: State): Operation | undefined {
  return fact.operations.findLast((operation) => operation.cell === cell && takesPlace(operation, before));
}

function nextStep(step: Step, value: string, fact: TrackFact, { effect }: Operation, vocabulary: AxisVocabulary): Step {
  const goesOn = value === step.value;
  const { id } = fact.ordered.fact;
  const given = effect.detail;
  const keeps = goesOn || (vocabulary.keepsDetail && !(given !== undefined && vocabulary.detailRestarts(given)));
  const detail =
    keeps && step.detail !== undefined ? (given === undefined ? step.detail : { ...step.detail, ...given }) : given;
  if (value === 'unknown') return UNKNOWN_STEP;
  if (!goesOn) return { value, detail, since: fact, restsOn: [id] };
  return { value, detail, since: step.since, restsOn: [...step.restsOn, id].sort() };
}

function libertySteps(track: Track, states: readonly State[], leaveOut?: ReadonlySet<TrackFact>): Step[] {
  let step = UNKNOWN_STEP;
  const steps = [step];
  const rests: string[][] = track.cells.map(() => []);
  for (const [index, fact] of track.facts.entries()) {
    if (leaveOut?.has(fact) !== true) {
      const before = nth(states, index);
      const after = nth(states, index + 1);
      let touched = false;
      for (const cell of track.cells.keys()) {
        const changed = nth(before.cells, cell).value !== nth(after.cells, cell).value;
        if (!changed && effectiveOn(fact, cell, before) === undefined) continue;
        touched = true;
        rests[cell] = changed ? [fact.ordered.fact.id] : [...nth(rests, cell), fact.ordered.fact.id];
      }
      if (touched) step = libertyStep(track, after, step, fact, rests);
    }
    steps.push(step);
  }
  return steps;
}

function libertyStep(track: Track, state: State, step: Step, fact: TrackFact, rests: readonly string[][]): Step {
  const value = libertyOf(track, state);
  if (value === 'unknown') return UNKNOWN_STEP;
  const grounds = new Set(
    track.cells.flatMap((place, cell) => (libertyBy(place, nth(state.cells, cell)) === value ? nth(rests, cell) : [])),
  );
  return { value, detail: undefined, since: value === step.value ? step.since : fact, restsOn: [...grounds].sort() };
}

/** The pieces of a question, from all that may have happened. */
export function piecesOf(question: Question, happenings: readonly Happening[]): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const happening of happenings) {
    const { from, to, states } = happening;
    const single = states.length === 1 ? states[0] : undefined;
    const fades = new Set<Day>();
    for (const state of states) collectFades(question, happening, state, fades);
    if (single !== undefined && fades.size === 0) {
      const values = [valueOf(question, single)];
      pieces.push({ from, to, values, held: values, readings: [] });
      continue;
    }
    const values = [...new Set(states.map((state) => valueOf(question, state)))];
    const readings = values.length > 1 ? values : [];
    const starts = [from, ...[...fades].filter((day) => day > from && day <= to).sort((a, b) => a - b)];
    for (const [index, start] of starts.entries()) {
      const held = [...new Set(states.map((state) => heldOn(question, happening, state, start)))];
      pieces.push({
        from: start,
        to: (starts[index + 1] ?? Infinity) - 1 < to ? nth(starts, index + 1) - 1 : to,
        values,
        held,
        readings,
      });
    }
  }
  return pieces;
}

function valueOf({ track, cell }: Question, state: State): string {
  return cell === undefined ? libertyOf(track, state) : nth(state.cells, cell).value;
}

function collectFades({ track, cell }: Question, happening: Happening, state: State, days: Set<Day>): void {
  const collect = (index: number): void => {
    const day = fadesOn(track, state, index);
    if (day <= happening.to) days.add(day);
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
  const ahead = [...track.facts.keys()].filter((fact) => !happening.isOver(fact));
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
        other === witness || track.before(witness, other) || nth(track.facts, other).operations.every(leavesItSo),
    );
  });
}

/** A value that may be the last one set, on the days on which that may be. */
interface Candidate {
  readonly value: string;
  readonly from: Day;
  readonly to: Day;
  /** Undefined: nothing has happened yet. */
  readonly fact: number | undefined;
}

/**
 * The pieces of a question where there are too many worlds to enumerate. A fact can be the last one on d if and only
 * if it may have happened and no fact that surely acts on the same cell comes after it and must have happened: exact
 * where no effect is guarded. Else more becomes possible than is so (a guarded effect may or may not take place), and
 * never less.
 */
export function approximate(question: Question): readonly Piece[] {
  const { track, cell } = question;
  return cell === undefined ? approximateLiberty(track) : approximateCell(track, cell);
}

function approximateCell(track: Track, cell: number): Piece[] {
  const candidates = candidatesOf(track, cell);
  // Many facts, few values: runs of days are joined by what they say, so that there are few pieces.
  const runs = new Map<string, Run[]>();
  const addRun = (first: string, second: string, from: Day, to: Day): void => {
    const key = first < second ? `${first} ${second}` : `${second} ${first}`;
    const known = runs.get(key);
    if (known === undefined) runs.set(key, [{ from, to }]);
    else known.push({ from, to });
  };
  for (const [index, one] of candidates.entries()) {
    addRun(one.value, one.value, one.from, one.to);
    if (one.fact === undefined) continue;
    for (let next = index + 1; next < candidates.length; next++) {
      const other = nth(candidates, next);
      if (other.fact === undefined || other.fact === one.fact || other.value === one.value) continue;
      const from = Math.max(one.from, other.from);
      const to = Math.min(one.to, other.to);
      if (from > to || track.before(one.fact, other.fact) || track.before(other.fact, one.fact)) continue;
      addRun(one.value, other.value, from, to);
    }
  }
  return [...runs].flatMap(([key, ofKey]) => {
    const [first = '', second = ''] = key.split(' ');
    if (first === second) return joined(ofKey).flatMap((run) => split(first, run, fadesAtMost(track, cell, first)));
    return joined(ofKey).map(({ from, to }): Piece => ({ from, to, values: [], held: [], readings: [first, second] }));
  });
}

interface Run {
  readonly from: Day;
  readonly to: Day;
}

/** The same days in as few runs as possible. */
function joined(runs: readonly Run[]): Run[] {
  const result: { from: Day; to: Day }[] = [];
  for (const { from, to } of runs.toSorted((a, b) => (a.from === b.from ? 0 : a.from < b.from ? -1 : 1))) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

function split(value: string, { from, to }: Run, fades: Day): Piece[] {
  const piece = (first: Day, last: Day, held: string): Piece[] =>
    first > last ? [] : [{ from: first, to: last, values: [value], held: [held], readings: [] }];
  return [...piece(from, Math.min(to, fades - 1), value), ...piece(Math.max(from, fades), to, NOTHING)];
}

function candidatesOf(track: Track, cell: number): Candidate[] {
  const onCell = track.facts.flatMap((fact, index) => {
    const operations = fact.operations.filter((operation) => operation.cell === cell);
    return operations.length === 0 ? [] : [{ index, fact: fact.ordered, operations }];
  });
  // A fact surely acts if it has an unguarded operation, and surely leaves one value if all its operations set that.
  const sure = onCell.filter(
    ({ fact, operations }) => !fact.fact.disputed && operations.some((operation) => !operation.guarded),
  );
  const values = [
    ...new Set(['unknown', ...onCell.flatMap(({ operations }) => operations.flatMap(({ value }) => value ?? []))]),
  ];
  const candidates: Candidate[] = [];
  for (const { index, fact, operations } of onCell) {
    let to = Infinity;
    for (const later of sure) if (track.before(index, later.index)) to = Math.min(to, later.fact.latest - 1);
    const set = new Set(operations.flatMap(({ value }) => (value === undefined ? values : [value])));
    for (const value of set) if (fact.earliest <= to) candidates.push({ value, from: fact.earliest, to, fact: index });
  }
  const to = sure.reduce((least, { fact }) => Math.min(least, fact.latest - 1), Infinity);
  candidates.push({ value: 'unknown', from: -Infinity, to, fact: undefined });
  return candidates;
}

/** A day that is not after any on which the value fades in some world. */
function fadesAtMost(track: Track, cell: number, value: string): Day {
  const place = nth(track.cells, cell);
  if (place.axis === 'atLarge') return Infinity;
  const horizon = vocabularyOf(place.axis).horizons.find((entry) => entry.value === value);
  if (horizon === undefined) return Infinity;
  const effects = track.facts.flatMap((fact) =>
    fact.operations.map((operation) => ({ operation, effect: operation.effect, earliest: fact.ordered.earliest })),
  );
  if (horizon.ends === 'until') {
    const own = effects.flatMap(({ operation, effect }) =>
      operation.cell === cell ? (effect.horizon?.until ?? []) : [],
    );
    return own.length === 0 ? Infinity : Math.min(...own) + 1;
  }
  // Where a term is known at all, nothing is taken for certain once it may have begun.
  const timed = effects.some(({ effect }) => effect.detail?.term !== undefined);
  return timed ? -Infinity : Infinity;
}

function approximateLiberty(track: Track): Piece[] {
  const cells = track.cells.map((place, cell) => ({ place, cell, candidates: candidatesOf(track, cell) }));
  const starts = new Set<Day>();
  for (const { candidates } of cells) {
    for (const { from, to } of candidates) {
      starts.add(from);
      if (to !== Infinity) starts.add(to + 1);
    }
  }
  const days = [...starts].sort((a, b) => a - b);
  return days.map((from, index): Piece => {
    const values = strictestOf(cells.map(({ place, candidates }) => saidBy(place, candidates, from)));
    const held = strictestOf(
      cells.map(({ place, cell, candidates }) => {
        const now = candidates.filter((one) => one.from <= from && from <= one.to);
        const certain = now.filter(({ value }) => fadesAtMost(track, cell, value) > from);
        const said = saidBy(place, certain, from);
        if (certain.length < now.length || said.size === 0) said.add('unknown');
        return said;
      }),
    );
    const left = [...held].map((value) =>
      values.has(value) && (value !== 'unknown' || values.size === 1) ? value : NOTHING,
    );
    const next = days[index + 1];
    return {
      from,
      to: next === undefined ? Infinity : next - 1,
      values: [...values],
      held: [...new Set(left)],
      readings: values.size > 1 ? [...values] : [],
    };
  });
}

/** What a cell may say about liberty on a day. */
function saidBy(place: CellPlace, candidates: readonly Candidate[], day: Day): Set<string> {
  const said = new Set<string>();
  for (const { value, from, to } of candidates) if (from <= day && day <= to) said.add(libertyBy(place, { value }));
  // An escape ends by facts on other cells.
  if (place.axis === 'atLarge') said.add('unknown');
  return said;
}

/** All values that may be the strictest, if each cell says one of its own. */
function strictestOf(said: readonly ReadonlySet<string>[]): Set<string> {
  const order = [...vocabularyOf('liberty').values, 'unknown'];
  let values = new Set(['unknown']);
  for (const options of said) {
    const next = new Set<string>();
    for (const value of values) {
      for (const option of options) next.add(order.indexOf(option) < order.indexOf(value) ? option : value);
    }
    values = next;
  }
  return values;
}
