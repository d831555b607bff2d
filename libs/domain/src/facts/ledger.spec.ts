/** What is on record of a subject, after corrections, withdrawals, disputes and judgements. */
import { UNBOUNDED, type Visibility } from '#kernel';
import fc from 'fast-check';
import { catalogue } from '../catalogue/catalogue.js';
import { EXAMPLE_IDS as ID, examples } from '../examples/index.js';
import type { StatusFact } from '../status/index.js';
import type { DomainEvent } from './event.js';
import { countsThrough, isVerified, type Lens, LENSES } from './counting.js';
import { factsOf, recordsOf, type StandingFact, stands } from './ledger.js';
import { aRecord, definition, like, RecordInMemory, RECORDER, REVIEWER } from './spec-support.js';
import { statusFacts } from './status-facts.js';
import { evolve, initial, type SubjectState } from './state.js';

/** Person A and what is recorded of them. */
class Story {
  readonly record = aRecord();

  given(
    type: string,
    fields: object = {},
    who: { by?: string; on?: string; visibility?: Visibility; id?: string } = {},
  ): string {
    return this.record.given('person', ID.personA, type, fields, who);
  }

  /** An arrest under the id that the examples name. */
  arrest(fields: object = {}, who: { on?: string; visibility?: Visibility } = {}): this {
    this.given('PersonArrested', { case: undefined, ...fields }, { id: ID.factA, ...who });
    return this;
  }

  get state(): SubjectState {
    return this.record.state('person', ID.personA);
  }

  /** The fact of that id; of the arrest unless said. */
  fact(id: string = ID.factA): StandingFact {
    const found = factsOf(this.state).find((fact) => fact.id === id);
    if (found === undefined) throw new Error(`There is no fact ${id}.`);
    return found;
  }

  status(counts: (fact: StandingFact) => boolean = () => true): readonly StatusFact[] {
    return statusFacts(this.state, counts);
  }
}

function placed(place: string): object {
  return { data: like('PersonArrested', { case: undefined, place }) };
}

describe('corrections', () => {
  test('the last one that stands counts; withdrawing it restores the answer before', () => {
    const story = new Story().arrest({ place: 'Town A' });
    expect(story.fact()).toMatchObject({ standing: 'standing', data: { place: 'Town A' } });
    story.given('FactCorrected', placed('Town B'));
    const second = story.given('FactCorrected', placed('Town C'));
    expect(story.fact()).toMatchObject({ standing: 'corrected', data: { place: 'Town C' } });
    expect(story.fact().corrections).toHaveLength(2);
    const retraction = story.given('FactRetracted', { fact: second });
    expect(story.fact()).toMatchObject({ standing: 'corrected', data: { place: 'Town B' } });
    story.given('FactRetracted', { fact: retraction });
    expect(story.fact()).toMatchObject({ data: { place: 'Town C' } });
  });

  test('a corrected correction counts as corrected, and falls with the one that it corrects', () => {
    const story = new Story().arrest({ place: 'Town A' });
    const first = story.given('FactCorrected', placed('Town B'));
    const second = story.given('FactCorrected', { fact: first, ...placed('Town C') });
    expect(story.fact()).toMatchObject({ data: { place: 'Town C' } });
    const withdrawn = story.given('FactRetracted', { fact: second });
    expect(story.fact()).toMatchObject({ data: { place: 'Town B' } });
    story.given('FactRetracted', { fact: withdrawn });
    story.given('FactRetracted', { fact: first });
    expect(story.fact()).toMatchObject({ standing: 'standing', data: { place: 'Town A' } });
  });

  test('an entry counts as corrected', () => {
    const story = new Story();
    const [entry] = recordsOf(story.state);
    story.given('FactCorrected', {
      fact: entry?.id,
      data: like('PersonEntered', { names: [{ text: 'Person Z', kind: 'legal' }] }),
    });
    expect(recordsOf(story.state)).toMatchObject([{ standing: 'corrected', data: { names: [{ text: 'Person Z' }] } }]);
  });

  test('the order of the facts follows the corrected payload', () => {
    const story = new Story().arrest();
    story.given('FactCorrected', {
      data: like('PersonArrested', { case: undefined, after: [ID.factB], aspect: 'observed' }),
    });
    expect(story.status()).toMatchObject([{ after: [ID.factB], aspect: 'observed' }]);
  });
});

