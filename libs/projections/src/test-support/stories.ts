/** Random stories over the catalogue: reports that come late, twice, contradict each other, are corrected, disputed and taken back. */
import fc from 'fast-check';
import { derivedId } from '#kernel';
import type { Said } from './record.js';

type Data = Readonly<Record<string, unknown>>;

const id = (name: string): string => derivedId('story', name, 0);
const SOURCE = id('source');
const PERSONS = ['p0', 'p1', 'p2'].map(id);
const GROUPS = ['g0', 'g1'].map(id);
const CASES = ['c0', 'c1', 'c2'].map(id);

const citation = (start: number): Data => ({
  sourceId: SOURCE,
  at: { start, end: start + 5, version: 1 },
  published: '2020-01-01',
});
const evidence = { basis: 'reported', confidence: 'medium', citations: [citation(0)] };
const count = [{ offence: 'incitement' }];

const ENTRIES: readonly Said[] = [
  entry('source', SOURCE, 'SourceEntered', {
    type: 'article',
    title: 'A paper',
    lang: 'en',
    published: '2020-01-01',
    text: 'What was said here is 𝕢uoted by place.',
  }),
  ...PERSONS.map((person, n) =>
    entry('person', person, 'PersonEntered', {
      names: [{ text: `Person ${n}`, kind: 'legal' }],
      citations: [citation(5)],
    }),
  ),
  ...GROUPS.map((group, n) =>
    entry('group', group, 'GroupEntered', {
      names: [{ text: `Group ${n}`, kind: 'legal' }],
      kind: 'movement',
      citations: [citation(5)],
    }),
  ),
  ...CASES.map((one, n) => entry('case', one, 'CaseEntered', { title: `Case ${n}`, citations: [citation(3)] })),
];

function entry(kind: Said['kind'], subject: string, type: string, data: Data): Said {
  return { kind, subject, id: derivedId('story', subject, 'entry'), type, data };
}

const occurred = fc.constantFrom(
  undefined,
  '2016',
  '2017-05',
  '2017-05-03',
  '2017~',
  '2018-11-20',
  '2019-01/2019-03',
  '[..2018]',
);

const PERSON_FACTS: readonly (readonly [string, Data])[] = [
  ['WarrantIssued', {}],
  ['PersonArrested', { place: 'somewhere' }],
  ['PersonCharged', { counts: count }],
  ['PretrialDetentionOrdered', {}],
  ['TrialOpened', { presence: 'present' }],
  ['PersonConvicted', { presence: 'in-absentia', counts: count }],
  ['SentenceHanded', { presence: 'present', counts: count, penalty: 'custodial', term: 'P18M' }],
  ['PersonReleased', { reason: 'served' }],
  ['PersonReleased', { reason: 'bail' }],
  ['PersonDied', {}],
  ['AsylumGranted', { country: 'DK' }],
  ['RoleHeld', { role: 'spokesman', organisation: { group: GROUPS[0] } }],
  ['RoleEnded', { role: 'spokesman', organisation: { group: GROUPS[0] } }],
  ['NameAsserted', { name: { text: 'Another name', kind: 'alias' } }],
  ['LabelApplied', { label: 'a word' }],
  ['PersonArrested', { case: CASES[0] }],
  ['PersonCharged', { case: CASES[1], counts: count }],
];

const GROUP_FACTS: readonly (readonly [string, Data])[] = [
  ['FormationAnnounced', {}],
  ['SupportCollected', { quantities: [{ value: 5000, qualifier: 'more-than' }], kind: 'thumbprint', as: 'claimed' }],
  ['PartyRegistrationSubmitted', { authority: { name: 'Ministry' } }],
  ['PartyRegistered', { authority: { name: 'Ministry' }, level: 'full' }],
  ['PartySuspended', { authority: { name: 'Ministry' } }],
  ['SuspensionLifted', { authority: { name: 'Ministry' } }],
  ['GroupRenamed', { name: { text: 'A new name', kind: 'legal' } }],
];

