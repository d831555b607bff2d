/**
 * The order of facts: which came before which in every world, how that tightens their days, and the one order that
 * the main reading follows.
 *
 * f comes before g if f's last day lies before g's first one, if g names f, or if g presupposes f. The links (the
 * latter two) are few, so the order is kept as tightened bounds and reachability by links alone. That suffices: on a
 * path that uses both, every step by dates leaves a gap between the tightened bounds of its ends.
 */
import type { Day } from '#kernel';
import type { Inconsistency, StatusFact } from './types.js';
import { nth } from './nth.js';

/** The single case of a person whose facts name none. */
export const ONLY = 'only';
/** Facts that belong to none of several cases. */
export const UNASSIGNED = 'unassigned';

/** A fact in its place: its index in `Order.facts` is its position in the main reading. */
export interface OrderedFact {
  readonly fact: StatusFact;
  /** Tightened. */
  readonly earliest: Day;
  readonly latest: Day;
  /** The day on which the main reading lets it happen: within its bounds, never before the facts in front of it. */
  readonly acts: Day;
  readonly case: string;
}

export interface Order {
  /** In the order of the main reading. */
  readonly facts: readonly OrderedFact[];
  /** The person's cases, sorted; one at least. */
  readonly cases: readonly string[];
  readonly inconsistencies: readonly Inconsistency[];
  /** Pairs of facts of which the first comes before the second, where that says more than the dates do. */
  readonly links: readonly (readonly [StatusFact, StatusFact])[];
  /** In every world the fact at position `a` comes before the one at position `b`. */
  before(a: number, b: number): boolean;
}

interface Link {
  readonly from: number;
  readonly to: number;
}

interface Bounds {
  readonly earliest: Day[];
  readonly latest: Day[];
  /** The latest day without caps, which depend on when a fact was recorded: the main reading must not. */
  readonly stated: Day[];
}

export function orderFacts(facts: readonly StatusFact[]): Order {
  const cases = casesOf(facts);
  const home = cases.length === 0 ? ONLY : cases.length === 1 ? nth(cases, 0) : UNASSIGNED;
  const inconsistencies: Inconsistency[] = [];
  for (const fact of facts) if (fact.capIgnored === true) inconsistencies.push({ kind: 'cap', facts: [fact.id] });
  const links = sound(linksOf(facts, home), facts, inconsistencies);
  const bounds = tighten(facts, links);
  const sorted = mainOrder(facts, bounds, links);

  const days = actingDays(bounds, sorted);
  const ordered = sorted.map((index, place): OrderedFact => {
    const fact = nth(facts, index);
    return {
      fact,
      earliest: nth(bounds.earliest, index),
      latest: nth(bounds.latest, index),
      acts: nth(days, place),
      case: fact.case ?? home,
    };
  });
  const reach = reachByLinks(links, sorted);
  return {
    facts: ordered,
    cases: cases.length === 0 ? [ONLY] : cases,
    inconsistencies: inconsistencies.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    links: links.map(({ from, to }) => [nth(facts, from), nth(facts, to)]),
    before: (a, b) => nth(ordered, a).latest < nth(ordered, b).earliest || reach?.get(a)?.has(b) === true,
  };
}

function casesOf(facts: readonly StatusFact[]): string[] {
  const cases: string[] = [];
  for (const fact of facts) if (fact.case !== undefined && !cases.includes(fact.case)) cases.push(fact.case);
  return cases.sort();
}

function keyOf(inconsistency: Inconsistency): string {
  return `${inconsistency.kind} ${inconsistency.facts.join(' ')}`;
}

/** What facts say about their order beside their dates. A fact that names itself is a cycle like any other. */
function linksOf(facts: readonly StatusFact[], home: string): readonly Link[] {
  const links: Link[] = [];
  let byId: Map<string, number> | undefined;
  for (const [to, fact] of facts.entries()) {
    if (fact.after.length > 0) {
      byId ??= new Map(facts.map(({ id }, index) => [id, index]));
      for (const id of fact.after) {
        const from = byId.get(id);
        if (from !== undefined) links.push({ from, to });
      }
    }
    // Facts that belong to none of several cases may be about different ones: they presuppose nothing of each other.
    const inCase = fact.case ?? home;
    if (fact.presupposes.length === 0 || inCase === UNASSIGNED) continue;
    for (const kind of fact.presupposes) {
      const from = onlyOf(kind, inCase, facts, home);
      if (from !== undefined && from !== to) links.push({ from, to });
    }
  }
  // A link that the dates give anyway says nothing.
  return links.filter(({ from, to }) => !(nth(facts, from).bounds.latest < nth(facts, to).bounds.earliest));
}

