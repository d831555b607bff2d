/** The HTTP interface: Nest on Fastify, with the door's own rules around the controllers. Listens to nothing yet. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { admit } from './admit.js';
import { acceptJsonLines, BATCH_PATH, batchController } from './batch-routes.js';
import { bundleController } from './bundle-routes.js';
import { CatalogueController } from './catalogue-routes.js';
import { ChangesController, TicketsController } from './change-routes.js';
import { EventsController } from './event-routes.js';
import { HABEAS, type Habeas } from './habeas.js';
import { HealthController } from './health.js';
import { parseJsonBody } from './json-body.js';
import { KeysController } from './key-routes.js';
import { MetricsController } from './metrics-route.js';
import { serveOpenApi } from './openapi.js';
import { ProblemFilter, sendProblem } from './problem-filter.js';
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

/** How long a request may take to arrive, in milliseconds: first all but its body, then the body, save that of a batch. */
const PATIENCE = 30_000;

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
      sendProblem(error, request, reply, report);
    },
    // A connection that sends nothing, or its request by the drop, does not hold the server. Bodies have a limit of their own.
    http: { headersTimeout: PATIENCE },
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
  watchRequests(server, habeas.watching);
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
      // What is known of people stays out of caches on the way.
      'cache-control': 'no-store',
    });
    admit(habeas, request);
    if (request.routeOptions.url !== BATCH_PATH) limitBody(request);
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

/** Cuts off a client that sends its body by the drop. */
function limitBody({ raw }: FastifyRequest): void {
  if (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined) return;
  const late = setTimeout(() => raw.destroy(), PATIENCE).unref();
  raw.once('close', () => {
    clearTimeout(late);
  });
}
