/** Moments of knowledge, as they are asked for: an instant, or the seq of an event. */
import { parseInstant } from '#kernel';

export type KnownMoment =
  | { readonly seq: number }
  | { /** In milliseconds. */ readonly instant: number; /** As asked. */ readonly text: string };

const SEQ = /^(?:0|[1-9]\d{0,15})$/;

/** An instant (ISO 8601 with Z or an offset) or a seq in decimal digits; undefined for anything else. */
export function parseMoment(text: string): KnownMoment | undefined {
  if (SEQ.test(text)) return { seq: Number(text) };
  const instant = parseInstant(text);
  return instant === undefined ? undefined : { instant, text };
}
