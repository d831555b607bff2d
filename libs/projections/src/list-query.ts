/** From what a client asks of a list to what can be answered: every word checked, or refused by the parameter it stands in. */
import { createHash } from 'node:crypto';
import { type DayBounds, err, isId, ok, parseEdtf, refusal, type Refusal, type Result } from '#kernel';
import { checkLimit } from './cursors.js';
import { filtersOf, isListedInTime, type ListFilter, sortsOf } from './filters.js';
import type { ListQuery, Moment } from './ports.js';
import type { SubjectCategory } from './shapes.js';

/** Of one filter. */
const MOST_VALUES = 50;

export interface Condition {
  readonly filter: ListFilter;
  readonly values: readonly string[];
  /** Of a period. */
  readonly spans: readonly DayBounds[];
}

export interface CheckedMoment extends Moment {
  /** What `validAt` says. */
  readonly span?: DayBounds;
}

export interface CheckedQuery {
  readonly kind: SubjectCategory;
  readonly q: string;
  readonly conditions: ReadonlyMap<string, Condition>;
  readonly certainty: 'certain' | 'possible' | undefined;
  readonly sort: string;
  readonly descending: boolean;
  readonly facets: readonly ListFilter[];
  readonly limit: number;
  readonly cursor: string | undefined;
  /** Left out: the present. */
  readonly moment: CheckedMoment | undefined;
  /** The same for the same list, whatever page of it is asked for. */
  readonly digest: string;
}

export function checkQuery(kind: SubjectCategory, query: ListQuery): Result<CheckedQuery, Refusal> {
  const { q = '', filters = {}, certainty, sort, facets = [], cursor } = query;
  const limit = checkLimit(query.limit);
  if (!limit.ok) return limit;
  if (certainty !== undefined && certainty !== 'certain' && certainty !== 'possible')
    return err(refusal('invalid-filter', 'Give certain or possible.', '/certainty'));
  const moment = checkMoment(kind, query);
  if (!moment.ok) return moment;
  const known = filtersOf(kind);
  const conditions = new Map<string, Condition>();
  for (const [name, values] of Object.entries(filters)) {
    const filter = known.find((one) => one.name === name);
    if (filter === undefined) return err(unknownName('invalid-filter', name, known));
    const condition = checkCondition(filter, values);
    if (!condition.ok) return condition;
    if (values.length > 0) conditions.set(name, condition.value);
  }
  const sorts = sortsOf(kind);
  const [first = 'entered'] = sorts;
  const order = sort?.replace(/^-/, '') ?? first;
  if (!sorts.includes(order))
    return err(
      refusal('invalid-sort', `Give one of ${sorts.join(', ')}; with - before it, the last ones first.`, '/sort'),
    );
  const counted: ListFilter[] = [];
  for (const name of new Set(facets)) {
    const facet = known.find((one) => one.name === name && one.facet);
    if (facet === undefined)
      return err(
        unknownName(
          'invalid-facet',
          'facets',
          known.filter((one) => one.facet),
        ),
      );
    counted.push(facet);
  }
  const descending = sort?.startsWith('-') === true;
  const asked = [...conditions.values()].map(({ filter, values }) => [filter.name, [...values].sort()]);
  const { validAt = '', knownAt = '' } = query;
  const list = [kind, q, asked.sort(), certainty ?? '', order, descending, validAt, knownAt];
  const digest = createHash('sha256').update(JSON.stringify(list)).digest('base64url').slice(0, 12);
  return ok({
    kind,
    q,
    conditions,
    certainty,
    sort: order,
    descending,
    facets: counted,
    limit: limit.value,
    cursor,
    moment: moment.value,
    digest,
  });
}

/** Names, and what was changed last, are kept as they are now. */
function checkMoment(
  kind: SubjectCategory,
  { validAt, knownAt, q = '', sort = '' }: ListQuery,
): Result<CheckedMoment | undefined, Refusal> {
  if (validAt === undefined && knownAt === undefined) return ok(undefined);
  const refuse = (detail: string, name: string): Result<never, Refusal> =>
    err(refusal('present-only', detail, `/${name}`));
  if (!isListedInTime(kind))
    return refuse(
      'Only persons and groups are listed at another moment.',
      validAt === undefined ? 'knownAt' : 'validAt',
    );
  if (knownAt !== undefined && q !== '')
    return refuse('Names are searched as they are now: leave out q or knownAt.', 'q');
  if (knownAt !== undefined && !['', 'entered', '-entered'].includes(sort))
    return refuse('With knownAt, give entered or -entered: names and last changes are those of now.', 'sort');
  const span = validAt === undefined ? undefined : parseEdtf(validAt);
  if (span?.ok === false) return err({ ...span.error, code: 'invalid-date', pointer: '/validAt' });
  return ok({
    ...(validAt !== undefined && { validAt }),
    ...(knownAt !== undefined && { knownAt }),
    ...(span !== undefined && { span: span.value.bounds }),
  });
}

function unknownName(code: string, name: string, known: readonly ListFilter[]): Refusal {
  return refusal(
    code,
    `There is no such field here. There are: ${known.map((one) => one.name).join(', ')}.`,
    `/${name}`,
  );
}

function checkCondition(filter: ListFilter, values: readonly string[]): Result<Condition, Refusal> {
  const refuse = (detail: string): Result<never, Refusal> => err(refusal('invalid-filter', detail, `/${filter.name}`));
  if (values.length > MOST_VALUES) return refuse(`Give at most ${MOST_VALUES} values.`);
  const spans: DayBounds[] = [];
  const given = values.map((value) => (filter.takes === 'answer' ? readAnswer(filter, value) : value.trim()));
  for (const value of given) {
    switch (filter.takes) {
      case 'answer':
        if (value === undefined) return refuse(`Give one of ${allowed(filter)}.`);
        break;
      case 'word':
        if (!filter.words.includes(value ?? '')) return refuse(`Give one of ${filter.words.join(', ')}.`);
        break;
      case 'text':
      case 'id-or-text':
        if (value === '') return refuse('Give some text.');
        break;
      case 'id':
        if (!isId(value ?? '')) return refuse('Give an id: a UUID.');
        break;
      case 'period': {
        const parsed = parseEdtf(value ?? '');
        if (!parsed.ok) return err({ ...parsed.error, code: 'invalid-date', pointer: `/${filter.name}` });
        spans.push(parsed.value.bounds);
      }
    }
  }
  return ok({ filter, values: given.filter((value) => value !== undefined), spans });
}

function allowed({ words, key }: ListFilter): string {
  const list = words.join(', ');
  return key === undefined ? list : `${list}; or a key (${key.like}), or key:word`;
}

/** An answer that is asked for: a word, a key, or both. */
export interface AskedAnswer {
  readonly key?: string;
  readonly word?: string;
}

/** In one way of writing it; undefined where it cannot be meant. */
function readAnswer(filter: ListFilter, value: string): string | undefined {
  if (filter.words.includes(value)) return value;
  if (filter.key === undefined) return undefined;
  const { key = '', word } = splitAnswer(filter, value);
  const written = filter.key.pattern.test(key.toUpperCase()) ? key.toUpperCase() : key;
  if (!filter.key.pattern.test(written)) return undefined;
  return word === undefined ? written : `${written}:${word}`;
}

export function splitAnswer({ words }: ListFilter, value: string): AskedAnswer {
  if (words.includes(value)) return { word: value };
  const colon = value.lastIndexOf(':');
  const word = value.slice(colon + 1);
  return colon > 0 && word !== 'unknown' && words.includes(word)
    ? { key: value.slice(0, colon), word }
    : { key: value };
}
