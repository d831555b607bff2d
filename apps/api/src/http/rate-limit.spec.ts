import { RateLimit } from './rate-limit.js';

test('a key may ask so much at once, then at its rate, and none of another', () => {
  const limit = new RateLimit({ perSecond: 2, burst: 3 });
  const takes = (key: string, now: number): number => limit.take(key, now);
  expect([0, 0, 0, 0, 0].map((now) => takes('a', now))).toEqual([2, 1, 0, -1, -1]);
  expect(takes('b', 0)).toBe(2);
  expect([499, 500, 500].map((now) => takes('a', now))).toEqual([-1, 0, -1]);
  // It fills up to its measure, and not beyond.
  expect([60_000, 60_000, 60_000, 60_000].map((now) => takes('a', now))).toEqual([2, 1, 0, -1]);
});

test('it is told in the fields of the standard', () => {
  const limit = new RateLimit({ perSecond: 2, burst: 3 });
  expect([limit.policy, limit.told(3), limit.told(0), limit.told(-1), limit.wait]).toEqual([
    '"key";q=3;w=2',
    '"key";r=3;t=0',
    '"key";r=0;t=2',
    '"key";r=0;t=2',
    '1',
  ]);
});
