/**
 * One trace from a request over its command to the views that took in what it recorded, as a receiver of OpenTelemetry
 * gets it, from a server that was told of the receiver by the usual variables.
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { killAll, ready, runServer, stop } from '../support/server-process.js';
import { ADMIN_KEY, temporaryFolder } from './test-support/server.js';

interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: ReceivedSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
}

const received: string[] = [];
const paths = new Set<string>();
let receiver: Server;
let endpoint: string;
const data = temporaryFolder();

beforeAll(async () => {
  receiver = createServer((request, response) => {
    paths.add(`${request.method ?? ''} ${request.url ?? ''}`);
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      received.push(body);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
beforeEach(() => {
  received.length = 0;
});
afterAll(async () => {
  await killAll();
  receiver.closeAllConnections();
  receiver.close();
  rmSync(data, { recursive: true, force: true });
});

const exports = (): readonly Export[] => received.map((text) => JSON.parse(text) as Export);
const spans = (): readonly ReceivedSpan[] =>
  exports().flatMap((one) => one.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
const told = (span: ReceivedSpan | undefined, key: string): unknown =>
  Object.values(span?.attributes.find((attribute) => attribute.key === key)?.value ?? {})[0];

/** The server's life, with what is asked of it in between; whatever is left to send has been sent when it resolves. */
async function during(
  environment: Readonly<Record<string, string>>,
  ask: (url: string) => Promise<void>,
): Promise<string> {
  const server = runServer(data, { environment: { HABEAS_ADMIN_KEY: ADMIN_KEY, ...environment } });
  await ask(await ready(server));
  expect(await stop(server)).toBe(0);
  return server.errors();
}

async function record(url: string, headers: Readonly<Record<string, string>> = {}, title = 'A report'): Promise<void> {
  const authorization = `Bearer ${ADMIN_KEY}`;
  const answer = await fetch(`${url}/v1/sources`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ type: 'report', title, lang: 'en' }),
  });
  expect(answer.status).toBe(201);
  const position = answer.headers.get('habeas-position') ?? '';
  await (await fetch(`${url}/v1/sources?limit=1&minPosition=${position}`, { headers: { authorization } })).text();
  // The views tell of what they have done after they have done it.
  await delay(100);
}

test('from the request to the view, under the trace that the client began', async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const errors = await during({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'office' }, (url) =>
    record(url, { traceparent }, 'Qzxvwyplk'),
  );
  expect(errors).toBe('');
  expect([...paths]).toEqual(['POST /v1/traces']);
  const [resource] = exports().map((one) => one.resourceSpans[0]?.resource.attributes);
  expect(resource).toContainEqual({ key: 'service.name', value: { stringValue: 'office' } });

  const ours = spans().filter((span) => span.traceId === traceId);
  const named = (name: string): ReceivedSpan | undefined => ours.find((span) => span.name === name);
  const parents = Object.fromEntries(
    ours.map((span) => [span.name, ours.find(({ spanId }) => spanId === span.parentSpanId)?.name ?? span.parentSpanId]),
  );
  expect(parents).toEqual({
    'POST /v1/sources': '00f067aa0ba902b7',
    'command SourceEntered': 'POST /v1/sources',
    load: 'command SourceEntered',
    decide: 'command SourceEntered',
    append: 'command SourceEntered',
    'log append': 'append',
    'views apply': 'log append',
  });
  expect(told(named('POST /v1/sources'), 'http.route')).toBe('/v1/sources');
  expect(Number(told(named('POST /v1/sources'), 'http.response.status_code'))).toBe(201);
  expect(told(named('log append'), 'habeas.outcome')).toBe('written');
  expect(Number(told(named('log append'), 'habeas.commit.appends'))).toBe(1);
  expect(told(named('views apply'), 'habeas.event.id')).toBe(told(named('log append'), 'habeas.event.id'));
  const [written, applied] = [named('log append'), named('views apply')];
  expect(BigInt(applied?.endTimeUnixNano ?? 0) > BigInt(written?.startTimeUnixNano ?? 0)).toBe(true);
  expect(received.join('')).not.toContain('Qzxvwyplk');
}, 60_000);

test('without such a header the request begins a trace of its own, whose id is the request’s', async () => {
  await during({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/v1/traces` }, (url) => record(url));
  const request = spans().find(({ name }) => name === 'POST /v1/sources');
  expect(request?.parentSpanId ?? '').toBe('');
  expect(String(told(request, 'habeas.request.id')).replaceAll('-', '')).toBe(request?.traceId);
  const views = spans().find(({ name }) => name === 'views apply');
  expect(views?.traceId).toBe(request?.traceId);
}, 60_000);

test('switched off, by any of the ways there are, nothing is sent; a receiver that is away does no harm', async () => {
  const off: readonly Readonly<Record<string, string>>[] = [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: 'true' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: 'none' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: 'always_off' },
  ];
  for (const environment of off) await during(environment, (url) => record(url));
  expect(spans()).toEqual([]);
  await during({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, (url) => record(url));
  const wrong = runServer(data, { environment: { OTEL_TRACES_EXPORTER: 'zipkin' } });
  expect(await wrong.ended).toBe(1);
  expect(wrong.errors()).toBe('OTEL_TRACES_EXPORTER is "zipkin". It must be one of otlp, console, none.\n');
}, 120_000);
