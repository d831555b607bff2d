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
import { comesBefore } from './order.js';
import { apply, firstFade, type State, type Track, type TrackFact } from './state.js';
import { nth } from './nth.js';

/** One set of facts that may have happened, on the days on which that may be so. */
export interface Happening {
  readonly from: Day;
  readonly to: Day;
  /** States after the facts of the set, in any order; at least one. */
  readonly states: readonly State[];
  /** All facts before `start` are over, all from `end` on are not; between them, those of the mask. */
  readonly start: number;
  readonly mask: number;
  readonly end: number;
}

/** The fact at this place of the track is in the set, or can happen no more. */
export function isOver({ start, mask, end }: Happening, fact: number): boolean {
  return fact < start || (fact < end && (mask & (1 << (fact - start))) !== 0);
}

/**
 * A place in a track at which a walk can be taken up again, as long as everything behind it lies after `lastDay`: all
 * facts in front of it are undisputed, so that behind it nothing but these states is to be known of them.
 */
export interface Mark {
  /** So many facts are in front of it. */
  readonly at: number;
  /** The last day on which one of them may have happened. */
  readonly lastDay: Day;
  /** From when on it may be that all of them have happened. */
  readonly from: Day;
  readonly states: readonly State[];
  /** How many happenings were found on the way. */
  readonly happenings: number;
  readonly steps: number;
  /** The first day on which a value that was met on the way fades, if nothing ended it before. */
  readonly fades: Day;
}

/** Where every walk begins. */
export function beginning({ initial }: Track): Mark {
  return { at: 0, lastDay: -Infinity, from: -Infinity, states: [initial], happenings: 0, steps: 0, fades: Infinity };
}

/** How far to enumerate: seven facts that all overlap make 128 sets. */
export interface Budget {
  /** Sets of facts in one stretch. */
  readonly sets: number;
  /** Steps in all, over a whole track. */
  readonly steps: number;
}

export const USUAL_BUDGET: Budget = { sets: 128, steps: 5_000 };

/**
 * Walks on from the last of the marks, and adds to the happenings what it finds, to the marks where it can be taken up.
 * False where the budget does not suffice.
 *
 * @param main the states of the main reading, as far as the track has facts
 */
export function walk(
  track: Track,
  main: readonly State[],
  budget: Budget,
  marks: Mark[],
  happenings: Happening[],
): boolean {
  return new Walk(track, main, budget, marks, happenings).run();
}

/** A stretch of the track that cannot be cut: facts `start` to `end` (exclusive). */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Sets are masks of 30 bits at most. */
const WIDEST = 30;

class Walk {
  #steps = 0;
  #fades = Infinity;
  #states: Map<string, State> | undefined;
  #after: Map<TrackFact, Map<State, State>> | undefined;

  constructor(
    private readonly track: Track,
    private readonly main: readonly State[],
    private readonly budget: Budget,
    private readonly marks: Mark[],
    private readonly happenings: Happening[],
  ) {}