describe('withdrawals', () => {
  test('a withdrawn fact is on record and in no world', () => {
    const story = new Story().arrest();
    const retraction = story.given('FactRetracted');
    expect(story.fact()).toMatchObject({ standing: 'withdrawn', withdrawnBy: retraction });
    expect(story.status()).toEqual([]);
    story.given('FactRetracted', { fact: retraction });
    expect(story.fact().standing).toBe('standing');
    expect(story.status()).toHaveLength(1);
  });

  test('a moved fact is no longer here', () => {
    const story = new Story().arrest();
    story.given('FactMoved');
    expect(story.fact().standing).toBe('moved');
    expect(story.status()).toEqual([]);
  });

  test('acts that were withdrawn say nothing', () => {
    const story = new Story().arrest();
    const account = story.given('AccountAdded', { occurred: '2016' });
    const verification = story.given('FactVerified', {}, { by: REVIEWER });
    expect(story.fact()).toMatchObject({ accounts: [{ id: account }], verifications: [{ id: verification }] });
    for (const fact of [account, verification]) story.given('FactRetracted', { fact });
    expect(story.fact()).toMatchObject({ accounts: [], verifications: [], occurred: '2017-05' });
    expect([account, verification, ID.factA].map((id) => stands(story.state, id))).toEqual([false, false, true]);
  });
});

describe('days', () => {
  const day = (iso: string): number => Date.parse(`${iso}T00:00:00Z`) / 86_400_000;
  const bounds = (from: string, to: string): object => ({ earliest: day(from), latest: day(to) });

  test('are those of the date as the source gives it', () => {
    expect(new Story().arrest().fact()).toMatchObject({
      occurred: '2017-05',
      stated: bounds('2017-05-01', '2017-05-31'),
      bounds: bounds('2017-05-01', '2017-05-31'),
      capIgnored: false,
    });
  });

  test('are capped by the day of recording, in the zone furthest ahead', () => {
    const uncited = [{ sourceId: ID.sourceA }];
    const story = new Story().arrest({ occurred: '2018/..', citations: uncited }, { on: '2018-06-30T11:00:00.000Z' });
    // The source says until when it was published, which is later here.
    expect(story.fact().bounds).toEqual(bounds('2018-01-01', '2018-07-01'));
    expect(story.fact().stated).toEqual({ earliest: day('2018-01-01'), latest: Infinity });
  });

  test('are capped by the publication of the cited source', () => {
    expect(new Story().arrest({ occurred: '2018/..' }).fact().bounds).toEqual(bounds('2018-01-01', '2019-03-31'));
    const unknown = new Story().arrest({ occurred: undefined }).fact();
    expect(unknown).toMatchObject({ stated: UNBOUNDED, bounds: { earliest: -Infinity, latest: day('2019-03-31') } });
    expect(unknown).not.toHaveProperty('occurred');
  });

  test('a source older than what it tells does not cap it, and is marked', () => {
    const fact = new Story().arrest({ occurred: '2020' }).fact();
    expect(fact).toMatchObject({ bounds: bounds('2020-01-01', '2020-12-31'), capIgnored: true });
  });

  test('an account widens them; each reading is kept', () => {
    const story = new Story().arrest();
    const account = story.given('AccountAdded', { occurred: '2017-07' });
    expect(story.fact()).toMatchObject({
      occurred: '2017-05',
      stated: bounds('2017-05-01', '2017-07-31'),
      bounds: bounds('2017-05-01', '2017-07-31'),
      readings: [
        { id: ID.factA, occurred: '2017-05' },
        { id: account, occurred: '2017-07', bounds: bounds('2017-07-01', '2017-07-31') },
      ],
    });
  });

  test('who gives no date says nothing of it', () => {
    const story = new Story().arrest();
    story.given('AccountAdded', { occurred: undefined });
    expect(story.fact().bounds).toEqual(bounds('2017-05-01', '2017-05-31'));
    const undated = new Story().arrest({ occurred: undefined });
    undated.given('AccountAdded', { occurred: '2017-05-14' });
    expect(undated.fact()).toMatchObject({ occurred: '2017-05-14', bounds: bounds('2017-05-14', '2017-05-14') });
  });

  test('a correction brings its own day of recording', () => {
    const story = new Story().arrest({ citations: [{ sourceId: ID.sourceB }] }, { on: '2018-01-01T00:00:00.000Z' });
    const data = like('PersonArrested', {
      case: undefined,
      occurred: '2018-06',
      citations: [{ sourceId: ID.sourceB }],
    });
    story.given('FactCorrected', { data });
    expect(story.fact()).toMatchObject({ bounds: bounds('2018-06-01', '2018-06-30'), capIgnored: false });
  });
});

