/** Filters of status changes: read from what clients give, and held against a change. */
import { AXES, type Axis, isCountry } from '#domain';
import { err, isId, ok, refusal, type Refusal, type Result } from '#kernel';
import { CHANGE_KINDS, type ChangeFilter, type ChangeKind, type FedChange } from '#projections';

/** The fields by which changes are filtered, in the order in which they are told of. */
export const FILTER_FIELDS = ['person', 'group', 'axis', 'from', 'to', 'kind', 'organisation', 'country'] as const;
export type FilterField = (typeof FILTER_FIELDS)[number];

/** Of one field. */
const MOST_VALUES = 50;

/** What a field takes besides ids. Groups of values, such as `deprived`, stand for their values. */
export const FILTER_WORDS: Readonly<Partial<Record<FilterField, readonly string[]>>> = {
  axis: AXES.map(({ axis }) => axis),
  from: words(AXES),
  to: words(AXES),
  kind: CHANGE_KINDS,
};

const KINDS_OF_ID: Readonly<Partial<Record<FilterField, string>>> = {
  person: 'a person',
  group: 'a group',
  organisation: 'a group',
};

/**
 * The filter that these values say, each value once and in order: the same filter is the same text as JSON. A field without
 * values is not there.
 *
 * Refusal code, with the field as its pointer: `invalid-filter`.
 */
export function readFilter(given: Readonly<Record<string, readonly string[]>>): Result<ChangeFilter, Refusal> {
  const unknown = Object.keys(given).find((name) => !FILTER_FIELDS.some((field) => field === name));
  if (unknown !== undefined)
    return err(refusal('invalid-filter', `Changes are filtered by ${FILTER_FIELDS.join(', ')}.`, `/${unknown}`));
  const axes = AXES.filter(
    ({ axis }) => given.axis === undefined || given.axis.length === 0 || given.axis.includes(axis),
  );
  const read: Partial<Record<FilterField, readonly string[]>> = {};
  for (const field of FILTER_FIELDS) {
    const values = given[field] ?? [];
    if (values.length === 0) continue;
    if (values.length > MOST_VALUES) return refuse(field, `Give at most ${MOST_VALUES} values.`);
    const takes = field === 'from' || field === 'to' ? words(axes) : FILTER_WORDS[field];
    const fault = values.map((value) => faultOf(field, value, takes)).find((one) => one !== undefined);
    if (fault !== undefined) return refuse(field, fault);
    const meant = field === 'from' || field === 'to' ? values.flatMap((value) => valuesMeant(axes, value)) : values;
    read[field] = [...new Set(meant)].sort();
  }
  return ok(read as ChangeFilter);
}

function refuse(field: FilterField, detail: string): Result<never, Refusal> {
  return err(refusal('invalid-filter', detail, `/${field}`));
}

function faultOf(field: FilterField, value: string, takes: readonly string[] | undefined): string | undefined {
  const kind = KINDS_OF_ID[field];
  if (kind !== undefined) return isId(value) ? undefined : `Give the id of ${kind}: a UUID in lower case.`;
  if (field === 'country')
    return isCountry(value) ? undefined : 'Give a country by its two letters, such as DK (ISO 3166-1 alpha-2).';
  return takes?.includes(value) === true ? undefined : `Give one of ${(takes ?? []).join(', ')}.`;
}

function words(axes: typeof AXES): readonly string[] {
  return [...new Set([...axes.flatMap(({ values, groups }) => [...values, ...Object.keys(groups)]), 'unknown'])];
}

function valuesMeant(axes: typeof AXES, word: string): readonly string[] {
  const plain = word === 'unknown' || axes.some(({ values }) => values.includes(word)) ? [word] : [];
  return [...plain, ...axes.flatMap(({ groups }) => groups[word] ?? [])];
}

/** What a change has in each field; a filter is met where it has one of these in every field of its own. */
export function valuesOf({
  change,
  organisations,
  countries,
}: FedChange): Readonly<Record<FilterField, readonly string[]>> {
  const { kind, id } = change.subject;
  return {
    person: kind === 'person' ? [id] : [],
    group: kind === 'group' ? [id] : [],
    axis: [change.axis satisfies Axis],
    from: [change.from.value],
    to: [change.to.value],
    kind: [change.kind satisfies ChangeKind],
    organisation: organisations,
    country: countries,
  };
}

/** Whether a change is among those that a filter asks for. */
export function matches(filter: ChangeFilter, fed: FedChange): boolean {
  return meets(filter, valuesOf(fed));
}

/** The same, for whoever holds many filters against one change. */
export function meets(filter: ChangeFilter, values: ReturnType<typeof valuesOf>): boolean {
  const has = (field: FilterField): boolean => {
    const asked: readonly string[] | undefined = filter[field];
    return asked !== undefined && values[field].some((value) => asked.includes(value));
  };
  const { person, group, ...others } = filter;
  if ((person !== undefined || group !== undefined) && !has('person') && !has('group')) return false;
  return FILTER_FIELDS.every((field) => !(field in others) || has(field));
}
