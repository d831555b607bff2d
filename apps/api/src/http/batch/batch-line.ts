/** What a line of a batch says: a command of one of the single routes, with what is a header there as a member here. */
import { type Category, type EventDefinition, recordable } from '#domain';
import { problem } from '../problem.js';
import { readVisibility } from '../recorded.js';
import type { Visibility } from '#kernel';

export interface BatchLine {
  readonly key: string;
  readonly path: string;
  readonly definition: EventDefinition;
  readonly category: Category;
  /** As it stands in the path: an id or a reference; undefined where a subject is entered. */
  readonly subject: string | undefined;
  readonly body: object;
  readonly visibility: Visibility | undefined;
  readonly ifMatch: string | undefined;
}

const MEMBERS: ReadonlySet<string> = new Set(['path', 'key', 'body', 'visibility', 'ifMatch']);

/** `/v1/persons`, `/v1/persons/<id or reference>/arrests`. A reference ends with the last brace: a key may hold any. */
const PATH = /^\/v1\/([a-z]+)(?:\/(\{[\x21-\x7e]+\}|[^/{}]+)\/([a-z-]+))?$/;

const routes = new Map<string, { readonly definition: EventDefinition; readonly category: Category }>(
  recordable.flatMap((definition) =>
    definition.categories.map(
      (category) => [`${category}s ${definition.route ?? ''}`, { definition, category }] as const,
    ),
  ),
);

/** @throws ProblemError `invalid-line`, `route-not-found`, `invalid-header` */
export function readBatchLine(line: object): BatchLine {
  const { path, key, body, visibility, ifMatch } = line as Readonly<Record<string, unknown>>;
  const strange = Object.keys(line).find((name) => !MEMBERS.has(name));
  if (strange !== undefined) throw problem('invalid-line', `A line holds ${[...MEMBERS].join(', ')} and nothing else.`);
  if (typeof path !== 'string') throw problem('invalid-line', 'A line needs a path, such as "/v1/persons".');
  // Without one the line could not be sent again.
  if (typeof key !== 'string') throw problem('invalid-line', 'A line needs a key of its own: its Idempotency-Key.');
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw problem('invalid-line', 'A line needs a body: the JSON object that the single route takes.');
  }
  if (ifMatch !== undefined && typeof ifMatch !== 'string') {
    throw problem('invalid-header', 'ifMatch must hold entity tags as this server gives them.');
  }
  const [, collection = '', subject, route = ''] = PATH.exec(path) ?? [];
  const found = routes.get(`${collection} ${route}`);
  if (found === undefined) throw problem('route-not-found', 'No such route to record anything.');
  return { key, path, ...found, subject, body, visibility: readVisibility(visibility, 'visibility'), ifMatch };
}
