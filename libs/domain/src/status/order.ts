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

/**
 * A fact in its place. Whatever the order says of it is in here: as long as that is the same, it is the same object, also
 * in the order of a subject that has grown.
 */
export interface OrderedFact {
  readonly fact: StatusFact;
  /** Tightened. */
  readonly earliest: Day;
  readonly latest: Day;
  /** The latest day without caps, tightened: they depend on when a fact was recorded, and the main reading must not. */
  readonly stated: Day;
  /** The day on which the main reading lets it happen: within its bounds, never before the facts in front of it. */
  readonly acts: Day;
  readonly case: string;
  /** The facts that links alone lead to from it. */
  readonly leadsTo: ReadonlySet<StatusFact> | undefined;
}

export interface Order {
  /** As they were given. */
  readonly given: readonly StatusFact[];
  /** In the order of the main reading. */
  readonly facts: readonly OrderedFact[];
  /** The person's cases, sorted; one at least. */
  readonly cases: readonly string[];
  /** The case of facts that name none. */
  readonly home: string;
  readonly inconsistencies: readonly Inconsistency[];
  /** Pairs of facts of which the first comes before the second, where that says more than the dates do. */
  readonly links: readonly (readonly [StatusFact, StatusFact])[];
}

/** In every world the one comes before the other. */
export function comesBefore(one: OrderedFact, other: OrderedFact): boolean {
  return one.latest < other.earliest || one.leadsTo?.has(other.fact) === true;
}

interface Link {
  readonly from: number;
  readonly to: number;
}

interface Bounds {
  readonly earliest: Day[];
  readonly latest: Day[];
  readonly stated: Day[];
}

/** @param earlier an order of other facts of the same subject, to go on from */
export function orderFacts(facts: readonly StatusFact[], earlier?: Order): Order {
  if (earlier === undefined) return orderAnew(facts, undefined);
  const place = placeOfAdded(facts, earlier.given);
  if (place === facts.length && place === earlier.given.length) return earlier;
  const added = facts[place ?? -1];
  return (added && insert(facts, added, earlier)) ?? orderAnew(facts, earlier);
}

/** Where the one fact stands that was added to the others; undefined where more has changed; the end where nothing has. */
function placeOfAdded(facts: readonly StatusFact[], before: readonly StatusFact[]): number | undefined {
  const more = facts.length - before.length;
  if (more !== 0 && more !== 1) return undefined;
  let place = 0;
  while (place < before.length && facts[place] === before[place]) place++;
  if (more === 0) return place === before.length ? place : undefined;
  for (let at = place; at < before.length; at++) if (facts[at + 1] !== before[at]) return undefined;
  return place;
}

/** The order with one fact more; undefined where that changes what is to be said of the others. */
function insert(given: readonly StatusFact[], fact: StatusFact, earlier: Order): Order | undefined {
  const { cases, home, links, inconsistencies } = earlier;
  if (fact.capIgnored === true || (fact.case !== undefined && !cases.includes(fact.case))) return undefined;
  // A link that was dropped may be another one now.
  for (const { kind } of inconsistencies) if (kind === 'cycle') return undefined;
  const inCase = fact.case ?? home;
  if (bringsLinks(fact, inCase, earlier)) return undefined;
  const { earliest, latest } = fact.bounds;
  const added: OrderedFact = {
    fact,
    earliest,
    latest,
    stated: fact.stated.latest,
    acts: earliest,
    case: inCase,
    leadsTo: undefined,
  };
  const facts = earlier.facts.slice();
  let place = facts.length;
  if (links.length === 0) while (place > 0 && compare(nth(facts, place - 1), added) > 0) place--;
  // Where links put some facts behind others, it is taken as soon as it is the first of those that do not wait.
  else for (place = 0; place < facts.length && compare(nth(facts, place), added) < 0;) place++;
  facts.splice(place, 0, added);
  letAct(facts);
  return { given, facts, cases, home, inconsistencies, links };
}

