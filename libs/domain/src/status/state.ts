/**
 * What facts do to a state: effects compiled to operations on cells. A cell holds the value of one axis in one case or
 * under one key. A track is a set of cells that must be looked at together, because guards or the derivation of an
 * answer connect them, with the facts that touch them; facts that touch none of them matter to it by order alone, and
 * the order is closed already.
 */
import { addMonths, type Day } from '#kernel';
import { UNASSIGNED, type Order, type OrderedFact } from './order.js';
import type { Axis, Effect } from './types.js';
import { AXES, DEPRIVED, SENTENCE_OVER, vocabularyOf, type Horizon } from './vocabulary.js';
import { nth } from './nth.js';

/** An escape that has not ended; an axis of the engine's own, of which liberty tells. */
const AT_LARGE = 'atLarge';
type CellAxis = Exclude<Axis, 'liberty'> | typeof AT_LARGE;

const DEPRIVING = new Set(DEPRIVED);
const OVER = new Set(SENTENCE_OVER);

/** One value holder, before it is placed in a track. */
interface Holder {
  readonly id: string;
  readonly axis: CellAxis;
  readonly case: string | undefined;
  readonly key: string | undefined;
  /** Holders that guards of effects on this one read. */
  readonly guards: Set<Holder>;
  /** Some effect puts back what was before: then the values before the present one are part of the state. */
  stacked: boolean;
  /** Some effect on it gives a term, a day: then horizons matter. */
  timed: boolean;
  touched: boolean;
}

interface Assignment {
  readonly holder: Holder;
  readonly effect: Effect;
  readonly guard: Holder | undefined;
}

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

const UNKNOWN: Cell = {
  value: 'unknown',
  before: [],
  since: -Infinity,
  term: undefined,
  suspendedPart: undefined,
  termFrom: undefined,
  until: undefined,
};

export class State {
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
  readonly stacked: boolean;
  /** The sentence of a hold's case, the hold of a sentence's: -1 where the track has none. */
  readonly partner: number;
  /** Values that fade; undefined where none can. */
  readonly horizons: ReadonlyMap<string, Horizon['ends']> | undefined;
}

export interface TrackFact {
  readonly ordered: OrderedFact;
  /** Position in the main order of all facts. */
  readonly position: number;
  readonly operations: readonly Operation[];
}

export interface Track {
  readonly cells: readonly CellPlace[];
  /** In the order of the main reading. */
  readonly facts: readonly TrackFact[];
  readonly order: Order;
  readonly hasEscapes: boolean;
  readonly initial: State;
  /** In every world the track's fact `a` comes before its fact `b`. */
  before(a: number, b: number): boolean;
}

export class Holders {
  readonly #holders = new Map<string, Holder>();
  readonly #assignments: Assignment[][];
  readonly #order: Order;
  readonly #tracks = new Map<string, Track>();
  #liberty: ReadonlySet<Holder> | undefined;
  /** All slots of cases that a fact has, `unassigned` included. */
  readonly caseSlots: readonly string[];

  constructor(order: Order) {
    this.#order = order;
    this.caseSlots = order.facts.some((fact) => fact.case === UNASSIGNED) ? [...order.cases, UNASSIGNED] : order.cases;
    this.#assignments = order.facts.map((ordered) => this.#assignmentsOf(ordered));
  }

