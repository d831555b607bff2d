/** Events handed over one by one: their order, turns for everyone else, errors and an early end. */
import type { Position, StoredEvent } from '#event-store';
import { type Gulps, Reading } from './reading.js';

function events(from: number, to: number): readonly StoredEvent[] {
  return Array.from({ length: to - from }, (_, n) => ({
    id: '',
    type: '',
    data: '',
    metadata: '',
    stream: '',
    revision: from + n,
    position: '' as Position,
  }));
}

async function revisions(reading: Reading): Promise<readonly number[]> {
  const read: number[] = [];
  for await (const { revision } of reading) read.push(revision);
  return read;
}

test('every event once, in order, whatever the gulps are', async () => {
  const gulps = function* (): Gulps {
    yield [];
    yield events(0, 3);
    yield 'turn';
    yield [];
    yield 'turn';
    yield 'turn';
    yield events(3, 4);
  };
  expect(await revisions(new Reading(gulps()))).toEqual([0, 1, 2, 3]);
});

test('everyone else gets a turn where the gulps say so, and only there', async () => {
  const gulps = function* (): Gulps {
    yield events(0, 2);
    yield events(2, 4);
    yield 'turn';
    yield events(4, 5);
  };
  let turns = 0;
  const seen: number[] = [];
  const another = (): void => {
    turns++;
    if (seen.length < 5) setImmediate(another);
  };
  setImmediate(another);
  for await (const { revision } of new Reading(gulps())) seen[revision] = turns;
  expect(seen.slice(0, 4)).toEqual([0, 0, 0, 0]);
  expect(seen[4]).toBeGreaterThan(0);
});

test('events that are asked for at once come one after the other, also across a turn, then the end', async () => {
  const gulps = function* (): Gulps {
    yield events(0, 2);
    yield 'turn';
    yield events(2, 3);
    yield 'turn';
    yield events(3, 4);
  };
  const reading = new Reading(gulps());
  const settled: number[] = [];
  const asked = Array.from({ length: 6 }, async (_, n) => {
    const { value } = await reading.next();
    settled.push(n);
    return value?.revision;
  });
  expect(await Promise.all(asked)).toEqual([0, 1, 2, 3, undefined, undefined]);
  expect(settled).toEqual([0, 1, 2, 3, 4, 5]);
});

test('an error is thrown behind what came before it, and nothing follows it', async () => {
  const gulps = function* (): Gulps {
    yield events(0, 1);
    throw new Error('failed');
  };
  const reading = new Reading(gulps());
  const asked = await Promise.allSettled([reading.next(), reading.next(), reading.next()]);
  expect(asked).toMatchObject([
    { status: 'fulfilled', value: { value: { revision: 0 } } },
    { status: 'rejected', reason: { message: 'failed' } },
    { status: 'fulfilled', value: { done: true } },
  ]);
});

test('whoever leaves gets no more, and what was read from is let go of', async () => {
  let letGo = false;
  const gulps = function* (): Gulps {
    try {
      yield events(0, 3);
    } finally {
      letGo = true;
    }
  };
  const reading = new Reading(gulps());
  for await (const { revision } of reading) if (revision === 1) break;
  expect(letGo).toBe(true);
  expect(await reading.next()).toEqual({ done: true, value: undefined });
});
