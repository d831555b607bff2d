import fc from 'fast-check';
import { type Line, linesOf, StopReading, upTo } from './lines.js';

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function* given(...chunks: readonly (string | Buffer | Error)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk;
    yield await Promise.resolve(Buffer.from(chunk));
  }
}

const textsOf = (lines: readonly Line[]) => lines.map(({ number, text, fault }) => [number, text ?? fault]);

test('however the bytes are cut, the lines are the same', async () => {
  const text = '\ufeff{"a":"ខ្មែរ"}\r\n\n {"b":1} \n\n{"c":"😀"}';
  const whole = [
    [1, '{"a":"ខ្មែរ"}\r'],
    [3, ' {"b":1} '],
    [5, '{"c":"😀"}'],
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(Buffer.byteLength(text))), async (cuts) => {
      const bytes = Buffer.from(text);
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect(textsOf(await all(linesOf(given(...chunks), 100)))).toEqual(whole);
    }),
  );
});

test('a line that is too long, or not UTF-8, is a line with a fault', async () => {
  const lines = linesOf(given('123', '45\n', '1234', '567\n', Buffer.from([0xff, 0x0a])), 5);
  expect(textsOf(await all(lines))).toEqual([
    [1, '12345'],
    [2, 'too-long'],
    [3, 'not-utf8'],
  ]);
});

test('the piece of a line where the bytes were cut off is no line', async () => {
  const read: Line[] = [];
  const reading = async (): Promise<void> => {
    for await (const line of linesOf(given('{}\n', '{"a":1}', new Error('gone')), 100)) read.push(line);
  };
  await expect(reading()).rejects.toThrow('gone');
  expect(textsOf(read)).toEqual([[1, '{}']]);
});

test('what stops the reading is the fault of the line that would follow', async () => {
  const stopped = upTo(5, linesOf(given('1\n2\n3', new StopReading('silence')), 100));
  expect(textsOf(await all(stopped))).toEqual([
    [1, '1'],
    [2, '2'],
    [3, 'silence'],
  ]);
  expect(textsOf(await all(upTo(1, linesOf(given('1\n2\n3'), 100))))).toEqual([
    [1, '1'],
    [2, 'too-many'],
  ]);
});
