/**
 * The tracks of one subject. A track is a set of cells that must be looked at together, because guards or the derivation
 * of an answer connect them, with the facts that touch them; facts that touch none of them matter to it by order alone,
 * and the order is closed already.
 *
 * Tracks grow with the facts of their subject: each says how many of its facts are what they were when it was read last.
 */
import { nth } from './nth.js';
import { type Order, type OrderedFact, UNASSIGNED } from './order.js';
import {
  actsOnAllCases,
  AT_LARGE,
  type CellAxis,
  type CellPlace,
  HORIZONS,
  type Operation,
  State,
  type Track,
  type TrackFact,
  UNKNOWN,
} from './state.js';
import type { Axis, AxisRef, Effect } from './types.js';
import { AXES, vocabularyOf } from './vocabulary.js';

/** What holds one value: an axis of the subject, in one case or under one key. */
interface Holder {
  readonly axis: CellAxis;
  readonly case: string | undefined;
  /** Empty where there is none. */
  readonly key: string;
  /** Holders that guards of effects on this one read. */
  readonly guards: Holder[];
  /** Some effect puts back what was before: then the values before the present one are part of the state. */
  stacked: boolean;
  /** Some effect on it gives a term, a day: then horizons matter. */
  timed: boolean;
  touched: boolean;
  /** At which growth something of it changed that decides what belongs to one track. */
  regrouped: number;
  /** At which growth a fact that acts on it came, or came to stand otherwise. */
  moved: number;
  /** Where it is read; undefined where nothing is asked of it by itself. */
  track: GrowingTrack | undefined;
}

interface Assignment {
  readonly holder: Holder;
  readonly effect: Effect;
  readonly guard: Holder | undefined;
}

interface Placed {
  readonly ordered: OrderedFact;
  readonly assignments: readonly Assignment[];
}

const ALL_AXES: readonly (CellAxis | Axis)[] = [...AXES.map(({ axis }) => axis), AT_LARGE];
const NUMBERS = new Map(ALL_AXES.map((axis, index) => [axis, index]));

export class GrowingTrack implements Track {
  readonly cells: readonly CellPlace[];
  readonly hasEscapes: boolean;
  readonly hasHorizons: boolean;
  readonly initial: State;
  facts: readonly TrackFact[] = [];
  /** So many of its facts are the same that were there when it was read last, and stand as they stood. */
  kept = 0;
  /** Nothing has come to it or changed since it was read. */
  isRead = false;

  constructor(readonly holders: readonly Holder[]) {
    this.cells = holders.map((holder): CellPlace => {
      const { axis, case: inCase, stacked } = holder;
      const partnerAxis = axis === 'hold' ? 'sentence' : axis === 'sentence' ? 'hold' : undefined;
      const partner =
        partnerAxis === undefined
          ? -1
          : holders.findIndex((other) => other.axis === partnerAxis && other.case === inCase);
      // A hold fades by the term of a sentence, and without one not at all.
      const horizons = axis === 'hold' && partner === -1 ? undefined : HORIZONS.get(axis);
      return { axis, case: inCase, key: holder.key, stacked, partner, horizons };
    });
    this.hasEscapes = holders.some(({ axis }) => axis === AT_LARGE);
    this.hasHorizons = this.cells.some(({ horizons }) => horizons !== undefined);
    this.initial = new State(holders.map(() => UNKNOWN));
  }

  /** Whether these and no others belong to it, and are still what they were. */
  isOf(holders: readonly Holder[]): boolean {
    return (
      sameLists(this.holders, holders) &&
      holders.every(({ stacked }, index) => stacked === nth(this.cells, index).stacked)
    );
  }

  /** Whether it says the same of what belongs to it. */
  isLike({ cells }: GrowingTrack): boolean {
    return (
      cells.length === this.cells.length &&
      cells.every((cell, index) => {
        const own = nth(this.cells, index);
        return cell.axis === own.axis && cell.case === own.case && cell.key === own.key && cell.stacked === own.stacked;
      })
    );
  }

