/** What Prometheus asks for. It says how much is recorded and when, so it takes a key, as everything does. */
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from './swagger.js';
import type { FastifyReply } from 'fastify';
import { ApiProblems } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { NeedsScope } from './scopes.js';

@ApiTags('Health')
@ApiBearerAuth()
@NeedsScope('read')
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get()
  @ApiOperation({ operationId: 'metrics', summary: 'Counters and durations, in the text format of Prometheus' })
  @ApiResponse({ status: 200, description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } } } })
  @ApiProblems(401, 403, 503)
  metrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { metrics } = this.habeas.watching;
    reply.header('content-type', metrics.contentType);
    return metrics.text();
  }
}
