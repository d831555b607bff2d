/** What this server can record, as data: for clients that build forms, imports or checks of their own. */
import { Controller, Get } from '@nestjs/common';
import { AXES, catalogue, REFUSAL_CODES, type RefusalCodeInfo } from '#domain';
import { ApiProblems } from './documented.js';
import { problemKinds } from './problem.js';
import { NeedsScope } from './scopes.js';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from './swagger.js';

/** What a code of the domain means and what to do about it, in the domain's own words. */
function advice(code: string): Partial<Pick<RefusalCodeInfo, 'meaning' | 'whatToDo'>> {
  const known = new Map<string, RefusalCodeInfo>(Object.entries(REFUSAL_CODES)).get(code);
  return known === undefined ? {} : { meaning: known.meaning, whatToDo: known.whatToDo };
}

const makeAnswer = async () => ({
  events: catalogue.map((definition) => ({
    type: definition.type,
    summary: definition.summary,
    role: definition.role,
    categories: definition.categories,
    routes: definition.byServer
      ? []
      : definition.categories.map((category) =>
          definition.route === undefined ? `/v1/${category}s` : `/v1/${category}s/{id}/${definition.route}`,
        ),
    schema: `/openapi.json#/components/schemas/${definition.type}`,
  })),
  vocabularies: (await import('./vocabularies.js')).collectVocabularies(),
  axes: AXES.map(({ axis, subject, per, values, groups }) => ({ axis, subject, per, values, groups })),
  problems: [...problemKinds].map(([code, { status, title }]) => ({ code, status, title, ...advice(code) })),
});

/** Made when it is first asked for: it takes a good part of a start to make. */
let answer: ReturnType<typeof makeAnswer> | undefined;

@ApiTags('Catalogue')
@ApiBearerAuth()
@NeedsScope('read')
@Controller('v1/catalogue')
export class CatalogueController {
  @Get()
  @ApiOperation({
    operationId: 'readCatalogue',
    summary: 'Events with their routes, vocabularies, axes, and codes of problems',
  })
  @ApiResponse({
    status: 200,
    description: 'The catalogue.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Catalogue' } } },
  })
  @ApiProblems(401, 403)
  read(): NonNullable<typeof answer> {
    return (answer ??= makeAnswer());
  }
}
