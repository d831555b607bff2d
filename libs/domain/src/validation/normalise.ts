/** Texts as they are kept: NFC, with LF at the end of lines. Quotations, hashes and keys all speak of this form. */
import { canonicalText } from '#kernel';
import { isPlainObject } from './fields.js';

/** JSON with its texts in that form: a copy where any of them is in another. */
export function normalised(json: unknown): unknown {
  if (typeof json === 'string') return canonicalText(json);
  if (Array.isArray(json)) {
    const elements = json as readonly unknown[];
    const copy = elements.map(normalised);
    return copy.every((element, index) => element === elements[index]) ? elements : copy;
  }
  if (!isPlainObject(json)) return json;
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(json)) {
    const value = normalised(json[name]);
    if (value !== json[name]) (copy ??= { ...json })[name] = value;
  }
  return copy ?? json;
}