  /** The keys that facts name on an axis, sorted. */
  keysOf(axis: Axis): string[] {
    return [...this.#holders.values()]
      .flatMap((holder) => (holder.axis === axis && holder.touched ? [holder.key ?? ''] : []))
      .sort();
  }

  /** The track of one axis in its case or under its key, and the cell in it; undefined where no fact speaks of it. */
  trackOf(
    axis: Exclude<Axis, 'liberty'>,
    caseId: string | undefined,
    key: string | undefined,
  ): { track: Track; cell: number } | undefined {
    const holder = this.#holders.get(holderId(axis, caseId, key));
    if (holder?.touched !== true) return undefined;
    const members = this.#closure([holder]);
    // Most persons have one case: then hold and sentence share the track of liberty, which is worked out anyway.
    const wanted =
      this.caseSlots.length === 1 && (axis === 'hold' || axis === 'sentence') ? this.#libertyMembers() : members;
    const { track, places } = this.#track(wanted);
    return { track, cell: places.get(holder) ?? 0 };
  }

  /** The track of everything that liberty is derived from; undefined where nothing is known of it. */
  libertyTrack(): Track | undefined {
    const members = this.#libertyMembers();
    return members.size === 0 ? undefined : this.#track(members).track;
  }

  #libertyMembers(): ReadonlySet<Holder> {
    return (this.#liberty ??= this.#findLibertyMembers());
  }

  #findLibertyMembers(): ReadonlySet<Holder> {
    const roots = [...this.#holders.values()].filter(
      ({ axis, touched }) => touched && (axis === 'hold' || axis === 'sentence' || axis === AT_LARGE),
    );
    return this.#closure(roots);
  }

  #closure(roots: readonly Holder[]): Set<Holder> {
    const members = new Set(roots);
    for (const holder of members) {
      for (const guard of holder.guards) members.add(guard);
      if (holder.axis === 'hold') this.#addTimed(members, 'sentence', holder.case);
      if (holder.axis === 'sentence' && holder.timed) this.#addTimed(members, 'hold', holder.case);
    }
    return members;
  }

  /** The partner of a hold or a sentence, where the term of the sentence decides how long the answer is certain. */
  #addTimed(members: Set<Holder>, axis: 'hold' | 'sentence', caseId: string | undefined): void {
    const sentence = this.#holders.get(holderId('sentence', caseId, undefined));
    const partner = this.#holders.get(holderId(axis, caseId, undefined));
    if (sentence?.timed === true && partner?.touched === true) members.add(partner);
  }

  #track(members: ReadonlySet<Holder>): { track: Track; places: ReadonlyMap<Holder, number> } {
    const holders = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
    const places = new Map(holders.map((holder, index) => [holder, index]));
    const id = holders.map((holder) => holder.id).join(';');
    const known = this.#tracks.get(id);
    if (known !== undefined) return { track: known, places };
    const track = this.#newTrack(holders, places);
    this.#tracks.set(id, track);
    return { track, places };
  }

  #newTrack(holders: readonly Holder[], places: ReadonlyMap<Holder, number>): Track {
    const facts: TrackFact[] = [];
    for (const [position, assignments] of this.#assignments.entries()) {
      const operations = assignments.flatMap(({ holder, effect, guard }): Operation[] => {
        const cell = places.get(holder);
        if (cell === undefined) return [];
        const value = typeof effect.set === 'string' ? effect.set : undefined;
        const guardCell = (guard && places.get(guard)) ?? cell;
        return [
          {
            cell,
            value: holder.axis === AT_LARGE ? AT_LARGE : value,
            guarded: guard !== undefined,
            effect,
            guard: guardCell,
          },
        ];
      });
      const ordered = this.#order.facts[position];
      if (ordered === undefined) continue;
      // A fact may do nothing to a value, and yet tell that it lasted: a death in custody.
      const witness = ordered.fact.attests?.some(({ axis }) => holders.some((holder) => holder.axis === axis)) === true;
      if (operations.length > 0 || witness) facts.push({ ordered, position, operations });
    }
    const partnerOf = (holder: Holder): number => {
      const axis = holder.axis === 'hold' ? 'sentence' : holder.axis === 'sentence' ? 'hold' : undefined;
      return axis === undefined ? -1 : holders.findIndex((other) => other.axis === axis && other.case === holder.case);
    };
    const order = this.#order;
    return {
      cells: holders.map((holder): CellPlace => {
        const partner = partnerOf(holder);
        // A hold fades by the term of a sentence, and without one not at all.
        const horizons = holder.axis === 'hold' && partner === -1 ? undefined : HORIZONS.get(holder.axis);
        return { axis: holder.axis, case: holder.case, stacked: holder.stacked, partner, horizons };
      }),
      facts,
      order,
      hasEscapes: holders.some((holder) => holder.axis === AT_LARGE),
      initial: new State(holders.map(() => UNKNOWN)),
      before: (a, b) => order.before(nth(facts, a).position, nth(facts, b).position),
    };
  }

  #assignmentsOf(ordered: OrderedFact): Assignment[] {
    return ordered.fact.effects.flatMap((effect) => {
      const axis = cellAxisOf(effect);
      const perCase = axis === AT_LARGE || vocabularyOf(axis).per === 'case';
      const targets = perCase ? (actsOnAllCases(effect, ordered) ? this.caseSlots : [ordered.case]) : [undefined];
      return targets.map((target): Assignment => {
        const holder = this.#holder(axis, target, effect.key);
        holder.touched = true;
        if (typeof effect.set !== 'string') holder.stacked = true;
        if (effect.detail?.term !== undefined) holder.timed = true;
        if (effect.onlyFrom === undefined && effect.notFrom === undefined) return { holder, effect, guard: undefined };
        const guard = effect.guardAxis === undefined ? holder : this.#guardHolder(effect.guardAxis, target, effect.key);
        holder.guards.add(guard);
        return { holder, effect, guard };
      });
    });
  }

  #guardHolder(axis: Axis, caseId: string | undefined, key: string | undefined): Holder {
    if (axis === 'liberty') throw new Error('a guard reads an axis that effects set, not liberty');
    const { per } = vocabularyOf(axis);
    return this.#holder(axis, per === 'case' ? caseId : undefined, per === 'key' ? key : undefined);
  }

  #holder(axis: CellAxis, caseId: string | undefined, key: string | undefined): Holder {
    const id = holderId(axis, caseId, key);
    const known = this.#holders.get(id);
    if (known !== undefined) return known;
    const made: Holder = {
      id,
      axis,
      case: caseId,
      key,
      guards: new Set(),
      stacked: false,
      timed: false,
      touched: false,
    };
    this.#holders.set(id, made);
    return made;
  }
}

