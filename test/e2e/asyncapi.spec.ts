/** The AsyncAPI document: valid by the schema of its specification, and true to what is told over streams and to webhooks. */
import { setTimeout as delay } from 'node:timers/promises';
import specs from '@asyncapi/specs';
import { Ajv, type ValidateFunction } from 'ajv';
import { FOLD_VERSION } from '#projections';
import { HookReceiver } from '../support/hook-receiver.js';
import { ADMIN_KEY, startServer, temporaryFolder, type TestServer } from './test-support/server.js';

type Json = Readonly<Record<string, unknown>>;

interface AsyncApi {
  readonly asyncapi: string;
  readonly channels: Readonly<Record<string, { readonly address: string | null }>>;
  readonly operations: Readonly<Record<string, { readonly bindings: { readonly http: { readonly query?: object } } }>>;
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly payload: { readonly $ref: string }; readonly headers?: object }>
    >;
    readonly schemas: Readonly<Record<string, object>>;
  };
}

let server: TestServer;
let document: AsyncApi;
let isAsyncApi: ValidateFunction;
let ajv: Ajv;

beforeAll(async () => {
  server = await startServer(temporaryFolder(), { webhooksInside: ['127.0.0.1'] });
  document = (await (await fetch(`${server.url}/asyncapi.json`)).json()) as AsyncApi;
  const schemas = specs.schemasWithoutId as Readonly<Record<string, object>>;
  isAsyncApi = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schemas[document.asyncapi]!);
  ajv = new Ajv({ strict: true, allErrors: true, formats: FORMATS, keywords: ['components'] });
  ajv.addSchema({ $id: 'habeas', components: document.components });
}, 60_000);

afterAll(() => server.end());

const FORMATS = Object.fromEntries(['uuid', 'date', 'date-time', 'uri'].map((name) => [name, true as const]));

/** What is wrong with something that is sent, by the schema of a message. */
function faults(name: string, payload: unknown): unknown {
  const { $ref } = document.components.messages[name]!.payload;
  const validate = ajv.getSchema(`habeas${$ref}`)!;
  return validate(payload) === true ? [] : validate.errors;
}

test('is valid by the schema of AsyncAPI 3.0, which takes no fault', () => {
  expect(document.asyncapi).toBe('3.0.0');
  isAsyncApi(document);
  expect(isAsyncApi.errors ?? []).toEqual([]);
  expect(isAsyncApi({ ...document, channels: { stream: { adress: '/v1' } } })).toBe(false);
});

test('every reference leads somewhere, every schema is used, and every schema compiles in strict mode', () => {
  const text = JSON.stringify(document);
  const refs = new Set([...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path));
  for (const path of refs) {
    const found = path.split('/').reduce<unknown>((at, step) => (at as Json | undefined)?.[step], document);
    expect([path, typeof found]).toEqual([path, 'object']);
  }
  for (const kind of ['messages', 'schemas'] as const)
    for (const name of Object.keys(document.components[kind])) expect(refs).toContain(`components/${kind}/${name}`);
  for (const name of Object.keys(document.components.schemas))
    expect(() => ajv.getSchema(`habeas#/components/schemas/${name}`)).not.toThrow();
});

test('its schemas are those of the OpenAPI document, and its stream is a route there with the same parameters', async () => {
  const openApi = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, { get?: { parameters: readonly ({ name: string; in: string } | { $ref: string })[] } }>;
    components: { schemas: Record<string, object>; parameters: Record<string, { name: string; in: string }> };
  };
  for (const [name, schema] of Object.entries(document.components.schemas))
    expect([name, openApi.components.schemas[name]]).toEqual([name, schema]);
  const { stream } = document.channels;
  const parameters = openApi.paths[stream!.address!]!.get!.parameters.map((one) =>
    '$ref' in one ? openApi.components.parameters[one.$ref.slice(one.$ref.lastIndexOf('/') + 1)]! : one,
  );
  const query = document.operations.streamStatusChanges!.bindings.http.query as { properties: object };
  expect(Object.keys(query.properties).sort()).toEqual(
    parameters
      .filter((one) => one.in === 'query')
      .map(({ name }) => name)
      .sort(),
  );
});

test('what is told over a stream and to a webhook is what it says, without a field more', async () => {
  const receiver = await HookReceiver.start();
  const ended = new AbortController();
  try {
    const { body: webhook } = await server.client.request<{ id: string; secret: string }>('/v1/webhooks', {
      method: 'POST',
      body: { url: receiver.url },
    });
    receiver.secret = webhook.secret;
    await server.client.request(`/v1/webhooks/${webhook.id}/ping`, { method: 'POST', body: {} });
    expect(faults('ping', receiver.received[0]!.event)).toEqual([]);

    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const streamed = async (id: string, enough: RegExp): Promise<string> => {
      const response = await fetch(`${server.url}/v1/status-changes/stream`, {
        headers: { ...headers, 'last-event-id': id },
        signal: ended.signal,
      });
      let text = '';
      for await (const chunk of response.body!) {
        text += Buffer.from(chunk as Uint8Array).toString();
        if (enough.test(text)) break;
      }
      return text;
    };
    const source = await server.record('sources', { type: 'report', title: 'A report', lang: 'en' });
    const citations = [{ sourceId: source.id, locator: 'throughout' }];
    const person = await server.record('persons', { names: [{ text: 'Person A', kind: 'legal' }], citations });
    const fact = { basis: 'reported', confidence: 'medium', citations, occurred: '2017-05' };
    await server.record(`persons/${person.id}/arrests`, fact);
    const until = performance.now() + 10_000;
    while (receiver.received.length < 2 && performance.now() < until) await delay(20);
    const [, delivered] = receiver.received;
    expect(faults('deliveredStatusChange', delivered!.event)).toEqual([]);
    const signed = ajv.compile(document.components.messages.deliveredStatusChange!.headers!);
    signed(delivered!.headers);
    expect(signed.errors ?? []).toEqual([]);

    const dataOf = (text: string): unknown => JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? 'null');
    const told = dataOf(await streamed(`f${FOLD_VERSION}-0`, /^data: .*\n/m));
    expect(faults('statusChange', told)).toEqual([]);
    expect(told).toMatchObject({ id: delivered!.id });
    const restated = await streamed('f1-0', /^event: restated\n[^]*?\n\n/m);
    expect(faults('restated', dataOf(restated))).toEqual([]);
    // It is no schema that takes anything.
    expect(faults('statusChange', { ...(told as Json), more: 1 })).not.toEqual([]);
  } finally {
    ended.abort();
    await receiver.stop();
  }
}, 60_000);