/** A step of a story; numbers pick among what was said before. */
type Step =
  | {
      readonly do: 'fact';
      readonly person: number;
      readonly fact: number;
      readonly occurred: string | undefined;
      readonly after: number | undefined;
    }
  | { readonly do: 'group'; readonly group: number; readonly fact: number; readonly occurred: string | undefined }
  | { readonly do: 'act'; readonly type: string; readonly on: number; readonly occurred: string | undefined }
  | { readonly do: 'case'; readonly type: 'join' | 'assign' | 'retract'; readonly one: number; readonly other: number }
  | {
      readonly do: 'identity';
      readonly how: 'same' | 'different' | 'revoke';
      readonly one: number;
      readonly other: number;
    }
  | { readonly do: 'statement'; readonly speaker: number; readonly about: number };

const pick = fc.nat({ max: 1000 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('fact' as const),
      person: pick,
      fact: pick,
      occurred,
      after: fc.option(pick, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('group' as const), group: pick, fact: pick, occurred }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('act' as const),
      type: fc.constantFrom(
        'FactCorrected',
        'FactRetracted',
        'FactDisputed',
        'DisputeSettled',
        'FactVerified',
        'AccountAdded',
        'VisibilityChanged',
      ),
      on: pick,
      occurred,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('case' as const),
      type: fc.constantFrom('join' as const, 'assign' as const, 'retract' as const),
      one: pick,
      other: pick,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('identity' as const),
      how: fc.constantFrom('same' as const, 'same' as const, 'different' as const, 'revoke' as const),
      one: pick,
      other: pick,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('statement' as const), speaker: pick, about: pick }) },
);

/** Stories of up to `steps` events after the entries of their subjects. */
export function stories(steps: number): fc.Arbitrary<readonly Said[]> {
  // Else hardly any has more than ten.
  return fc.array(step, { minLength: 1, maxLength: steps, size: 'max' }).map(tell);
}

/** Acts on something that a story tells of a person or group; undefined where it tells nothing yet. */
export const acts: fc.Arbitrary<(story: readonly Said[]) => Said | undefined> = step.map(
  (one) => (story) => (one.do === 'act' ? act(one, story, derivedId('story', 'act', 0)) : undefined),
);

function of<T>(list: readonly T[], n: number): T {
  const found = list[n % list.length];
  if (found === undefined) throw new Error('Nothing to pick from.');
  return found;
}

function dated(date: string | undefined): Data {
  return date === undefined ? {} : { occurred: date };
}

function tell(steps: readonly Step[]): readonly Said[] {
  const said: Said[] = [...ENTRIES];
  for (const [n, one] of steps.entries()) {
    const eventId = derivedId('story', 'event', n);
    switch (one.do) {
      case 'fact': {
        const [type, data] = of(PERSON_FACTS, one.fact);
        const before = said.filter(({ subject }) => subject === of(PERSONS, one.person));
        const after = one.after === undefined ? {} : { after: [of(before, one.after).id] };
        said.push({
          kind: 'person',
          subject: of(PERSONS, one.person),
          id: eventId,
          type,
          data: { ...data, ...dated(one.occurred), ...after, ...evidence },
        });
        break;
      }
      case 'group': {
        const [type, data] = of(GROUP_FACTS, one.fact);
        said.push({
          kind: 'group',
          subject: of(GROUPS, one.group),
          id: eventId,
          type,
          data: { ...data, ...dated(one.occurred), ...evidence },
        });
        break;
      }
      case 'act': {
        const event = act(one, said, eventId);
        if (event !== undefined) said.push(event);
        break;
      }
      case 'case': {
        const event = caseEvent(one, said);
        if (event !== undefined) said.push({ kind: 'case', subject: of(CASES, one.one), id: eventId, ...event });
        break;
      }
      case 'identity': {
        const event = identityEvent(one, said);
        if (event !== undefined) said.push({ kind: 'person', id: eventId, by: 'reviewer', ...event });
        break;
      }
      case 'statement':
        said.push({
          kind: 'statement',
          subject: eventId,
          id: derivedId('story', 'statement', n),
          type: 'StatementMade',
          data: {
            speaker: { person: of(PERSONS, one.speaker) },
            roleAsAttributed: 'spokesman',
            form: 'direct',
            lang: 'en',
            words: 'They said so.',
            about: [{ group: of(GROUPS, one.about) }],
            stance: 'welcomes',
            occurred: '2019',
            ...evidence,
          },
        });
    }
  }
  return said;
}

