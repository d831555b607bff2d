/** The words of a source's held text: kept once, in the source, and cut out where they are shown. */
import type { Subject } from '../subject.js';
import { text } from './read.js';

/** The text that a source holds, whole; undefined where it holds none or it was erased. */
export function textOf(source: Subject): string | undefined {
  const parts: string[] = [];
  for (const { type, data } of source.events()) {
    const part = type === 'SourceEntered' || type === 'SourceTextContinued' ? text(data['text']) : undefined;
    if (part !== undefined) parts.push(part);
  }
  return parts.length === 0 ? undefined : parts.join('');
}

const SURROGATE = /[\ud800-\udfff]/;

/** The words from code point `start` up to `end`. */
export function wordsAt(source: Subject, { start, end }: { readonly start: number; readonly end: number }): string | undefined {
  const whole = textOf(source);
  if (whole === undefined) return undefined;
  // Without surrogates, code points and units are the same.
  return SURROGATE.test(whole) ? [...whole].slice(start, end).join('') : whole.slice(start, end);
}
