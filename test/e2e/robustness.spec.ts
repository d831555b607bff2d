/**
 * Whatever the interface is sent, in the shapes that it describes or nearly so: it answers, never with a fault of its own,
 * and what it accepts, the views can take in and show for any moment.
 */
import fc from 'fast-check';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { ADMIN_KEY, startServer } from './test-support/server.js';

interface Schema {
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

interface OpenApi {
  readonly paths: Readonly<Record<string, { readonly post?: { readonly requestBody: Body } }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
interface Body {
  readonly content: Readonly<Record<'application/json', { readonly schema: Schema }>>;
}

/** What no field takes, or few do. */
const ODD: readonly unknown[] = [
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

type Draw = fc.GeneratorValue;

/** A body of nearly the shape that the schema describes. `known` gives ids by what they are for. */
function draw(
  schema: Schema,
  schemas: OpenApi['components']['schemas'],
  known: (field: string) => string,
  g: Draw,
  field = '',
): unknown {
  const { $ref } = schema;
  if ($ref !== undefined) return draw(schemas[$ref.slice($ref.lastIndexOf('/') + 1)] ?? {}, schemas, known, g, field);
  if (g(fc.nat, 100) === 0) return g(fc.constantFrom, ...ODD);
  if (schema.enum !== undefined) return g(fc.constantFrom, ...schema.enum);
  switch (schema.type) {
    case 'array':
      return Array.from({ length: (schema.minItems ?? 0) + g(fc.nat, 1) }, () =>
        draw(schema.items ?? {}, schemas, known, g, field),
      );
    case 'integer':
      return (schema.minimum ?? 0) + g(fc.nat, 100);
    case 'boolean':
      return g(fc.boolean);
    case 'string':
      if (schema.pattern?.startsWith('^[0-9a-f]{8}') === true) return known(field);
      if (schema.pattern?.includes('{64}') === true) return 'a'.repeat(64);
      return g(fc.constantFrom, ...(FORMATTED[schema.format ?? ''] ?? TEXTS));
    default:
  }
  if (schema.properties === undefined) return {};
  const alternatives = schema.oneOf?.flatMap(({ required }) => required) ?? [];
  const chosen = alternatives.length === 0 ? [] : [g(fc.constantFrom, ...alternatives)];
  const wanted = ([name, { readOnly }]: readonly [string, Schema]): boolean =>
    alternatives.includes(name)
      ? chosen.includes(name)
      : readOnly !== true && ((schema.required ?? []).includes(name) || g(fc.nat, 4) === 0);
  return Object.fromEntries(
    Object.entries(schema.properties)
      .filter(wanted)
      .map(([name, child]) => [name, draw(child, schemas, known, g, name)]),
  );
}

/** Posts that record nothing of a subject, or not one thing. */
const NO_RECORDING = new Set([
  '/v1/keys',
  '/v1/keys/{id}/rotations',
  '/v1/batch',
  '/v1/seals',
  '/v1/stream-tickets',
  '/v1/views/rebuild',
  '/v1/views/skips',
  '/v1/webhooks',
  '/v1/webhooks/{id}/replay',
  '/v1/webhooks/{id}/redeliver',
  '/v1/webhooks/{id}/ping',
]);

test('it answers everything, and the views take in what it accepts', async () => {
  const server = await startServer();
  const { ids } = await enterCase(server.client, firstCase);
  const id = (name: string): string => ids.get(name) ?? '';
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi;
  const subjects: Readonly<Record<string, string>> = {
    persons: id('vy'),
    groups: id('knlf'),
    statements: id('vy-statement'),
    sources: id('article'),
    cases: id('vy'),
  };
  const events = firstCase.filter(({ path }) => path.startsWith('/v1/persons/{vy}')).map(({ name }) => id(name));
  const known =
    (g: Draw) =>
    (field: string): string => {
      const one = (...among: readonly string[]): string => among[g(fc.nat, among.length - 1)] ?? '';
      if (field === 'sourceId' || field === 'other') return id('article');
      if (field === 'person') return one(id('vy'), id('serey'));
      if (field === 'group' || field === 'organisation' || field === 'into') return one(id('knlf'), id('interior'));
      return one(...events);
    };
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
  let accepted = 0;
  let last = '';
  try {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (g) => {
        for (const [path, { post }] of Object.entries(document.paths)) {
          if (post === undefined || NO_RECORDING.has(path)) continue;
          const [, , plural = ''] = path.split('/');
          const body = draw(
            post.requestBody.content['application/json'].schema,
            document.components.schemas,
            known(g),
            g,
          );
          const address = server.url + path.replace('{id}', subjects[plural] ?? '');
          const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
          expect([path, response.status < 500]).toEqual([path, true]);
          if (response.status === 201) {
            accepted += 1;
            events.push(((await response.json()) as { event: string }).event);
            last = response.headers.get('habeas-position') ?? '';
          } else await response.body?.cancel();
        }
      }),
      { numRuns: 2, endOnFailure: true },
    );
    expect(accepted).toBeGreaterThan(50);
    for (const [plural, subject] of Object.entries(subjects).filter(([plural]) => plural !== 'cases')) {
      for (const query of [
        '',
        '&validAt=2018',
        '&validAt=../2018',
        '&knownAt=60',
        '&validAt=2018-01-01/2019&knownAt=80',
      ]) {
        const path = `/v1/${plural}/${subject}?minPosition=${last}${query}`;
        expect([path, (await fetch(server.url + path, { headers })).status]).toEqual([path, 200]);
      }
    }
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  } finally {
    await server.end();
  }
}, 120_000);
