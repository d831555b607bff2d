/** The classes that check payloads and the schemas that describe them say the same of any JSON. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { catalogue, definitionOf } from '../catalogue/catalogue.js';
import { jsonSchemas } from '../schemas.js';
import { examples } from '../examples/index.js';
import { fieldsOf, type PayloadClass } from './fields.js';
import { FORMATS } from './formats.js';
import type { JsonSchema } from './json-schema.js';
import type { Rule } from './scalars.js';
import { faultsOf } from './validate.js';

const ajv = new Ajv2020({ strict: true, formats: FORMATS, keywords: ['components', 'x-personal'] });
const schemas = jsonSchemas();
ajv.addSchema({ $id: 'habeas', components: { schemas } });

function schemaAccepts(payload: PayloadClass, json: unknown): boolean {
  const validate = ajv.getSchema(`habeas#/components/schemas/${payload.name}`);
  if (validate === undefined) throw new Error(`There is no schema of ${payload.name}.`);
  return validate(json) as boolean;
}

function classAccepts(payload: PayloadClass, json: unknown): boolean {
  return faultsOf(payload, json, 'stored').length === 0;
}

type Json = fc.JsonValue;

/** Values that have fooled one of the two before, or might. */
const awkward = fc.constantFrom<Json>(
  null,
  [],
  [[]],
  [null],
  {},
  [{}],
  '',
  ' ',
  '\ud800',
  'a\u0000b',
  'line\r\nline',
  '\u2028',
  '😀'.repeat(200),
  'e\u0301'.repeat(300),
  0,
  -0,
  1.5,
  1e300,
  2 ** 53,
  true,
  'P0D',
  'P18M',
  'P1Y6M',
  'PT1H',
  'P',
  '2017-02-30',
  '2017-05',
  '2017-05-01/2017-05-14',
  '[..2011]',
  '2019-01~/2019-02~',
  '2017-05-01T10:00:00Z',
  '..',
  'XX',
  'KH',
  'kh',
  'en',
  'EN',
  'zh-hant',
  'not a language',
  'https://example.org/ä',
  'ftp://example.org',
  'http://',
  'https://a b',
  '0A0A0A0A-0000-4000-8000-000000000001',
  '0a0a0a0a-0000-4000-8000-000000000001',
  ['0a0a0a0a-0000-4000-8000-000000000001', '0a0a0a0a-0000-4000-8000-000000000001'],
  'reported',
  'toString',
  { __proto__: null, constructor: 1 },
  JSON.parse('{"__proto__": {"a": 1}}') as Json,
);
const any: fc.Arbitrary<Json> = fc.oneof(
  awkward,
  fc.jsonValue({ stringUnit: 'binary' }),
  fc.string({ unit: 'binary' }),
);

/** The example with one thing changed, somewhere: replaced, removed, added, doubled. */
function mutated(example: Json): fc.Arbitrary<Json> {
  const paths = pathsOf(example);
  return fc
    .tuple(fc.constantFrom(...paths), fc.constantFrom('replace', 'remove', 'add', 'double'), any, fc.string())
    .map(([path, how, value, name]) => change(example, path, how, value, name));
}

function pathsOf(value: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, each]) => pathsOf(each as Json, [...path, key]))];
}

function change(value: Json, [step, ...rest]: readonly string[], how: string, by: Json, name: string): Json {
  if (typeof value !== 'object' || value === null) return by;
  const entries = Object.entries(value) as [string, Json][];
  if (step === undefined) {
    if (how === 'replace') return by;
    if (Array.isArray(value)) return how === 'double' ? [...value, ...value] : [...value, by];
    return Object.fromEntries([...entries, [how === 'double' ? 'constructor' : name, by]]);
  }
  const kept = entries.filter(([key]) => key !== step || rest.length > 0 || how !== 'remove');
  const changed = kept.map(([key, each]): [string, Json] =>
    key !== step ? [key, each] : [key, rest.length === 0 && how === 'replace' ? by : change(each, rest, how, by, name)],
  );
  return Array.isArray(value) ? changed.map(([, each]) => each) : Object.fromEntries(changed);
}