function act({ type, on, occurred: date }: Step & { do: 'act' }, said: readonly Said[], id: string): Said | undefined {
  const onSubjects = said.filter(({ kind }) => kind === 'person' || kind === 'group').slice(5);
  if (onSubjects.length === 0) return undefined;
  const { kind, subject, ...rest } = of(onSubjects, on);
  return { kind, subject, id, type, data: actOn(type, { kind, subject, ...rest }, date, said), by: 'reviewer' };
}

/** What a correction or another reading says of: the fact itself, behind all corrections of corrections. */
function typeOf({ type, data }: Said, said: readonly Said[]): Data {
  const corrected = type === 'FactCorrected' ? said.find(({ id: of }) => of === data.fact) : undefined;
  return corrected === undefined ? { factType: { type, schemaVersion: 1 } } : typeOf(corrected, said);
}

function actOn(type: string, on: Said, date: string | undefined, said: readonly Said[]): Data {
  const { id: fact, kind, data } = on;
  const reason = 'because';
  switch (type) {
    case 'FactCorrected':
      return {
        fact,
        reason,
        citations: [citation(2)],
        data: { ...((data.data ?? data) as Data), ...dated(date ?? '2015') },
        ...typeOf(on, said),
      };
    case 'FactDisputed':
      return {
        fact,
        kind: 'contradicted',
        reason,
        citations: [citation(2)],
        ...(kind === 'person' && { alternative: { subject: { person: PERSONS[0] }, data }, ...typeOf(on, said) }),
      };
    case 'DisputeSettled':
      return { fact, outcome: date === undefined ? 'upheld' : 'rejected', reason };
    case 'FactVerified':
      return { fact, method: 'compared' };
    case 'AccountAdded':
      return { fact, ...dated(date), citations: [citation(1)] };
    case 'VisibilityChanged':
      return { fact, visibility: 'confidential', reason };
    default:
      return { fact, reason };
  }
}

/** A judgement of who is who, or the end of one: by its revocation, or by a revocation that is taken back. */
function identityEvent(
  { how, one, other }: Step & { do: 'identity' },
  said: readonly Said[],
): Pick<Said, 'subject' | 'type' | 'data'> | undefined {
  const subject = of(PERSONS, one);
  if (how !== 'revoke') {
    const data = { person: of(PERSONS, other), verdict: how, reason: 'because', citations: [citation(2)] };
    return subject === data.person ? undefined : { subject, type: 'IdentityJudged', data };
  }
  const own = said.filter(({ type }) => type === 'IdentityJudged' || type === 'IdentityJudgementRevoked');
  if (own.length === 0) return undefined;
  const event = of(own, other);
  return event.type === 'IdentityJudged'
    ? { subject: event.subject, type: 'IdentityJudgementRevoked', data: { judgement: event.id, reason: 'wrong' } }
    : { subject: event.subject, type: 'FactRetracted', data: { fact: event.id, reason: 'right after all' } };
}

function caseEvent(
  { type, one, other }: Step & { do: 'case' },
  said: readonly Said[],
): Pick<Said, 'type' | 'data'> | undefined {
  const subject = of(CASES, one);
  if (type === 'join')
    return subject === of(CASES, other) ? undefined : { type: 'CasesJoined', data: { other: of(CASES, other) } };
  const own = said.filter((each) => each.subject === subject && each.type !== 'CaseEntered');
  if (type === 'retract')
    return own.length === 0 ? undefined : { type: 'FactRetracted', data: { fact: of(own, other).id, reason: 'wrong' } };
  const facts = said.filter(
    (each) => each.kind === 'person' && each.data.citations !== undefined && each.type !== 'PersonEntered',
  );
  if (facts.length === 0) return undefined;
  const fact = of(facts, other);
  return { type: 'FactAssignedToCase', data: { person: fact.subject, fact: fact.id } };
}
