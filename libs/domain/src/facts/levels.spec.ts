/** Who may see each event of a subject. */
import type { Visibility } from '#kernel';
import { EXAMPLE_IDS as ID } from '../examples/index.js';
import { levelsOf } from './levels.js';
import { aRecord, like, RECORDER, REVIEWER } from './spec-support.js';

const PERSON = ['person', ID.personA] as const;
const NOBODY_NAMED: Parameters<typeof levelsOf>[1] = () => 'public';

function story() {
  const record = aRecord();
  const given = (type: string, fields: object, visibility: Visibility): string =>
    record.given(...PERSON, type, fields, { visibility, by: type === 'FactVerified' ? REVIEWER : RECORDER });
  const levels = (named = NOBODY_NAMED): ReadonlyMap<string, Visibility> => levelsOf(record.state(...PERSON), named);
  /** What aRecord() entered the person with. */
  const entry = [...levels().keys()][0] ?? '';
  given('VisibilityChanged', { fact: undefined, visibility: 'public' }, 'internal');
  return { given, levels, entry };
}

test('a fact is as visible as it was recorded, or as the last change that stands has it', () => {
  const { given, levels } = story();
  const fact = given('PersonArrested', { case: undefined }, 'internal');
  expect(levels().get(fact)).toBe('internal');
  given('VisibilityChanged', { fact, visibility: 'public' }, 'internal');
  expect(levels().get(fact)).toBe('public');
  const change = given('VisibilityChanged', { fact, visibility: 'confidential' }, 'internal');
  expect(levels().get(fact)).toBe('confidential');
  given('FactRetracted', { fact: change }, 'internal');
  expect(levels().get(fact)).toBe('public');
});

test('a subject is as visible as what it was entered with, and nothing of it is more visible', () => {
  const { given, levels, entry } = story();
  const fact = given('PersonArrested', { case: undefined }, 'public');
  expect([levels().get(entry), levels().get(fact)]).toEqual(['public', 'public']);
  given('VisibilityChanged', { fact: undefined, visibility: 'confidential' }, 'public');
  expect([...new Set(levels().values())]).toEqual(['confidential']);
  given('VisibilityChanged', { fact: undefined, visibility: 'internal' }, 'public');
  expect([levels().get(entry), levels().get(fact)]).toEqual(['internal', 'internal']);
});

test('an event is no more visible than what it names', () => {
  const { given, levels } = story();
  const fact = given('PersonArrested', { case: undefined }, 'public');
  const other = given('PersonSummoned', { case: undefined }, 'public');
  const named = levels(({ id }) => (id === fact ? 'confidential' : 'public'));
  expect([named.get(fact), named.get(other)]).toEqual(['confidential', 'public']);
});

test('an act is no more visible than the fact that it is about; the fact may be more visible than a dispute over it', () => {
  const { given, levels } = story();
  const fact = given('PersonArrested', { case: undefined }, 'internal');
  const dispute = given('FactDisputed', { fact, alternative: undefined }, 'public');
  expect(levels().get(dispute)).toBe('internal');
  given('VisibilityChanged', { fact, visibility: 'public' }, 'internal');
  const hidden = given('FactDisputed', { fact, alternative: undefined }, 'confidential');
  expect([fact, dispute, hidden].map((id) => levels().get(id))).toEqual(['public', 'public', 'confidential']);
});

test('nobody is shown a fact who may not see that it was withdrawn or corrected, until that is undone', () => {
  for (const [type, fields] of [
    ['FactRetracted', {}],
    ['FactCorrected', { data: like('PersonArrested', { case: undefined, place: 'Town B' }) }],
  ] as const) {
    const { given, levels } = story();
    const fact = given('PersonArrested', { case: undefined }, 'public');
    const verified = given('FactVerified', { fact, citations: undefined }, 'public');
    const act = given(type, { fact, ...fields }, 'confidential');
    expect([fact, verified, act].map((id) => levels().get(id))).toEqual([
      'confidential',
      'confidential',
      'confidential',
    ]);
    const undone = given('FactRetracted', { fact: act }, 'internal');
    expect([fact, verified, act, undone].map((id) => levels().get(id))).toEqual([
      'public',
      'public',
      'confidential',
      'confidential',
    ]);
  }
});

test('nor a judgement who may not see that it was revoked', () => {
  const { given, levels } = story();
  const facts = [1, 2].map(() => given('PersonArrested', { case: undefined }, 'public'));
  for (const [judged, revoked, fields] of [
    ['IdentityJudged', 'IdentityJudgementRevoked', {}],
    ['FactsJudgedSame', 'FactsJudgementRevoked', { facts }],
  ] as const) {
    const judgement = given(judged, fields, 'public');
    expect(levels().get(judgement)).toBe('public');
    const act = given(revoked, { judgement }, 'confidential');
    expect([judgement, act].map((id) => levels().get(id))).toEqual(['confidential', 'confidential']);
    given('FactRetracted', { fact: act }, 'confidential');
    expect(levels().get(judgement)).toBe('public');
  }
});