describe.each(catalogue.map(({ type, payload }) => [type, payload] as const))('%s', (type, payload) => {
  test('the class and its schema agree on any JSON and on any change of a valid payload', () => {
    const example = JSON.parse(JSON.stringify(examples[type])) as Json;
    expect(classAccepts(payload, example)).toBe(true);
    expect(schemaAccepts(payload, example)).toBe(true);
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: mutated(example) }, any), (json) => {
        expect({ accepted: classAccepts(payload, json) }).toEqual({ accepted: schemaAccepts(payload, json) });
      }),
      { numRuns: 150 },
    );
  });
});

test('each rule and its piece of schema agree at their limits', () => {
  const rules = new Map<string, Rule>();
  const seen = new Set<PayloadClass>();
  const visit = (payload: PayloadClass): void => {
    if (seen.has(payload)) return;
    seen.add(payload);
    for (const field of fieldsOf(payload).values()) {
      for (const rule of [...field.rules, ...(field.items ?? [])]) rules.set(JSON.stringify(rule.schema), rule);
      if (field.nested !== undefined) visit(field.nested);
    }
  };
  for (const { payload } of catalogue) visit(payload);
  const limited = [...rules.values()].filter(({ schema }) => limits(schema).length > 0);
  expect(limited.length).toBeGreaterThan(15);
  for (const { schema, test: accepts } of limited) {
    const said = limits(schema).map(accepts);
    expect({ schema, said }).toEqual({ schema, said: limits(schema).map((value) => valid(schema, value)) });
    // Both sides of the limit were tried.
    expect(new Set(said).size).toBe(2);
  }
});

/** Values on both sides of a limit; none for a rule that sets none. */
function limits(schema: JsonSchema): readonly unknown[] {
  const around = (limit: unknown, make: (size: number) => unknown): readonly unknown[] =>
    typeof limit === 'number' ? [limit - 1, limit, limit + 1].filter((size) => size >= 0).map(make) : [];
  const list = (size: number): unknown => Array.from({ length: size }, (_, index) => index);
  return [
    ...around(schema.maxLength, (size) => '😀'.repeat(size)),
    ...around(schema.maxItems, list),
    ...around(schema.minItems, list),
    ...around(schema.minimum, (size) => size),
    ...around(schema.maximum, (size) => size),
  ];
}

const pieces = new Ajv2020({ strict: false });

function valid(schema: JsonSchema, value: unknown): boolean {
  return pieces.validate(schema, value);
}

test('fields that exclude or need each other do so in both', () => {
  const role = 'spokesperson';
  const group = '0b0b0b0b-0000-4000-8000-000000000001';
  const organisation = { group };
  const speakers = [
    { role },
    { group },
    { role, organisation },
    { group, organisation },
    { role, group },
    { organisation },
  ];
  const statement = definitionOf('StatementMade')?.payload ?? Object;
  const told = speakers.map((speaker) => {
    const json = { ...examples.StatementMade, speaker };
    return [classAccepts(statement, json), schemaAccepts(statement, json)];
  });
  const [yes, no] = [
    [true, true],
    [false, false],
  ];
  expect(told).toEqual([yes, yes, yes, no, no, no]);
});

test('a client may send what the schema accepts, save what the server sets', () => {
  for (const { type, payload } of catalogue) {
    for (const field of fieldsOf(payload).values()) {
      if (!field.serverSet) continue;
      const json = { ...examples[type], [field.name]: 'anything' };
      expect(faultsOf(payload, json, 'client').map(({ code }) => code)).toContain('server-set-field');
      expect(schemas[type]).toHaveProperty(`properties.${field.name}.readOnly`, true);
    }
  }
});

test('every field is closed, described in full and bounded', () => {
  for (const [name, schema] of Object.entries(schemas)) {
    expect({ name, ...schema }).toMatchObject({ type: 'object', additionalProperties: false });
    for (const [field, rules] of Object.entries(schema.properties as Record<string, Record<string, unknown>>)) {
      const single = rules.type === 'array' ? (rules.items as Record<string, unknown>) : rules;
      const bounded = ['maxLength', 'enum', 'format', 'pattern', '$ref', 'maximum'].some((key) => key in single);
      const free = ['boolean', 'object'].includes(String(single.type));
      expect({ name, field, bounded: bounded || free }).toEqual({ name, field, bounded: true });
      if (rules.type === 'array')
        expect({ name, field, maxItems: typeof rules.maxItems }).toMatchObject({ maxItems: 'number' });
    }
  }
});
