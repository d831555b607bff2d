import canonicalize from 'canonicalize';
import fc from 'fast-check';
import {
  canonicalJson,
  canonicalText,
  canonicalValue,
  MAX_JSON_DEPTH,
  NotCanonicalError,
  readCanonical,
  writeCanonical,
} from './canonical.js';

/** Any JSON that has a canonical form, in any spelling of its texts. */
const integer = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const key = fc
  .oneof(fc.string({ unit: 'binary-ascii', maxLength: 6 }), text)
  .filter((k) => !/^\d+$/.test(k.normalize('NFC')) && k !== '__proto__');
const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, 'a\r\nb', 'e\u0301', '\u1100\u1161', '\u212b', '\r\r\n'),
    integer,
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 4, selector: ([k]) => canonicalText(k) })
      .map((entries) => Object.fromEntries(entries)),
  ),
}));

describe('canonical bytes', () => {
  test('parsing and writing again gives the same bytes, also by plain JSON.stringify', () => {
    fc.assert(
      fc.property(json, (value) => {
        const written = canonicalJson(value);
        expect(JSON.stringify(JSON.parse(written))).toBe(written);
        expect(canonicalJson(JSON.parse(written))).toBe(written);
        expect(Buffer.from(written, 'utf8').toString('utf8')).toBe(written);
      }),
    );
  });

  test('normalising is idempotent and says the same value however its keys were ordered', () => {
    fc.assert(
      fc.property(json, (value) => {
        const once = canonicalValue(value);
        expect(canonicalValue(once)).toStrictEqual(once);
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  test('the bytes are those of RFC 8785, also of parts put together in any order', () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        const whole = { z: canonicalValue(one), a: [{ b: canonicalValue(other), a: 0 }], '\u20ac': '', A: {} };
        expect(writeCanonical(whole)).toBe(canonicalize(whole));
        expect(canonicalJson(one)).toBe(canonicalize(canonicalValue(one)));
      }),
    );
  });

  test('keys are sorted by UTF-16 code units, without white space', () => {
    expect(canonicalJson({ b: 1, a: [true, null], '€': 'x', A: {} })).toBe('{"A":{},"a":[true,null],"b":1,"€":"x"}');
  });

  test('a value has its keys in order before it is written', () => {
    const value = canonicalValue({ b: { d: 1, c: 2 }, a: 3 }) as { readonly b: object };
    expect([Object.keys(value), Object.keys(value.b)]).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  test('text is NFC with LF', () => {
    expect(canonicalJson('e\u0301\r\nx\ry\n')).toBe('"\u00e9\\nx\\ny\\n"');
  });

  test('minus zero is zero', () => {
    expect(Object.is(canonicalValue(-0), 0)).toBe(true);
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = [cycle];
  test.each<[string, unknown, string]>([
    ['a decimal', { a: 1.5 }, '/a'],
    ['an integer beyond 2^53', [2 ** 53], '/0'],
    ['not a number', NaN, ''],
    ['infinity', -Infinity, ''],
    ['a bigint', 1n, ''],
    ['undefined', { a: { b: undefined } }, '/a/b'],
    ['a hole', [1, , 2], '/1'],
    ['a function', { f: () => 1 }, '/f'],
    ['a symbol', [Symbol('s')], '/0'],
    ['a date', { d: new Date(0) }, '/d'],
    ['a map', new Map(), ''],
    ['a buffer', Buffer.from('a'), ''],
    ['a cycle', cycle, '/self/0'],
    ['a lone surrogate', { a: 'x\ud800' }, '/a'],
    ['a lone surrogate in a key', { '\udc00': 1 }, '/\ufffd'],
    ['an integer-like key', { '07': 1 }, '/07'],
    ['__proto__ as a key', JSON.parse('{"__proto__": {"admin": true}}'), '/__proto__'],
    ['two keys that are one in NFC', { 'e\u0301': 1, '\u00e9': 2 }, '/\u00e9'],
    ['a key with a slash', { 'a/b~': 0.5 }, '/a~1b~0'],
  ])('%s is refused, with its place', (_, value, pointer) => {
    expect(() => canonicalJson(value)).toThrow(NotCanonicalError);
    expect(readCanonical(value)).toMatchObject({ ok: false, error: { code: 'not-canonical', pointer } });
  });

  test('nesting has a limit, so that no reader runs out of stack', () => {
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    expect(readCanonical(nested(MAX_JSON_DEPTH)).ok).toBe(true);
    expect(readCanonical(nested(MAX_JSON_DEPTH + 1))).toMatchObject({ ok: false, error: { code: 'not-canonical' } });
    expect(readCanonical(nested(100_000)).ok).toBe(false);
  });

  test('what is refused does not appear in the refusal', () => {
    expect(JSON.stringify(readCanonical({ name: 'Ada\ud800' }))).not.toContain('Ada');
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([k, v]) => [k, reversed(v)]),
  );
}
