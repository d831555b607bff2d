/** Webhooks: whoever has a key for them registers, sees, steers and ends their own; an admin those of all. */
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { allows, faultOfKey, type Principal } from '#command-handling';
import { type Outcome, placeText, type Webhook, type WebhookState, type WebhookStatus } from '#feed';
import { canonicalJson, err } from '#kernel';
import { checkLimit, readCursor, writeCursor } from '#projections';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblems, jsonOf } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { ApiPaging, readPageQuery } from './list-parameters.js';
import { problem, ProblemError } from './problem.js';
import { orProblem } from './read-routes.js';
import { NeedsScope, principalOf } from './scopes.js';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from './swagger.js';
import { readRedelivery, readReplay, readSecretRotation, readWebhookRequest } from './webhook-requests.js';

/** How a delivery ended: by the status of its answer, or by a code for why there was none. */
export interface OutcomeShown {
  readonly status?: number;
  readonly error?: string;
}

export interface WebhookShown extends Webhook {
  readonly state: WebhookState;
  /** Everything up to here was looked at: a place as changes have them. */
  readonly position: string;
  readonly pending: number;
  readonly nextTry?: string;
  readonly failingSince?: string;
  readonly last?: OutcomeShown & { readonly at: string };
  readonly deadLetters: number;
  readonly deadLettersDropped: number;
}

export interface WebhookPage {
  readonly items: readonly WebhookShown[];
  /** The cursor of the next page; left out on the last one. */
  readonly next?: string;
}

export interface CreatedWebhook extends WebhookShown {
  readonly secret: string;
}

export interface RotatedSecret {
  readonly id: string;
  readonly secret: string;
  readonly previousUntil?: string;
}

export interface DeadLetterShown extends OutcomeShown {
  readonly change: string;
  readonly seq: number;
  readonly firstTried: string;
  readonly givenUp: string;
  readonly tries: number;
}

export interface DeadLetterPage {
  readonly items: readonly DeadLetterShown[];
  /** Older ones than are kept. */
  readonly dropped: number;
  readonly next?: string;
}

export interface PingAnswer extends OutcomeShown {
  /** The webhook-id of what was sent. */
  readonly id: string;
  readonly milliseconds: number;
}

const idParameter = { name: 'id', schema: { type: 'string', format: 'uuid' } } as const;

