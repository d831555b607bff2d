import { computeStatus } from './compute.js';
import { summaryLine, summaryPhrases } from './summary.js';
import { arrest, day, fact, release, sentence } from './test-support/facts.js';
import type { StatusFact, SubjectKind } from './types.js';

function lineOf(kind: SubjectKind, facts: readonly StatusFact[], today = '2030-01-01'): string {
  return summaryLine(summaryPhrases(kind, computeStatus(kind, facts).current(day(today))), 'Nothing is known');
}

const registration = (when: string | undefined, value: string): StatusFact =>
  fact('r', when, [{ axis: 'registration', set: value }]);

test.each<[string, SubjectKind, readonly StatusFact[]]>([
  [
    'Convicted in absentia in 2014, 9 years, not enforced; asylum in Denmark, 2011',
    'person',
    [
      sentence('S', '2014', { term: 'P9Y', presence: 'in-absentia' }),
      fact('D', '2011', [{ axis: 'asylum', key: 'DK', set: 'granted' }]),
    ],
  ],
  [
    'Free since 20 November 2018; convicted, 18 months, served, disputed',
    'person',
    [
      arrest('A', '2017-05'),
      sentence('S', undefined, { term: 'P18M' }, { after: ['A'], disputed: true }),
      release('R', '2018-11-20', 'served'),
    ],
  ],
  ['Nothing is known', 'person', []],
  ['In police custody since May 2017', 'person', [arrest('A', '2017-05')]],
  ['In police custody, in or before 2011', 'person', [arrest('A', '[..2011]')]],
  [
    'Possibly imprisoned since 2012; convicted in 2012, 1 year 6 months',
    'person',
    [arrest('A', '2011'), sentence('S', '2012', { term: 'P1Y6M' })],
  ],
  [
    'Deprived of liberty (in police custody or in pretrial detention)',
    'person',
    [arrest('A', '2017-05'), fact('P', '2017-05', [{ axis: 'hold', set: 'pretrial-detention' }])],
  ],
  [
    'Died in 2019; missing since 2018; asylum sought in Sweden, 2017',
    'person',
    [
      fact('M', '2018', [{ axis: 'whereabouts', set: 'missing' }]),
      fact('D', '2019', [{ axis: 'life', set: 'dead' }]),
      fact('S', '2017', [{ axis: 'asylum', key: 'SE', set: 'sought' }]),
    ],
  ],
  [
    'Charged in 2016; acquitted in 2018',
    'person',
    [
      fact('C', '2016', [{ axis: 'stage', set: 'charged' }], { case: 'c1' }),
      fact('V', '2018', [{ axis: 'verdict', set: 'acquitted' }], { case: 'c2' }),
    ],
  ],
  ['Collecting support for registration in or before March 2019', 'group', [registration('[..2019-03]', 'collecting')]],
  ['Dissolved on 16 November 2017', 'group', [registration('2017-11-16', 'dissolved')]],
  ['Nothing is known', 'group', []],
])('%s', (line, kind, facts) => {
  expect(lineOf(kind, facts)).toBe(line);
});

test('what is no country code is shown as it is', () => {
  const odd = fact('D', '2011', [{ axis: 'asylum', key: 'somewhere', set: 'granted' }]);
  expect(lineOf('person', [odd])).toBe('Asylum in somewhere, 2011');
});
