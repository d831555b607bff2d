import { aRecord } from '../facts/spec-support.js';
import { EXAMPLE_IDS as ID } from '../examples/index.js';
import { computeStatus } from '../status/index.js';
import { type IdentityJudgement, oneWith, statusFactsOfOne } from './identity.js';

/** Judgements in the order of the log: "a=b" same, "a!b" different, "a?b" unsure. */
function judged(...said: readonly string[]): (person: string) => readonly IdentityJudgement[] {
  const all = said.map((words, seq): IdentityJudgement => {
    const [one = '', how = '', other = ''] = words;
    return { persons: [one, other], verdict: { '=': 'same', '!': 'different' }[how] ?? 'unsure', seq };
  });
  return (person) => all.filter(({ persons }) => persons.includes(person));
}

test.each<[string, readonly string[], string]>([
  ['nobody was judged', [], 'a'],
  ['the same', ['a=b'], 'ab'],
  ['the same, recorded of the other', ['b=a'], 'ab'],
  ['different', ['a!b'], 'a'],
  ['unsure', ['a?b'], 'a'],
  ['the same at last', ['a!b', 'b=a'], 'ab'],
  ['different at last', ['a=b', 'b!a'], 'a'],
  ['unsure at last', ['a=b', 'a?b'], 'a'],
  ['through another', ['c=b', 'b=a', 'd=e'], 'abc'],
  ['in a circle', ['a=b', 'b=c', 'c=a'], 'abc'],
  ['different from somebody else', ['a=b', 'a!c'], 'ab'],
  ['through another, and different: nobody knows who is wrong', ['a=b', 'b=c', 'a!c'], 'a'],
  ['through another, and different further on', ['a=b', 'b=c', 'c=d', 'd!b'], 'a'],
  ['through another, and unsure: no contradiction', ['a=b', 'b=c', 'a?c'], 'abc'],
])('%s', (_, said, expected) => {
  expect(oneWith('a', judged(...said)).join('')).toBe(expected);
});

test('whoever is one says so of each other', () => {
  const judgements = judged('a=b', 'c=b', 'd=a', 'd!e');
  for (const person of 'abcd') expect([...oneWith(person, judgements)].sort().join('')).toBe('abcd');
  expect(oneWith('e', judgements)).toEqual(['e']);
});

test('their facts count together, whichever of them is asked', () => {
  const record = aRecord();
  record.given('person', ID.personA, 'PersonArrested', { occurred: '2017-05-01', case: undefined });
  record.given('person', ID.personB, 'PersonReleased', { occurred: '2017-06-01', reason: 'dropped' });
  const states = [ID.personA, ID.personB].map((id) => record.state('person', id));
  const of = (order: typeof states): unknown =>
    computeStatus(
      'person',
      statusFactsOfOne(order, () => true),
    )
      .segments()
      .filter(({ axis }) => axis === 'liberty');
  expect(of(states)).toEqual(of(states.toReversed()));
  const values = of(states) as { value: string }[];
  expect(values.map(({ value }) => value)).toEqual(['unknown', 'police-custody', 'free']);
});
