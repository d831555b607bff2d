/** The engine against every world of small random stories. */
import fc from 'fast-check';
import { computeStatus } from './compute.js';
import { byForce } from './test-support/by-force.js';
import { FIRST_DAY, LAST_DAY, stories } from './test-support/stories.js';
import type { Budget } from './worlds.js';
import type { AxisAnswer, StatusFact, SubjectKind } from './types.js';

const RUNS = 250;
const DAYS = Array.from({ length: LAST_DAY - FIRST_DAY + 3 }, (_, index) => FIRST_DAY - 1 + index);

function idOf({ axis, case: caseId, key }: AxisAnswer): string {
  return `${axis}/${caseId ?? ''}/${key ?? ''}`;
}

function answersOf(answers: readonly AxisAnswer[]): Map<string, AxisAnswer> {
  return new Map(answers.map((answer) => [idOf(answer), answer]));
}

function expectExact(kind: SubjectKind, facts: readonly StatusFact[]): void {
  const status = computeStatus(kind, facts);
  const expected = byForce(kind, facts, FIRST_DAY, LAST_DAY);
  for (const day of DAYS) {
    const answers = answersOf(status.at(day, day));
    for (const [axis, verdicts] of expected) {
      const verdict = verdicts.get(day);
      const answer = answers.get(axis);
      if (verdict === undefined || answer === undefined) throw new Error(`no answer for ${axis}`);
      const said = {
        axis,
        day,
        possible: answer.possible,
        certain: answer.certain ? answer.value : undefined,
        orderUncertain: answer.orderUncertain,
        ...(answer.groups.deprived && { deprived: answer.groups.deprived }),
      };
      expect(said).toEqual({
        axis,
        day,
        possible: verdict.possible,
        certain: verdict.certain,
        orderUncertain: verdict.orderUncertain,
        ...(answer.groups.deprived && { deprived: verdict.deprived }),
      });
      // The main reading is one of the worlds.
      if (answer.value !== 'unknown') expect(answer.possible).toContain(answer.value);
    }
  }
}

/** Certainty that fades: no more is claimed than all worlds allow. Returns how often it is claimed, and how often it might be. */
function expectFaded(facts: readonly StatusFact[], budget?: Budget): { said: number; so: number } {
  const status = computeStatus('person', facts, undefined, budget);
  const expected = byForce('person', facts, FIRST_DAY, LAST_DAY);
  let said = 0;
  let so = 0;
  for (const day of DAYS) {
    const answers = answersOf(status.at(day, day));
    for (const axis of ['liberty//', 'hold/only/', 'hold/c1/', 'hold/c2/']) {
      const verdict = expected.get(axis)?.get(day);
      const answer = answers.get(axis);
      if (verdict === undefined || answer === undefined) continue;
      if (answer.certain) expect(answer.value).toBe(verdict.heldCertain);
      if (answer.groups.deprived?.certain === true) expect(verdict.heldDeprived).toBe(true);
      if (verdict.heldCertain !== undefined) so++;
      if (answer.certain) said++;
      expect(answer.possible).toEqual(
        budget === undefined ? verdict.possible : expect.arrayContaining([...verdict.possible]),
      );
    }
  }
  return { said, so };
}

/** Over-approximated answers may say less, never more. */
function expectSound(kind: SubjectKind, facts: readonly StatusFact[]): void {
  const status = computeStatus(kind, facts, undefined, { sets: 1, steps: 1 });
  const expected = byForce(kind, facts, FIRST_DAY, LAST_DAY);
  for (const day of DAYS) {
    const answers = answersOf(status.at(day, day));
    for (const [axis, verdicts] of expected) {
      const verdict = verdicts.get(day);
      const answer = answers.get(axis);
      if (verdict === undefined || answer === undefined) throw new Error(`no answer for ${axis}`);
      expect(answer.possible).toEqual(expect.arrayContaining([...verdict.possible]));
      if (answer.certain) expect(answer.value).toBe(verdict.certain);
      const deprived = answer.groups.deprived;
      if (deprived?.certain === true) expect(verdict.deprived.certain).toBe(true);
      if (verdict.deprived.possible && deprived !== undefined) expect(deprived.possible).toBe(true);
    }
  }
}

