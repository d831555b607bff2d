/**
 * Which axes may answer otherwise than at an earlier reading of the same subject. Most facts speak of few axes, and the
 * others need not be worked out again. Where the order of what was there already has changed, all of them are.
 */
import { type Order, type OrderedFact, UNASSIGNED } from './order.js';
import type { Axis, StatusFact } from './types.js';
import { AXES } from './vocabulary.js';

/** A set of axes, one bit for each. */
export type AxisSet = number;

export const NO_AXIS: AxisSet = 0;
const EVERY_AXIS: AxisSet = -1;

const BITS = new Map<Axis, AxisSet>(AXES.map(({ axis }, index) => [axis, 1 << index]));

export function axisSet(...axes: readonly Axis[]): AxisSet {
  let set = NO_AXIS;
  for (const axis of axes) set |= BITS.get(axis) ?? EVERY_AXIS;
  return set;
}

/** The axes that a fact acts on or tells of. */
function axesOf({ effects, attests }: StatusFact): AxisSet {
  let set = NO_AXIS;
  for (const { axis } of effects) set |= BITS.get(axis) ?? EVERY_AXIS;
  if (attests !== undefined) for (const { axis } of attests) set |= BITS.get(axis) ?? EVERY_AXIS;
  return set;
}

export function changedAxes(before: Order, after: Order): AxisSet {
  if (!sameLists(before.cases, after.cases) || isUnassigned(before) !== isUnassigned(after)) return EVERY_AXIS;
  const { gone, come } = difference(before, after);
  if (!sameLinks(before, after, gone, come)) return EVERY_AXIS;
  let changed = NO_AXIS;
  for (const fact of gone) changed |= axesOf(fact);
  for (const fact of come) changed |= axesOf(fact);
  let next = 0;
  for (const was of before.facts) {
    if (gone.has(was.fact)) continue;
    let is = after.facts[next++];
    while (is !== undefined && come.has(is.fact)) is = after.facts[next++];
    if (is?.fact !== was.fact || is.case !== was.case) return EVERY_AXIS;
    if (!sameDays(is, was)) changed |= axesOf(was.fact);
  }
  return changed;
}

interface Difference {
  readonly gone: ReadonlySet<StatusFact>;
  readonly come: ReadonlySet<StatusFact>;
}

const NOTHING: ReadonlySet<StatusFact> = new Set();

function difference(before: Order, after: Order): Difference {
  const come = new Set<StatusFact>();
  let next = 0;
  // Mostly nothing is gone, and all that was there stands as it stood.
  for (const { fact } of after.facts) {
    if (before.facts[next]?.fact === fact) next++;
    else come.add(fact);
  }
  if (next === before.facts.length) return { gone: NOTHING, come };
  const old = new Set(before.facts.map(({ fact }) => fact));
  const now = new Set(after.facts.map(({ fact }) => fact));
  return { gone: without(old, now), come: without(now, old) };
}

function without(all: ReadonlySet<StatusFact>, others: ReadonlySet<StatusFact>): ReadonlySet<StatusFact> {
  return new Set([...all].filter((fact) => !others.has(fact)));
}

/** Nothing that stays is linked through what is gone or what has come, and the links among what stays are the same. */
function sameLinks(before: Order, after: Order, gone: Difference['gone'], come: Difference['come']): boolean {
  if (before.links.length === 0 && after.links.length === 0) return true;
  if (before.links.some(([from]) => gone.has(from)) || after.links.some(([from]) => come.has(from))) return false;
  const were = before.links.filter(([, to]) => !gone.has(to));
  const are = after.links.filter(([, to]) => !come.has(to));
  return were.length === are.length && were.every(([from, to], at) => are[at]?.[0] === from && are[at][1] === to);
}

function sameDays(a: OrderedFact, b: OrderedFact): boolean {
  return a.earliest === b.earliest && a.latest === b.latest && a.acts === b.acts;
}

function isUnassigned({ cases, facts }: Order): boolean {
  return cases.length > 1 && facts.some((fact) => fact.case === UNASSIGNED);
}

function sameLists(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
