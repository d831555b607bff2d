/** What a key must be allowed to do on a route; checked after the key and before the handler. */
import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Admitted } from '#access';
import { allows, type Scope } from '#command-handling';
import type { FastifyRequest } from 'fastify';
import type { Level } from '../levels.js';
import type { Habeas } from './habeas.js';
import { problem } from './problem.js';

const SCOPE = 'habeas:scope';
const EVERYTHING = 'habeas:everything';

/** The scope that a route or a controller needs; routes without one are open to everybody. */
export const NeedsScope = (scope: Scope): MethodDecorator & ClassDecorator => SetMetadata(SCOPE, scope);

/** A route that gives what no view has been through: whoever may ask it may see everything. */
export const NeedsEverything = (): MethodDecorator & ClassDecorator => SetMetadata(EVERYTHING, true);

/** Who asks. Throws where the door let in somebody unknown, which it never does. */
export function principalOf(request: FastifyRequest): Admitted {
  if (request.principal === undefined) throw problem('unauthenticated', 'Send a key: "Authorization: Bearer <key>".');
  return request.principal;
}

/** What whoever asks is answered from. */
export function levelOf(habeas: Habeas, request: FastifyRequest): Level {
  return habeas.levels.of(principalOf(request).ceiling);
}

interface Needs {
  readonly scope: Scope | undefined;
  readonly everything: boolean;
}

@Injectable()
export class ScopeGuard implements CanActivate {
  /** By handler, each of which is of one controller: looking metadata up takes as long as finding out who asks. */
  private readonly needed = new Map<unknown, Needs>();

  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const { scope, everything } = this.needs(context);
    if (scope === undefined) return true;
    const principal = principalOf(context.switchToHttp().getRequest<FastifyRequest>());
    if (!allows(principal, scope)) throw problem('forbidden', `This needs a key with the scope "${scope}".`);
    if (everything && principal.ceiling !== 'confidential') {
      throw problem(
        'ceiling-too-low',
        'This gives what is stored as it is stored: it needs a key with the ceiling "confidential". Up to any ceiling there are documents, history and bundles.',
      );
    }
    return true;
  }

  private needs(context: ExecutionContext): Needs {
    const handler = context.getHandler();
    let needs = this.needed.get(handler);
    if (needs === undefined) {
      const of = [handler, context.getClass()];
      needs = {
        scope: this.reflector.getAllAndOverride<Scope | undefined>(SCOPE, of),
        everything: this.reflector.getAllAndOverride<boolean | undefined>(EVERYTHING, of) === true,
      };
      this.needed.set(handler, needs);
    }
    return needs;
  }
}