  run(): boolean {
    const mark = nth(this.marks, this.marks.length - 1);
    const { facts } = this.track;
    const stretches = cut(this.track, mark.at);
    // For each stretch, the last day before something undisputed in it or behind it must have happened.
    const lastDays = new Array<Day>(stretches.length + 1);
    lastDays[stretches.length] = Infinity;
    let last = Infinity;
    for (let at = stretches.length - 1; at >= 0; at--) {
      const { start, end } = nth(stretches, at);
      for (let place = start; place < end; place++) {
        const { fact, latest } = nth(facts, place).ordered;
        if (!fact.disputed && latest - 1 < last) last = latest - 1;
      }
      lastDays[at] = last;
    }
    this.#steps = mark.steps;
    this.#fades = mark.fades;
    this.#add(mark.from, nth(lastDays, 0), mark.states, mark.at, 0);
    // Each entry is what one choice of disputed facts leads to: all states that orders of the same facts give.
    let choices: readonly (readonly State[])[] = [mark.states];
    let isUndisputed = true;
    let lastDay = mark.lastDay;
    for (let at = 0; at < stretches.length; at++) {
      const stretch = nth(stretches, at);
      const next = this.#walk(stretch, choices, nth(lastDays, at + 1));
      if (next === undefined) return false;
      choices = next;
      let from = -Infinity;
      for (let place = stretch.start; place < stretch.end; place++) {
        const { fact, earliest, latest } = nth(facts, place).ordered;
        if (fact.disputed) isUndisputed = false;
        if (earliest > from) from = earliest;
        if (latest > lastDay) lastDay = latest;
      }
      const states = choices[0];
      if (!isUndisputed || lastDay === Infinity || states === undefined) continue;
      const happenings = this.happenings.length - 1;
      this.marks.push({ at: stretch.end, lastDay, from, states, happenings, steps: this.#steps, fades: this.#fades });
    }
    return true;
  }

  #walk(
    stretch: Stretch,
    choices: readonly (readonly State[])[],
    lastDay: Day,
  ): readonly (readonly State[])[] | undefined {
    const { start, end } = stretch;
    const only = nth(this.track.facts, start);
    if (end - start === 1 && !only.ordered.fact.disputed) {
      const { earliest } = only.ordered;
      return distinct(
        choices.map((states) => {
          // The usual case, without looking for an equal state: nothing else can lead to one here.
          const single = states.length === 1 ? states[0] : undefined;
          const after = single === undefined ? this.#applyAll(only, states) : [this.#next(start, single)];
          this.#add(earliest, lastDay, after, end, 0);
          return after;
        }),
      );
    }
    const lattice = this.#lattice(stretch);
    if (lattice === undefined) return undefined;
    // Where all orders lead to the state of the main reading, it is that state.
    this.#same(nth(this.main, end));
    const ends: (readonly State[])[] = [];
    for (const states of choices) {
      const reached = new Map([[0, new Set(states.map((state) => this.#same(state)))]]);
      for (const { mask, from, to, complete, steps } of lattice) {
        const found = reached.get(mask) ?? new Set<State>();
        if (mask !== 0) this.#add(from, Math.min(to, lastDay), [...found], start, mask, end);
        if (complete) ends.push([...found]);
        for (const { fact, mask: next } of steps) {
          this.#steps += found.size;
          if (this.#steps > this.budget.steps) return undefined;
          let target = reached.get(next);
          if (target === undefined) reached.set(next, (target = new Set()));
          for (const state of found) target.add(this.#apply(nth(this.track.facts, fact), state));
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
    const facts = this.track.facts.slice(start, end).map(({ ordered }) => ordered);
    // For each fact, the undisputed facts that must have happened, and those after which it has no place any more.
    const needs = new Array<number>(count).fill(0);
    const followers = new Array<number>(count).fill(0);
    let undisputed = 0;
    for (const [a, fact] of facts.entries()) {
      if (!fact.fact.disputed) undisputed |= 1 << a;
      for (let b = 0; b < count; b++) {
        if (a === b || !comesBefore(fact, nth(facts, b))) continue;
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
        if (nodes.length >= this.budget.sets) return undefined;
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

  /** The state after the fact at a place of the track, which mostly the main reading knows. */
  #next(place: number, state: State): State {
    return state === this.main[place]
      ? nth(this.main, place + 1)
      : apply(this.track, nth(this.track.facts, place), state);
  }

  #apply(fact: TrackFact, state: State): State {
    this.#after ??= new Map();
    let known = this.#after.get(fact);
    if (known === undefined) this.#after.set(fact, (known = new Map<State, State>()));
    const found = known.get(state);
    if (found !== undefined) return found;
    const after = this.#same(apply(this.track, fact, state));
    known.set(state, after);
    return after;
  }

  /** Equal states as one object, so that sets of them are sets. */
  #same(state: State): State {
    this.#states ??= new Map();
    const same = this.#states.get(state.key);
    if (same === undefined) this.#states.set(state.key, state);
    return same ?? state;
  }

  #applyAll(fact: TrackFact, states: readonly State[]): State[] {
    return [...new Set(states.map((state) => this.#apply(fact, state)))];
  }

  #add(from: Day, to: Day, states: readonly State[], start: number, mask: number, end = start): void {
    if (this.track.hasHorizons) {
      for (const state of states) this.#fades = Math.min(this.#fades, firstFade(this.track, state));
    }
    if (from <= to) this.happenings.push({ from, to, states, start, mask, end });
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

/** Cuts the track from a place on wherever everything so far comes before everything else. */
function cut(track: Track, from: number): Stretch[] {
  const { facts } = track;
  const count = facts.length;
  const firstDayFrom = new Array<Day>(count + 1);
  firstDayFrom[count] = Infinity;
  for (let at = count - 1; at >= from; at--) {
    firstDayFrom[at] = Math.min(nth(firstDayFrom, at + 1), nth(facts, at).ordered.earliest);
  }
  const stretches: Stretch[] = [];
  let start = from;
  let lastDay = -Infinity;
  let areLinked = false;
  for (let at = from; at < count; at++) {
    const { latest, leadsTo } = nth(facts, at).ordered;
    if (latest > lastDay) lastDay = latest;
    if (leadsTo !== undefined) areLinked = true;
    const isCut =
      at + 1 === count || lastDay < nth(firstDayFrom, at + 1) || (areLinked && allBefore(track, start, at + 1));
    if (!isCut) continue;
    stretches.push({ start, end: at + 1 });
    start = at + 1;
    areLinked = false;
    lastDay = -Infinity;
  }
  return stretches;
}

/** The facts from `start` on (those before it are done with) to `middle` all come before those from `middle` on. */
function allBefore({ facts }: Track, start: number, middle: number): boolean {
  for (let a = start; a < middle; a++) {
    for (let b = middle; b < facts.length; b++) {
      if (!comesBefore(nth(facts, a).ordered, nth(facts, b).ordered)) return false;
    }
  }
  return true;
}
