import { HmacKey } from '#kernel';
import { etagOf, ifMatch, Positions } from './tokens.js';

const key = new HmacKey(new Uint8Array(32).fill(7));
const positions = new Positions(new Uint8Array(32).fill(7));
const stream = 'habeasPerson-2f0f9b9e-8a0e-4c6e-9b57-0d3a6f6f9c11';

test('a position is read as it was given', () => {
  for (const revision of [0, 12, 123_456]) {
    const token = positions.token({ stream, revision });
    expect(token).toBe(positions.token({ stream, revision }));
    expect(positions.read(token)).toEqual({ stream, revision });
  }
});

test('a position does not tell the revision, nor anything to whoever has another secret', () => {
  const tokens = [0, 1, 12, 123_456].map((revision) => positions.token({ stream, revision }));
  expect(new Set(tokens).size).toBe(4);
  expect(new Set(tokens.map(({ length }) => length)).size).toBe(1);
  expect(new Set(tokens.map((token) => token.slice(0, 16))).size).toBe(4);
  for (const token of tokens) expect(Buffer.from(token, 'base64url').toString('latin1')).not.toContain('@habeas');
  expect(() => new Positions(new Uint8Array(32)).read(tokens[0]!)).toThrow('invalid-query');
});

test.each([
  '',
  'x',
  '!!',
  Buffer.from(`12@${stream}`).toString('base64url'),
  `${positions.token({ stream, revision: 1 })}AA`,
  positions.token({ stream, revision: 1 }).slice(1),
])('a position that was never given is refused: %s', (token) => {
  expect(() => positions.read(token)).toThrow('invalid-query');
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