describe('disputes', () => {
  test('an open one marks the fact; the other reading touches nothing else', () => {
    const story = new Story().arrest();
    story.given('FactDisputed');
    expect(story.fact()).toMatchObject({ disputed: true, standing: 'standing', disputes: [{ open: true }] });
    expect(story.status()).toMatchObject([{ disputed: true }]);
    expect(factsOf(story.record.state('person', ID.personB))).toEqual([]);
  });

  test.each([
    ['rejected', { disputed: false, standing: 'standing', disputes: [{ open: false, outcome: 'rejected' }] }, 1],
    ['undetermined', { disputed: true, standing: 'standing', disputes: [{ open: true, outcome: 'undetermined' }] }, 1],
    ['upheld', { disputed: false, standing: 'withdrawn', disputes: [{ open: false, outcome: 'upheld' }] }, 0],
  ])('settled as %s', (outcome, expected, counting) => {
    const story = new Story().arrest();
    const dispute = story.given('FactDisputed');
    const settlement = story.given('DisputeSettled', { dispute, outcome });
    expect(story.fact()).toMatchObject(expected);
    expect(story.fact().withdrawnBy).toBe(outcome === 'upheld' ? settlement : undefined);
    expect(story.status()).toHaveLength(counting);
    story.given('FactRetracted', { fact: settlement });
    expect(story.fact()).toMatchObject({ disputed: true, standing: 'standing', disputes: [{ open: true }] });
  });

  test('one settlement may end all, or one of several', () => {
    const story = new Story().arrest();
    const first = story.given('FactDisputed');
    story.given('FactDisputed', { kind: 'denied' });
    story.given('DisputeSettled', { dispute: first, outcome: 'rejected' });
    expect(story.fact().disputes.map(({ open }) => open)).toEqual([false, true]);
    story.given('DisputeSettled', { dispute: undefined, outcome: 'rejected' });
    expect(story.fact().disputed).toBe(false);
    story.given('FactDisputed', { kind: 'denied' });
    expect(story.fact().disputed).toBe(true);
  });
});

describe('facts that are one', () => {
  function two(fields: object = {}): Story {
    const story = new Story().arrest();
    story.given('PersonArrested', { case: undefined, occurred: '2017-06', ...fields }, { id: ID.factB });
    return story;
  }

  test('count once, with the days of both, until the judgement is revoked', () => {
    const story = two();
    expect(story.status()).toHaveLength(2);
    const judgement = story.given('FactsJudgedSame');
    expect(story.fact(ID.factB).sameAs).toEqual([ID.factA]);
    const [one, ...none] = story.status();
    expect(none).toEqual([]);
    expect(one?.bounds).toEqual({ earliest: story.fact().bounds.earliest, latest: story.fact(ID.factB).bounds.latest });
    story.given('FactsJudgementRevoked', { judgement });
    expect(story.status()).toHaveLength(2);
    expect(story.fact().sameAs).toEqual([]);
  });

  test('others that came after either came after the one', () => {
    const story = two();
    const release = story.given('PersonReleased', { after: [ID.factA, ID.factB] });
    story.given('FactsJudgedSame');
    const counted = story.status().find(({ id }) => id !== release);
    expect(story.status().find(({ id }) => id === release)?.after).toEqual([counted?.id]);
  });

  test('are disputed only if all of them are', () => {
    const story = two();
    story.given('FactsJudgedSame');
    story.given('FactDisputed');
    expect(story.status()).toMatchObject([{ disputed: false }]);
    story.given('FactDisputed', { fact: ID.factB });
    expect(story.status()).toMatchObject([{ disputed: true }]);
  });

  test('the other counts where one does not', () => {
    const story = two();
    story.given('FactsJudgedSame');
    expect(story.status(({ id }) => id === ID.factB)).toMatchObject([{ id: ID.factB, occurred: '2017-06' }]);
    story.given('FactRetracted', { fact: ID.factB });
    expect(story.status()).toMatchObject([{ id: ID.factA, occurred: '2017-05' }]);
  });
});

