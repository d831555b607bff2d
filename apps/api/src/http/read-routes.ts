/** The reading side: one controller for each kind of subject, over the views. */
import { Controller, Get, Header, Inject, Param, Query, Req, Res, type Type } from '@nestjs/common';
import { streamName, type Refusal, type Result } from '#kernel';
import {
  type CitationsPage,
  type DifferenceView,
  type DocumentAnswer,
  type HistoryPage,
  isListedInTime,
  type ListPage,
  type SubjectCategory,
  type ViewName,
} from '#projections';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Level } from '../levels.js';
import { ApiMinPosition, ApiProblems, EtagHeader, jsonOf } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import {
  ApiLens,
  ApiListQuery,
  ApiMoment,
  ApiMoments,
  ApiPaging,
  readListQuery,
  readPageQuery,
} from './list-parameters.js';
import { problem, ProblemError } from './problem.js';
import { readQuery } from './query.js';
import { levelOf, NeedsScope } from './scopes.js';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiResponse, ApiTags } from './swagger.js';
import { etagOf } from './tokens.js';
import { watched, writeDown } from './watched.js';

/** The value, or a problem for the client. */
export function orProblem<T>(result: Result<T, Refusal>): T {
  if (result.ok) return result.value;
  throw new ProblemError([result.error], result.error.code === 'views-not-ready' ? { 'retry-after': '1' } : {});
}

/** Waits until the views, or search, hold what a position names. */
export async function waitForPosition(
  habeas: Habeas,
  { views, begun }: Level,
  token: string | undefined,
  view: ViewName = 'documents',
): Promise<void> {
  // The first key with some ceiling has its views built.
  if (begun !== undefined) await begun;
  if (token === undefined) return;
  const { stream, revision } = habeas.positions.read(token);
  if (await views.waitFor(stream, revision, habeas.patience, view)) return;
  if (views.health().state === 'stopped') {
    throw problem('views-stopped', 'The views stopped before what minPosition names; see /health/ready.', {
      'retry-after': '30',
    });
  }
  throw problem('not-yet-visible', 'The views do not hold what minPosition names yet.', { 'retry-after': '1' });
}

export const titles: Readonly<Record<SubjectCategory, string>> = {
  person: 'Person',
  group: 'Group',
  case: 'Case',
  statement: 'Statement',
  source: 'Source',
};