@ApiTags('Webhooks')
@ApiBearerAuth()
@NeedsScope('webhooks')
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createWebhook',
    summary: 'Have status changes sent to an address; the secret that signs them is shown in this answer only',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'Sent again with the same key, the same request gives the same webhook.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  })
  @ApiBody({ required: true, schema: { $ref: '#/components/schemas/NewWebhook' } })
  @ApiResponse({ status: 201, description: 'The webhook, with its secret.', content: jsonOf('CreatedWebhook') })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503, 507)
  async create(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedWebhook> {
    const asked = readWebhookRequest(body);
    const key = keyOf(request);
    const { webhook, secret } = orProblem(
      await this.habeas.webhooks.register({
        // Without another wish: what is recorded from now on.
        request: { ...asked, after: asked.after ?? (await this.habeas.progress()).head },
        by: principalOf(request).id,
        correlationId: request.id,
        ...(key !== undefined && { repeatable: { key, asked: canonicalJson(asked) } }),
      }),
    );
    reply.header('location', `/v1/webhooks/${webhook.id}`);
    return { ...(await this.show(webhook)), secret };
  }

  @Get()
  @ApiOperation({
    operationId: 'listWebhooks',
    summary: 'Webhooks, in the order of registration, and how their deliveries stand',
  })
  @ApiPaging()
  @ApiResponse({ status: 200, description: 'One page.', content: jsonOf('WebhookPage') })
  @ApiProblems(400, 401, 403, 409, 503)
  async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<WebhookPage> {
    const { limit, after, next } = this.pageOf('webhooks', query);
    const by = principalOf(request);
    const all = this.habeas.webhooks.all().filter((one) => isOf(by, one) && orderOf(one) > after);
    const items = all.slice(0, limit);
    const last = items.at(-1);
    return {
      items: await Promise.all(items.map((one) => this.show(one))),
      ...(last && all.length > limit && { next: next(orderOf(last)) }),
    };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'readWebhook', summary: 'A webhook, and how its deliveries stand' })
  @ApiParam(idParameter)
  @ApiResponse({ status: 200, description: 'The webhook.', content: jsonOf('Webhook') })
  @ApiProblems(401, 403, 404, 503)
  one(@Param('id') id: string, @Req() request: FastifyRequest): Promise<WebhookShown> {
    return this.show(this.find(id, request));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteWebhook', summary: 'End a webhook; its secret is destroyed' })
  @ApiParam(idParameter)
  @ApiResponse({ status: 204, description: 'Nothing more is sent.' })
  @ApiProblems(401, 403, 404, 409, 503, 507)
  async delete(@Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    const by = principalOf(request);
    // What cannot be read is nobody's, and an admin's to delete.
    if (!allows(by, 'admin')) this.find(id, request);
    orProblem(await this.habeas.webhooks.delete(id, by.id));
  }

  @Post(':id/rotations')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'rotateWebhookSecret',
    summary: 'Give a webhook another secret, which is shown in this answer only',
    description:
      'Deliveries are signed by it from then on. During an overlap they have two signatures, one by each, so that the receiver can be given the new one meanwhile.',
  })
  @ApiParam(idParameter)
  @ApiBody({ required: false, schema: { $ref: '#/components/schemas/SecretRotation' } })
  @ApiResponse({ status: 201, description: 'The new secret.', content: jsonOf('RotatedSecret') })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503, 507)
  async rotate(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<RotatedSecret> {
    this.find(id, request);
    const overlap = readSecretRotation(body);
    return { id, ...orProblem(await this.habeas.webhooks.rotateSecret(id, overlap, principalOf(request).id)) };
  }

  @Post(':id/replay')
  @HttpCode(202)
  @ApiOperation({ operationId: 'replayWebhook', summary: 'Send every change again from a seq on' })
  @ApiParam(idParameter)
  @ApiBody({ required: true, schema: { $ref: '#/components/schemas/Replay' } })
  @ApiResponse({ status: 202, description: 'Recorded: it begins in a moment.', content: jsonOf('Webhook') })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503, 507)
  async replay(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<WebhookShown> {
    this.find(id, request);
    const from = readReplay(body);
    return this.show(orProblem(await this.habeas.webhooks.replay(id, from - 1, principalOf(request).id)));
  }

  @Post(':id/redeliver')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'redeliverDeadLetters',
    summary: 'Try dead letters again: those of some changes, or all',
  })
  @ApiParam(idParameter)
  @ApiBody({ required: true, schema: { $ref: '#/components/schemas/Redelivery' } })
  @ApiResponse({ status: 202, description: 'Recorded: it begins in a moment.', content: jsonOf('Webhook') })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503, 507)
  async redeliver(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<WebhookShown> {
    const webhook = this.find(id, request);
    const changes = readRedelivery(body);
    const known = new Set((await this.habeas.webhooks.deadLetters(webhook)).map(({ change }) => change));
    if (known.size === 0 || changes?.every((change) => known.has(change)) === false)
      throw new ProblemError([NO_LETTER]);
    return this.show(orProblem(await this.habeas.webhooks.release(id, changes, principalOf(request).id)));
  }

  @Post(':id/ping')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'pingWebhook',
    summary: 'Send a signed event without content at once, and tell what the receiver answered',
  })
  @ApiParam(idParameter)
  @ApiResponse({ status: 200, description: 'What became of it, whatever that was.', content: jsonOf('WebhookPing') })
  @ApiProblems(400, 401, 403, 404, 413, 415, 422, 503)
  async ping(@Param('id') id: string, @Req() request: FastifyRequest): Promise<PingAnswer> {
    const begun = performance.now();
    const { id: sent, delivered } = await this.habeas.webhooks.ping(this.find(id, request));
    return { id: sent, ...shownOutcome(delivered.outcome), milliseconds: Math.round(performance.now() - begun) };
  }

  @Get(':id/dead-letters')
  @ApiOperation({
    operationId: 'listDeadLetters',
    summary: 'Changes that were tried for days in vain, the oldest first',
  })
  @ApiParam(idParameter)
  @ApiPaging()
  @ApiResponse({ status: 200, description: 'One page.', content: jsonOf('DeadLetterPage') })
  @ApiProblems(400, 401, 403, 404, 409, 503)
  async deadLetters(
    @Param('id') id: string,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<DeadLetterPage> {
    const webhook = this.find(id, request);
    const { limit, after, next } = this.pageOf(`dead letters of ${id}`, query);
    const status = await this.habeas.webhooks.statusOf(webhook);
    const letters = (await this.habeas.webhooks.deadLetters(webhook)).map(
      ({ change, place, since, at, tries, outcome }) => ({
        order: `${new Date(at).toISOString()} ${change}`,
        shown: {
          change,
          seq: place.seq,
          firstTried: new Date(since).toISOString(),
          givenUp: new Date(at).toISOString(),
          tries,
          ...shownOutcome(outcome),
        },
      }),
    );
    const rest = letters.sort((a, b) => (a.order < b.order ? -1 : 1)).filter(({ order }) => order > after);
    const items = rest.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(({ shown }) => shown),
      dropped: status.droppedLetters,
      ...(last && rest.length > limit && { next: next(last.order) }),
    };
  }

  /** @throws ProblemError where there is none, or it is somebody else's */
  private find(id: string, request: FastifyRequest): Webhook {
    const webhook = this.habeas.webhooks.get(id);
    if (webhook === undefined || !isOf(principalOf(request), webhook)) throw new ProblemError([NO_WEBHOOK]);
    return webhook;
  }

  private async show(webhook: Webhook): Promise<WebhookShown> {
    return shown(await this.habeas.webhooks.statusOf(webhook), this.habeas.levels.fold);
  }

  private pageOf(list: string, query: unknown): { limit: number; after: string; next: (order: string) => string } {
    const { page } = readPageQuery(query);
    const of = { list, log: this.habeas.sealing.logId };
    const [after = ''] = page.cursor === undefined ? [] : orProblem(readCursor(page.cursor, of));
    return {
      limit: orProblem(checkLimit(page.limit)),
      after: String(after),
      next: (order) => writeCursor(of, [order]),
    };
  }
}