describe('exact over all worlds', () => {
  test('of persons', () => {
    fc.assert(
      fc.property(stories('person', 4), (facts) => {
        expectExact('person', facts);
      }),
      { numRuns: RUNS },
    );
  });

  test('of holds, where guards, escapes and several cases meet', () => {
    fc.assert(
      fc.property(stories('holds', 4), (facts) => {
        expectExact('person', facts);
      }),
      { numRuns: RUNS * 2 },
    );
  });

  test('of persons with five facts', () => {
    fc.assert(
      fc.property(stories('person', 5), (facts) => {
        expectExact('person', facts);
      }),
      { numRuns: RUNS / 5 },
    );
  });

  test('of groups', () => {
    fc.assert(
      fc.property(stories('group', 4), (facts) => {
        expectExact('group', facts);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('values that fade', () => {
  test('are certain only where they are so in every world, and nearly always there', () => {
    let said = 0;
    let so = 0;
    fc.assert(
      fc.property(stories('terms', 4), (facts) => {
        const counts = expectFaded(facts);
        said += counts.said;
        so += counts.so;
      }),
      { numRuns: RUNS },
    );
    expect(said / so).toBeGreaterThan(0.9);
  });

  test('also beyond the budget', () => {
    fc.assert(
      fc.property(stories('terms', 4), (facts) => void expectFaded(facts, { sets: 1, steps: 1 })),
      { numRuns: RUNS },
    );
  });
});

describe('beyond the budget', () => {
  test('nothing is certain that is not so, and all that is possible is said: persons', () => {
    fc.assert(
      fc.property(stories('person', 4), (facts) => {
        expectSound('person', facts);
      }),
      { numRuns: RUNS },
    );
  });

  test('nothing is certain that is not so, and all that is possible is said: groups', () => {
    fc.assert(
      fc.property(stories('group', 4), (facts) => {
        expectSound('group', facts);
      }),
      { numRuns: RUNS },
    );
  });

  test('where no effect is guarded, the answer stays exact for any number of facts', () => {
    const unguarded = stories('group', 5).map((facts) =>
      facts.map((fact) => ({
        ...fact,
        effects: fact.effects.map(({ axis, set }) => ({ axis, set: typeof set === 'string' ? set : 'registered' })),
      })),
    );
    fc.assert(
      fc.property(unguarded, (facts) => {
        const approximated = computeStatus('group', facts, undefined, { sets: 1, steps: 1 });
        expect(approximated.segments()).toEqual(computeStatus('group', facts).segments());
      }),
      { numRuns: RUNS * 2 },
    );
  });
});

describe('the order of recording does not matter', () => {
  test.each(['person', 'group'] as const)('%s', (kind) => {
    fc.assert(
      fc.property(
        stories(kind, 8).chain((facts) =>
          fc.tuple(fc.constant(facts), fc.shuffledSubarray([...facts], { minLength: facts.length })),
        ),
        ([facts, shuffled]) => {
          const [one, other] = [computeStatus(kind, facts), computeStatus(kind, shuffled)];
          expect(other.segments()).toEqual(one.segments());
          expect(new Map([...other.bounds].sort())).toEqual(new Map([...one.bounds].sort()));
          expect(other.inconsistencies).toEqual(one.inconsistencies);
        },
      ),
      { numRuns: RUNS },
    );
  });
});

test('a span is certain where each of its days is, and possible where one is', () => {
  fc.assert(
    fc.property(
      stories('person', 5),
      fc.integer({ min: -1, max: 5 }),
      fc.integer({ min: 0, max: 4 }),
      (facts, from, length) => {
        const status = computeStatus('person', facts);
        const days = Array.from({ length: length + 1 }, (_, index) => answersOf(status.at(from + index, from + index)));
        for (const [axis, answer] of answersOf(status.at(from, from + length))) {
          const onDays = days.map((answers) => answers.get(axis)!);
          const last = onDays.at(-1)!;
          expect(answer.value).toBe(last.value);
          expect(answer.certain).toBe(onDays.every((one) => one.certain && one.value === last.value));
          expect(answer.possible).toEqual([...new Set(onDays.flatMap((one) => one.possible))].sort());
        }
      },
    ),
    { numRuns: RUNS },
  );
});

test('segments of an axis follow each other without gaps and differ from their neighbours', () => {
  fc.assert(
    fc.property(stories('person', 6), (facts) => {
      const byAxis = Map.groupBy(computeStatus('person', facts).segments(), idOf);
      for (const segments of byAxis.values()) {
        expect(segments[0]?.from).toBe(-Infinity);
        expect(segments.at(-1)?.to).toBe(Infinity);
        for (const [index, segment] of segments.entries()) {
          expect(segment.from).toBeLessThan(Infinity);
          const next = segments[index + 1];
          if (next === undefined) continue;
          expect(next.from).toBe(segment.to + 1);
          expect({ ...next, from: 0, to: 0 }).not.toEqual({ ...segment, from: 0, to: 0 });
        }
      }
    }),
    { numRuns: RUNS },
  );
});
