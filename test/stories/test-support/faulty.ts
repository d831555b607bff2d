/**
 * Requests with exactly one fault, made from a valid one by its published schema: what every client that reads the
 * schema may get wrong, and the code and the place by which it must be told so.
 */
import { jsonSchemas } from '#domain/schemas';

type Json = Readonly<Record<string, unknown>>;

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly { readonly required: readonly string[] }[];
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  readonly items?: Schema;
  readonly $ref?: string;
  readonly readOnly?: boolean;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
}

export interface Fault {
  readonly code: string;
  /** JSON pointer. */
  readonly pointer: string;
  readonly body: Json;
}

type Put = (value: unknown) => Json;

const schemas = jsonSchemas() as Readonly<Record<string, Schema>>;

/** One fault of each kind for each field of the body, those inside of it too. */
export function faultsIn(type: string, body: Json): readonly Fault[] {
  return ofObject(named(type), body, '', (value) => value as Json);
}

function named(name: string): Schema {
  const schema = schemas[name];
  if (schema === undefined) throw new Error(`There is no schema ${name}.`);
  return schema;
}

function ofObject(schema: Schema, value: Json, at: string, put: Put): readonly Fault[] {
  const { properties = {}, required = [], oneOf = [], dependentRequired = {} } = schema;
  const faults: Fault[] = [
    { code: 'unknown-field', pointer: `${at}/noSuchField`, body: put({ ...value, noSuchField: 'x' }) },
    ...required.map((name) => ({ code: 'missing-field', pointer: `${at}/${name}`, body: put(without(value, name)) })),
  ];
  const alternatives = oneOf.map(({ required: [name = ''] }) => name);
  const given = alternatives.find((name) => name in value);
  if (given !== undefined) faults.push({ code: 'exactly-one', pointer: at, body: put(without(value, given)) });
  for (const [name, needs] of Object.entries(dependentRequired)) {
    if (name in value) continue;
    const other = alternatives.find((one) => !needs.includes(one)) ?? '';
    const body = put({ [other]: '0a0a0a0a-0000-4000-8000-000000000001', [name]: { name: 'Somebody' } });
    faults.push({ code: 'missing-field', pointer: `${at}/${needs[0] ?? ''}`, body });
  }
  for (const [name, property] of Object.entries(properties)) {
    const here = `${at}/${name}`;
    if (property.readOnly === true) {
      faults.push({ code: 'server-set-field', pointer: here, body: put({ ...value, [name]: 'x' }) });
    } else if (name in value) {
      faults.push(...ofValue(property, value[name], here, (changed) => put({ ...value, [name]: changed })));
    }
  }
  return faults;
}

function ofValue(schema: Schema, value: unknown, at: string, put: Put): readonly Fault[] {
  const fault = (code: string, changed: unknown, pointer = at): Fault => ({ code, pointer, body: put(changed) });
  if (schema.$ref !== undefined) {
    const of = named(schema.$ref.split('/').at(-1) ?? '');
    return [fault('wrong-type', 'x'), ...ofObject(of, value as Json, at, put)];
  }
  if (schema.type === 'array') return ofList(schema, value as readonly unknown[], at, put);
  const faults = [fault('wrong-type', schema.type === 'object' ? 'x' : {})];
  const { enum: words, format, maxLength, minimum, maximum, pattern } = schema;
  if (words !== undefined) faults.push(fault('unknown-vocabulary-value', 'no-such-word'));
  if (format !== undefined) faults.push(fault(BY_FORMAT[format] ?? 'invalid-value', 'not so'));
  if (maxLength !== undefined) faults.push(fault('too-long', 'a'.repeat(maxLength + 1)));
  if (pattern !== undefined) faults.push(fault('invalid-value', '\u0000'));
  if (minimum !== undefined) faults.push(fault('invalid-value', minimum - 1));
  if (maximum !== undefined) faults.push(fault('invalid-value', maximum + 1));
  return faults;
}

function ofList(schema: Schema, list: readonly unknown[], at: string, put: Put): readonly Fault[] {
  const { items = {}, minItems = 0, maxItems = Infinity, uniqueItems } = schema;
  const [first, ...rest] = list;
  const fault = (code: string, changed: unknown): Fault => ({ code, pointer: at, body: put(changed) });
  return [
    fault('wrong-type', {}),
    ...(minItems > 0 ? [fault('too-few', list.slice(0, minItems - 1))] : []),
    fault(
      'too-many',
      Array.from({ length: maxItems + 1 }, (_, index) => another(first, index)),
    ),
    ...(uniqueItems === true ? [fault('duplicate-value', [first, first])] : []),
    ...(first === undefined ? [] : ofValue(items, first, `${at}/0`, (changed) => put([changed, ...rest]))),
  ];
}

/** Elements that differ, for lists that name things once. */
function another(value: unknown, index: number): unknown {
  if (typeof value !== 'string') return value;
  return value.slice(0, -3) + String(index).padStart(3, '0');
}

function without(value: Json, name: string): Json {
  const { [name]: _, ...rest } = value;
  return rest;
}

const BY_FORMAT: Readonly<Record<string, string>> = {
  edtf: 'invalid-edtf',
  'iso-duration': 'invalid-duration',
  'country-code': 'unknown-vocabulary-value',
};
