import { createRandomness } from './randomness.js';

test('bytes of any length, none of them handed out twice', () => {
  const randomness = createRandomness();
  const seen = new Set<string>();
  for (let n = 0; n < 2_000; n++) {
    const bytes = randomness.bytes(12 + (n % 5));
    expect(bytes).toHaveLength(12 + (n % 5));
    seen.add(Buffer.from(bytes.subarray(0, 12)).toString('hex'));
  }
  expect(seen.size).toBe(2_000);
  expect(randomness.bytes(0)).toHaveLength(0);
  const large = randomness.bytes(10_000);
  expect(new Set(large).size).toBeGreaterThan(200);
});

test('what was handed out is the holder’s own', () => {
  const randomness = createRandomness();
  const first = randomness.bytes(16);
  const copy = Uint8Array.from(first);
  for (let n = 0; n < 1_000; n++) randomness.bytes(16).fill(7);
  expect(first).toEqual(copy);
});
