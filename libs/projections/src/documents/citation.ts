/** A citation with its words: from the text that is held of its source, or quoted where none is held. */
import { wordsAt } from '#domain';
import type { CitationView, SubjectPointer } from '../shapes.js';
import { type Data, object, optional, text } from './read.js';

/**
 * @param textOf the text that is held of a source
 * @param pointerTo a source, with its title
 */
export function citationView(
  { sourceId, quote, locator, at, published }: Data,
  textOf: (source: string) => string | undefined,
  pointerTo: (source: string) => SubjectPointer,
): CitationView {
  const id = text(sourceId) ?? '';
  const { exact, prefix, suffix } = object(quote);
  const place = placeOf(at);
  const held = place === undefined ? undefined : textOf(id);
  return {
    source: pointerTo(id),
    ...optional('words', place === undefined ? text(exact) : held === undefined ? undefined : wordsAt(held, place)),
    ...optional('at', place),
    ...optional('prefix', text(prefix)),
    ...optional('suffix', text(suffix)),
    ...optional('locator', text(locator)),
    ...optional('published', text(published)),
  };
}

function placeOf(at: unknown): CitationView['at'] {
  const { start, end, version } = object(at);
  return typeof start === 'number' && typeof end === 'number' && typeof version === 'number'
    ? { start, end, version }
    : undefined;
}
