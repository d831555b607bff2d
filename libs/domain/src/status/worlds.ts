/**
 * All worlds of a track at once. On a day d, what has happened in some world is a set S of facts that holds every
 * undisputed fact whose last day has passed and none whose first day lies ahead, and with each fact all undisputed
 * ones before it (a disputed one that is left out has no place any more once a later one has happened). Every order
 * of S that respects < is realised by some choice of days: let each fact happen as early as those before it allow.
 *
 * So the states that are possible on d are found by walking over such sets, keeping for each the states that its
 * orders lead to. Sets that differ in a disputed fact are different sets: two orders of the *same* facts that disagree
 * are what makes an answer uncertain by order.
 *
 * The walk is cut wherever all facts on one side come before all on the other. Within a stretch that cannot be cut,
 * the number of sets may grow exponentially; beyond a budget the caller has to fall back on `approximate`.
 */
import type { Day } from '#kernel';
import { apply, type State, type Track, type TrackFact } from './state.js';
import { nth } from './nth.js';

/** One set of facts that may have happened, on the days on which that may be so. */
export interface Happening {
  readonly from: Day;
  readonly to: Day;
  /** States after the facts of the set, in any order; at least one. */
  readonly states: readonly State[];
  /** The fact at this place of the track is in the set, or can happen no more. */
  isOver(fact: number): boolean;
}

/** How far to enumerate: seven facts that all overlap make 128 sets. */
export interface Budget {
  /** Sets of facts in one stretch. */
  readonly sets: number;
  /** Steps in all, over a whole track. */
  readonly steps: number;
}

export const USUAL_BUDGET: Budget = { sets: 128, steps: 5_000 };

/** All happenings, or undefined where the budget does not suffice. */
export function enumerate(track: Track, budget: Budget = USUAL_BUDGET): readonly Happening[] | undefined {
  const walk = new Walk(track, budget);
  return walk.run() ? walk.happenings : undefined;
}

/** A stretch of the track that cannot be cut: facts `start` to `end` (exclusive). */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Sets are masks of 30 bits at most. */
const WIDEST = 30;

class Walk {
  readonly happenings: Happening[] = [];
  readonly #track: Track;
  readonly #budget: Budget;
  #steps = 0;
  readonly #states = new Map<string, State>();
  readonly #after = new Map<TrackFact, Map<State, State>>();

  constructor(track: Track, budget: Budget) {
    this.#track = track;
    this.#budget = budget;
  }