/** Whether links come or go with a fact. May say so where none do. */
function bringsLinks(added: StatusFact, inCase: string, { facts, home, links }: Order): boolean {
  const { kind, presupposes, bounds } = added;
  let ofItsKind = 0;
  let isPresupposed = false;
  let comesLate = false;
  for (const { fact } of facts) {
    if (fact.after.length > 0 && fact.after.includes(added.id)) return true;
    if (added.after.length > 0 && added.after.includes(fact.id) && !(fact.bounds.latest < bounds.earliest)) return true;
    if ((fact.case ?? home) !== inCase) continue;
    if (fact.kind === kind) ofItsKind++;
    if (fact.presupposes.length > 0 && fact.presupposes.includes(kind)) {
      isPresupposed = true;
      if (!(bounds.latest < fact.bounds.earliest)) comesLate = true;
    }
  }
  if (added.after.includes(added.id)) return true;
  if (inCase === UNASSIGNED) return false;
  // Either it is what others presuppose, or there are two now, and they presuppose neither.
  if (ofItsKind === 0 ? comesLate : ofItsKind === 1 && isPresupposed && links.length > 0) return true;
  for (const needed of presupposes) {
    let found: StatusFact | undefined;
    let count = needed === kind ? 1 : 0;
    for (const { fact } of facts) {
      if (fact.kind !== needed || (fact.case ?? home) !== inCase) continue;
      found = fact;
      count++;
    }
    if (count === 1 && found !== undefined && !(found.bounds.latest < bounds.earliest)) return true;
  }
  return false;
}

function orderAnew(facts: readonly StatusFact[], earlier: Order | undefined): Order {
  const cases = casesOf(facts);
  const home = cases.length === 0 ? ONLY : cases.length === 1 ? nth(cases, 0) : UNASSIGNED;
  const inconsistencies: Inconsistency[] = [];
  for (const fact of facts) if (fact.capIgnored === true) inconsistencies.push({ kind: 'cap', facts: [fact.id] });
  const links = sound(linksOf(facts, home), facts, inconsistencies);
  const { earliest, latest, stated } = tighten(facts, links);
  const reach = reachByLinks(links, facts);
  const ordered = facts.map((fact, index): OrderedFact => ({
    fact,
    earliest: nth(earliest, index),
    latest: nth(latest, index),
    stated: nth(stated, index),
    acts: nth(earliest, index),
    case: fact.case ?? home,
    leadsTo: reach?.get(index),
  }));
  const sorted = mainOrder(ordered, links);
  letAct(sorted);
  return {
    given: facts,
    facts: earlier === undefined ? sorted : withSame(sorted, earlier.facts),
    cases: cases.length === 0 ? [ONLY] : cases,
    home,
    inconsistencies: inconsistencies.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    links: links.map(({ from, to }) => [nth(facts, from), nth(facts, to)]),
  };
}

/** What was said before of a fact and is still so, as the object that it was. */
function withSame(facts: readonly OrderedFact[], earlier: readonly OrderedFact[]): readonly OrderedFact[] {
  const known = new Map(earlier.map((ordered) => [ordered.fact, ordered]));
  return facts.map((is) => {
    const was = known.get(is.fact);
    const same =
      was?.earliest === is.earliest &&
      was.latest === is.latest &&
      was.stated === is.stated &&
      was.acts === is.acts &&
      was.case === is.case &&
      sameSets(was.leadsTo, is.leadsTo);
    return same ? was : is;
  });
}

