/** The first case as events: its commands, decided by hand in the one way that matters here, where the words stand. */
import { definitionByRoute, type Category } from '#domain';
import { derivedId, isoDay, parseEdtf } from '#kernel';
import { type CaseCommand, firstCase, namesIn } from '../../../../apps/cli/src/demo/first-case.js';
import type { Said } from './record.js';

/** The same id for the same name, in whatever order things are recorded. */
export function idOf(name: string): string {
  return derivedId('first case', name, 'subject');
}

export { firstCase, type CaseCommand };

const ARTICLE = firstCase.find(({ name }) => name === 'article');
const ARTICLE_TEXT = ARTICLE?.body.text as string;
const published = parseEdtf(ARTICLE?.body.published as string);
const PUBLISHED = published.ok ? isoDay(published.value.bounds.latest) : '';

/** The event that a command records. */
export function eventOf({ name, path, body }: CaseCommand): Said {
  const [, , plural = '', subject, route] = path.split('/');
  const kind = plural.slice(0, -1) as Category;
  const definition = definitionByRoute(kind, route);
  if (definition === undefined) throw new Error(`There is no event for ${path}.`);
  const subjectName = subject?.slice(1, -1) ?? name;
  return {
    kind,
    subject: idOf(subjectName),
    id: subject === undefined ? derivedId('first case', name, 0) : idOf(name),
    type: definition.type,
    data: resolved(body) as Said['data'],
  };
}

function resolved(value: unknown): unknown {
  if (typeof value === 'string') return /^\{[a-z0-9-]+\}$/.test(value) ? idOf(value.slice(1, -1)) : value;
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  if ('sourceId' in value && 'quote' in value) return citation(value.quote as Quote);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolved(inner)]));
}

interface Quote {
  readonly exact: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

function citation({ exact, prefix = '', suffix = '' }: Quote): unknown {
  const found = ARTICLE_TEXT.indexOf(prefix + exact + suffix);
  if (found < 0) throw new Error(`The article does not say: ${exact}`);
  const start = Array.from(ARTICLE_TEXT.slice(0, found + prefix.length)).length;
  return {
    sourceId: idOf('article'),
    at: { start, end: start + Array.from(exact).length, version: 1 },
    published: PUBLISHED,
  };
}

/** An order in which the commands may come: each after those that it names, else by rank. */
export function inOrderOf(rank: (index: number) => number): readonly CaseCommand[] {
  const waiting = [...firstCase.entries()].sort(([a], [b]) => rank(a) - rank(b)).map(([, command]) => command);
  const sent = new Set<string>();
  const order: CaseCommand[] = [];
  while (waiting.length > 0) {
    const ready = waiting.findIndex((command) => [...namesIn(command)].every((name) => sent.has(name)));
    const [next] = waiting.splice(ready, 1);
    if (ready < 0 || next === undefined) throw new Error('Commands name each other.');
    sent.add(next.name);
    order.push(next);
  }
  return order;
}
