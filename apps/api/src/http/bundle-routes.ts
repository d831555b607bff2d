/** `GET /v1/<category>s/{id}/bundle`: what proves, to whoever has nothing else, what was recorded of a subject. */
import { Readable } from 'node:stream';
import { Controller, Get, Inject, Param, Query, Req, Res, type Type } from '@nestjs/common';
import type { SubjectCategory } from '#projections';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiMinPosition, ApiProblems } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { readQuery, wholeNumber } from './query.js';
import { orProblem, titles, waitForPosition } from './read-routes.js';
import { NeedsEverything, NeedsScope } from './scopes.js';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from './swagger.js';
import { watched } from './watched.js';

export function bundleController(category: SubjectCategory): Type {
  const title = titles[category];

  @ApiTags('Proofs')
  @ApiBearerAuth()
  @NeedsScope('read')
  @NeedsEverything()
  @Controller(`v1/${category}s`)
  class BundleController {
    constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

    @Get(':id/bundle')
    @ApiOperation({
      operationId: `bundle${title}`,
      summary: `What proves what was recorded of a ${category}: events, sources, proofs, seal, and a page to read, as a zip file`,
      description: '`habeas verify` checks it on a machine that has nothing else.',
    })
    @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
    @ApiQuery({
      name: 'size',
      required: false,
      description: 'Of a seal: what the record held then. The last seal unless said, which must cover all of it.',
      schema: { type: 'integer', minimum: 1 },
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
      const level = this.habeas.levels.of('confidential');
      const { size, minPosition } = readQuery(query, ['size', 'minPosition']).once;
      await waitForPosition(this.habeas, level, minPosition);
      const bytes = orProblem(
        await this.habeas.bundles.make(category, id, size === undefined ? undefined : wholeNumber(size, 'size')),
      );
      await watched(this.habeas, level, request, `bundle${title}`, [{ kind: category, id }]);
      void reply
        .type('application/zip')
        .header('content-disposition', `attachment; filename="${category}-${id}.zip"`)
        .send(Readable.from(bytes, { objectMode: false }));
    }
  }
  Object.defineProperty(BundleController, 'name', { value: `${title}BundleController` });
  return BundleController;
}