  /** Takes the facts that stand from that place on, in place of those that it had from there. */
  replace(kept: number, placed: readonly Placed[], from: number): void {
    const facts = this.facts.slice(0, kept);
    for (let place = from; place < placed.length; place++) {
      const fact = this.#factAt(nth(placed, place));
      if (fact !== undefined) facts.push(fact);
    }
    this.facts = facts;
    this.kept = Math.min(this.kept, kept);
    this.isRead = false;
  }

  #factAt({ ordered, assignments }: Placed): TrackFact | undefined {
    const { holders } = this;
    let operations: Operation[] | undefined;
    for (const { holder, effect, guard } of assignments) {
      const cell = holders.indexOf(holder);
      if (cell === -1) continue;
      const value = holder.axis === AT_LARGE ? AT_LARGE : typeof effect.set === 'string' ? effect.set : undefined;
      const guardCell = guard === undefined ? cell : holders.indexOf(guard);
      const operation = { cell, value, guarded: guard !== undefined, effect, guard: guardCell };
      if (operations === undefined) operations = [operation];
      else operations.push(operation);
    }
    if (operations !== undefined) return { ordered, operations };
    // A fact may do nothing to a value, and yet tell that it lasted: a death in custody.
    const witness = ordered.fact.attests?.some(({ axis }) => holders.some((holder) => holder.axis === axis)) === true;
    return witness ? { ordered, operations: [] } : undefined;
  }
}

export class Tracks {
  /** All slots of cases that a fact has, `unassigned` included. */
  readonly #slots: readonly string[];
  /** By the number of their axis. */
  readonly #holders: readonly Holder[][] = [...NUMBERS].map(() => []);
  /** In the order of the main reading. */
  #placed: readonly Placed[] = [];
  #all: readonly GrowingTrack[] = [];
  #liberty: GrowingTrack | undefined;
  #growth = 0;
  #regrouped = 0;
  /** For each axis, at which growth a fact came or came to stand otherwise that attests a value of it. */
  readonly #attested = [...NUMBERS].map(() => 0);

  constructor(order: Order) {
    this.#slots = slotsOf(order);
    this.grow(order);
  }

  get all(): readonly GrowingTrack[] {
    return this.#all;
  }

  /** Changes whenever other tracks answer than before, or other keys are named. */
  get grouping(): number {
    return this.#regrouped;
  }

