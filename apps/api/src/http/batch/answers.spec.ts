import { setImmediate, setTimeout } from 'node:timers/promises';
import { answersTo } from './answers.js';
import type { Line } from './lines.js';

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const BOUNDS = { width: 4, maxWaiting: 1_000 };

/** Counts how far it was read. */
function source(count: number): { lines: AsyncGenerator<Line>; read: () => number } {
  let read = 0;
  async function* lines(): AsyncGenerator<Line> {
    while (read < count) {
      await setImmediate();
      yield { number: ++read, text: '' };
    }
  }
  return { lines: lines(), read: () => read };
}

test('answers come in the order of the lines, whatever ends first, and so many at once', async () => {
  let [underWay, most] = [0, 0];
  const answer = async ({ number }: Line): Promise<string> => {
    most = Math.max(most, ++underWay);
    await setTimeout(number % 7);
    underWay--;
    return String(number);
  };
  const text = (await all(answersTo(source(50).lines, answer, BOUNDS))).join('');
  expect(text).toBe(Array.from({ length: 50 }, (_, index) => `${index + 1}\n`).join(''));
  expect(most).toBe(4);
});

test('no more is read than may wait to be fetched', async () => {
  const { lines, read } = source(10_000);
  const answers = answersTo(lines, () => Promise.resolve('x'.repeat(100)), BOUNDS);
  await answers.next();
  await setTimeout(50);
  expect(read()).toBeLessThan(25);
  await answers.return();
});

test('what reading throws comes behind the answers to what was read', async () => {
  async function* lines(): AsyncGenerator<Line> {
    yield await Promise.resolve({ number: 1, text: '' });
    throw new Error('gone');
  }
  const heard: string[] = [];
  const hearing = async (): Promise<void> => {
    const answer = async (): Promise<string> => {
      await setTimeout(20);
      return 'yes';
    };
    for await (const text of answersTo(lines(), answer, BOUNDS)) heard.push(text);
  };
  await expect(hearing()).rejects.toThrow('gone');
  expect(heard).toEqual(['yes\n']);
});

test('nobody listens any more: what is under way ends by itself, and nothing more is read', async () => {
  const { lines, read } = source(1_000);
  const answers = answersTo(lines, () => Promise.resolve('x'), BOUNDS);
  await answers.next();
  await answers.return();
  const then = read();
  await setTimeout(20);
  expect(read()).toBeLessThanOrEqual(then + 1);
});
