/**
 * The writing side, made from the catalogue: one POST route for each event of each kind of subject. Nothing here knows an
 * event; a new one appears with its payload class.
 */
import { Body, Controller, HttpCode, Inject, Param, Post, Req, Res, type Type } from '@nestjs/common';
import { type Category, type EventDefinition, recordable } from '#domain';
import { streamName } from '#kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiWrite } from './documented.js';
import { HABEAS, type Habeas } from './habeas.js';
import { problem, ProblemError } from './problem.js';
import { readVisibility, recordedAnswer, type RecordedAnswer } from './recorded.js';
import { principalOf } from './scopes.js';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiParam, ApiTags } from './swagger.js';
import { etagOf, ifMatch } from './tokens.js';

class WriteController {
  constructor(@Inject(HABEAS) private readonly habeas: Habeas) {}

  /** Records one event. `id` is left out where a subject is entered. */
  protected async record(
    definition: EventDefinition,
    category: Category,
    id: string | undefined,
    data: unknown,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<RecordedAnswer> {
    const key = request.headers['idempotency-key'];
    if (Array.isArray(key)) throw problem('invalid-header', 'Idempotency-Key is given more than once.');
    const match = request.headers['if-match'];
    const visibility = readVisibility(request.headers['habeas-visibility'], 'Habeas-Visibility');
    if (data === undefined) throw problem('malformed-json', 'The body is empty; it must be a JSON object.');
    const result = await this.habeas.commands.execute(
      {
        type: definition.type,
        category,
        data,
        correlationId: request.id,
        ...(id === undefined ? {} : { id }),
        ...(key === undefined ? {} : { idempotencyKey: key }),
        // A subject that is being entered has no state that the client could have seen.
        ...(match === undefined
          ? {}
          : { ifMatch: ifMatch(match, this.habeas.etagKey, id === undefined ? '' : streamName(category, id)) }),
        ...(visibility === undefined ? {} : { visibility }),
      },
      principalOf(request),
    );
    if (!result.ok) throw ProblemError.of(result.error);
    const { subject, stream, revision, seen } = result.value;
    const { etagKey, positions } = this.habeas;
    reply.headers({
      // Whoever records what they may not see themselves is told no state by it.
      ...(seen >= 0 && { etag: etagOf(etagKey, stream, seen) }),
      'habeas-position': positions.token({ stream, revision }),
      location: `/v1/${category}s/${subject}`,
    });
    return recordedAnswer(result.value);
  }
}

const tags: Readonly<Record<Category, string>> = {
  person: 'Persons',
  group: 'Groups',
  case: 'Cases',
  statement: 'Statements',
  source: 'Sources',
};

/** `arrests` of persons is `recordPersonArrested`; an event of several kinds of subject says which: `recordFactDisputedOfPerson`. */
function operationId(definition: EventDefinition, category: Category): string {
  const several = definition.categories.length > 1;
  return `record${definition.type}${several ? `Of${category.charAt(0).toUpperCase()}${category.slice(1)}` : ''}`;
}

/** One controller for each kind of subject, with a method for each of its events. */
export function writeControllers(): Type[] {
  return (Object.entries(tags) as [Category, string][]).map(([category, tag]) => {
    class CategoryController extends WriteController {}
    Object.defineProperty(CategoryController, 'name', { value: `${tag}WriteController` });
    Controller(`v1/${category}s`)(CategoryController);
    ApiTags(tag)(CategoryController);
    ApiBearerAuth()(CategoryController);
    for (const definition of recordable.filter((one) => one.categories.includes(category))) {
      addRoute(CategoryController, definition, category);
    }
    return CategoryController;
  });
}

function addRoute(controller: Type, definition: EventDefinition, category: Category): void {
  const prototype = controller.prototype as Record<string, unknown>;
  const name = operationId(definition, category);
  const { route } = definition;
  const handler = function (
    this: WriteController,
    request: FastifyRequest,
    reply: FastifyReply,
    data: unknown,
    id?: string,
  ): Promise<RecordedAnswer> {
    return this.record(definition, category, id, data, request, reply);
  };
  const descriptor: PropertyDescriptor = { value: handler, writable: true, configurable: true };
  Object.defineProperty(prototype, name, descriptor);
  Req()(prototype, name, 0);
  Res({ passthrough: true })(prototype, name, 1);
  Body()(prototype, name, 2);
  if (route !== undefined) Param('id')(prototype, name, 3);
  // What TypeScript would write for a method with decorators: Nest and Swagger read the parameters' types from it.
  const types = route === undefined ? [Object, Object, Object] : [Object, Object, Object, String];
  Reflect.defineMetadata('design:paramtypes', types, prototype, name);
  const decorators: readonly MethodDecorator[] = [
    Post(route === undefined ? '' : `:id/${route}`),
    HttpCode(201),
    ApiOperation({ operationId: name, summary: definition.summary }),
    ...(route === undefined ? [] : [ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })]),
    ApiBody({ required: true, schema: { $ref: `#/components/schemas/${definition.type}` } }),
    ApiWrite({ schema: 'Recorded', description: 'Recorded durably, or found recorded by the same request before.' }),
  ];
  for (const decorate of decorators) decorate(prototype, name, descriptor);
}
