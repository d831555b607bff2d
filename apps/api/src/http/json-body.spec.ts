import { readJsonObject } from './json-body.js';

test('an object is read', () => {
  expect(readJsonObject('{"a":[1,{"b":"}]"}]}')).toEqual({ a: [1, { b: '}]' }] });
  expect(readJsonObject('{"a":"\\"[[[["}')).toEqual({ a: '"[[[[' });
});

test.each(['', '  ', '{', 'null', '1', '"text"', '[]', '{"a":01}', '{"__proto__":1}', '{"a":{"\\u005f_proto__":1}}'])(
  'what is no plain object is refused: %s',
  (text) => {
    expect(() => readJsonObject(text)).toThrow('malformed-json');
  },
);

test('nesting ends at a depth that no payload has', () => {
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  expect(readJsonObject(nested(32))).toEqual(JSON.parse(nested(32)));
  expect(() => readJsonObject(nested(33))).toThrow('malformed-json');
  expect(() => readJsonObject(nested(100_000))).toThrow('malformed-json');
});
