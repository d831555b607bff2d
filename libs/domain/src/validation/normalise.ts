/** Texts as they are kept: NFC, with LF at the end of lines. Quotations, hashes and keys all speak of this form. */
import { canonicalText } from '#kernel';
import { isPlainObject } from './fields.js';

/** A copy of JSON with its texts in that form. */
export function normalised(json: unknown): unknown {
  if (typeof json === 'string') return canonicalText(json);
  if (Array.isArray(json)) return json.map(normalised);
  if (!isPlainObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, normalised(value)]));
}
