/**
 * What facts do to a state: effects compiled to operations on cells. A cell holds the value of one axis in one case or
 * under one key.
 */
import { addMonths, type Day } from '#kernel';
import { UNASSIGNED, type OrderedFact } from './order.js';
import type { Axis, Effect } from './types.js';
import { AXES, DEPRIVED, SENTENCE_OVER, vocabularyOf, type Horizon } from './vocabulary.js';
import { nth } from './nth.js';

/** An escape that has not ended; an axis of the engine's own, of which liberty tells. */
export const AT_LARGE = 'atLarge';
export type CellAxis = Exclude<Axis, 'liberty'> | typeof AT_LARGE;

const DEPRIVING = new Set(DEPRIVED);
const OVER = new Set(SENTENCE_OVER);

/** The value of one holder in one state. Immutable. */
export interface Cell {
  readonly value: string;
  /** Values of the runs before, oldest first; kept only where some effect puts them back. */
  readonly before: readonly string[];
  /** First day on which the deprivation, or the present run of a timed value, may have begun. */
  readonly since: Day;
  readonly term: string | undefined;
  readonly suspendedPart: string | undefined;
  readonly termFrom: Day | undefined;
  readonly until: Day | undefined;
}

export const UNKNOWN: Cell = {
  value: 'unknown',
  before: [],
  since: -Infinity,
  term: undefined,
  suspendedPart: undefined,
  termFrom: undefined,
  until: undefined,
};

export class State {
  /** For each cell, as {@link fadesOn} says; kept because it is asked for on every run of days. */
  fades: readonly Day[] | undefined;
  #key: string | undefined;

  constructor(readonly cells: readonly Cell[]) {}

  /** The same for equal states. */
  get key(): string {
    return (this.#key ??= this.cells
      .map((cell) => {
        const { value, before, since, term, suspendedPart, termFrom, until } = cell;
        return cell === UNKNOWN ? '' : [value, before.join('>'), since, term, suspendedPart, termFrom, until].join();
      })
      .join('|'));
  }
}

/** One assignment within a track: cells by index. */
export interface Operation {
  readonly cell: number;
  /** Undefined: the value before the current run. */
  readonly value: string | undefined;
  readonly guarded: boolean;
  readonly effect: Effect;
  /** The cell that the guard reads. */
  readonly guard: number;
}

export interface CellPlace {
  readonly axis: CellAxis;
  readonly case: string | undefined;
  readonly key: string;
  readonly stacked: boolean;
  /** The sentence of a hold's case, the hold of a sentence's: -1 where the track has none. */
  readonly partner: number;
  /** Values that fade; undefined where none can. */
  readonly horizons: ReadonlyMap<string, Horizon['ends']> | undefined;
}

export interface TrackFact {
  readonly ordered: OrderedFact;
  readonly operations: readonly Operation[];
}

/** Cells that are looked at together, and what acts on them. */
export interface Track {
  readonly cells: readonly CellPlace[];
  /** In the order of the main reading. */
  readonly facts: readonly TrackFact[];
  readonly hasEscapes: boolean;
  /** Some value of some cell is certain for a time only. */
  readonly hasHorizons: boolean;
  readonly initial: State;
}

/** Whether the effect acts on every case of the person. */
export function actsOnAllCases({ allCases }: Effect, { case: ownCase }: OrderedFact): boolean {
  return allCases === true || (allCases === 'if-unassigned' && ownCase === UNASSIGNED);
}

/** Whether the operation takes place in that state. */
export function takesPlace(operation: Operation, state: State): boolean {
  if (!operation.guarded) return true;
  const value = nth(state.cells, operation.guard).value;
  const { onlyFrom, notFrom } = operation.effect;
  return onlyFrom?.includes(value) !== false && notFrom?.includes(value) !== true;
}

/** The state after the fact. A fact's operations are all judged by the state before it. */
export function apply(track: Track, fact: TrackFact, state: State): State {
  let cells: Cell[] | undefined;
  for (const operation of fact.operations) {
    if (!takesPlace(operation, state)) continue;
    cells ??= state.cells.slice();
    const before = nth(state.cells, operation.cell);
    cells[operation.cell] = assign(before, operation, nth(track.cells, operation.cell), fact.ordered.earliest);
  }
  if (track.hasEscapes) cells = endEscapes(track, fact, state, cells);
  return cells === undefined ? state : new State(cells);
}

function assign(before: Cell, operation: Operation, place: CellPlace, earliest: Day): Cell {
  const { effect } = operation;
  const value = operation.value ?? before.before.at(-1) ?? 'unknown';
  const same = value === before.value;
  const sentence = place.axis === 'sentence';
  const detail = effect.detail;
  // A new sentence replaces all that was said of the one before.
  const kept =
    sentence && !(detail !== undefined && vocabularyOf('sentence').detailRestarts(detail)) ? before : UNKNOWN;
  return {
    value,
    before: !place.stacked
      ? UNKNOWN.before
      : operation.value === undefined
        ? before.before.slice(0, -1)
        : same
          ? before.before
          : [...before.before, before.value],
    since: sinceOf(before, value, place, earliest),
    term: sentence ? (detail?.term ?? kept.term) : undefined,
    suspendedPart: sentence ? (detail?.suspendedPart ?? kept.suspendedPart) : undefined,
    termFrom: sentence ? (effect.horizon?.termFrom ?? kept.termFrom) : undefined,
    until: effect.horizon?.until ?? (same ? before.until : undefined),
  };
}

