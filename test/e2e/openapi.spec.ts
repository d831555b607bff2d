/** The OpenAPI document: valid, complete, and true to what the server answers. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ErasureInfo, MentionInfo } from '#access';
import { FORMATS } from '#domain';
import { RequestFailed } from '../../apps/cli/src/client.js';
import { enterCase } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { until } from '../support/until.js';
import { startServer, type TestServer } from './test-support/server.js';

interface Operation {
  readonly operationId: string;
  readonly security?: readonly unknown[];
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>> };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly headers?: object;
        readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>>;
      }
    >
  >;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<'schemas' | 'parameters' | 'responses', Readonly<Record<string, object>>>>;
}

/** The document with shared parameters and answers in their places. */
function dereferenced(shared: OpenApi): OpenApi {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const ref = (value as { $ref?: string }).$ref;
    const [, kind, name] = /^#\/components\/(parameters|responses)\/(.+)$/.exec(ref ?? '') ?? [];
    if (kind !== undefined && name !== undefined) {
      const found = shared.components[kind as 'parameters' | 'responses'][name];
      if (found === undefined) throw new Error(`${ref} leads nowhere.`);
      return found;
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]));
  };
  return { ...shared, paths: visit(shared.paths) as OpenApi['paths'] };
}

interface Catalogue {
  readonly events: readonly { readonly type: string; readonly routes: readonly string[] }[];
  readonly problems: readonly { readonly code: string }[];
}

let server: TestServer;
let document: OpenApi;
let schemaOf: (name: string) => ValidateFunction;

beforeAll(async () => {
  server = await startServer();
  document = dereferenced((await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi);
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
  for (const format of ['uuid', 'date', 'date-time', 'uri']) ajv.addFormat(format, true);
  for (const [format, check] of Object.entries(FORMATS)) ajv.addFormat(format, check);
  ajv.addKeyword('components');
  ajv.addKeyword('x-personal');
  ajv.addSchema({ $id: 'habeas', components: document.components });
  schemaOf = (name) => {
    const validate = ajv.getSchema(`habeas#/components/schemas/${name}`);
    if (validate === undefined) throw new Error(`There is no schema ${name}.`);
    return validate;
  };
}, 60_000);

afterAll(() => server.end());

const operations = (): readonly (readonly [string, string, Operation])[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method, path, operation] as const),
  );

test('is valid by the schema of OpenAPI 3.1, which takes no fault', async () => {
  const published = (await (await fetch(`${server.url}/openapi.json`)).json()) as Record<string, unknown>;
  const faults = async (what: Record<string, unknown>): Promise<unknown> => {
    const { valid, errors } = await new Validator().validate(structuredClone(what));
    return valid ? [] : errors;
  };
  expect(await faults(published)).toEqual([]);
  expect(await faults({ ...published, paths: { '/v1/persons': { get: { responses: [] } } } })).not.toEqual([]);
});

test('every schema compiles in strict mode, and every reference leads to one', () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  for (const name of Object.keys(document.components.schemas)) expect(() => schemaOf(name)).not.toThrow();
  for (const [, name] of JSON.stringify(document.paths).matchAll(/#\/components\/schemas\/(\w+)/g)) {
    expect(document.components.schemas).toHaveProperty(name ?? '');
  }
});

test('every event of the catalogue has its routes in it, with its own schema as the body', async () => {
  const { body } = await server.client.request<Catalogue>('/v1/catalogue');
  expect(schemaOf('Catalogue')(body)).toBe(true);
  expect(body.events.length).toBeGreaterThan(20);
  for (const { type, routes } of body.events) {
    for (const route of routes) {
      const schema = document.paths[route]?.post?.requestBody?.content['application/json']?.schema;
      expect([route, schema]).toEqual([route, { $ref: `#/components/schemas/${type}` }]);
    }
  }
});

