/** Reports come in any order, and are corrected and taken back: what that may change of a status, and what not, over random stories. */
import fc from 'fast-check';
import { EXAMPLE_IDS as ID } from '../examples/index.js';
import { computeStatus } from '../status/index.js';
import type { DomainEvent } from './event.js';
import { like, RECORDER } from './spec-support.js';
import { evolve, initial } from './state.js';
import { statusFacts } from './status-facts.js';

const RUNS = 300;

/** Few dates, so that facts often meet on one. */
const date = fc.constantFrom(undefined, '2017', '2017-05', '2017-05-03', '2018-11-20', '..', '2017~');

const FACTS: readonly (readonly [type: string, fields: object])[] = [
  ['WarrantIssued', {}],
  ['PersonArrested', {}],
  ['PersonCharged', {}],
  ['PersonConvicted', { acquittedOf: undefined }],
  ['PersonAcquitted', {}],
  ['SentenceHanded', { suspendedPart: undefined }],
  ['SentenceHanded', { penalty: 'fine', suspendedPart: undefined }],
  ['PersonReleased', { reason: 'served' }],
  ['PersonReleased', { reason: 'bail' }],
  ['PersonEscaped', {}],
  ['PersonDied', { inCustody: true }],
];

const ACTS = ['FactCorrected', 'FactRetracted', 'FactDisputed', 'DisputeSettled', 'AccountAdded', 'FactsJudgedSame'];

/** Numbers pick among what was said before. */
interface Step {
  readonly is: 'fact' | 'act' | 'assigned';
  readonly what: number;
  readonly on: number;
  readonly occurred: string | undefined;
  readonly follows: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  is: fc.constantFrom('fact', 'fact', 'fact', 'act', 'act', 'assigned'),
  what: fc.nat(1_000),
  on: fc.nat(1_000),
  occurred: date,
  follows: fc.boolean(),
});

const story = fc.array(step, { minLength: 2, maxLength: 12 }).map((steps) => {
  const said: DomainEvent[] = [];
  for (const one of steps) {
    const next = one.is === 'fact' ? factOf(one, said) : one.is === 'act' ? actOf(one, said) : assignedBy(one, said);
    if (next !== undefined) said.push(next);
  }
  return said;
});

const idOf = (n: number): string => `0f0f0f0f-0000-4000-8000-${String(n).padStart(12, '0')}`;

function pick<T>(list: readonly T[], n: number): T | undefined {
  return list[n % Math.max(1, list.length)];
}

function event(said: readonly DomainEvent[], type: string, data: DomainEvent['data']): DomainEvent {
  return {
    id: idOf(said.length),
    type,
    data,
    recordedAt: '2026-01-15T12:00:00.000Z',
    recordedBy: RECORDER,
    visibility: 'internal',
  };
}

const isFact = ({ type }: DomainEvent): boolean => FACTS.some(([of]) => of === type);

function factOf({ what, on, occurred, follows }: Step, said: readonly DomainEvent[]): DomainEvent {
  const [type, fields] = FACTS[what % FACTS.length]!;
  const before = pick(said.filter(isFact), on);
  const after = follows && before !== undefined ? [before.id] : undefined;
  const inCase = what % 5 === 0 ? ID.caseA : undefined;
  return event(said, type, like(type, { ...fields, occurred, after, case: inCase }));
}

function actOf({ what, on, occurred }: Step, said: readonly DomainEvent[]): DomainEvent | undefined {
  const target = pick(said, on);
  if (target === undefined) return undefined;
  const type = ACTS[what % ACTS.length]!;
  const base = rootOf(target.id, said);
  switch (type) {
    case 'FactCorrected': {
      const { type: of, data } = said.find(({ id }) => id === base)!;
      if (!isFact({ type: of } as DomainEvent)) return undefined;
      const factType = { type: of, schemaVersion: 1 };
      return event(
        said,
        type,
        like(type, { fact: target.id, factType, data: { ...data, occurred: occurred ?? '2016' } }),
      );
    }
    case 'DisputeSettled':
      return event(
        said,
        type,
        like(type, { fact: base, dispute: undefined, outcome: what % 2 === 0 ? 'upheld' : 'rejected' }),
      );
    case 'FactsJudgedSame': {
      const alike = said.filter((one) => isFact(one) && one.type === target.type && one.id !== target.id);
      const other = pick(alike, what);
      return other === undefined ? undefined : event(said, type, like(type, { facts: [target.id, other.id] }));
    }
    default:
      return event(said, type, like(type, { fact: type === 'FactRetracted' ? target.id : base, occurred }));
  }
}

/** In the stream of a case. */
function assignedBy({ on }: Step, said: readonly DomainEvent[]): DomainEvent | undefined {
  const fact = pick(said.filter(isFact), on);
  if (fact === undefined) return undefined;
  const assigned = event(said, 'FactAssignedToCase', like('FactAssignedToCase', { person: ID.personA, fact: fact.id }));
  return { ...assigned, subject: { kind: 'case', id: on % 2 === 0 ? ID.caseA : ID.caseB } };
}

/** The fact that an act speaks of, also through other acts. */
function rootOf(id: string, said: readonly DomainEvent[]): string {
  const { fact } = said.find((one) => one.id === id)?.data ?? {};
  return typeof fact === 'string' ? rootOf(fact, said) : id;
}

function statusAfter(said: readonly DomainEvent[]): unknown {
  const state = said.reduce(evolve, initial('person', ID.personA));
  const status = computeStatus(
    'person',
    statusFacts(state, () => true),
  );
  return {
    segments: status.segments(),
    bounds: [...status.bounds].sort(([a], [b]) => (a < b ? -1 : 1)),
    inconsistencies: status.inconsistencies,
  };
}

/** Of acts on the same fact the last one may count; what one names comes before it. All else may change places. */
function retold(said: readonly DomainEvent[], ranks: readonly number[]): readonly DomainEvent[] {
  const themes = said.map(({ id, data }) => {
    const named = Array.isArray(data.facts) ? (data.facts as string[]) : [id];
    return new Set(named.map((one) => rootOf(one, said)).concat(rootOf(id, said)));
  });
  const waiting = said.map((_, at) => at).sort((a, b) => (ranks[a] ?? a) - (ranks[b] ?? b));
  const told: number[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((at) =>
      themes.every((other, before) => before >= at || told.includes(before) || !meet(other, themes[at]!)),
    );
    told.push(...waiting.splice(next, 1));
  }
  return told.map((at) => said[at]!);
}

function meet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].some((theme) => other.has(theme));
}

test('the order of recording changes no answer, corrections, disputes and judgements included', () => {
  fc.assert(
    fc.property(story, fc.array(fc.nat(1_000), { minLength: 12, maxLength: 12 }), (said, ranks) => {
      expect(statusAfter(retold(said, ranks))).toEqual(statusAfter(said));
    }),
    { numRuns: RUNS },
  );
});

test('whatever is recorded about a fact, and then taken back, leaves the answers as they were', () => {
  fc.assert(
    fc.property(story, step, (said, one) => {
      const act = actOf(one, said);
      fc.pre(act !== undefined);
      const withAct = [...said, act];
      const back =
        act.type === 'FactsJudgedSame'
          ? event(withAct, 'FactsJudgementRevoked', like('FactsJudgementRevoked', { judgement: act.id }))
          : event(withAct, 'FactRetracted', like('FactRetracted', { fact: act.id }));
      expect(statusAfter([...withAct, back])).toEqual(statusAfter(said));
    }),
    { numRuns: RUNS },
  );
});