describe('verifications', () => {
  test('are of the fact as it was', () => {
    const story = new Story().arrest();
    story.given('FactVerified', {}, { by: REVIEWER });
    expect(story.fact().verifications).toMatchObject([{ current: true, recordedBy: REVIEWER }]);
    const correction = story.given('FactCorrected', placed('Town B'));
    expect(story.fact().verifications).toMatchObject([{ current: false }]);
    const undone = story.given('FactRetracted', { fact: correction });
    expect(story.fact().verifications).toMatchObject([{ current: true }]);
    story.given('FactRetracted', { fact: undone });
    expect(story.fact().verifications).toMatchObject([{ current: false }]);
  });

  test('of a fact as corrected are not of it as it was before, nor as corrected otherwise', () => {
    const story = new Story().arrest();
    const correction = story.given('FactCorrected', placed('Town B'));
    story.given('FactVerified', {}, { by: REVIEWER });
    const current = (): boolean | undefined => story.fact().verifications[0]?.current;
    expect(current()).toBe(true);
    const undone = story.given('FactRetracted', { fact: correction });
    expect(current()).toBe(false);
    story.given('FactRetracted', { fact: undone });
    expect(current()).toBe(true);
    story.given('FactCorrected', { ...placed('Town C'), fact: correction });
    expect(current()).toBe(false);
  });

  test('are of its days: another account of them changes what it says, one without a day does not', () => {
    const story = new Story().arrest();
    story.given('FactVerified', {}, { by: REVIEWER });
    const current = (): boolean | undefined => story.fact().verifications[0]?.current;
    story.given('AccountAdded', { occurred: undefined });
    expect(current()).toBe(true);
    const account = story.given('AccountAdded', { occurred: '2016' });
    expect(current()).toBe(false);
    story.given('FactVerified', {}, { by: REVIEWER });
    expect(story.fact().verifications.map((each) => each.current)).toEqual([false, true]);
    story.given('FactRetracted', { fact: account });
    expect(story.fact().verifications.map((each) => each.current)).toEqual([true, false]);
  });

  test('make a fact count through the lens for it, if they are of somebody else', () => {
    const story = new Story().arrest();
    const through = (lens: Lens): boolean => countsThrough(lens)(story.fact());
    expect(LENSES.map(through)).toEqual([true, false, false]);
    story.given('FactVerified', {}, { by: REVIEWER });
    expect(LENSES.map(through)).toEqual([true, true, false]);
    // As a log from elsewhere may have it.
    const correction = story.given('FactCorrected', placed('Town B'));
    const own = { id: ID.decisionA, type: 'FactVerified', data: like('FactVerified') };
    story.record.put('person', ID.personA, own, { by: RECORDER });
    expect(isVerified(story.fact())).toBe(false);
    story.given('FactRetracted', { fact: correction });
    expect(isVerified(story.fact())).toBe(true);
    story.given('FactCorrected', { data: like('PersonArrested', { case: undefined, basis: 'official-record' }) });
    expect(LENSES.map(through)).toEqual([true, false, true]);
  });
});