/** The index of the only fact of that kind in the case. */
function onlyOf(kind: string, inCase: string, facts: readonly StatusFact[], home: string): number | undefined {
  let found: number | undefined;
  for (const [index, fact] of facts.entries()) {
    if (fact.kind !== kind || (fact.case ?? home) !== inCase) continue;
    if (found !== undefined) return undefined;
    found = index;
  }
  return found;
}

/** The links without those that contradict the dates or, together with dates, each other; these are flagged. */
function sound(links: readonly Link[], facts: readonly StatusFact[], flags: Inconsistency[]): readonly Link[] {
  if (links.length === 0) return links;
  const drop = (dropped: readonly Link[]): void => {
    const ids = new Set(dropped.flatMap(({ from, to }) => [nth(facts, from).id, nth(facts, to).id]));
    flags.push({ kind: 'cycle', facts: [...ids].sort() });
  };
  const contradicts = ({ from, to }: Link): boolean =>
    from === to || nth(facts, to).bounds.latest < nth(facts, from).bounds.earliest;
  // First those that the dates of their own two facts refute, so that they do not draw innocent links with them.
  const possible = links.filter((link) => {
    if (!contradicts(link)) return true;
    drop([link]);
    return false;
  });
  if (possible.length < 2 || isConsistent(facts, possible)) return possible;
  const component = cycles(facts, possible);
  const inCycle = (link: Link): boolean => component[link.from] === component[link.to];
  for (const id of new Set(possible.filter(inCycle).map((link) => component[link.from]))) {
    drop(possible.filter((link) => inCycle(link) && component[link.from] === id));
  }
  return possible.filter((link) => !inCycle(link));
}

/** There is no cycle of links and dates, if and only if the links alone have none and no tightened bounds are empty. */
function isConsistent(facts: readonly StatusFact[], links: readonly Link[]): boolean {
  if (topological(facts.length, links).length < facts.length) return false;
  const { earliest, latest } = tighten(facts, links);
  return earliest.every((day, index) => day <= nth(latest, index));
}

/** Facts so that the source of every link stands before its target; those in cycles are left out. */
function topological(count: number, links: readonly Link[]): number[] {
  const waiting = new Array<number>(count).fill(0);
  const next = new Map<number, number[]>();
  for (const { from, to } of links) {
    waiting[to] = (waiting[to] ?? 0) + 1;
    const known = next.get(from);
    if (known === undefined) next.set(from, [to]);
    else known.push(to);
  }
  const ready = waiting.flatMap((number, index) => (number === 0 ? [index] : []));
  for (const index of ready) {
    for (const to of next.get(index) ?? []) {
      waiting[to] = (waiting[to] ?? 0) - 1;
      if (waiting[to] === 0) ready.push(to);
    }
  }
  return ready;
}

/** The number of each fact's strongly connected component in the graph of links and dates (Tarjan, without recursion). */
function cycles(facts: readonly StatusFact[], links: readonly Link[]): number[] {
  const linked = new Set(links.map(({ from, to }) => from * facts.length + to));
  const follows = (a: number, b: number): boolean =>
    nth(facts, a).bounds.latest < nth(facts, b).bounds.earliest || linked.has(a * facts.length + b);
  const count = facts.length;
  const found = new Array<number>(count).fill(-1);
  const low = new Array<number>(count).fill(0);
  const component = new Array<number>(count).fill(-1);
  const open: number[] = [];
  let clock = 0;
  let components = 0;
  for (let root = 0; root < count; root++) {
    if (found[root] !== -1) continue;
    const path: { node: number; next: number }[] = [{ node: root, next: 0 }];
    for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
      const { node } = frame;
      if (frame.next === 0) {
        found[node] = low[node] = clock++;
        open.push(node);
      }
      let descended = false;
      while (frame.next < count) {
        const other = frame.next++;
        if (!follows(node, other)) continue;
        if (found[other] === -1) {
          path.push({ node: other, next: 0 });
          descended = true;
          break;
        }
        if (component[other] === -1) low[node] = Math.min(nth(low, node), nth(found, other));
      }
      if (descended) continue;
      path.pop();
      const parent = path.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(nth(low, parent), nth(low, node));
      if (low[node] !== found[node]) continue;
      for (let member = open.pop(); member !== undefined; member = member === node ? undefined : open.pop()) {
        component[member] = components;
      }
      components++;
    }
  }
  return component;
}