/** Kept only where a horizon counts from it, so that states which answer alike stay one. */
function sinceOf(before: Cell, value: string, place: CellPlace, earliest: Day): Day {
  if (place.axis !== 'sentence' && (place.axis !== 'hold' || place.partner === -1)) return -Infinity;
  const timed = place.axis === 'hold' ? DEPRIVING.has(value) : value === 'serving';
  if (!timed) return -Infinity;
  const goesOn = place.axis === 'hold' ? DEPRIVING.has(before.value) : before.value === 'serving';
  return goesOn && before.since !== -Infinity ? before.since : earliest;
}

/**
 * An escape lasts until the person is held again, or the ground of the deprivation is gone: a release of that case or
 * of all, or the end of the sentence. A warrant, or its withdrawal, ends no escape.
 */
function endEscapes(track: Track, fact: TrackFact, state: State, cells: Cell[] | undefined): Cell[] | undefined {
  let after = cells;
  for (const [index, place] of track.cells.entries()) {
    if (place.axis !== AT_LARGE || nth(state.cells, index).value !== AT_LARGE) continue;
    if (fact.operations.some((operation) => operation.cell === index)) continue;
    const ends = fact.operations.some((operation) => {
      const target = nth(track.cells, operation.cell);
      if (target.axis === 'hold' && actsOnAllCases(operation.effect, fact.ordered)) return true;
      if (!takesPlace(operation, state)) return false;
      if (target.axis === 'hold') {
        if (operation.value !== undefined && DEPRIVING.has(operation.value)) return true;
        return (
          target.case === place.case &&
          operation.value !== 'wanted' &&
          !(operation.guarded && operation.value === 'none')
        );
      }
      return target.axis === 'sentence' && target.case === place.case && OVER.has(operation.value ?? '');
    });
    if (!ends) continue;
    after ??= state.cells.slice();
    after[index] = UNKNOWN;
  }
  return after;
}

/** First day on which the cell's value is no longer certain if nothing more is heard; infinite where it stays certain. */
export function fadesOn(track: Track, state: State, index: number): Day {
  if (!track.hasHorizons) return Infinity;
  state.fades ??= track.cells.map((place, at) => fadeOf(place, nth(state.cells, at), state.cells[place.partner]));
  return nth(state.fades, index);
}

/** The first day on which any of its values is no longer certain. */
export function firstFade(track: Track, state: State): Day {
  let first = Infinity;
  if (track.hasHorizons) for (const index of track.cells.keys()) first = Math.min(first, fadesOn(track, state, index));
  return first;
}

function fadeOf({ axis, horizons }: CellPlace, cell: Cell, partner: Cell | undefined): Day {
  const horizon = horizons?.get(cell.value);
  if (horizon === undefined) return Infinity;
  if (horizon === 'until') return cell.until === undefined ? Infinity : cell.until + 1;
  const [sentence, hold] = axis === 'hold' ? [partner, cell] : [cell, partner];
  if (sentence?.term === undefined) return Infinity;
  // Time in custody usually counts, so the term is counted from where the deprivation may have begun.
  const held = hold !== undefined && DEPRIVING.has(hold.value) ? hold.since : Infinity;
  const start = sentence.termFrom ?? Math.min(held, axis === 'sentence' ? cell.since : Infinity);
  return addDuration(addDuration(start, sentence.term, 1), sentence.suspendedPart, -1);
}

export const HORIZONS = new Map<CellAxis, ReadonlyMap<string, Horizon['ends']>>(
  AXES.filter(({ horizons }) => horizons.length > 0).map(({ axis, horizons }) => [
    axis as CellAxis,
    new Map(horizons.map(({ value, ends }) => [value, ends])),
  ]),
);

const DURATION = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?$/;

/** The day that much later or earlier. A duration that is none of years, months, weeks and days leaves no certainty. */
function addDuration(day: Day, duration: string | undefined, sign: 1 | -1): Day {
  if (duration === undefined || !Number.isFinite(day)) return day;
  const parts = DURATION.exec(duration);
  if (parts === null) return -Infinity;
  const [years, months, weeks, days] = parts.slice(1).map((part: string | undefined) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return addMonths(day, sign * (years * 12 + months)) + sign * (weeks * 7 + days);
}

const STRICTNESS = new Map([...vocabularyOf('liberty').values, 'unknown'].map((value, index) => [value, index]));

/** The strictest over all cases of the hold, an unserved sentence, an escape. `unless` names cells that count as unknown. */
export function libertyOf(track: Track, state: State, unless?: (cell: number) => boolean): string {
  let strictest = 'unknown';
  for (const [index, place] of track.cells.entries()) {
    const cell = nth(state.cells, index);
    if (unless?.(index) === true) continue;
    const value = libertyBy(place, cell);
    if ((STRICTNESS.get(value) ?? Infinity) < (STRICTNESS.get(strictest) ?? Infinity)) strictest = value;
  }
  return strictest;
}

/** What one cell alone says about liberty. */
export function libertyBy(place: Pick<CellPlace, 'axis'>, cell: Pick<Cell, 'value'>): string {
  if (place.axis === 'hold') return cell.value === 'none' ? 'free' : cell.value;
  const enforced =
    place.axis === AT_LARGE ? cell.value !== AT_LARGE : place.axis !== 'sentence' || cell.value !== 'unserved';
  return enforced ? 'unknown' : 'sentence-not-enforced';
}