describe('cases', () => {
  const caseEvent = (id: string, type: string, data: object, of: string = ID.caseA): DomainEvent => ({
    id,
    type,
    data: data as DomainEvent['data'],
    recordedAt: '2026-01-16T00:00:00.000Z',
    recordedBy: REVIEWER,
    visibility: 'internal',
    subject: { kind: 'case', id: of },
  });

  test('an assignment in the stream of a case counts, until it is withdrawn there', () => {
    const story = new Story().arrest({ case: ID.caseB });
    expect(story.fact().case).toBe(ID.caseB);
    let state = evolve(story.state, caseEvent('a', 'FactAssignedToCase', { person: ID.personA, fact: ID.factA }));
    expect(factsOf(state)).toMatchObject([{ case: ID.caseA }]);
    state = evolve(state, caseEvent('b', 'FactRetracted', { fact: 'a', reason: 'No.' }));
    expect(factsOf(state)).toMatchObject([{ case: ID.caseB }]);
  });

  test('nothing else in the stream of a case touches the facts of a person', () => {
    const story = new Story().arrest();
    const state = evolve(story.state, caseEvent('a', 'FactRetracted', { fact: ID.factA, reason: 'No.' }));
    expect(factsOf(state)).toMatchObject([{ standing: 'standing' }]);
  });

  test('joined cases are one, the one with the least id', () => {
    const story = new Story().arrest({ case: ID.caseB });
    expect(story.fact().case).toBe(ID.caseB);
    const state = evolve(story.state, caseEvent('a', 'CasesJoined', { other: ID.caseB }));
    expect(factsOf(state)).toMatchObject([{ case: ID.caseA }]);
    expect(statusFacts(state, () => true)).toMatchObject([{ case: ID.caseA }]);
  });
});

describe('the content hash', () => {
  const hashOf = (fields: object): string => new Story().arrest(fields).fact().contentHash;

  test('leaves out how the record holds the fact, and what is sealed', () => {
    const plain = hashOf({});
    expect(hashOf({ case: ID.caseA, after: [ID.factB], decisionId: ID.decisionA })).toBe(plain);
    expect(hashOf({ confidence: 'low', citations: [{ sourceId: ID.sourceB }], note: undefined })).toBe(plain);
    expect(hashOf({ place: 'Town Z', circumstances: undefined })).toBe(plain);
  });

  test('tells apart what the facts say', () => {
    const hashes = [{}, { occurred: '2017-06' }, { aspect: 'observed' }, { by: undefined }].map(hashOf);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashOf({ by: { name: 'Somebody' } })).toBe(hashOf({ by: { name: 'Somebody else' } }));
  });

  test('follows corrections', () => {
    const story = new Story().arrest({ occurred: '2016' });
    story.given('FactCorrected', { data: like('PersonArrested', { case: undefined }) });
    expect(story.fact().contentHash).toBe(hashOf({}));
  });
});

