/** Parts of answers that several of them have alike. */
import type { ActView, FactView } from '#projections';
import { type Fields, anything, count, id, instant, kind, list, object, oneOf, ref, text } from './shape.js';

export const standing = {
  ...oneOf('standing', 'corrected', 'proposed', 'withdrawn', 'moved'),
  description: 'proposed: under four eyes, nobody has verified it yet as it is',
};

export const place = object({ start: count, end: count, version: count }, 'In code points of the text of that version');
/** What timeline and history show alike of an event that tells something. */
export const told: Fields<Pick<FactView, 'mentions' | 'citations' | 'basis' | 'confidence' | 'note'>> = {
  mentions: list(object({ kind: kind, id: id, 'name?': text, pointer: text })),
  citations: list(ref('CitationView')),
  'basis?': text,
  'confidence?': text,
  'note?': text,
};

export const act: Fields<ActView> = {
  event: id,
  seq: count,
  type: text,
  recordedAt: instant,
  recordedBy: text,
  'reason?': text,
  citations: list(ref('CitationView')),
  data: anything,
};