  run(): boolean {
    const stretches = cut(this.#track);
    const { facts, initial } = this.#track;
    // For each stretch, the last day before something undisputed in it or behind it must have happened.
    const lastDays = new Array<Day>(stretches.length + 1).fill(Infinity);
    for (let at = stretches.length - 1; at >= 0; at--) {
      const { start, end } = nth(stretches, at);
      let last = nth(lastDays, at + 1);
      for (const fact of facts.slice(start, end)) {
        if (!fact.ordered.fact.disputed) last = Math.min(last, fact.ordered.latest - 1);
      }
      lastDays[at] = last;
    }
    this.#add(-Infinity, nth(lastDays, 0), [initial], 0, 0);
    // Each entry is what one choice of disputed facts leads to: all states that orders of the same facts give.
    let choices: readonly (readonly State[])[] = [[initial]];
    for (const [at, stretch] of stretches.entries()) {
      const next = this.#walk(stretch, choices, nth(lastDays, at + 1));
      if (next === undefined) return false;
      choices = next;
    }
    return true;
  }

  #walk(
    stretch: Stretch,
    choices: readonly (readonly State[])[],
    lastDay: Day,
  ): readonly (readonly State[])[] | undefined {
    const { start, end } = stretch;
    const only = nth(this.#track.facts, start);
    if (end - start === 1 && !only.ordered.fact.disputed) {
      const { earliest } = only.ordered;
      return distinct(
        choices.map((states) => {
          // The usual case, without looking for an equal state: nothing else can lead to one here.
          const single = states.length === 1 ? states[0] : undefined;
          const after = single === undefined ? this.#applyAll(only, states) : [apply(this.#track, only, single)];
          this.#add(earliest, lastDay, after, end, 0);
          return after;
        }),
      );
    }
    const lattice = this.#lattice(stretch);
    if (lattice === undefined) return undefined;
    const ends: (readonly State[])[] = [];
    for (const states of choices) {
      const reached = new Map([[0, new Set(states.map((state) => this.#same(state)))]]);
      for (const { mask, from, to, complete, steps } of lattice) {
        const found = reached.get(mask) ?? new Set<State>();
        if (mask !== 0) this.#add(from, Math.min(to, lastDay), [...found], start, mask, end);
        if (complete) ends.push([...found]);
        for (const { fact, mask: next } of steps) {
          this.#steps += found.size;
          if (this.#steps > this.#budget.steps) return undefined;
          let target = reached.get(next);
          if (target === undefined) reached.set(next, (target = new Set()));
          for (const state of found) target.add(this.#apply(nth(this.#track.facts, fact), state));
        }
      }
    }
    return distinct(ends);
  }

  /** The sets of a stretch, smaller ones first, each with the facts that may happen next. */
  #lattice(stretch: Stretch): LatticeNode[] | undefined {
    const { start, end } = stretch;
    const count = end - start;
    if (count > WIDEST) return undefined;
    const facts = this.#track.facts.slice(start, end).map(({ ordered }) => ordered);
    // For each fact, the undisputed facts that must have happened, and those after which it has no place any more.
    const needs = new Array<number>(count).fill(0);
    const followers = new Array<number>(count).fill(0);
    let undisputed = 0;
    for (const [a, fact] of facts.entries()) {
      if (!fact.fact.disputed) undisputed |= 1 << a;
      for (let b = 0; b < count; b++) {
        if (a === b || !this.#track.before(start + a, start + b)) continue;
        followers[a] = nth(followers, a) | (1 << b);
        if (!fact.fact.disputed) needs[b] = nth(needs, b) | (1 << a);
      }
    }
    const nodes: LatticeNode[] = [{ mask: 0, from: -Infinity, to: Infinity, complete: undisputed === 0, steps: [] }];
    const seen = new Map<number, LatticeNode>();
    for (const node of nodes) {
      for (let fact = 0; fact < count; fact++) {
        const bit = 1 << fact;
        if ((node.mask & bit) !== 0) continue;
        if ((node.mask & nth(needs, fact)) !== needs[fact] || (node.mask & nth(followers, fact)) !== 0) continue;
        const mask = node.mask | bit;
        node.steps.push({ fact: start + fact, mask });
        if (seen.has(mask)) continue;
        if (nodes.length >= this.#budget.sets) return undefined;
        let to = Infinity;
        for (const [other, { fact: told, latest }] of facts.entries()) {
          if ((mask & (1 << other)) === 0 && !told.disputed) to = Math.min(to, latest - 1);
        }
        const from = Math.max(node.from, facts[fact]?.earliest ?? -Infinity);
        const made = { mask, from, to, complete: (mask & undisputed) === undisputed, steps: [] };
        seen.set(mask, made);
        nodes.push(made);
      }
    }
    return nodes;
  }

  #apply(fact: TrackFact, state: State): State {
    let known = this.#after.get(fact);
    if (known === undefined) this.#after.set(fact, (known = new Map<State, State>()));
    const found = known.get(state);
    if (found !== undefined) return found;
    const after = this.#same(apply(this.#track, fact, state));
    known.set(state, after);
    return after;
  }

  /** Equal states as one object, so that sets of them are sets. */
  #same(state: State): State {
    const same = this.#states.get(state.key);
    if (same === undefined) this.#states.set(state.key, state);
    return same ?? state;
  }

  #applyAll(fact: TrackFact, states: readonly State[]): State[] {
    return [...new Set(states.map((state) => this.#apply(fact, state)))];
  }

  /** `mask` is over the facts from `start` to `end`; all before `start` are over, all from `end` on are not. */
  #add(from: Day, to: Day, states: readonly State[], start: number, mask: number, end = start): void {
    if (from > to) return;
    this.happenings.push({
      from,
      to,
      states,
      isOver: (fact) => fact < start || (fact < end && (mask & (1 << (fact - start))) !== 0),
    });
  }
}

interface LatticeNode {
  readonly mask: number;
  /** Days on which the set may be what has happened, as far as the stretch tells. */
  readonly from: Day;
  readonly to: Day;
  /** Nothing undisputed is missing. */
  readonly complete: boolean;
  readonly steps: { readonly fact: number; readonly mask: number }[];
}

/** Choices that lead to the same states go on as one. */
function distinct(choices: (readonly State[])[]): readonly (readonly State[])[] {
  if (choices.length < 2) return choices;
  const known = new Map<string, readonly State[]>();
  for (const states of choices) {
    known.set(
      states
        .map((state) => state.key)
        .sort()
        .join('&'),
      states,
    );
  }
  return [...known.values()];
}

/** Cuts the track wherever everything so far comes before everything else. */
function cut(track: Track): Stretch[] {
  const { facts } = track;
  const count = facts.length;
  const firstDayFrom = new Array<Day>(count + 1).fill(Infinity);
  for (let at = count - 1; at >= 0; at--) {
    firstDayFrom[at] = Math.min(nth(firstDayFrom, at + 1), nth(facts, at).ordered.earliest);
  }
  const stretches: Stretch[] = [];
  let start = 0;
  let lastDay = -Infinity;
  for (let at = 0; at < count; at++) {
    lastDay = Math.max(lastDay, nth(facts, at).ordered.latest);
    if (
      at + 1 < count &&
      !(lastDay < nth(firstDayFrom, at + 1)) &&
      !(track.order.links.length > 0 && allBefore(track, start, at + 1))
    ) {
      continue;
    }
    stretches.push({ start, end: at + 1 });
    start = at + 1;
    lastDay = -Infinity;
  }
  return stretches;
}

/** The facts from `start` on (those before it are done with) to `middle` all come before those from `middle` on. */
function allBefore(track: Track, start: number, middle: number): boolean {
  for (let a = start; a < middle; a++) {
    for (let b = middle; b < track.facts.length; b++) {
      if (!track.before(a, b)) return false;
    }
  }
  return true;
}
