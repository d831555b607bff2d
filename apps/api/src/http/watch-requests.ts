/** Each request in the log, the metrics and its trace: by method, template of the route, status and time, never by what it asks. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RequestSpan } from '../watching/tracing.js';
import type { Watching } from '../watching/watching.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the request stands with whoever watches. */
    watched?: { readonly begun: number; readonly span: RequestSpan | undefined };
  }
}

/** Asked every few seconds by machines: not traced, and told of only to those who want to know everything. */
const FREQUENT: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics']);

function isFrequent(request: FastifyRequest): boolean {
  return FREQUENT.has(request.routeOptions.url ?? '');
}

/** To be called before any other hook is added, so that what they refuse is told of as well. */
export function watchRequests(server: FastifyInstance, watching: Watching): void {
  server.addHook('onRequest', (request, reply, done) => {
    watch(watching, request, reply);
    done();
  });
  server.addHook('preValidation', (request, _reply, done) => {
    // Here and not earlier: the body arrives in turns of the event loop that are nobody's.
    const span = request.watched?.span;
    if (span === undefined) done();
    else
      span.run(() => {
        done();
      });
  });
}

/** To be called by itself for requests that the framework answers before any hook runs. */
export function watch(watching: Watching, request: FastifyRequest, reply: FastifyReply): void {
  const { metrics, tracing } = watching;
  const span = isFrequent(request) ? undefined : tracing?.request(request.id, traceparentOf(request.raw));
  request.watched = { begun: performance.now(), span };
  metrics.requestBegan();
  // The framework's own hook is not told of answers whose clients went before their end, as those of streams do.
  reply.raw.once('close', () => {
    end(watching, request, reply);
  });
}

/** The header by which a client says which trace its request is part of. */
export function traceparentOf({ headers }: IncomingMessage): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? traceparent : undefined;
}

function end({ metrics, log }: Watching, request: FastifyRequest, reply: FastifyReply): void {
  if (request.watched === undefined) return;
  const { begun, span } = request.watched;
  delete request.watched;
  const { method, principal } = request;
  const route = request.routeOptions.url ?? 'unmatched';
  const status = reply.statusCode;
  const milliseconds = performance.now() - begun;
  metrics.requestEnded(method, route, status, milliseconds / 1_000);
  const key = principal === undefined ? {} : { key: principal.id };
  span?.end(`${method} ${route}`, status, {
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
    'habeas.request.id': request.id,
    ...(principal === undefined ? {} : { 'habeas.key.id': principal.id }),
  });
  const facts = { request: request.id, method, route, status, ms: Math.round(milliseconds * 10) / 10, ...key };
  // Why it is 500 has a line of its own.
  if (status >= 500) log.warn(facts, 'request');
  else if (isFrequent(request)) log.debug(facts, 'request');
  else log.info(facts, 'request');
}