const NO_WEBHOOK = { code: 'not-found', detail: 'There is no such webhook.' };
const NO_LETTER = {
  code: 'unknown-dead-letter',
  detail: 'There are no such dead letters. GET /v1/webhooks/{id}/dead-letters lists them.',
  pointer: '/changes',
};

function isOf(by: Principal, { createdBy }: Webhook): boolean {
  return createdBy === by.id || allows(by, 'admin');
}

function orderOf({ createdAt, id }: Webhook): string {
  return `${createdAt} ${id}`;
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (Array.isArray(key)) throw problem('invalid-header', 'Idempotency-Key is given more than once.');
  const fault = key === undefined ? undefined : faultOfKey(key);
  if (fault !== undefined) orProblem(err(fault));
  return key;
}

function shown(status: WebhookStatus, fold: string): WebhookShown {
  const { webhook, state, position, pending, nextTry, failingSince, last, deadLetters, droppedLetters } = status;
  return {
    ...webhook,
    state,
    position: placeText(position, fold),
    pending,
    ...(nextTry && { nextTry: nextTry.toISOString() }),
    ...(failingSince && { failingSince: failingSince.toISOString() }),
    ...(last && { last: { at: new Date(last.at).toISOString(), ...shownOutcome(last.outcome) } }),
    deadLetters,
    deadLettersDropped: droppedLetters,
  };
}

function shownOutcome(outcome: Outcome): OutcomeShown {
  return 'status' in outcome ? { status: outcome.status } : { error: outcome.error };
}
