/** The HTTP interface: Nest on Fastify, with the door's own rules around the controllers. Listens to nothing yet. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AccessController } from './access-routes.js';
import { admit } from './admit.js';
import { limitBody, limitHead, MOST_HEAD, refuseBroken, SECURITY_HEADERS } from './arrival.js';
import { acceptJsonLines, batchController } from './batch-routes.js';
import { bundleController } from './bundle-routes.js';
import { CatalogueController } from './catalogue-routes.js';
import { ChangesController, TicketsController } from './change-routes.js';
import { ErasuresController, PersonalDataController } from './erasure-routes.js';
import { EventsController } from './event-routes.js';
import { HABEAS, type Habeas } from './habeas.js';
import { HealthController } from './health.js';
import { parseJsonBody } from './json-body.js';
import { KeysController } from './key-routes.js';
import { MetricsController } from './metrics-route.js';
import { serveOpenApi } from './openapi.js';
import { problem } from './problem.js';
import { ProblemFilter, sendProblem } from './problem-filter.js';
import { RateLimit } from './rate-limit.js';
import { CitationsController, readController } from './read-routes.js';
import { ScopeGuard } from './scopes.js';
import { EventProofController, SealsController } from './seal-routes.js';
import { SearchController } from './search-routes.js';
import { ViewsController } from './views-routes.js';
import { traceparentOf, watch, watchRequests } from './watch-requests.js';
import { WebhooksController } from './webhook-routes.js';
import { writeControllers } from './write-routes.js';

/** What a body may weigh. Above what the log takes in one append (512 KiB), as JSON on the way in is wordier. */
const BODY_LIMIT = 1024 * 1024;

@Module({})
class HttpModule {}

export async function createHttpApp(habeas: Habeas): Promise<NestFastifyApplication> {
  const { report } = habeas.watching;
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    genReqId: (raw: IncomingMessage) => habeas.watching.tracing?.requestId(traceparentOf(raw)) ?? randomUUID(),
    // What the router refuses before any hook runs: an address that is no URL, or a part of it that is too long.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      watch(habeas.watching, request, reply);
      reply.headers(SECURITY_HEADERS);
      sendProblem(error, request, reply, report);
    },
    // A connection that sends nothing, or its request by the drop, does not hold the server. Bodies have a limit of their own.
    http: {
      headersTimeout: habeas.arrival,
      connectionsCheckingInterval: Math.min(habeas.arrival, 5_000),
      maxHeaderSize: MOST_HEAD,
      // Refused further on, in our words.
      requireHostHeader: false,
    },
    clientErrorHandler: refuseBroken,
    requestTimeout: 0,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 100 },
    ...(habeas.proxies.length > 0 && { trustProxy: [...habeas.proxies] }),
  });
  const controllers: Type[] = [
    HealthController,
    MetricsController,
    CatalogueController,
    KeysController,
    batchController(report),
    ...(['person', 'group', 'case', 'statement', 'source'] as const).map(readController),
    ...(['person', 'group', 'case'] as const).map(bundleController),
    CitationsController,
    SearchController,
    SealsController,
    EventsController,
    EventProofController,
    AccessController,
    ErasuresController,
    PersonalDataController,
    ChangesController,
    TicketsController,
    ViewsController,
    WebhooksController,
    ...writeControllers(),
  ];
  const module: DynamicModule = {
    module: HttpModule,
    controllers,
    providers: [{ provide: HABEAS, useValue: habeas }, ScopeGuard],
  };
  // Nest's options are a class in name only.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  });
  const server = adapter.getInstance<FastifyInstance>();
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: BODY_LIMIT }, parseJsonBody);
  acceptJsonLines(server);
  // What a client expects besides is no reason to refuse it.
  server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response));
  watchRequests(server, habeas.watching);
  const limit = habeas.rate === undefined ? undefined : new RateLimit(habeas.rate);
  const headers = { ...SECURITY_HEADERS, ...(limit !== undefined && { 'ratelimit-policy': limit.policy }) };
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers);
    // First: who is refused for another reason may send their body by the drop all the same.
    limitBody(request, reply, habeas.arrival, report);
    limitHead(request);
    admit(habeas, request);
    if (limit !== undefined) keepTo(limit, request, reply);
    done();
  });
  server.addHook('onSend', (_request, reply, _payload, done) => {
    // Else a client's kept connection would keep the server from ending.
    if (!habeas.accepting()) reply.header('connection', 'close');
    done();
  });
  app.useGlobalFilters(new ProblemFilter(report));
  app.useGlobalGuards(app.get(ScopeGuard));
  serveOpenApi(app, server);
  await app.init();
  return app;
}

/** @throws ProblemError `too-many-requests` */
function keepTo(limit: RateLimit, { principal }: FastifyRequest, reply: FastifyReply): void {
  if (principal === undefined) return;
  const left = limit.take(principal.id, performance.now());
  reply.header('ratelimit', limit.told(left));
  if (left >= 0) return;
  throw problem('too-many-requests', 'This key asks too much at a time. Try again later.', {
    'retry-after': limit.wait,
  });
}
