/** What a key must be allowed to do on a route; checked after the key and before the handler. */
import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { allows, type Principal, type Scope } from '#command-handling';
import type { FastifyRequest } from 'fastify';
import { problem } from './problem.js';

const NEEDED = 'habeas:scope';

/** The scope that a route or a controller needs; routes without one are open to everybody. */
export const NeedsScope = (scope: Scope): MethodDecorator & ClassDecorator => SetMetadata(NEEDED, scope);

/** Who asks. Throws where the door let in somebody unknown, which it never does. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === undefined) throw problem('unauthenticated', 'Send a key: "Authorization: Bearer <key>".');
  return request.principal;
}

@Injectable()
export class ScopeGuard implements CanActivate {
  /** By handler, each of which is of one controller: looking metadata up takes as long as finding out who asks. */
  private readonly needed = new Map<unknown, Scope | undefined>();

  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const scope = this.scopeOf(context);
    if (scope === undefined) return true;
    const principal = principalOf(context.switchToHttp().getRequest<FastifyRequest>());
    if (!allows(principal, scope)) throw problem('forbidden', `This needs a key with the scope "${scope}".`);
    return true;
  }

  private scopeOf(context: ExecutionContext): Scope | undefined {
    const handler = context.getHandler();
    if (!this.needed.has(handler)) {
      const scope = this.reflector.getAllAndOverride<Scope | undefined>(NEEDED, [handler, context.getClass()]);
      this.needed.set(handler, scope);
    }
    return this.needed.get(handler);
  }
}
