/** `GET /v1/<category>s/{id}/bundle`: what proves, to whoever has nothing else, what was recorded of a subject. */
import { Readable } from 'node:stream';
import { Controller, Get, Inject, Param, Query, Req, Res, type Type } from '@nestjs/common';
import { isVisibility, mayBeSeen, type Visibility, VISIBILITIES } from '#kernel';
import type { SubjectCategory } from '#projections';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiMinPosition, ApiProblems } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { problem, ProblemError } from './problem.js';
import { readQuery, wholeNumber } from './query.js';
import { orProblem, titles, waitForPosition } from './read-routes.js';
import { NeedsScope, principalOf } from './scopes.js';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from './swagger.js';
import { watched } from './watched.js';

export function bundleController(category: SubjectCategory): Type {
  const title = titles[category];

  @ApiTags('Proofs')
  @ApiBearerAuth()
  @NeedsScope('read')
  @Controller(`v1/${category}s`)
  class BundleController {
    constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

    @Get(':id/bundle')
    @ApiOperation({
      operationId: `bundle${title}`,
      summary: `What proves what was recorded of a ${category}: events, sources, proofs, seal, and a page to read, as a zip file`,
      description:
        '`habeas verify` checks it on a machine that has nothing else. It holds what may be seen up to the ceiling of the key, or up to a lower one.',
    })
    @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
    @ApiQuery({
      name: 'size',
      required: false,
      description: 'Of a seal: what the record held then. The last seal unless said, which must cover all of it.',
      schema: { type: 'integer', minimum: 1 },
    })
    @ApiQuery({
      name: 'ceiling',
      required: false,
      description:
        'For whom it is to be: what is above that level is not in it. The ceiling of the key unless said, and never above it.',
      schema: { type: 'string', enum: [...VISIBILITIES] },
    })
    @ApiMinPosition()
    @ApiResponse({
      status: 200,
      description: 'The bundle.',
      content: { 'application/zip': { schema: { type: 'string', format: 'binary' } } },
    })
    @ApiProblems(400, 401, 403, 404, 413, 503)
    async bundle(
      @Param('id') id: string,
      @Query() query: unknown,
      @Req() request: FastifyRequest,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const { size, ceiling: asked, minPosition } = readQuery(query, ['size', 'ceiling', 'minPosition']).once;
      const ceiling = ceilingOf(asked, principalOf(request).ceiling);
      const level = this.habeas.levels.of(ceiling);
      await waitForPosition(this.habeas, level, minPosition);
      const bytes = orProblem(
        await this.habeas.bundles.make(
          level.views,
          category,
          id,
          size === undefined ? undefined : wholeNumber(size, 'size'),
        ),
      );
      await watched(this.habeas, level, request, `bundle${title}`, [{ kind: category, id }]);
      void reply
        .type('application/zip')
        .header(
          'content-disposition',
          `attachment; filename="${category}-${id}${ceiling === 'confidential' ? '' : `-${ceiling}`}.zip"`,
        )
        .send(Readable.from(bytes, { objectMode: false }));
    }
  }
  Object.defineProperty(BundleController, 'name', { value: `${title}BundleController` });
  return BundleController;
}

/** @throws ProblemError `invalid-query`, `ceiling-too-low` */
function ceilingOf(asked: string | undefined, own: Visibility): Visibility {
  if (asked === undefined) return own;
  if (!isVisibility(asked)) {
    const detail = `The parameter ceiling must be one of ${VISIBILITIES.join(', ')}.`;
    throw new ProblemError([{ code: 'invalid-query', detail, pointer: '/ceiling' }]);
  }
  if (mayBeSeen(asked, own)) return asked;
  throw problem('ceiling-too-low', `This key sees up to ${own}: leave ceiling out, or give one that is not above it.`);
}