/** The controller of `GET /v1/<category>s` and `GET /v1/<category>s/{id}`. */
export function readController(category: SubjectCategory): Type {
  const title = titles[category];
  const plural = `${category}s`;

  @ApiTags(`${title}s`)
  @ApiBearerAuth()
  @NeedsScope('read')
  @Controller(`v1/${plural}`)
  class ReadController {
    /** A tag costs as much as the rest of an answer that is given again, and is the same. */
    private readonly tags = new WeakMap<DocumentAnswer, string>();

    constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

    @Get()
    @Header('content-type', 'application/json; charset=utf-8')
    @ApiOperation({
      operationId: `list${title}s`,
      summary: isListedInTime(category)
        ? `The ${plural} of the record, as they are, as they were on a date, or as they were known: filtered, sorted, counted`
        : `The ${plural} of the record as they are at present: filtered, sorted, counted`,
    })
    @ApiListQuery(category)
    @ApiMinPosition()
    @ApiResponse({
      status: 200,
      description: 'One page.',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/ListPage' } } },
    })
    @ApiProblems(400, 401, 403, 409, 503)
    async list(@Query() query: unknown, @Req() request: FastifyRequest): Promise<ListPage> {
      const level = levelOf(this.habeas, request);
      const { list, minPosition } = readListQuery(category, query);
      await waitForPosition(this.habeas, level, minPosition);
      await level.views.readAhead(category, list);
      const page = orProblem(level.views.list(category, list));
      await watched(this.habeas, level, request, `list${title}s`, page.items);
      return page;
    }

    @Get(':id')
    @Header('content-type', 'application/json; charset=utf-8')
    @ApiOperation({
      operationId: `read${title}`,
      summary: `One ${category}: as it is, as it was on a date, as it was known at a moment, or both`,
    })
    @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
    @ApiMoment()
    @ApiLens()
    @ApiMinPosition()
    @ApiResponse({
      status: 200,
      description: `The ${category}. The ETag is left out where knownAt is given.`,
      headers: EtagHeader,
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${title}View` } } },
    })
    @ApiProblems(400, 401, 403, 404, 422, 503)
    async one(
      @Param('id') id: string,
      @Query() query: unknown,
      @Req() request: FastifyRequest,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<Buffer> {
      const level = levelOf(this.habeas, request);
      const { minPosition, ...asked } = readQuery(query, ['validAt', 'knownAt', 'lens', 'minPosition']).once;
      await waitForPosition(this.habeas, level, minPosition);
      const answer = orProblem(level.views.document(category, id, asked));
      if (answer.confidential) await writeDown(this.habeas, request, `read${title}`, [{ kind: category, id }]);
      if (asked.knownAt === undefined) reply.header('etag', this.tagOf(id, answer));
      return answer.json;
    }

    @Get(':id/history')
    @Header('content-type', 'application/json; charset=utf-8')
    @ApiOperation({
      operationId: `read${title}History`,
      summary: `Every event of a ${category} and every other that concerns it, with what each changed`,
    })
    @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
    @ApiPaging()
    @ApiMinPosition()
    @ApiResponse({
      status: 200,
      description: 'One page, in the order of the record.',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/HistoryPage' } } },
    })
    @ApiProblems(400, 401, 403, 404, 409, 503)
    async history(
      @Param('id') id: string,
      @Query() query: unknown,
      @Req() request: FastifyRequest,
    ): Promise<HistoryPage> {
      const level = levelOf(this.habeas, request);
      const { page, minPosition } = readPageQuery(query);
      await waitForPosition(this.habeas, level, minPosition);
      const found = orProblem(level.views.history(category, id, page));
      await watched(this.habeas, level, request, `read${title}History`, [{ kind: category, id }]);
      return found;
    }

    @Get(':id/diff')
    @Header('content-type', 'application/json; charset=utf-8')
    @ApiOperation({
      operationId: `diff${title}`,
      summary: `What the record says of a ${category} at two moments, compared: facts, answers, and who changed them why`,
    })
    @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
    @ApiMoments()
    @ApiMinPosition()
    @ApiResponse({ status: 200, description: 'What differs.', content: jsonOf('DifferenceView') })
    @ApiProblems(400, 401, 403, 404, 503)
    async difference(
      @Param('id') id: string,
      @Query() query: unknown,
      @Req() request: FastifyRequest,
    ): Promise<DifferenceView> {
      const level = levelOf(this.habeas, request);
      const { from = '', to, minPosition } = readQuery(query, ['from', 'to', 'minPosition']).once;
      await waitForPosition(this.habeas, level, minPosition);
      const found = orProblem(level.views.difference(category, id, { from, ...(to !== undefined && { to }) }));
      await watched(this.habeas, level, request, `diff${title}`, [{ kind: category, id }]);
      return found;
    }

    private tagOf(id: string, answer: DocumentAnswer): string {
      const known = this.tags.get(answer);
      if (known !== undefined) return known;
      const tag = etagOf(this.habeas.etagKey, streamName(category, id), answer.revision);
      this.tags.set(answer, tag);
      return tag;
    }
  }
  Object.defineProperty(ReadController, 'name', { value: `${title}sReadController` });
  return ReadController;
}

@ApiTags('Sources')
@ApiBearerAuth()
@NeedsScope('read')
@Controller('v1/sources')
export class CitationsController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get(':id/citations')
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({ operationId: 'readSourceCitations', summary: 'The facts that rest on a source, as they are now' })
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @ApiPaging()
  @ApiMinPosition()
  @ApiResponse({
    status: 200,
    description: 'One page, by the subjects that the facts are recorded of.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/CitationsPage' } } },
  })
  @ApiProblems(400, 401, 403, 404, 409, 503)
  async citations(
    @Param('id') id: string,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<CitationsPage> {
    const level = levelOf(this.habeas, request);
    const { page, minPosition } = readPageQuery(query);
    await waitForPosition(this.habeas, level, minPosition);
    const found = orProblem(level.views.citations(id, page));
    const shown = new Map(found.items.map(({ subject }) => [`${subject.kind} ${subject.id}`, subject]));
    await watched(this.habeas, level, request, 'readSourceCitations', [{ kind: 'source', id }, ...shown.values()]);
    return found;
  }
}
