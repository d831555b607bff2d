/** JSON Schema (2020-12) of payload classes, from the very rules that check them. */
import { targetConstructorToSchema } from 'class-validator-jsonschema';
import { exactlyOneOf, type Field, fieldsOf, needsOf, type PayloadClass, RULE } from './fields.js';
import type { JsonSchema } from './json-schema.js';

/** The schemas of the classes and of all classes nested in them, by the classes' names. */
export function schemasOf(payloads: Iterable<PayloadClass>): Readonly<Record<string, JsonSchema>> {
  const schemas = new Map<string, { readonly payload: PayloadClass; readonly schema: JsonSchema }>();
  const visit = (payload: PayloadClass): void => {
    const known = schemas.get(payload.name);
    if (known !== undefined) {
      if (known.payload !== payload) throw new Error(`Two payload classes are named ${payload.name}.`);
      return;
    }
    schemas.set(payload.name, { payload, schema: schemaOf(payload) });
    for (const { nested } of fieldsOf(payload).values()) if (nested !== undefined) visit(nested);
  };
  for (const payload of payloads) visit(payload);
  return Object.fromEntries(
    [...schemas].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { schema }]) => [name, schema]),
  );
}

function schemaOf(payload: PayloadClass): JsonSchema {
  const generated = targetConstructorToSchema(payload, {
    additionalConverters: { [RULE]: (meta) => meta.constraints[0] as Record<string, unknown> },
  });
  const properties = generated.properties ?? {};
  const fields = [...fieldsOf(payload).values()];
  const groups = exactlyOneOf(payload);
  const needs = needsOf(payload);
  const required = fields.filter(({ optional }) => !optional).map(({ name }) => name);
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(fields.map((field) => [field.name, { ...properties[field.name], ...marks(field) }])),
    ...(required.length > 0 && { required }),
    ...(needs.length > 0 && {
      dependentRequired: Object.fromEntries(needs.map((need) => [need.field, [need.needs]])),
    }),
    ...(groups.length === 1 && { oneOf: alternatives(groups[0]) }),
    ...(groups.length > 1 && { allOf: groups.map((names) => ({ oneOf: alternatives(names) })) }),
  };
}

function alternatives(names: readonly string[] = []): readonly JsonSchema[] {
  return names.map((name) => ({ properties: { [name]: {} }, required: [name] }));
}

function marks(field: Field): JsonSchema {
  return {
    ...(field.description !== undefined && { description: field.description }),
    ...(field.serverSet && { readOnly: true }),
    ...(field.personal && { 'x-personal': true }),
  };
}
