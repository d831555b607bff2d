/** The routes of a server as its OpenAPI document has them, and bodies of nearly the shapes that it describes. */
import type { Chance } from './chance.js';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly { readonly required: readonly string[] }[];
  readonly readOnly?: boolean;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
}

interface Described {
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
  };
}

export interface Operation {
  /** `POST`. */
  readonly method: string;
  /** `/v1/persons/{id}`. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Of the body, where it takes one. */
  readonly schema?: Schema;
  readonly mediaType?: string;
}

export function operationsOf({ paths, components }: OpenApi): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
      const [[mediaType, content] = []] = Object.entries(requestBody?.content ?? {});
      return {
        method: method.toUpperCase(),
        path,
        parameters: parameters.map((one) =>
          '$ref' in one ? (components.parameters[one.$ref.split('/').at(-1) ?? ''] ?? { name: '', in: '' }) : one,
        ),
        ...(content !== undefined && mediaType !== undefined && { schema: content.schema, mediaType }),
      };
    }),
  );
}

export interface Drawing {
  readonly chance: Pick<Chance, 'nat' | 'one'>;
  readonly schemas: OpenApi['components']['schemas'];
  /** An id for a field, by its name. */
  readonly known: (field: string) => string;
  /** One value in so many is none that its field takes. */
  readonly oddOneIn: number;
}

/** What no field takes, or few do. */
export const ODD: readonly unknown[] = [
  null,
  -1,
  1.5,
  1e308,
  true,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e',
  '../..',
  "'; DROP TABLE events",
  'x'.repeat(6_000),
  [],
  {},
  [[]],
  { constructor: 1 },
];

const FORMATTED: Readonly<Record<string, readonly string[]>> = {
  edtf: [
    '2017',
    '2017-05',
    '2018-11-20',
    '2019-01~/2019-02~',
    '../2019-02~',
    '2018-11-20/..',
    '[..2011]',
    '201X',
    '2011/2010',
    '9999',
  ],
  'iso-duration': ['P1Y', 'P18M', 'P9999Y', 'P10D', 'P0D'],
  instant: ['2017-01-01T00:00:00Z'],
  'language-tag': ['en', 'km'],
  'web-address': ['https://example.org/'],
  'country-code': ['DK', 'KH'],
};

const TEXTS = ['some text', 'Thuy Vy', 'ភ្នំពេញ', 'Vy was arrested in Phnom Penh in May 2017'];

/** A body of nearly the shape that the schema describes. */
export function draw(schema: Schema, drawing: Drawing, field = ''): unknown {
  const { chance, schemas, known, oddOneIn } = drawing;
  const { $ref } = schema;
  if ($ref !== undefined) return draw(schemas[$ref.slice($ref.lastIndexOf('/') + 1)] ?? {}, drawing, field);
  if (chance.nat(oddOneIn) === 0) return chance.one(ODD);
  if (schema.enum !== undefined) return chance.one(schema.enum);
  switch (schema.type) {
    case 'array':
      return Array.from({ length: (schema.minItems ?? 0) + chance.nat(1) }, () =>
        draw(schema.items ?? {}, drawing, field),
      );
    case 'integer':
      return (schema.minimum ?? 0) + chance.nat(100);
    case 'boolean':
      return chance.nat(1) === 0;
    case 'string':
      if (schema.pattern?.startsWith('^[0-9a-f]{8}') === true) return known(field);
      if (schema.pattern?.includes('{64}') === true) return 'a'.repeat(64);
      return chance.one(FORMATTED[schema.format ?? ''] ?? TEXTS);
    default:
  }
  if (schema.properties === undefined) return {};
  const alternatives = schema.oneOf?.flatMap(({ required }) => required) ?? [];
  const chosen = alternatives.length === 0 ? [] : [chance.one(alternatives)];
  const wanted = ([name, { readOnly }]: readonly [string, Schema]): boolean =>
    alternatives.includes(name)
      ? chosen.includes(name)
      : readOnly !== true && ((schema.required ?? []).includes(name) || chance.nat(4) === 0);
  return Object.fromEntries(
    Object.entries(schema.properties)
      .filter(wanted)
      .map(([name, child]) => [name, draw(child, drawing, name)]),
  );
}
