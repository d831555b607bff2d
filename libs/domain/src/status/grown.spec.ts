/** A status that goes on from an earlier one is what would be worked out from nothing. */
import fc from 'fast-check';
import { computeStatus } from './compute.js';
import { fact } from './test-support/facts.js';
import { stories } from './test-support/stories.js';
import type { Status, StatusFact, SubjectKind } from './types.js';

/** For each step and fact of a story: it is there as it was, as another object (somebody acted on it), or not at all. */
const steps = fc.array(
  fc.array(fc.constantFrom('kept', 'kept', 'kept', 'kept', 'disputed', 'dated anew', 'left out'), { maxLength: 9 }),
  { minLength: 1, maxLength: 5 },
);

function asTold(one: StatusFact, is: string | undefined): readonly StatusFact[] {
  const bounds = { earliest: one.bounds.earliest + 1, latest: one.bounds.latest + 2 };
  switch (is) {
    case 'left out':
      return [];
    case 'disputed':
      return [{ ...one, disputed: !one.disputed }];
    case 'dated anew':
      return [{ ...one, stated: bounds, bounds }];
    default:
      return [one];
  }
}

function expectSame(kind: SubjectKind, story: readonly StatusFact[], given: readonly (readonly string[])[]): void {
  let earlier: Status | undefined;
  for (const step of given) {
    const facts = story.flatMap((one, index) => asTold(one, step[index]));
    const status = computeStatus(kind, facts, earlier);
    const anew = computeStatus(kind, facts);
    // Some are gone on from without having been asked.
    if (step.length !== 1) expect(status.axes()).toEqual(anew.axes());
    expect(new Map([...status.bounds].sort())).toEqual(new Map([...anew.bounds].sort()));
    expect(status.inconsistencies).toEqual(anew.inconsistencies);
    earlier = status;
  }
}

/** The same facts over more days, so that some lie behind all others and some overlap. */
function spread(story: readonly StatusFact[], days: readonly number[]): readonly StatusFact[] {
  return story.map((one, index) => {
    const later = days[index] ?? 0;
    const bounds = { earliest: one.bounds.earliest + later, latest: one.bounds.latest + later };
    return { ...one, stated: bounds, bounds };
  });
}

const days = fc.array(fc.nat(30), { minLength: 9, maxLength: 9 });

describe('fact by fact, in any order of recording, with acts in between', () => {
  test.each([
    ['person', 9],
    ['holds', 9],
    ['terms', 9],
    ['group', 9],
  ] as const)('stories of %s', (story, most) => {
    const kind = story === 'group' ? 'group' : 'person';
    fc.assert(
      fc.property(stories(story, most), fc.option(days), steps, steps, (facts, later, between, at) => {
        const growing = facts.map((_, index) => facts.map((__, other) => (other > index ? 'left out' : 'kept')));
        const half = Math.floor(growing.length / 2);
        const told = [...growing.slice(0, half), ...between, ...growing.slice(half), ...at];
        expectSame(kind, later === null ? facts : spread(facts, later), told);
      }),
      { numRuns: 250 },
    );
  });
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

test('a status can be gone on from twice', () => {
  const facts = ['2014', '2015', '2016'].map((year, index) =>
    fact(year, year, [{ axis: 'hold', set: index === 1 ? 'none' : 'police-custody' }]),
  );
  const before = computeStatus('person', facts.slice(0, 2));
  const known = before.axes();
  for (const after of [facts, facts.slice(1), facts]) {
    expect(computeStatus('person', after, before).axes()).toEqual(computeStatus('person', after).axes());
  }
  expect(before.axes()).toBe(known);
});

test('what lies before a new fact is the same object, on the axes that it acts on too', () => {
  const facts = ['2014', '2015', '2016', '2017'].map((year, index) =>
    fact(year, year, [{ axis: 'hold', set: index % 2 === 1 ? 'none' : 'police-custody' }]),
  );
  const before = computeStatus('person', facts.slice(0, 3));
  const known = new Set(before.segments());
  const after = computeStatus('person', facts, before);
  const anew = after.segments().filter((segment) => !known.has(segment));
  expect(anew.map(({ axis, from }) => [axis, from])).toEqual(
    ['liberty', 'hold'].flatMap((axis) =>
      after
        .axes()
        .find(([first]) => first?.axis === axis)!
        .slice(-3)
        .map(({ from }) => [axis, from]),
    ),
  );
});

test('what one fact alone was presupposed to be is not, once there are two', () => {
  const sentenced = (id: string, year: string): StatusFact =>
    fact(id, year, [{ axis: 'verdict', set: 'convicted' }], { kind: 'sentence' });
  const quashed = fact('q', '2015', [{ axis: 'verdict', set: 'quashed' }], { presupposes: ['sentence'] });
  const facts = [sentenced('a', '2015'), quashed, sentenced('b', '2014'), sentenced('c', '2013')];
  let earlier: Status | undefined;
  for (const count of facts.keys()) {
    earlier = computeStatus('person', facts.slice(0, count + 1), earlier);
    expect(earlier.axes()).toEqual(computeStatus('person', facts.slice(0, count + 1)).axes());
  }
});