test('every operation has its own id, needs a key unless it is about health, and tells its problems', () => {
  const ids = operations().map(([, , { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [method, path, operation] of operations()) {
    const open = path.startsWith('/health/');
    expect([path, operation.security !== undefined]).toEqual([path, !open]);
    if (open) continue;
    const single = method === 'post' && path !== '/v1/batch';
    for (const status of single ? ['400', '401', '403', '413', '415', '422'] : ['401', '403']) {
      expect([path, status, operation.responses[status]?.content?.['application/problem+json']?.schema]).toEqual([
        path,
        status,
        { $ref: '#/components/schemas/Problem' },
      ]);
    }
    const records =
      !['/v1/seals', '/v1/stream-tickets', '/v1/views/rebuild', '/v1/views/skips'].includes(path) &&
      !path.startsWith('/v1/keys') &&
      !path.startsWith('/v1/erasures') &&
      !path.startsWith('/v1/webhooks');
    if (single && records) {
      expect(Object.keys(operation.responses['201']?.headers ?? {})).toEqual(['ETag', 'Habeas-Position', 'Location']);
      expect(operation.parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name)).toEqual(
        expect.arrayContaining(['Idempotency-Key', 'If-Match', 'Habeas-Visibility']),
      );
    }
  }
});

test('what the server answers on the first case is what the document says, without a field more', async () => {
  const { ids, last } = await enterCase(server.client, firstCase);
  const check = (name: string, body: unknown): void => {
    const validate = schemaOf(name);
    validate(body);
    expect([name, validate.errors ?? []]).toEqual([name, []]);
  };
  const names: Readonly<Record<string, string>> = {
    persons: 'PersonView',
    groups: 'GroupView',
    statements: 'StatementView',
    sources: 'SourceView',
  };
  for (const { name, path } of firstCase) {
    const plural = /^\/v1\/([a-z]+)$/.exec(path)?.[1];
    if (plural === undefined) continue;
    for (const query of ['', '&validAt=2018', '&knownAt=20', '&validAt=2017-06-01&knownAt=30']) {
      const answer = await server.client
        .request(`${path}/${ids.get(name) ?? ''}?minPosition=${last}${query}`)
        .catch((error: unknown) => error as RequestFailed);
      if (answer instanceof RequestFailed) expect(answer.code).toBe('not-found');
      else check(names[plural] ?? '', answer.body);
    }
    check('ListPage', (await server.client.request(path)).body);
    for (const span of ['from=0', 'from=20&to=30']) {
      const answer = await server.client
        .request(`${path}/${ids.get(name) ?? ''}/diff?${span}`)
        .catch((error: unknown) => error as RequestFailed);
      if (answer instanceof RequestFailed) expect(answer.code).toBe('not-found');
      else check('DifferenceView', answer.body);
    }
    check('HistoryPage', (await server.client.request(`${path}/${ids.get(name) ?? ''}/history?limit=200`)).body);
  }
  check('CitationsPage', (await server.client.request(`/v1/sources/${ids.get('article') ?? ''}/citations`)).body);
  for (const query of ['persons?hold=unknown&facets=hold,role,asylum', 'statements?period=2018&facets=stance,lang'])
    check('ListPage', (await server.client.request(`/v1/${query}`)).body);
  check('StatusChangesPage', (await server.client.request('/v1/status-changes?limit=200')).body);
  check('StatusChangesPage', (await server.client.request('/v1/status-changes?after=f1-5.0&limit=1')).body);
  const ticket = await server.client.request('/v1/stream-tickets', { method: 'POST', body: { axis: ['liberty'] } });
  check('StreamTicket', ticket.body);
  check('EventsPage', (await server.client.request('/v1/events?limit=200')).body);
  check('Ready', await (await fetch(`${server.url}/health/ready`)).json());
  check('Live', await (await fetch(`${server.url}/health/live`)).json());
  check('Views', (await server.client.request('/v1/views')).body);
  const hook = { url: 'https://hooks.invalid/', name: 'Nobody', filter: { axis: 'liberty', country: ['DK'] } };
  const { body: made } = await server.client.request<{ id: string }>('/v1/webhooks', { method: 'POST', body: hook });
  check('CreatedWebhook', made);
  const webhook = `/v1/webhooks/${made.id}`;
  check('Webhook', (await server.client.request(webhook)).body);
  check('WebhookPage', (await server.client.request('/v1/webhooks')).body);
  check('DeadLetterPage', (await server.client.request(`${webhook}/dead-letters`)).body);
  check('WebhookPing', (await server.client.request(`${webhook}/ping`, { method: 'POST', body: {} })).body);
  check('RotatedSecret', (await server.client.request(`${webhook}/rotations`, { method: 'POST', body: {} })).body);
  check('Webhook', (await server.client.request(`${webhook}/replay`, { method: 'POST', body: { from: 1 } })).body);
  check('KeyList', (await server.client.request('/v1/keys')).body);
  check('OwnKey', (await server.client.request('/v1/keys/self')).body);
  check('Problem', await (await fetch(`${server.url}/v1/persons`)).json());
  for (const command of firstCase.slice(0, 3)) {
    const sent = await server.client
      .request(command.path, { method: 'POST', body: command.body })
      .catch(() => undefined);
    if (sent !== undefined) check('Recorded', sent.body);
  }
  const person = `/v1/persons/${ids.get('vy') ?? ''}`;
  const wish = { method: 'DELETE', body: { reason: 'By letter' } } as const;
  const { body: erasure } = await server.client.request<ErasureInfo>(`${person}/personal-data`, wish);
  check('Erasure', erasure);
  const erasing = `/v1/erasures/${erasure.id}`;
  await until(async () => (await server.client.request<ErasureInfo>(erasing)).body.mentions.complete);
  check('ErasureList', (await server.client.request('/v1/erasures')).body);
  const { body: page } = await server.client.request<{ items: MentionInfo[] }>(`${erasing}/mentions`);
  check('MentionPage', page);
  expect(page.items[0]).toMatchObject({ because: 'words', state: 'open' });
  for (const { kind, id } of page.items.filter(({ state }) => state === 'open')) {
    const redaction = { method: 'POST', body: { kind, id, everything: true } } as const;
    check('Mention', (await server.client.request(`${erasing}/redactions`, redaction)).body);
  }
  await until(async () => (await server.client.request<ErasureInfo>(erasing)).body.certificate !== undefined, 30_000);
  check('Erasure', (await server.client.request(erasing)).body);
  check('PersonView', (await server.client.request(person)).body);
  check('SourceView', (await server.client.request(`/v1/sources/${ids.get('article') ?? ''}`)).body);
  for (const path of [person, `/v1/sources/${ids.get('article') ?? ''}`])
    check('HistoryPage', (await server.client.request(`${path}/history?limit=200`)).body);
}, 60_000);

test('what the first case sends is what the document says', () => {
  for (const command of firstCase) {
    const path = command.path.replace(/\{[a-z-]+\}/, '{id}');
    const ref = document.paths[path]?.post?.requestBody?.content['application/json']?.schema.$ref ?? '';
    const validate = schemaOf(ref.slice(ref.lastIndexOf('/') + 1));
    const id = '00000000-0000-5000-8000-000000000000';
    validate(JSON.parse(JSON.stringify(command.body).replaceAll(/"\{[a-z-]+\}"/g, `"${id}"`)));
    expect([command.name, validate.errors ?? []]).toEqual([command.name, []]);
  }
});

test('the page to browse it loads nothing from elsewhere', async () => {
  const page = await (await fetch(`${server.url}/docs`)).text();
  const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');
  expect(loaded.length).toBeGreaterThan(3);
  for (const address of loaded.filter((one) => !one.startsWith('#'))) {
    expect(address).toMatch(/^\.\//);
    const asset = await fetch(new URL(address, `${server.url}/docs`));
    expect([address, asset.status]).toEqual([address, 200]);
  }
  const init = await (await fetch(`${server.url}/docs/swagger-ui-init.js`)).text();
  expect(init).toMatch(/\bvalidatorUrl: null/);
});
