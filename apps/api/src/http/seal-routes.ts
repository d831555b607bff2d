/** What proves that nobody edited the log: seals to be kept elsewhere, and proofs against them. */
import { Controller, Get, Header, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import type { ConsistencyProof, InclusionProof, Seal } from '#audit';
import { checkLimit, readCursor, writeCursor } from '#projections';
import type { FastifyRequest } from 'fastify';
import { ApiProblems, jsonOf } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { ApiPaging, readPageQuery } from './list-parameters.js';
import { ProblemError } from './problem.js';
import { readQuery, wholeNumber } from './query.js';
import { orProblem } from './read-routes.js';
import { levelOf, NeedsScope } from './scopes.js';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from './swagger.js';

export interface SealList {
  /** Whose signature the next seal bears. */
  readonly verifierKey: string;
  /** The last one first. */
  readonly items: readonly Seal[];
  /** The cursor of the next page; left out on the last one. */
  readonly next?: string;
}

const size = { type: 'integer', minimum: 1 } as const;

@ApiTags('Proofs')
@ApiBearerAuth()
@NeedsScope('read')
@Controller('v1/seals')
export class SealsController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get()
  @ApiOperation({
    operationId: 'listSeals',
    summary: 'The seals of the log, the last one first, and the key that checks them',
  })
  @ApiPaging()
  @ApiResponse({ status: 200, description: 'Seals.', content: jsonOf('SealList') })
  @ApiProblems(400, 401, 403, 409, 503)
  async list(@Query() query: unknown): Promise<SealList> {
    const { page } = readPageQuery(query);
    const limit = orProblem(checkLimit(page.limit));
    const { sealing } = this.habeas;
    const of = { list: 'seals', log: sealing.logId };
    const cursor = page.cursor === undefined ? undefined : orProblem(readCursor(page.cursor, of));
    const below = cursor === undefined ? Infinity : Number(cursor[0]);
    const seals = (await sealing.seals()).filter(({ size: covered }) => covered < below);
    const items = seals.toReversed().slice(0, limit);
    const last = items.at(-1);
    return {
      verifierKey: sealing.verifierKey,
      items,
      ...(last !== undefined && seals.length > items.length && { next: writeCursor(of, [last.size]) }),
    };
  }

  @Post()
  @HttpCode(201)
  @NeedsScope('admin')
  @ApiOperation({ operationId: 'sealLog', summary: 'Seal the log now; the last seal, where nothing is new since' })
  @ApiResponse({ status: 201, description: 'The seal.', content: jsonOf('Seal') })
  @ApiProblems(400, 401, 403, 409, 413, 415, 422, 503, 507)
  async seal(): Promise<Seal> {
    return orProblem(await this.habeas.sealing.seal());
  }

  @Get('latest')
  @Header('content-type', 'text/plain; charset=utf-8')
  @ApiOperation({
    operationId: 'readLatestSeal',
    summary: 'The last seal as a signed checkpoint (C2SP tlog-checkpoint), to be kept elsewhere',
  })
  @ApiResponse({
    status: 200,
    description: 'A signed note.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @ApiProblems(401, 403, 404, 503)
  async latest(): Promise<string> {
    const last = await this.habeas.sealing.lastSeal();
    if (last === undefined) throw new ProblemError([NONE]);
    return last.checkpoint;
  }

  @Get('consistency')
  @ApiOperation({
    operationId: 'proveConsistency',
    summary: 'A proof that the log of some size begins with the log of a smaller one (RFC 6962)',
  })
  @ApiQuery({ name: 'from', required: true, description: 'The size of the seal that was kept.', schema: size })
  @ApiQuery({ name: 'to', required: true, description: 'The size of a later one.', schema: size })
  @ApiResponse({ status: 200, description: 'The proof.', content: jsonOf('ConsistencyProof') })
  @ApiProblems(400, 401, 403, 503)
  consistency(@Query() query: unknown): ConsistencyProof {
    const { from = '', to = '' } = readQuery(query, ['from', 'to']).once;
    return orProblem(this.habeas.sealing.consistency(wholeNumber(from, 'from'), wholeNumber(to, 'to')));
  }
}

const NONE = { code: 'not-sealed-yet', detail: 'The log was not sealed yet; an admin can do so by POST /v1/seals.' };

@ApiTags('Proofs')
@ApiBearerAuth()
@NeedsScope('read')
@Controller('v1/events')
export class EventProofController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get(':id/proof')
  @ApiOperation({
    operationId: 'proveInclusion',
    summary: 'A proof that an event is in the log, against a seal (RFC 6962)',
  })
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @ApiQuery({ name: 'size', required: false, description: 'Of the seal; the last one unless said.', schema: size })
  @ApiResponse({ status: 200, description: 'The proof.', content: jsonOf('InclusionProof') })
  @ApiProblems(400, 401, 403, 404, 503)
  async proof(
    @Param('id') id: string,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<InclusionProof> {
    const { size: ofSize } = readQuery(query, ['size']).once;
    const size = ofSize === undefined ? undefined : wholeNumber(ofSize, 'size');
    return orProblem(await this.habeas.sealing.proofOf(id, size, levelOf(this.habeas, request).views));
  }
}