function holderId(axis: CellAxis, caseId: string | undefined, key: string | undefined): string {
  return `${axis}/${caseId ?? ''}/${key ?? ''}`;
}

function actsOnAllCases({ allCases }: Effect, { case: ownCase }: OrderedFact): boolean {
  return allCases === true || (allCases === 'if-unassigned' && ownCase === UNASSIGNED);
}

function cellAxisOf(effect: Effect): CellAxis {
  if (effect.axis !== 'liberty') return effect.axis;
  // An error in the catalogue, not in a fact: found by the first test of the event.
  if (effect.set !== 'sentence-not-enforced') throw new Error('liberty is derived; only an escape may name it');
  return AT_LARGE;
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
  const place = nth(track.cells, index);
  if (place.horizons === undefined) return Infinity;
  const cell = nth(state.cells, index);
  const horizon = place.horizons.get(cell.value);
  if (horizon === undefined) return Infinity;
  if (horizon === 'until') return cell.until === undefined ? Infinity : cell.until + 1;
  const partner = state.cells[place.partner];
  const [sentence, hold] = place.axis === 'hold' ? [partner, cell] : [cell, partner];
  if (sentence?.term === undefined) return Infinity;
  // Time in custody usually counts, so the term is counted from where the deprivation may have begun.
  const held = hold !== undefined && DEPRIVING.has(hold.value) ? hold.since : Infinity;
  const start = sentence.termFrom ?? Math.min(held, place.axis === 'sentence' ? cell.since : Infinity);
  return addDuration(addDuration(start, sentence.term, 1), sentence.suspendedPart, -1);
}

const HORIZONS = new Map<CellAxis, ReadonlyMap<string, Horizon['ends']>>(
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
