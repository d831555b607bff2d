/** Answers in words, for a terminal. */
import type { AnswerView } from '#projections';

/** What of an answer is read out. */
type ReadAnswer = Pick<AnswerView, 'value' | 'certain' | 'disputed' | 'orderUncertain'> &
  Partial<Pick<AnswerView, 'since' | 'reason'>>;

/** On which axis an answer is, of which case or key. */
export function axisText({ axis, case: inCase, key }: { axis: string; case?: string; key?: string }): string {
  const place = [axis, key, inCase === undefined || inCase === 'only' ? undefined : `case ${inCase}`];
  return place.filter((part) => part !== undefined).join(' ');
}

/** A subject by its name, or by its id where it has none. */
export function named({
  kind,
  id,
  name,
}: {
  readonly kind: string;
  readonly id: string;
  readonly name?: string;
}): string {
  return name ?? `${kind} ${id}`;
}

/** `since`, with the two open forms of EDTF in words. */
export function since(answer: { readonly since?: string }): string {
  if (answer.since === undefined) return '';
  const [, after] = /^([^./]+)\/\.\.$/.exec(answer.since) ?? [];
  const [, before] = /^(?:\.\.\/|\[\.\.)([^./\]]+)\]?$/.exec(answer.since) ?? [];
  if (after !== undefined) return `, since after ${after}`;
  return before === undefined ? `, since ${answer.since}` : `, since ${before} or before`;
}

/** How an answer reads, with what weakens it. */
export function reads(answer: ReadAnswer, value = answer.value): string {
  const doubts = [
    answer.certain || answer.value === 'none' || answer.value === 'unknown' ? undefined : 'not certain',
    answer.disputed ? 'disputed' : undefined,
    answer.orderUncertain ? 'order uncertain' : undefined,
    answer.reason,
  ].filter((doubt) => doubt !== undefined);
  return value + since(answer) + (doubts.length === 0 ? '' : ` (${doubts.join(', ')})`);
}
