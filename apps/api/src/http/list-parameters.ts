/** The parameters of lists: what the OpenAPI document says of them, and how they are read. Both from the filters themselves. */
import { applyDecorators } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { LENSES } from '#domain';
import {
  filtersOf,
  isListedInTime,
  type ListFilter,
  type ListQuery,
  sortsOf,
  type SubjectCategory,
} from '#projections';
import { readQuery, wholeNumber } from './query.js';
import { ApiQuery } from './swagger.js';

type ParameterSchema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

const ONCE = ['q', 'certainty', 'sort', 'facets', 'limit', 'cursor', 'minPosition'] as const;
const MOMENT = ['validAt', 'knownAt'] as const;

/** `limit` and `cursor`, of everything that comes in pages. */
export function ApiPaging(): MethodDecorator {
  return applyDecorators(
    ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } }),
    ApiQuery({
      name: 'cursor',
      required: false,
      description: '`next` of the page before.',
      schema: { type: 'string' },
    }),
  );
}

/** `lens`, of single documents. */
export function ApiLens(): MethodDecorator {
  return ApiQuery({
    name: 'lens',
    required: false,
    description:
      'Which facts are to count: all that stand, those that somebody other than their recorder verified as they are, or those of ' +
      'official records. Left out: those that count in this record, which asOf.lens tells.',
    schema: { type: 'string', enum: [...LENSES] },
  });
}

/** `validAt` and `knownAt`, of what can be asked for at another moment than the present. */
export function ApiMoment(): MethodDecorator {
  return applyDecorators(
    ApiQuery({
      name: 'validAt',
      required: false,
      description: 'EDTF: what was so in the world on that date or over that span: certain or possible.',
      schema: { type: 'string' },
    }),
    ApiQuery({
      name: 'knownAt',
      required: false,
      description: 'An instant (ISO 8601) or a seq: what the record said then.',
      schema: { type: 'string' },
    }),
  );
}

/** `from` and `to`: two moments of knowledge. */
export function ApiMoments(): MethodDecorator {
  return applyDecorators(
    ApiQuery({
      name: 'from',
      required: true,
      description: 'An instant (ISO 8601) or a seq: the earlier moment, as in knownAt.',
      schema: { type: 'string' },
    }),
    ApiQuery({
      name: 'to',
      required: false,
      description: 'The later moment; the present, unless said.',
      schema: { type: 'string' },
    }),
  );
}

/** Everything by which a kind of subject may be listed. */
export function ApiListQuery(kind: SubjectCategory): MethodDecorator {
  const filters = filtersOf(kind);
  const facets = filters.filter(({ facet }) => facet).map(({ name }) => name);
  const sorts = sortsOf(kind).flatMap((sort) => [sort, `-${sort}`]);
  return applyDecorators(
    ApiQuery({
      name: 'q',
      required: false,
      description: 'Part of a name, title or words, whatever the letter case and the accents.',
      schema: { type: 'string' },
    }),
    ...filters.map((filter) =>
      ApiQuery({
        name: filter.name,
        required: false,
        description: `${filter.about} Repeated: any of them.`,
        schema: { type: 'array', items: schemaOf(filter) },
        style: 'form',
        explode: true,
      }),
    ),
    ApiQuery({
      name: 'certainty',
      required: false,
      description:
        'Only those that meet the filters in every world that the facts allow, or only those that may or may not.',
      schema: { type: 'string', enum: ['certain', 'possible'] },
    }),
    ApiQuery({
      name: 'sort',
      required: false,
      description: 'With - before it, the last ones first.',
      schema: { type: 'string', enum: sorts, default: 'entered' },
    }),
    ApiQuery({
      name: 'facets',
      required: false,
      description: `Counts by value, of one or more of: ${facets.join(', ')}.`,
      schema: { type: 'array', items: { type: 'string', enum: facets } },
      style: 'form',
      explode: false,
    }),
    ...(isListedInTime(kind) ? [ApiMoment()] : []),
    ApiPaging(),
  );
}

function schemaOf({ takes, words, key }: ListFilter): ParameterSchema {
  switch (takes) {
    case 'answer':
      // A key is any text: which words there are then stands in the examples.
      return key === undefined
        ? { type: 'string', enum: [...words] }
        : { type: 'string', examples: [...words, key.like] };
    case 'word':
      return { type: 'string', enum: [...words] };
    case 'id':
      return { type: 'string', format: 'uuid' };
    case 'text':
    case 'id-or-text':
    case 'period':
      return { type: 'string' };
  }
}

/** @throws ProblemError `invalid-query` */
export function readListQuery(
  kind: SubjectCategory,
  query: unknown,
): { readonly list: ListQuery; readonly minPosition: string | undefined } {
  const names = filtersOf(kind).map(({ name }) => name);
  const { once, many } = readQuery(query, isListedInTime(kind) ? [...ONCE, ...MOMENT] : ONCE, names);
  const { minPosition, limit, facets, ...rest } = once;
  return {
    list: {
      ...rest,
      filters: Object.fromEntries(many),
      ...(limit !== undefined && { limit: wholeNumber(limit, 'limit') }),
      ...(facets !== undefined && { facets: facets.split(',').map((name) => name.trim()) }),
    },
    minPosition,
  };
}

/** @throws ProblemError `invalid-query` */
export function readPageQuery(query: unknown): {
  readonly page: { readonly limit?: number; readonly cursor?: string };
  readonly minPosition: string | undefined;
} {
  const { minPosition, limit, cursor } = readQuery(query, ['limit', 'cursor', 'minPosition']).once;
  return {
    page: {
      ...(limit !== undefined && { limit: wholeNumber(limit, 'limit') }),
      ...(cursor !== undefined && { cursor }),
    },
    minPosition,
  };
}
