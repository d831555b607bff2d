/** What is taken over from an earlier status is what would be worked out anew. */
import fc from 'fast-check';
import { computeStatus } from './compute.js';
import { fact } from './test-support/facts.js';
import { stories } from './test-support/stories.js';
import type { Status, StatusFact, SubjectKind } from './types.js';

/** For each step and fact of a story: it is there as it was, as another object (it was corrected), or not at all. */
const steps = fc.array(fc.array(fc.constantFrom('kept', 'kept', 'kept', 'corrected', 'left out'), { maxLength: 6 }), {
  minLength: 2,
  maxLength: 6,
});

function expectSame(kind: SubjectKind, story: readonly StatusFact[], given: readonly (readonly string[])[]): void {
  let earlier: Status | undefined;
  for (const step of given) {
    const facts = story.flatMap((one, index) => {
      const is = step[index] ?? 'kept';
      return is === 'left out' ? [] : is === 'kept' ? [one] : [{ ...one, disputed: !one.disputed }];
    });
    const status = computeStatus(kind, facts, earlier);
    expect(status.axes()).toEqual(computeStatus(kind, facts).axes());
    earlier = status;
  }
}

test.each([
  ['person', 6],
  ['holds', 6],
  ['terms', 5],
  ['group', 6],
] as const)('stories of %s, fact by fact and with corrections', (story, most) => {
  fc.assert(
    fc.property(stories(story, most), steps, (facts, given) => {
      const growing = facts.map((_, index) => facts.map((__, other) => (other > index ? 'left out' : 'kept')));
      expectSame(story === 'group' ? 'group' : 'person', facts, [...growing, ...given]);
    }),
    { numRuns: 150 },
  );
});

test('axes that a new fact does not speak of are the same objects', () => {
  const arrested = fact('a', '2015', [{ axis: 'hold', set: 'police-custody' }]);
  const abroad = fact('b', '2016', [{ axis: 'location', set: 'abroad' }]);
  const before = computeStatus('person', [arrested]);
  const known = new Set(before.axes());
  const after = computeStatus('person', [arrested, abroad], before);
  expect(
    after
      .axes()
      .filter((list) => !known.has(list))
      .map(([segment]) => segment?.axis),
  ).toEqual(['location']);
});

test('an undated fact moves with the facts behind it', () => {
  const undated = fact('a', undefined, [{ axis: 'stage', set: 'charged' }], { kind: 'charge' });
  const trial = fact('b', '2015', [{ axis: 'stage', set: 'on-trial' }], { presupposes: ['charge'] });
  const abroad = fact('c', '2014', [{ axis: 'location', set: 'abroad' }], { after: ['a'] });
  const stories = [[undated], [undated, trial], [undated, trial, abroad], [undated, abroad]];
  let earlier: Status | undefined;
  for (const story of stories) {
    earlier = computeStatus('person', story, earlier);
    expect(earlier.axes()).toEqual(computeStatus('person', story).axes());
  }
});

test('a fact that links two others orders them, though it does not act on their axis', () => {
  const first = fact('a', '2015', [{ axis: 'stage', set: 'charged' }]);
  const link = fact('b', '2015', [{ axis: 'location', set: 'abroad' }], { after: ['a'] });
  const second = fact('c', '2015', [{ axis: 'stage', set: 'on-trial' }], { after: ['b'] });
  const without = computeStatus('person', [first, second]);
  const between = computeStatus('person', [first, link, second], without);
  expect(between.axes()).toEqual(computeStatus('person', [first, link, second]).axes());
  expect(computeStatus('person', [first, second], between).axes()).toEqual(without.axes());
});

test('facts of no case, once there are several, end what they were said to belong to', () => {
  const [one, other] = ['c1', 'c2'].map((inCase) =>
    fact(inCase, '2015', [{ axis: 'hold', set: 'police-custody' }], { case: inCase }),
  ) as [StatusFact, StatusFact];
  const released = fact('r', '2016', [{ axis: 'hold', set: 'none', allCases: true }], {});
  const before = computeStatus('person', [one, other]);
  const after = computeStatus('person', [one, other, released], before);
  expect(after.axes()).toEqual(computeStatus('person', [one, other, released]).axes());
});
