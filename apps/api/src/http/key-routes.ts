/** Access keys: for admins, save what a key says of itself. The command line makes, rotates and revokes them through these. */
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type {
  AccessKeyInfo,
  AccessKeyRequest,
  NewAccessKey,
  OwnAccessKey,
  RotatedAccessKey,
  RotationRequest,
} from '#access';
import { SCOPES, type Scope } from '#command-handling';
import { isVisibility, type Refusal, VISIBILITIES, type Visibility } from '#kernel';
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
    noInstant(expiresAt),
  );
  return {
    name: name as string,
    scopes: scopes as readonly Scope[],
    ...(ceiling !== undefined && { ceiling: ceiling as Visibility }),
    ...(expiresAt !== undefined && { expiresAt: expiresAt as string }),
  };
}

function readRotation(body: unknown): RotationRequest {
  const { overlapSeconds, expiresAt, ...others } = fieldsOf(body);
  refuseAny(
    unknownFields(others, 'A rotation has an overlap and an instant at which the key expires only.'),
    overlapSeconds !== undefined &&
      typeof overlapSeconds !== 'number' && {
        code: 'invalid-overlap',
        detail: 'The overlap is a whole number of seconds.',
        pointer: '/overlapSeconds',
      },
    noInstant(expiresAt),
  );
  return {
    ...(overlapSeconds !== undefined && { overlapSeconds: overlapSeconds as number }),
    ...(expiresAt !== undefined && { expiresAt: expiresAt as string }),
  };
}

/** What may be one by its type is looked at more closely behind the door. */
function noInstant(expiresAt: unknown): Refusal | false {
  return (
    expiresAt !== undefined &&
    typeof expiresAt !== 'string' && {
      code: 'invalid-expiry',
      detail: 'A key expires at an instant, given as a text such as 2030-12-31T00:00:00Z.',
      pointer: '/expiresAt',
    }
  );
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
  async list(): Promise<{ readonly items: readonly AccessKeyInfo[] }> {
    return { items: await this.habeas.access.keys() };
  }

  @Get('self')
  @NeedsScope('read')
  @ApiOperation({ operationId: 'readOwnKey', summary: 'What the key that asks may do' })
  @ApiResponse({ status: 200, description: 'The key that asks.', content: jsonOf('OwnKey') })
  @ApiProblems(401, 403)
  self(@Req() request: FastifyRequest): OwnAccessKey {
    return orProblem(this.habeas.access.own(principalOf(request)));
  }

  @Post(':id/rotations')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'rotateKey',
    summary: 'Give a key a new secret; it is shown in this answer only',
    description:
      'Who the key stands for, and what it may do, stay. The secret before it ends at once, on all nodes within seconds, and with it ' +
      'the streams and tickets that it opened; or after an overlap, in which both let in.',
  })
  @ApiParam({ name: 'id', schema: { type: 'string' } })
  @ApiBody({ required: false, schema: { $ref: '#/components/schemas/Rotation' } })
  @ApiResponse({ status: 201, description: 'The key with its new secret.', content: jsonOf('RotatedKey') })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503, 507)
  async rotate(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<RotatedAccessKey> {
    return orProblem(await this.habeas.access.rotateKey(principalOf(request), id, readRotation(body)));
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