/** Dates by themselves never tighten each other (f before g by dates leaves both as they are): links alone do. */
function tighten(facts: readonly StatusFact[], links: readonly Link[]): Bounds {
  const earliest = facts.map((fact) => fact.bounds.earliest);
  const latest = facts.map((fact) => fact.bounds.latest);
  const stated = facts.map((fact) => fact.stated.latest);
  if (links.length > 0) {
    const place = new Map(topological(facts.length, links).map((index, position) => [index, position]));
    const inOrder = links.toSorted((a, b) => (place.get(a.from) ?? 0) - (place.get(b.from) ?? 0));
    for (const { from, to } of inOrder) earliest[to] = Math.max(nth(earliest, to), nth(earliest, from));
    const backwards = links.toSorted((a, b) => (place.get(b.to) ?? 0) - (place.get(a.to) ?? 0));
    for (const { from, to } of backwards) {
      latest[from] = Math.min(nth(latest, from), nth(latest, to));
      stated[from] = Math.min(nth(stated, from), nth(stated, to));
    }
  }
  return { earliest, latest, stated };
}

/** The day by which the main reading sorts a fact: its earliest, else its latest as stated; wholly unknown comes first. */
function sortingDay(bounds: Bounds, index: number): Day {
  const earliest = nth(bounds.earliest, index);
  if (earliest !== -Infinity) return earliest;
  const stated = nth(bounds.stated, index);
  return stated === Infinity ? -Infinity : Math.min(stated, nth(bounds.latest, index));
}

/**
 * The day on which the main reading lets each fact happen, along its order: the earliest, if that is known and no
 * fact in front happens later; else the latest as stated, but in time for those behind that have an earliest day.
 */
function actingDays(bounds: Bounds, sorted: readonly number[]): Day[] {
  const days: Day[] = [];
  let reached = -Infinity;
  for (const index of sorted) {
    reached = Math.max(reached, nth(bounds.earliest, index));
    days.push(reached);
  }
  let next = Infinity;
  for (let place = sorted.length - 1; place >= 0; place--) {
    const index = nth(sorted, place);
    if (bounds.earliest[index] === -Infinity) {
      days[place] = Math.max(nth(days, place), Math.min(sortingDay(bounds, index), next));
    }
    next = nth(days, place);
  }
  return days;
}

function mainOrder(facts: readonly StatusFact[], bounds: Bounds, links: readonly Link[]): number[] {
  const days = facts.map((_, index) => sortingDay(bounds, index));
  const compare = (a: number, b: number): number => {
    const [f, g] = [nth(facts, a), nth(facts, b)];
    // Subtraction of equal infinities is no number, hence comparisons.
    if (days[a] !== days[b]) return nth(days, a) < nth(days, b) ? -1 : 1;
    if (f.rank !== g.rank) return f.rank - g.rank;
    if (bounds.stated[a] !== bounds.stated[b]) return nth(bounds.stated, a) < nth(bounds.stated, b) ? -1 : 1;
    if (f.contentHash !== g.contentHash) return f.contentHash < g.contentHash ? -1 : 1;
    // Two facts that say the same: only the ids that an answer names depend on this.
    return f.id < g.id ? -1 : 1;
  };
  const sorted = facts.map((_, index) => index).sort(compare);
  if (links.length === 0) return sorted;
  const waiting = new Map<number, number>();
  for (const { to } of links) waiting.set(to, (waiting.get(to) ?? 0) + 1);
  const placed: number[] = [];
  while (sorted.length > 0) {
    const next = sorted.findIndex((index) => (waiting.get(index) ?? 0) === 0);
    const [index] = sorted.splice(Math.max(next, 0), 1);
    if (index === undefined) break;
    placed.push(index);
    for (const { from, to } of links) if (from === index) waiting.set(to, (waiting.get(to) ?? 0) - 1);
  }
  return placed;
}

/** For each position in the main order, the positions that links alone lead to. */
function reachByLinks(
  links: readonly Link[],
  sorted: readonly number[],
): ReadonlyMap<number, ReadonlySet<number>> | undefined {
  if (links.length === 0) return undefined;
  const reach = new Map<number, Set<number>>();
  const position = new Map(sorted.map((index, place) => [index, place]));
  const placed = links.map(({ from, to }) => ({ from: position.get(from) ?? 0, to: position.get(to) ?? 0 }));
  // Links lead forward in the main order, so that from the last one on all that follows is known.
  for (const { from, to } of placed.sort((a, b) => b.from - a.from)) {
    const known = reach.get(from) ?? new Set<number>();
    known.add(to);
    for (const further of reach.get(to) ?? []) known.add(further);
    reach.set(from, known);
  }
  return reach;
}
