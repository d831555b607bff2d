/** `GET /v1/audit/access`: who was shown what is confidential. */
import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import type { AccessPage } from '#access';
import { ApiProblems, jsonOf } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { ApiPaging } from './list-parameters.js';
import { readQuery, wholeNumber } from './query.js';
import { orProblem } from './read-routes.js';
import { NeedsEverything, NeedsScope } from './scopes.js';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiResponse, ApiTags } from './swagger.js';

const instant = { type: 'string', format: 'date-time' } as const;

@ApiTags('Audit')
@ApiBearerAuth()
@NeedsScope('audit')
@NeedsEverything()
@Controller('v1/audit/access')
export class AccessController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Get()
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({
    operationId: 'listAccess',
    summary: 'Who was shown what is confidential, on all nodes, the latest first',
    description:
      'Each answer that showed a subject of which something is confidential was written down before it was given: the key, the instant, ' +
      'the operation, the subjects, the id of the request. Kept for `HABEAS_ACCESS_DAYS`.',
  })
  @ApiQuery({
    name: 'key',
    required: false,
    description: 'The id of a key, or of its principal as `recordedBy` has it.',
    schema: { type: 'string' },
  })
  @ApiQuery({
    name: 'subject',
    required: false,
    description: 'The id of a subject: answers that showed it.',
    schema: { type: 'string', format: 'uuid' },
  })
  @ApiQuery({ name: 'from', required: false, description: 'Then and later.', schema: instant })
  @ApiQuery({ name: 'to', required: false, description: 'Then and earlier.', schema: instant })
  @ApiPaging()
  @ApiResponse({
    status: 200,
    description: 'One page. One that looked through many entries may hold few or none, and still name the next.',
    content: jsonOf('AccessPage'),
  })
  @ApiProblems(400, 401, 403, 503)
  async list(@Query() given: unknown): Promise<AccessPage> {
    const { limit, ...query } = readQuery(given, ['key', 'subject', 'from', 'to', 'limit', 'cursor']).once;
    return orProblem(
      await this.habeas.trail.page({
        ...query,
        ...(limit !== undefined && { limit: wholeNumber(limit, 'limit') }),
      }),
    );
  }
}
