/** Whether the process lives, and whether it is fit to be asked. Open to everybody: they say nothing of what is recorded. */
import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { areFit } from '../watching/progress.js';
import { HABEAS, type Habeas } from './habeas.js';
import { ApiOperation, ApiResponse, ApiTags } from './swagger.js';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get('live')
  @ApiOperation({ operationId: 'live', summary: 'The process answers' })
  @ApiResponse({
    status: 200,
    description: 'It does.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Live' } } },
  })
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  @ApiOperation({
    operationId: 'ready',
    summary: 'The views are caught up and being kept so',
    description:
      'Views are live when the oldest event that they lack is at most ten seconds old, or none is lacking; a new file that is ' +
      'built beside the served one (`rebuilding`) does not change that. Where a projection stopped, `views.poison` names ' +
      'the event that it could not take in. What the views hold is served in every state but `starting`. `ceilings` tells the same of the views ' +
      'of keys with a lower ceiling: those are not waited for, but where they stopped or fail, the server is not ready. `access` is `silent` while ' +
      'the log has not been heard for over ten seconds: what was revoked elsewhere is not known then, and all keys are refused. `keys` is ' +
      '`wrong-master-key` once the master key of the key store was replaced: the server has to be started again, with the new one.',
  })
  @ApiResponse({
    status: 200,
    description: 'Ready.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Ready' } } },
  })
  @ApiResponse({
    status: 503,
    description:
      'Not ready: catching up, stopped at an event, failing, refusing keys, without the right master key, or shutting down.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Ready' } } },
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readonly<Record<string, unknown>>> {
    const progress = await this.habeas.progressByCeiling();
    const { confidential: views, ...ceilings } = progress;
    const accepting = this.habeas.accepting();
    const access = this.habeas.access.health().following ? 'following' : 'silent';
    const keys = this.habeas.keys.health();
    const ready = accepting && areFit(progress) && access === 'following' && keys === 'open';
    reply.code(ready ? 200 : 503);
    return { status: ready ? 'ready' : accepting ? 'not-ready' : 'shutting-down', access, keys, views, ceilings };
  }
}
