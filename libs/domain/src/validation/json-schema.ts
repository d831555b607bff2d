/** The part of JSON Schema (2020-12, as OpenAPI 3.1 takes it) that the payload classes are described in. */
export type JsonSchema = Readonly<Record<string, unknown>>;