  /** Goes on to an order with more facts. False, and nothing is done, where it lacks one or has other cases. */
  grow(order: Order): boolean {
    const was = this.#placed;
    if (!hasAllOf(order, was) || !sameLists(slotsOf(order), this.#slots)) return false;
    this.#growth++;
    const placed: Placed[] = [];
    let first = -1;
    let next = 0;
    for (const ordered of order.facts) {
      const old = was[next];
      const stays = old?.ordered.fact === ordered.fact;
      if (stays) next++;
      if (stays && old.ordered === ordered) {
        placed.push(old);
        continue;
      }
      if (first === -1) first = placed.length;
      const assignments = stays ? old.assignments : this.#assignmentsOf(ordered);
      placed.push({ ordered, assignments });
      for (const { holder } of assignments) holder.moved = this.#growth;
      for (const { axis } of ordered.fact.attests ?? []) this.#attested[numberOf(axis)] = this.#growth;
    }
    if (first === -1) return true;
    this.#placed = placed;
    const old = this.#all;
    if (this.#regrouped === this.#growth) this.#regroup();
    for (const track of this.#all) {
      if (!old.includes(track)) track.replace(0, placed, 0);
      else if (this.#isMoved(track)) track.replace(factsBefore(track, was, first), placed, first);
    }
    return true;
  }

  #isMoved({ holders }: GrowingTrack): boolean {
    for (const holder of holders) {
      if (holder.moved === this.#growth || this.#attested[numberOf(holder.axis)] === this.#growth) return true;
    }
    return false;
  }

  /** The keys that facts name on an axis, sorted. */
  keysOf(axis: Axis): string[] {
    return nth(this.#holders, numberOf(axis))
      .flatMap(({ touched, key }) => (touched ? [key] : []))
      .sort();
  }

  /** The track of one axis in its case or under its key, and the cell in it; undefined where no fact speaks of it. */
  trackOf({ axis, case: inCase, key = '' }: AxisRef): { track: GrowingTrack; cell: number | undefined } | undefined {
    if (axis === 'liberty') return this.#liberty && { track: this.#liberty, cell: undefined };
    const holder = this.#find(axis, inCase, key);
    const track = holder?.track;
    return holder === undefined || track === undefined ? undefined : { track, cell: track.holders.indexOf(holder) };
  }

  /** Finds out anew what belongs together, where something of it has changed. */
  #regroup(): void {
    const isAffected = (track: GrowingTrack | undefined): boolean =>
      track === undefined || track.holders.some(({ regrouped }) => regrouped === this.#growth);
    const roots: Holder[] = [];
    for (const axis of LIBERTY_AXES) {
      for (const holder of nth(this.#holders, numberOf(axis))) if (holder.touched) roots.push(holder);
    }
    const all: GrowingTrack[] = [];
    const trackWith = (members: Holder[]): GrowingTrack => {
      members.sort(byPlace);
      const isSame = (track: GrowingTrack): boolean => track.isOf(members);
      const track = all.find(isSame) ?? this.#all.find(isSame) ?? new GrowingTrack(members);
      if (!all.includes(track)) all.push(track);
      return track;
    };
    if (roots.length > 0) this.#liberty = trackWith(this.#closure(roots));
    for (const holders of this.#holders) {
      for (const holder of holders) {
        if (!holder.touched || holder.axis === AT_LARGE) continue;
        // Most persons have one case: then hold and sentence share the track of liberty, which is worked out anyway.
        const withLiberty = this.#slots.length === 1 && (holder.axis === 'hold' || holder.axis === 'sentence');
        if (withLiberty) holder.track = this.#liberty;
        else if (isAffected(holder.track)) holder.track = trackWith(this.#closure([holder]));
        else if (holder.track !== undefined && !all.includes(holder.track)) all.push(holder.track);
      }
    }
    this.#all = all;
  }

  #closure(roots: readonly Holder[]): Holder[] {
    const members = [...roots];
    const add = (holder: Holder): void => {
      if (!members.includes(holder)) members.push(holder);
    };
    for (const holder of members) {
      for (const guard of holder.guards) add(guard);
      // Where the term of the sentence decides how long the answer is certain.
      const partner = this.#partnerOf(holder);
      const sentence = holder.axis === 'sentence' ? holder : partner;
      if (sentence?.timed === true && partner?.touched === true) add(partner);
    }
    return members;
  }

  /** The sentence of a hold's case, the hold of a sentence's. */
  #partnerOf({ axis, case: inCase }: Holder): Holder | undefined {
    if (axis === 'hold') return this.#find('sentence', inCase, '');
    return axis === 'sentence' ? this.#find('hold', inCase, '') : undefined;
  }

  #assignmentsOf(ordered: OrderedFact): Assignment[] {
    const assignments: Assignment[] = [];
    for (const effect of ordered.fact.effects) {
      const axis = cellAxisOf(effect);
      const perCase = axis === AT_LARGE || vocabularyOf(axis).per === 'case';
      if (!perCase) assignments.push(this.#assignment(axis, undefined, effect));
      else if (!actsOnAllCases(effect, ordered)) assignments.push(this.#assignment(axis, ordered.case, effect));
      else for (const slot of this.#slots) assignments.push(this.#assignment(axis, slot, effect));
    }
    return assignments;
  }

  #assignment(axis: CellAxis, target: string | undefined, effect: Effect): Assignment {
    const holder = this.#holder(axis, target, effect.key ?? '');
    const stacked = holder.stacked || typeof effect.set !== 'string';
    const timed = holder.timed || effect.detail?.term !== undefined;
    if (!holder.touched || stacked !== holder.stacked || timed !== holder.timed) {
      holder.touched = true;
      holder.stacked = stacked;
      holder.timed = timed;
      this.#regroups(holder);
      const partner = this.#partnerOf(holder);
      if (partner !== undefined) this.#regroups(partner);
    }
    if (effect.onlyFrom === undefined && effect.notFrom === undefined) return { holder, effect, guard: undefined };
    const guard = effect.guardAxis === undefined ? holder : this.#guard(effect.guardAxis, target, effect.key ?? '');
    if (guard !== holder && !holder.guards.includes(guard)) {
      holder.guards.push(guard);
      this.#regroups(holder);
    }
    return { holder, effect, guard };
  }

  #regroups(holder: Holder): void {
    holder.regrouped = this.#growth;
    this.#regrouped = this.#growth;
  }

  #guard(axis: Axis, inCase: string | undefined, key: string): Holder {
    if (axis === 'liberty') throw new Error('a guard reads an axis that effects set, not liberty');
    const { per } = vocabularyOf(axis);
    return this.#holder(axis, per === 'case' ? inCase : undefined, per === 'key' ? key : '');
  }

  #holder(axis: CellAxis, inCase: string | undefined, key: string): Holder {
    const found = this.#find(axis, inCase, key);
    if (found !== undefined) return found;
    const made: Holder = {
      axis,
      case: inCase,
      key,
      guards: [],
      stacked: false,
      timed: false,
      touched: false,
      regrouped: this.#growth,
      moved: this.#growth,
      track: undefined,
    };
    nth(this.#holders, numberOf(axis)).push(made);
    return made;
  }

  #find(axis: CellAxis, inCase: string | undefined, key: string): Holder | undefined {
    for (const holder of nth(this.#holders, numberOf(axis))) {
      if (holder.case === inCase && holder.key === key) return holder;
    }
    return undefined;
  }
}

const LIBERTY_AXES: readonly CellAxis[] = ['hold', 'sentence', AT_LARGE];

function numberOf(axis: CellAxis | Axis): number {
  const number = NUMBERS.get(axis);
  if (number === undefined) throw new Error(`there is no axis ${axis}`);
  return number;
}

function byPlace(a: Holder, b: Holder): number {
  if (a.axis !== b.axis) return numberOf(a.axis) - numberOf(b.axis);
  const [one, other] = a.case === b.case ? [a.key, b.key] : [a.case ?? '', b.case ?? ''];
  return one < other ? -1 : one > other ? 1 : 0;
}

function slotsOf({ cases, facts }: Order): readonly string[] {
  return cases.length > 1 && facts.some((fact) => fact.case === UNASSIGNED) ? [...cases, UNASSIGNED] : cases;
}

function hasAllOf({ facts }: Order, placed: readonly Placed[]): boolean {
  let next = 0;
  for (const { fact } of facts) if (placed[next]?.ordered.fact === fact) next++;
  return next === placed.length;
}

/** How many facts of the track stand before a place in what was placed. */
function factsBefore({ facts }: GrowingTrack, placed: readonly Placed[], place: number): number {
  let count = facts.length;
  for (let at = placed.length - 1; at >= place && count > 0; at--) {
    if (facts[count - 1]?.ordered === placed[at]?.ordered) count--;
  }
  return count;
}

function sameLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((value, index) => value === b[index]));
}

function cellAxisOf(effect: Effect): CellAxis {
  if (effect.axis !== 'liberty') return effect.axis;
  // An error in the catalogue, not in a fact: found by the first test of the event.
  if (effect.set !== 'sentence-not-enforced') throw new Error('liberty is derived; only an escape may name it');
  return AT_LARGE;
}
