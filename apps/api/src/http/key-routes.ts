/** Access keys: for admins. The command line makes and revokes them through these. */
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { AccessKeyInfo, AccessKeyRequest, NewAccessKey } from '#access';
import { SCOPES, type Scope } from '#command-handling';
import { isVisibility, VISIBILITIES, type Visibility } from '#kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fieldsOf, refuseAny, unknownFields } from './body-fields.js';
import { ApiProblems, jsonOf } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { orProblem } from './read-routes.js';
import { NeedsScope, principalOf } from './scopes.js';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from './swagger.js';

/** The fields of a new key, or every fault of the body at once. */
function readNewKey(body: unknown): AccessKeyRequest {
  const { name, scopes, ceiling, expiresAt, ...others } = fieldsOf(body);
  refuseAny(
    unknownFields(others, 'A key has a name, scopes, a ceiling and an instant at which it expires only.'),
    typeof name !== 'string' && { code: 'invalid-name', detail: 'The name must be a text.', pointer: '/name' },
    !(Array.isArray(scopes) && scopes.every((scope) => (SCOPES as readonly unknown[]).includes(scope))) && {
      code: 'invalid-scopes',
      detail: `Scopes are among ${SCOPES.join(', ')}.`,
      pointer: '/scopes',
    },
    ceiling !== undefined &&
      !isVisibility(ceiling) && {
        code: 'invalid-ceiling',
        detail: `A ceiling is one of ${VISIBILITIES.join(', ')}.`,
        pointer: '/ceiling',
      },
    expiresAt !== undefined &&
      typeof expiresAt !== 'string' && {
        code: 'invalid-expiry',
        detail: 'A key expires at an instant, given as a text such as 2030-12-31T00:00:00Z.',
        pointer: '/expiresAt',
      },
  );
  return {
    name: name as string,
    scopes: scopes as readonly Scope[],
    ...(ceiling !== undefined && { ceiling: ceiling as Visibility }),
    ...(expiresAt !== undefined && { expiresAt: expiresAt as string }),
  };
}

@ApiTags('Keys')
@ApiBearerAuth()
@NeedsScope('admin')
@Controller('v1/keys')
export class KeysController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({ operationId: 'createKey', summary: 'Make a key; it is shown in this answer only' })
  @ApiBody({ required: true, schema: { $ref: '#/components/schemas/NewKey' } })
  @ApiResponse({ status: 201, description: 'The key. It cannot be read again.', content: jsonOf('CreatedKey') })
  @ApiProblems(400, 401, 403, 413, 415, 422, 503, 507)
  async create(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NewAccessKey> {
    const made = orProblem(await this.habeas.access.createKey(principalOf(request), readNewKey(body)));
    reply.header('location', `/v1/keys/${made.id}`);
    return made;
  }

  @Get()
  @ApiOperation({ operationId: 'listKeys', summary: 'All keys, without what they are' })
  @ApiResponse({ status: 200, description: 'The keys in the order of making.', content: jsonOf('KeyList') })
  @ApiProblems(401, 403)
  list(): { readonly items: readonly AccessKeyInfo[] } {
    return { items: this.habeas.access.keys() };
  }

  @Delete(':id')
  @ApiOperation({ operationId: 'revokeKey', summary: 'Revoke a key; it stays in the list' })
  @ApiParam({ name: 'id', schema: { type: 'string' } })
  @ApiResponse({ status: 200, description: 'The key, revoked.', content: jsonOf('Key') })
  @ApiProblems(401, 403, 404, 409, 503, 507)
  async revoke(@Param('id') id: string, @Req() request: FastifyRequest): Promise<AccessKeyInfo> {
    return orProblem(await this.habeas.access.revokeKey(principalOf(request), id));
  }
}
