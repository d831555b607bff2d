import type { FastifyRequest } from 'fastify';
import { parseJsonBody } from './json-body.js';

function parse(text: string): unknown {
  let outcome: unknown;
  parseJsonBody({} as FastifyRequest, text, (error, value) => {
    outcome = error === null ? value : error.message;
  });
  return outcome;
}

test('an object is read', () => {
  expect(parse('{"a":[1,{"b":"}]"}]}')).toEqual({ a: [1, { b: '}]' }] });
  expect(parse('{"a":"\\"[[[["}')).toEqual({ a: '"[[[[' });
});

test.each(['', '  ', '{', 'null', '1', '"text"', '[]', '{"a":01}', '{"__proto__":1}', '{"a":{"\\u005f_proto__":1}}'])(
  'what is no plain object is refused: %s',
  (text) => {
    expect(parse(text)).toBe('malformed-json');
  },
);

test('nesting ends at a depth that no payload has', () => {
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  expect(parse(nested(32))).toEqual(JSON.parse(nested(32)));
  expect(parse(nested(33))).toBe('malformed-json');
  expect(parse(nested(100_000))).toBe('malformed-json');
});
