/** The filters of status changes: what the OpenAPI document says of them, and how they are read from an address or a body. */
import { applyDecorators } from '@nestjs/common';
import { type ChangeFilter, FILTER_FIELDS, FILTER_WORDS, type FilterField, type ReadPlace, readFilter } from '#feed';
import type { Refusal, Result } from '#kernel';
import { ProblemError } from './problem.js';
import { orProblem } from './read-routes.js';
import { ApiQuery } from './swagger.js';

type Schema = Readonly<Record<string, unknown>>;

const ABOUT: Readonly<Record<FilterField, string>> = {
  person: 'Changes of this person.',
  group: 'Changes of this group. Given with `person`: changes of either.',
  axis: 'Changes on this axis.',
  from: 'Changes from this value, or from one of a named group of values.',
  to: 'Changes to this value, or to one of a named group of values such as `deprived`.',
  kind: 'Why the answer changed.',
  organisation:
    'Changes of persons who held a role in this group when the change became known; and changes of such roles.',
  country:
    'Changes of persons who had the protection of this country when the change became known; and changes of that.',
};

/** What one value of a field is. */
export function filterValue(field: FilterField): Schema {
  if (field === 'country') return { type: 'string', pattern: '^[A-Z]{2}$', description: 'ISO 3166-1 alpha-2' };
  const words = FILTER_WORDS[field];
  return words === undefined ? { type: 'string', format: 'uuid' } : { type: 'string', enum: words };
}

export function ApiChangeFilter(): MethodDecorator {
  return applyDecorators(
    ...FILTER_FIELDS.map((field) =>
      ApiQuery({
        name: field,
        required: false,
        description: `${ABOUT[field]} Repeated: any of them.`,
        schema: { type: 'array', items: filterValue(field) },
        style: 'form',
        explode: true,
      }),
    ),
  );
}

export function ApiAfter(description: string): MethodDecorator {
  return ApiQuery({ name: 'after', required: false, description, schema: { type: 'string' } });
}

/** @throws ProblemError `invalid-filter` */
export function filterOfQuery(many: ReadonlyMap<FilterField, readonly string[]>): ChangeFilter {
  return orProblem(readFilter(Object.fromEntries(many)));
}

/**
 * The filter that a member of a body says. A value alone stands for a list of one; what is no text is left to be refused as a
 * value that no field takes. Refusal code: `invalid-filter`.
 */
export function filterOfJson(given: unknown): Result<ChangeFilter, Refusal> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return readFilter({ '': [''] });
  const entries = Object.entries(given).map(([field, value]: [string, unknown]) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return [field, values.map((one) => (typeof one === 'string' ? one : ''))] as const;
  });
  return readFilter(Object.fromEntries(entries));
}

/** @throws ProblemError `place-ahead` for a place that the log has not come to, on whichever node */
export async function refuseAhead({ place }: ReadPlace, head: () => Promise<number>, pointer: string): Promise<void> {
  if (place.seq <= (await head())) return;
  const detail = 'The log has not come that far: give a place that was told, or leave it out.';
  throw new ProblemError([{ code: 'place-ahead', detail, pointer }]);
}