function sameSets(a: OrderedFact['leadsTo'], b: OrderedFact['leadsTo']): boolean {
  if (a === b) return true;
  if (a?.size !== b?.size || a === undefined) return false;
  for (const fact of a) if (b?.has(fact) !== true) return false;
  return true;
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

/** For each fact, a place so that links lead from lower to higher ones. Facts in cycles have the first. */
function placesByLinks(count: number, links: readonly Link[]): number[] {
  const places = new Array<number>(count).fill(0);
  for (const [place, index] of topological(count, links).entries()) places[index] = place;
  return places;
}

/** Dates by themselves never tighten each other (f before g by dates leaves both as they are): links alone do. */
function tighten(facts: readonly StatusFact[], links: readonly Link[]): Bounds {
  const earliest = facts.map((fact) => fact.bounds.earliest);
  const latest = facts.map((fact) => fact.bounds.latest);
  const stated = facts.map((fact) => fact.stated.latest);
  if (links.length > 0) {
    const place = placesByLinks(facts.length, links);
    const inOrder = links.toSorted((a, b) => nth(place, a.from) - nth(place, b.from));
    for (const { from, to } of inOrder) earliest[to] = Math.max(nth(earliest, to), nth(earliest, from));
    const backwards = links.toSorted((a, b) => nth(place, b.to) - nth(place, a.to));
    for (const { from, to } of backwards) {
      latest[from] = Math.min(nth(latest, from), nth(latest, to));
      stated[from] = Math.min(nth(stated, from), nth(stated, to));
    }
  }
  return { earliest, latest, stated };
}

/** The day by which the main reading sorts a fact: its earliest, else its latest as stated; wholly unknown comes first. */
function sortingDay({ earliest, latest, stated }: OrderedFact): Day {
  if (earliest !== -Infinity) return earliest;
  return stated === Infinity ? -Infinity : Math.min(stated, latest);
}

/**
 * Says of facts in the main order on which day each is let happen: on the earliest, if that is known and no fact in
 * front happens later; else on the latest as stated, but in time for those behind that have an earliest day.
 */
function letAct(facts: OrderedFact[]): void {
  const days: Day[] = [];
  let reached = -Infinity;
  for (const { earliest } of facts) {
    if (earliest > reached) reached = earliest;
    days.push(reached);
  }
  let next = Infinity;
  for (let place = facts.length - 1; place >= 0; place--) {
    const ordered = nth(facts, place);
    let acts = nth(days, place);
    if (ordered.earliest === -Infinity) acts = Math.max(acts, Math.min(sortingDay(ordered), next));
    if (ordered.acts !== acts) facts[place] = { ...ordered, acts };
    next = acts;
  }
}

function compare(f: OrderedFact, g: OrderedFact): number {
  const [day, other] = [sortingDay(f), sortingDay(g)];
  // Subtraction of equal infinities is no number, hence comparisons.
  if (day !== other) return day < other ? -1 : 1;
  if (f.fact.rank !== g.fact.rank) return f.fact.rank - g.fact.rank;
  if (f.stated !== g.stated) return f.stated < g.stated ? -1 : 1;
  if (f.fact.contentHash !== g.fact.contentHash) return f.fact.contentHash < g.fact.contentHash ? -1 : 1;
  // Two facts that say the same: only the ids that an answer names depend on this.
  return f.fact.id < g.fact.id ? -1 : 1;
}

function mainOrder(facts: readonly OrderedFact[], links: readonly Link[]): OrderedFact[] {
  if (links.length === 0) return facts.toSorted(compare);
  const sorted = [...facts.keys()].sort((a, b) => compare(nth(facts, a), nth(facts, b)));
  const waiting = new Map<number, number>();
  for (const { to } of links) waiting.set(to, (waiting.get(to) ?? 0) + 1);
  const placed: OrderedFact[] = [];
  while (sorted.length > 0) {
    const next = sorted.findIndex((index) => (waiting.get(index) ?? 0) === 0);
    const [index] = sorted.splice(Math.max(next, 0), 1);
    if (index === undefined) break;
    placed.push(nth(facts, index));
    for (const { from, to } of links) if (from === index) waiting.set(to, (waiting.get(to) ?? 0) - 1);
  }
  return placed;
}

/** For each fact, those that links alone lead to. */
function reachByLinks(
  links: readonly Link[],
  facts: readonly StatusFact[],
): ReadonlyMap<number, ReadonlySet<StatusFact>> | undefined {
  if (links.length === 0) return undefined;
  const reach = new Map<number, Set<StatusFact>>();
  const place = placesByLinks(facts.length, links);
  // From the last ones on, all that follows is known.
  for (const { from, to } of links.toSorted((a, b) => nth(place, b.from) - nth(place, a.from))) {
    const known = reach.get(from) ?? new Set<StatusFact>();
    known.add(nth(facts, to));
    for (const further of reach.get(to) ?? []) known.add(further);
    reach.set(from, known);
  }
  return reach;
}
