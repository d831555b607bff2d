import fc from 'fast-check';
import { matches } from '../filter.js';
import { filters } from '../test-support/changes.js';
import { Tail } from './tail.js';
import { MadeFeed } from './test-support/feed.js';

test('whom new changes concern is found, and nobody else is woken', () => {
  fc.assert(
    fc.property(
      fc.array(filters, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }),
      (wanted, steps) => {
        const feed = new MadeFeed();
        const tail = new Tail<number>(feed);
        wanted.forEach((filter, n) => tail.add(filter, n));
        let seq = 0;
        tail.concerned(seq);
        for (const step of steps) {
          feed.add(step);
          const page = feed.page({}, { seq, n: Infinity }, 100);
          seq += step;
          const items = page.ok ? page.value.items : [];
          const expected = wanted.flatMap((filter, n) => (items.some((fed) => matches(filter, fed)) ? [n] : []));
          expect([...tail.concerned(seq)].sort()).toEqual(expected.sort());
        }
      },
    ),
  );
});

test('where that cannot be told, or is too much to ask, everybody is', () => {
  const feed = new MadeFeed();
  const tail = new Tail<string>(feed);
  const leave = tail.add({ axis: ['asylum'] }, 'one');
  expect([...tail.concerned(0)]).toEqual(['one']);
  feed.add(3);
  expect([...tail.concerned(3)]).toEqual([]);
  feed.add(501);
  expect([...tail.concerned(504)]).toEqual(['one']);
  // Views that fell back, such as those of another file.
  expect([...tail.concerned(500)]).toEqual(['one']);
  expect([...tail.concerned(504)]).toEqual([]);
  feed.ready = false;
  expect([...tail.concerned(505)]).toEqual(['one']);
  leave();
  expect([...tail.concerned(506)]).toEqual([]);
});

test('where nobody is, nothing is read; who comes later is told of what comes after', () => {
  const feed = new MadeFeed();
  const page = feed.page.bind(feed);
  let reads = 0;
  feed.page = (...asked) => {
    reads++;
    return page(...asked);
  };
  const tail = new Tail<string>(feed);
  tail.concerned(0);
  feed.add(2);
  expect([...tail.concerned(2)]).toEqual([]);
  expect(reads).toBe(0);
  tail.add({}, 'one');
  feed.add(1);
  expect([...tail.concerned(3)]).toEqual(['one']);
  expect(reads).toBe(1);
});
