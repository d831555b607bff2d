/**
 * JSON Schemas of payloads: a door of its own (`#domain/schemas`), because what makes them takes long to load and only
 * whoever describes the interface needs it.
 */
import { catalogue } from './catalogue/catalogue.js';
import type { JsonSchema } from './validation/json-schema.js';
import { schemasOf } from './validation/schema.js';

/** Components for OpenAPI 3.1, by their names: a payload's is its event's type. @param types left out: all */
export function jsonSchemas(types?: ReadonlySet<string>): Readonly<Record<string, JsonSchema>> {
  const wanted = catalogue.filter(({ type }) => types?.has(type) ?? true);
  return schemasOf(wanted.map(({ payload }) => payload));
}