describe('the fold', () => {
  test('an event applied twice changes nothing; what the catalogue does not have neither', () => {
    const { state } = new Story().arrest();
    const event: DomainEvent = {
      id: ID.factA,
      type: 'PersonEscaped',
      data: {},
      recordedAt: '',
      recordedBy: '',
      visibility: 'public',
    };
    expect(evolve(state, event)).toBe(state);
    expect(evolve(state, { ...event, id: 'other', type: 'PersonBeamedUp' })).toBe(state);
  });

  test('an act says nothing of what was recorded after it', () => {
    const story = new Story();
    const retraction = { id: 'r', type: 'FactRetracted', data: like('FactRetracted') };
    story.record.put('person', ID.personA, retraction);
    expect(story.arrest().fact().standing).toBe('standing');
  });

  test('an older state stays what it was, also where two grow out of it', () => {
    const record = new RecordInMemory();
    record.given('source', ID.sourceA, 'SourceEntered');
    record.given('person', ID.personA, 'PersonEntered');
    const before = record.state('person', ID.personA);
    const event = (id: string, type: string): DomainEvent => ({
      id,
      type,
      data: like(type),
      recordedAt: '2026-01-01T00:00:00.000Z',
      recordedBy: REVIEWER,
      visibility: 'internal',
    });
    const one = evolve(before, event('1', 'PersonArrested'));
    const other = evolve(before, event('2', 'PersonDied'));
    const types = (state: SubjectState): readonly string[] => factsOf(state).map(({ type }) => type);
    expect([types(before), types(one), types(other)]).toEqual([[], ['PersonArrested'], ['PersonDied']]);
    expect(types(evolve(other, event('1', 'PersonArrested')))).toEqual(['PersonDied', 'PersonArrested']);
    expect(types(evolve(one, event('2', 'PersonDied')))).toEqual(['PersonArrested', 'PersonDied']);
  });

  // Ids from a few, so that acts name facts, each other, themselves and what comes later.
  const someId = fc
    .integer({ min: 0, max: 11 })
    .map((index) => `0f0f0f0f-0000-4000-8000-${String(index).padStart(12, '0')}`);
  const PERSONS_EVENTS = catalogue.filter(({ categories }) => categories.includes('person')).map(({ type }) => type);
  const anEvent = fc
    .record({
      id: someId,
      type: fc.oneof(
        fc.constantFrom(
          'PersonArrested',
          'PersonReleased',
          'FactCorrected',
          'FactRetracted',
          'FactDisputed',
          'DisputeSettled',
        ),
        fc.constantFrom(...PERSONS_EVENTS, 'FactAssignedToCase', 'CasesJoined'),
      ),
      fact: someId,
      facts: fc.array(someId, { minLength: 2, maxLength: 3 }),
      after: fc.option(fc.array(someId, { maxLength: 2 }), { nil: undefined }),
      occurred: fc.constantFrom('2017', '2017-05', '2030', '..', undefined),
      outcome: fc.constantFrom('upheld', 'rejected', 'undetermined'),
      erased: fc.boolean(),
    })
    .map(({ id, type, fact, facts, after, occurred, outcome, erased }): DomainEvent => {
      const fields = {
        PersonArrested: { after, occurred },
        PersonReleased: { after, occurred },
        DisputeSettled: { fact, dispute: undefined, outcome },
        FactsJudgedSame: { facts },
        FactsJudgementRevoked: { judgement: fact },
        IdentityJudgementRevoked: { judgement: fact },
        AccountAdded: { fact, occurred },
        FactCorrected: {
          fact,
          data: like('PersonArrested', { after, occurred }),
          factType: { type: 'PersonArrested', schemaVersion: 1 },
        },
      }[type];
      const data = like(type, fields ?? ('fact' in (examples[type] ?? {}) ? { fact } : {}));
      const foreign = type === 'FactAssignedToCase' || type === 'CasesJoined';
      return {
        id,
        type,
        data: erased ? withoutTop(data, definition(type).personal) : data,
        recordedAt: '2026-01-15T12:00:00.000Z',
        recordedBy: REVIEWER,
        visibility: 'internal',
        ...(foreign && { subject: { kind: 'case' as const, id: ID.caseA } }),
      };
    });

  function withoutTop(data: DomainEvent['data'], personal: readonly string[]): DomainEvent['data'] {
    return Object.fromEntries(Object.entries(data).filter(([name]) => !personal.includes(`/${name}`)));
  }

  test('never throws on any order of well-formed events, and every fact is there once', () => {
    fc.assert(
      fc.property(fc.array(anEvent, { maxLength: 20 }), (events) => {
        let state = initial('person', ID.personA);
        for (const event of events) state = evolve(state, event);
        const facts = factsOf(state);
        expect(new Set(facts.map(({ id }) => id)).size).toBe(facts.length);
        for (const fact of statusFacts(state, () => true)) {
          expect(fact.bounds.earliest).toBeLessThanOrEqual(fact.bounds.latest);
          expect(fact.after).not.toContain(fact.id);
        }
        recordsOf(state);
      }),
      { numRuns: 500 },
    );
  });

  test('reading it after every event or only at the end gives the same', () => {
    fc.assert(
      fc.property(fc.array(anEvent, { maxLength: 20 }), (events) => {
        let read = initial('person', ID.personA);
        for (const event of events) {
          read = evolve(read, event);
          statusFacts(read, () => true);
        }
        const fresh = events.reduce(evolve, initial('person', ID.personA));
        expect(factsOf(read)).toEqual(factsOf(fresh));
        expect(statusFacts(read, () => true)).toEqual(statusFacts(fresh, () => true));
      }),
      { numRuns: 200 },
    );
  });

  test('facts act on the status alike in whatever order they were recorded', () => {
    const facts = fc.uniqueArray(
      anEvent.filter(({ type }) => definition(type).isFact),
      { selector: ({ id }) => id, maxLength: 8 },
    );
    const fold = (events: readonly DomainEvent[]): readonly StatusFact[] => {
      const state = events.reduce(evolve, initial('person', ID.personA));
      return statusFacts(state, () => true).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    };
    fc.assert(
      fc.property(
        facts.chain((events) =>
          fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
        ),
        ([events, shuffled]) => {
          expect(fold(shuffled)).toEqual(fold(events));
        },
      ),
      { numRuns: 200 },
    );
  });
});
