/** Reads what erasures are asked: every fault of a body at once. */
import type { AskedRedaction, Span } from '#access';
import { CATEGORIES, type Category } from '#domain';
import { isId, type Refusal } from '#kernel';
import { fieldsOf, refuseAny, unknownFields } from './body-fields.js';

export const LONGEST_REASON = 5_000;
export const MOST_WORDS = 50;
export const LONGEST_WORD = 1_000;
export const MOST_SPANS = 1_000;

/** Why a person is erased. @throws ProblemError */
export function readErasureRequest(body: unknown): { readonly reason: string } {
  const { reason, ...others } = fieldsOf(body);
  refuseAny(unknownFields(others, 'An erasure has a reason only.'), noReason(reason));
  return { reason: reason as string };
}

/** @throws ProblemError */
export function readRedactionRequest(body: unknown): AskedRedaction {
  const { kind, id, words, spans, everything, reason, ...others } = fieldsOf(body);
  refuseAny(
    unknownFields(others, 'A redaction has kind, id, words, spans, everything and reason only.'),
    noSubject(kind, id),
    words !== undefined &&
      !isListOf(words, MOST_WORDS, isWord) &&
      invalid(`Words are 1 to ${MOST_WORDS} texts of 1 to ${LONGEST_WORD} characters.`, '/words'),
    spans !== undefined &&
      !isListOf(spans, MOST_SPANS, isSpan) &&
      invalid(`Spans are 1 to ${MOST_SPANS} of event, pointer, start and end, as mentions give them.`, '/spans'),
    everything !== undefined && typeof everything !== 'boolean' && invalid('Say true or false.', '/everything'),
    reason !== undefined && noReason(reason),
  );
  return {
    kind: kind as Category,
    id: id as string,
    ...(words !== undefined && { words: words as readonly string[] }),
    ...(spans !== undefined && { spans: spans as readonly Span[] }),
    ...(everything !== undefined && { everything: everything as boolean }),
    ...(reason !== undefined && { reason: reason as string }),
  };
}

/** @throws ProblemError */
export function readKeptRequest(body: unknown): {
  readonly kind: Category;
  readonly id: string;
  readonly reason: string;
} {
  const { kind, id, reason, ...others } = fieldsOf(body);
  refuseAny(unknownFields(others, 'What is kept has kind, id and reason only.'), noSubject(kind, id), noReason(reason));
  return { kind: kind as Category, id: id as string, reason: reason as string };
}

function noReason(reason: unknown): Refusal | false {
  if (reason === undefined) return { code: 'missing-field', detail: 'Say why.', pointer: '/reason' };
  const isReason = isText(reason, LONGEST_REASON) && reason.trim() !== '';
  return !isReason && invalid(`A reason has 1 to ${LONGEST_REASON} characters.`, '/reason');
}

function noSubject(kind: unknown, id: unknown): readonly Refusal[] {
  const faults: Refusal[] = [];
  if (!CATEGORIES.includes(kind as Category))
    faults.push(invalid(`A kind is one of ${CATEGORIES.join(', ')}.`, '/kind'));
  if (!isId(id)) faults.push(invalid('Give the id of the subject.', '/id'));
  return faults;
}

function invalid(detail: string, pointer: string): Refusal {
  return { code: 'invalid-value', detail, pointer };
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= longest && value.isWellFormed();
}

function isWord(value: unknown): boolean {
  return isText(value, LONGEST_WORD);
}

function isSpan(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { event, pointer, start, end, ...others } = value as Readonly<Record<string, unknown>>;
  const isPlace = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  return isPlace && isId(event) && isText(pointer, 1_000) && Object.keys(others).length === 0;
}

function isListOf(value: unknown, most: number, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length >= 1 && value.length <= most && value.every(is);
}
