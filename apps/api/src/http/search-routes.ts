/** `GET /v1/search`: names, statements, sources and notes of the whole record. */
import { Controller, Get, Header, Inject, Query, Req } from '@nestjs/common';
import { SEARCH_FIELDS, type SearchField, type SearchPage, type SubjectCategory } from '#projections';
import type { FastifyRequest } from 'fastify';
import { ApiMinPosition, ApiProblems } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { ProblemError } from './problem.js';
import { readQuery, wholeNumber } from './query.js';
import { orProblem, waitForPosition } from './read-routes.js';
import { levelOf, NeedsScope } from './scopes.js';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiResponse, ApiTags } from './swagger.js';
import { watched } from './watched.js';

const CATEGORIES: readonly SubjectCategory[] = ['person', 'group', 'case', 'statement', 'source'];

@ApiTags('Search')
@ApiBearerAuth()
@NeedsScope('read')
@Controller('v1/search')
export class SearchController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get()
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({
    operationId: 'search',
    summary: 'Subjects whose names, titles, words or notes hold a text, the best first, with the words highlighted',
  })
  @ApiQuery({
    name: 'q',
    required: true,
    description:
      'One character or more. Letter case and accents do not matter, nor does anything in it have a meaning but itself.',
    schema: { type: 'string', minLength: 1, maxLength: 200 },
  })
  @ApiQuery({
    name: 'in',
    required: false,
    description: 'Where to look; repeated or separated by commas. Everywhere unless said.',
    schema: { type: 'array', items: { type: 'string', enum: [...SEARCH_FIELDS] } },
    style: 'form',
    explode: false,
  })
  @ApiQuery({
    name: 'category',
    required: false,
    description: 'Only subjects of this kind.',
    schema: { type: 'string', enum: [...CATEGORIES] },
  })
  @ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } })
  @ApiQuery({
    name: 'cursor',
    required: false,
    description: '`next` of the page before.',
    schema: { type: 'string' },
  })
  @ApiMinPosition()
  @ApiResponse({
    status: 200,
    description: 'One page.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/SearchPage' } } },
  })
  @ApiProblems(400, 401, 403, 409, 503)
  async search(@Query() query: unknown, @Req() request: FastifyRequest): Promise<SearchPage> {
    const level = levelOf(this.habeas, request);
    const { once, many } = readQuery(query, ['q', 'category', 'limit', 'cursor', 'minPosition'], ['in']);
    const { q = '', limit, cursor, minPosition } = once;
    const fields = many.get('in')?.flatMap((one) => one.split(','));
    const category = once.category === undefined ? undefined : categoryOf(once.category);
    await waitForPosition(this.habeas, level, minPosition, 'search');
    const page = orProblem(
      level.views.search({
        q,
        // What none of them is, is refused there.
        ...(fields !== undefined && { in: fields as SearchField[] }),
        ...(category !== undefined && { category }),
        ...(limit !== undefined && { limit: wholeNumber(limit, 'limit') }),
        ...(cursor !== undefined && { cursor }),
      }),
    );
    await watched(this.habeas, level, request, 'search', page.items);
    return page;
  }
}

function categoryOf(given: string): SubjectCategory {
  const found = CATEGORIES.find((category) => category === given);
  if (found !== undefined) return found;
  throw new ProblemError([
    {
      code: 'invalid-query',
      detail: `The parameter category takes one of: ${CATEGORIES.join(', ')}.`,
      pointer: '/category',
    },
  ]);
}
