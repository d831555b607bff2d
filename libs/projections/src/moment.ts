/** Moments of knowledge, as they are asked for: an instant, or the seq of an event. */

export type KnownMoment =
  | { readonly seq: number }
  | { /** In milliseconds. */ readonly instant: number; /** As asked. */ readonly text: string };

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const SEQ = /^(?:0|[1-9]\d{0,15})$/;

/** An instant (ISO 8601 with Z or an offset) or a seq in decimal digits; undefined for anything else. */
export function parseMoment(text: string): KnownMoment | undefined {
  if (SEQ.test(text)) return { seq: Number(text) };
  const instant = INSTANT.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(instant) ? undefined : { instant, text };
}
