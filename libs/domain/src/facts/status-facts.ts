/** From what is on record of a subject to what its status is computed from. */
import { hullOf, UNBOUNDED } from '#kernel';
import { definitionOf } from '../catalogue/catalogue.js';
import type { StatusFact } from '../status/index.js';
import { factsOf, type StandingFact } from './ledger.js';
import type { SubjectState } from './state.js';

/**
 * The facts that act on the status of the subject.
 *
 * Facts that were judged the same count as one: as the one with the least content hash, with the days of all of them,
 * open to dispute only if every one of them is disputed.
 *
 * @param counts which facts count at all: by who asks, by who verified them
 */
export function statusFacts(state: SubjectState, counts: (fact: StandingFact) => boolean): readonly StatusFact[] {
  const counting = factsOf(state).filter((fact) => doesStand(fact) && counts(fact));
  if (counting.every(({ sameAs }) => sameAs.length === 0)) return counting.map(alone);
  const chosen = new Map<string, StandingFact>();
  const byId = new Map(counting.map((fact) => [fact.id, fact]));
  for (const fact of counting) chosen.set(fact.id, [fact, ...others(fact, byId)].sort(byContent)[0] ?? fact);
  return counting
    .filter((fact) => chosen.get(fact.id) === fact)
    .map((fact) => statusFact(fact, others(fact, byId), (id) => chosen.get(id)?.id ?? id));
}

const alones = new WeakMap<StandingFact, StatusFact>();

function alone(fact: StandingFact): StatusFact {
  let found = alones.get(fact);
  if (found === undefined) {
    found = statusFact(fact, [], (id) => id);
    alones.set(fact, found);
  }
  return found;
}

function doesStand({ standing }: StandingFact): boolean {
  return standing === 'standing' || standing === 'corrected';
}

function others(fact: StandingFact, byId: ReadonlyMap<string, StandingFact>): readonly StandingFact[] {
  return fact.sameAs.flatMap((id) => byId.get(id) ?? []);
}

function byContent(a: StandingFact, b: StandingFact): number {
  if (a.contentHash !== b.contentHash) return a.contentHash < b.contentHash ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

function statusFact(fact: StandingFact, same: readonly StandingFact[], countsAs: (id: string) => string): StatusFact {
  const all = [fact, ...same];
  const dated = all.filter(({ stated }) => stated !== UNBOUNDED);
  const tellings = dated.length === 0 ? all : dated;
  const occurred = fact.occurred ?? dated[0]?.occurred;
  const inCase = fact.case ?? all.find((each) => each.case !== undefined)?.case;
  const after = new Set(all.flatMap((each) => each.after.map(countsAs)));
  after.delete(fact.id);
  return new ActingFact(fact, {
    ...(occurred !== undefined && { occurred }),
    stated: hullOf(tellings.map(({ stated }) => stated)),
    bounds: hullOf(tellings.map(({ bounds }) => bounds)),
    ...(all.some(({ capIgnored }) => capIgnored) && { capIgnored: true as const }),
    after: [...after].sort(),
    ...(inCase !== undefined && { case: inCase }),
    disputed: all.every(({ disputed }) => disputed),
  });
}

type Gathered = Pick<StatusFact, 'occurred' | 'stated' | 'bounds' | 'capIgnored' | 'after' | 'case' | 'disputed'>;

const NOTHING: readonly never[] = [];

class ActingFact implements StatusFact {
  readonly id: string;
  readonly occurred?: string;
  readonly stated: StatusFact['stated'];
  readonly bounds: StatusFact['bounds'];
  readonly capIgnored?: true;
  readonly aspect: StatusFact['aspect'];
  readonly after: readonly string[];
  readonly case?: string;
  readonly effects: StatusFact['effects'];
  readonly kind: StatusFact['kind'];
  readonly presupposes: StatusFact['presupposes'];
  readonly attests: NonNullable<StatusFact['attests']>;
  readonly rank: number;
  readonly disputed: boolean;
  readonly #of: StandingFact;

  constructor(of: StandingFact, { occurred, stated, bounds, capIgnored, after, case: inCase, disputed }: Gathered) {
    const definition = definitionOf(of.type);
    this.id = of.id;
    if (occurred !== undefined) this.occurred = occurred;
    this.stated = stated;
    this.bounds = bounds;
    if (capIgnored) this.capIgnored = capIgnored;
    this.aspect = of.aspect;
    this.after = after.length === 0 ? NOTHING : after;
    if (inCase !== undefined) this.case = inCase;
    this.effects = definition?.effects(of.data) ?? NOTHING;
    this.kind = definition?.kind ?? 'other';
    this.presupposes = definition?.presupposes(of.data) ?? NOTHING;
    this.attests = definition?.attests(of.data) ?? NOTHING;
    this.rank = of.rank;
    this.disputed = disputed;
    this.#of = of;
  }

  /** Worked out when it is asked for: few facts are told apart by it. */
  get contentHash(): string {
    return this.#of.contentHash;
  }
}
