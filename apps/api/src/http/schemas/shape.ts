/** What answers are described with: kinds of values, and objects that are held to the shapes of the program. */

export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const hash: Schema = { ...text, description: 'Base64, of 32 bytes', pattern: '^[A-Za-z0-9+/]{43}=$' };
export const count: Schema = { type: 'integer' };
export const id: Schema = { type: 'string', format: 'uuid' };
export const day: Schema = { type: 'string', format: 'date' };
export const instant: Schema = { type: 'string', format: 'date-time' };
export const edtf: Schema = { type: 'string', description: 'EDTF (ISO 8601-2), as the source gives it' };
export const anything: Schema = { type: 'object', additionalProperties: true };
/** What is not written as Habeas writes it comes as the text that it is. */
export const stored: Schema = { anyOf: [anything, text] };
export const texts: Schema = { type: 'object', additionalProperties: text };

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });

/** A schema for each field of a shape; the names of those that may be left out end in a question mark. */
export type Fields<Shape> = {
  readonly [Name in keyof Shape & string as object extends Pick<Shape, Name> ? `${Name}?` : Name]-?: Schema;
};

/** An object. Where its shape is named, a field that is missing here, or gone there, does not compile. */
export function object<Shape = Readonly<Record<string, never>>>(
  fields: string extends keyof Shape ? Readonly<Record<string, Schema>> : Fields<Shape>,
  description?: string,
): Schema {
  const entries = Object.entries<Schema>(fields);
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    additionalProperties: false,
    required: entries.map(([name]) => name).filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema])),
  };
}

export const kind = oneOf('person', 'group', 'case', 'statement', 'source');
export const next: Schema = { ...text, description: 'The cursor of the next page; left out on the last' };
export const visibility = oneOf('public', 'internal', 'confidential');
export const seq: Schema = { type: 'integer', minimum: 0 };
