/** The right to be forgotten: an admin erases what is personal of a person; reviewers decide what becomes of each mention. */
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { ErasureInfo, MentionInfo } from '#access';
import type { Refusal, Result } from '#kernel';
import { checkLimit, readCursor, writeCursor } from '#projections';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblems, jsonOf } from './documented.js';
import { readErasureRequest, readKeptRequest, readRedactionRequest } from './erasure-requests.js';
import { HABEAS, type Habeas } from './habeas.js';
import { ApiPaging, readPageQuery } from './list-parameters.js';
import { ProblemError } from './problem.js';
import { orProblem } from './read-routes.js';
import { levelOf, NeedsEverything, NeedsScope, principalOf } from './scopes.js';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from './swagger.js';
import { watched } from './watched.js';

export interface ErasureList {
  /** In the order of asking. */
  readonly items: readonly ErasureInfo[];
}

export interface MentionPage {
  readonly items: readonly MentionInfo[];
  readonly next?: string;
}

const idParameter = { name: 'id', schema: { type: 'string', format: 'uuid' } } as const;
const bodyOf = (schema: string): MethodDecorator =>
  ApiBody({ required: true, schema: { $ref: `#/components/schemas/${schema}` } });

@ApiTags('Erasures')
@ApiBearerAuth()
@NeedsScope('admin')
@NeedsEverything()
@Controller('v1/persons')
export class PersonalDataController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Delete(':id/personal-data')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'erasePerson',
    summary: 'Erase what is personal of a person, for good',
    description:
      'Nothing more is recorded on them from then on (410 `erased`). Their key is destroyed: names, attributes, notes and quotations ' +
      'cannot be read any more, by anybody; statuses stay. All nodes forget what they hold in memory and build their views anew; asked ' +
      'again meanwhile, it is 202, and 410 once all that are up have. Mentions elsewhere are listed for review: see the erasure.',
  })
  @ApiParam(idParameter)
  @bodyOf('ErasureRequest')
  @ApiResponse({
    status: 202,
    description: 'Nodes are forgetting. Location: the erasure.',
    headers: { Location: { description: 'Where the erasure is read.', schema: { type: 'string' } } },
    content: jsonOf('Erasure'),
  })
  @ApiProblems(400, 401, 403, 404, 409, 410, 413, 415, 422, 503, 507)
  async erase(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ErasureInfo> {
    const { reason } = readErasureRequest(body);
    const { erasures } = this.habeas;
    if ((await erasures.isForgotten(id)) === true) throw new ProblemError([FORGOTTEN]);
    const by = { id: principalOf(request).id, correlationId: request.id };
    const erasure = accepted(await erasures.ask(id, reason, by));
    reply.header('location', `/v1/erasures/${erasure.id}`);
    return erasure;
  }
}

@ApiTags('Erasures')
@ApiBearerAuth()
@NeedsScope('review')
@NeedsEverything()
@Controller('v1/erasures')
export class ErasuresController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get()
  @ApiOperation({ operationId: 'listErasures', summary: 'All erasures, in the order of asking' })
  @ApiResponse({ status: 200, description: 'The erasures.', content: jsonOf('ErasureList') })
  @ApiProblems(401, 403, 503)
  async list(): Promise<ErasureList> {
    return { items: await this.habeas.erasures.all() };
  }

  @Get(':id')
  @ApiOperation({
    operationId: 'readErasure',
    summary: 'How an erasure stands, and its certificate once it is done',
    description: '202 while a node that is up has still to forget what was destroyed so far.',
  })
  @ApiParam(idParameter)
  @ApiResponse({ status: 200, description: 'All nodes that are up have forgotten.', content: jsonOf('Erasure') })
  @ApiResponse({ status: 202, description: 'Nodes are forgetting.', content: jsonOf('Erasure') })
  @ApiProblems(401, 403, 404, 503)
  async read(@Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<ErasureInfo> {
    const erasure = await this.habeas.erasures.get(id);
    if (erasure === undefined) throw new ProblemError([NO_ERASURE]);
    reply.status(erasure.state === 'forgetting' ? 202 : 200);
    return erasure;
  }

  @Get(':id/mentions')
  @ApiOperation({
    operationId: 'listMentions',
    summary: 'Subjects that tell of the person, with the words where they stand',
    description:
      'What holds a name of theirs, in any letter case and with any accents; what names them by id; and, only to be looked at, what ' +
      'cites a source that holds a name. Each of the first two is to be redacted or kept.',
  })
  @ApiParam(idParameter)
  @ApiPaging()
  @ApiResponse({ status: 200, description: 'One page, in the order of finding.', content: jsonOf('MentionPage') })
  @ApiProblems(400, 401, 403, 404, 409, 503)
  async mentions(
    @Param('id') id: string,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<MentionPage> {
    const { page } = readPageQuery(query);
    const of = { list: `mentions ${id}`, log: this.habeas.sealing.logId };
    const [reached = 0] = page.cursor === undefined ? [] : orProblem(readCursor(page.cursor, of));
    const limit = orProblem(checkLimit(page.limit));
    const from = Number(reached);
    // One more, to know whether there is a next page.
    const found = accepted(await this.habeas.erasures.mentions(id, from, limit + 1));
    const items = found.slice(0, limit);
    await watched(this.habeas, levelOf(this.habeas, request), request, 'listMentions', items);
    return { items, ...(found.length > limit && { next: writeCursor(of, [from + limit]) }) };
  }

  @Post(':id/redactions')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'redactMention',
    summary: 'Blank the words in a subject, for good',
    description:
      'Every code point of them is █ from then on, so positions of quotations stay true; what stood there cannot be read any more. ' +
      'Unless spans are named, it is all words by which the person is looked for, and those that are given besides.',
  })
  @ApiParam(idParameter)
  @bodyOf('RedactionRequest')
  @ApiResponse({ status: 200, description: 'The mention as it stands then.', content: jsonOf('Mention') })
  @ApiProblems(400, 401, 403, 404, 409, 410, 413, 415, 422, 503, 507)
  async redact(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<MentionInfo> {
    const asked = readRedactionRequest(body);
    const by = { id: principalOf(request).id, correlationId: request.id };
    return this.shown(accepted(await this.habeas.erasures.redact(id, asked, by)), request, 'redactMention');
  }

  @Post(':id/kept')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'keepMention',
    summary: 'Leave a mention as it is, and say why: it tells of somebody else, for one',
  })
  @ApiParam(idParameter)
  @bodyOf('KeptRequest')
  @ApiResponse({ status: 200, description: 'The mention as it stands then.', content: jsonOf('Mention') })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503, 507)
  async keep(@Param('id') id: string, @Body() body: unknown, @Req() request: FastifyRequest): Promise<MentionInfo> {
    const asked = readKeptRequest(body);
    const by = { id: principalOf(request).id, correlationId: request.id };
    return this.shown(accepted(await this.habeas.erasures.keep(id, asked, by)), request, 'keepMention');
  }

  private async shown(mention: MentionInfo, request: FastifyRequest, operation: string): Promise<MentionInfo> {
    await watched(this.habeas, levelOf(this.habeas, request), request, operation, [mention]);
    return mention;
  }
}

const NO_ERASURE: Refusal = { code: 'not-found', detail: 'There is no such erasure.' };
const FORGOTTEN: Refusal = {
  code: 'erased',
  detail: 'What is personal of this person was erased. GET /v1/erasures tells how it went.',
};

function accepted<T>(result: Result<T, readonly Refusal[]>): T {
  if (result.ok) return result.value;
  throw ProblemError.of(result.error);
}
