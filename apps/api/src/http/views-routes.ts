/** The views of this server as such: how they stand, and folding them again. For whoever runs it. */
import { Body, Controller, Get, Header, HttpCode, Inject, Post } from '@nestjs/common';
import type { OwnLens } from '#domain';
import type { Visibility } from '#kernel';
import { FOLD_VERSION, SCHEMA_VERSION } from '#projections';
import type { ViewsProgress } from '../watching/progress.js';
import { ApiProblems, jsonOf } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { ProblemError } from './problem.js';
import { orProblem } from './read-routes.js';
import { NeedsScope } from './scopes.js';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from './swagger.js';

export interface ViewsStatus extends ViewsProgress {
  /** The same of the views of lower ceilings, where some key has one. */
  readonly ceilings: Readonly<Partial<Record<Visibility, ViewsProgress>>>;
  /** Which server says so, since when it was started: each has views of its own. */
  readonly server: string;
  readonly schemaVersion: number;
  readonly foldVersion: number;
  /** Which facts count, where nobody asks for others. */
  readonly lens: OwnLens;
}

@ApiTags('Views')
@ApiBearerAuth()
@NeedsScope('admin')
@Controller('v1/views')
export class ViewsController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get()
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({
    operationId: 'readViews',
    summary: 'How the views of this server stand, and how far a new file is that is being built',
  })
  @ApiResponse({ status: 200, description: 'The views.', content: jsonOf('Views') })
  @ApiProblems(401, 403, 503)
  async status(): Promise<ViewsStatus> {
    const { confidential, ...ceilings } = await this.habeas.progressByCeiling();
    const { server, lens } = this.habeas;
    return { server, schemaVersion: SCHEMA_VERSION, foldVersion: FOLD_VERSION, lens, ...confidential, ceilings };
  }

  @Post('rebuild')
  @HttpCode(202)
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({
    operationId: 'rebuildViews',
    summary: 'Fold the log again into a new file, which takes the place of the served one',
    description:
      'Reading and recording go on meanwhile. Where a file is being built already, it is that one. `GET /v1/views` tells how far it ' +
      'is in `rebuilding`; when that is gone and `file` is another, it is done.',
  })
  @ApiResponse({ status: 202, description: 'It is under way.', content: jsonOf('Views') })
  @ApiProblems(400, 401, 403, 413, 415, 422, 503)
  async rebuild(): Promise<ViewsStatus> {
    orProblem(await this.habeas.levels.rebuild());
    return this.status();
  }

  @Post('skips')
  @HttpCode(200)
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({
    operationId: 'skipEvent',
    summary: 'Go on behind the event at which the views of this server stopped',
    description:
      'Its place in the log is kept, and nothing of what it says is shown; histories leave it out. `poison` of `GET /v1/views` and of ' +
      '`/health/ready` names it. Of several servers each is told by itself.',
  })
  @ApiBody({ required: true, schema: { $ref: '#/components/schemas/Skip' } })
  @ApiResponse({ status: 200, description: 'The views go on.', content: jsonOf('Views') })
  @ApiProblems(400, 401, 403, 409, 413, 415, 422, 503)
  async skip(@Body() body: unknown): Promise<ViewsStatus> {
    const { event, ...others } = (body ?? {}) as Record<string, unknown>;
    if (typeof event !== 'string' || Object.keys(others).length > 0) {
      const detail = 'Say which event is to be passed over, and nothing else: {"event": "<id>"}.';
      throw new ProblemError([{ code: 'invalid-event', detail, pointer: '/event' }]);
    }
    orProblem(await this.habeas.levels.skip(event));
    return this.status();
  }
}
