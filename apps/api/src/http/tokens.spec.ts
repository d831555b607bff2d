import { HmacKey } from '#kernel';
import { etagOf, ifMatch, positionToken, readPosition } from './tokens.js';

const key = new HmacKey(new Uint8Array(32).fill(7));
const stream = 'habeasPerson-2f0f9b9e-8a0e-4c6e-9b57-0d3a6f6f9c11';

test('a position is read as it was given', () => {
  expect(readPosition(positionToken({ stream, revision: 12 }))).toEqual({ stream, revision: 12 });
});

test.each([
  '',
  'x',
  '!!',
  Buffer.from('12@other-stream').toString('base64url'),
  Buffer.from(`-1@${stream}`).toString('base64url'),
])('a position that was never given is refused: %s', (token) => {
  expect(() => readPosition(token)).toThrow('invalid-query');
});

test('an ETag tells states apart and does not tell the revision', () => {
  const tags = [0, 1, 2].map((revision) => etagOf(key, stream, revision));
  expect(new Set(tags).size).toBe(3);
  for (const tag of tags) expect(tag).toMatch(/^"[\w-]{22}"$/);
  expect(etagOf(new HmacKey(new Uint8Array(32)), stream, 0)).not.toBe(tags[0]);
});

test('If-Match matches the present state alone', () => {
  const present = etagOf(key, stream, 3);
  expect(ifMatch(present, key, stream)(3)).toBe(true);
  expect(ifMatch(present, key, stream)(4)).toBe(false);
  expect(ifMatch(`"other", ${present}`, key, stream)(3)).toBe(true);
  expect(ifMatch(`W/${present}`, key, stream)(3)).toBe(false);
  expect(ifMatch('*', key, stream)(3)).toBe(true);
  expect(ifMatch('*', key, stream)(-1)).toBe(false);
  expect(() => ifMatch('3', key, stream)).toThrow('invalid-header');
});
