/** Bodies of a few fields that are read by hand: every fault of one is told at once. */
import { jsonPointer, type Refusal } from '#kernel';
import { ProblemError } from './problem.js';

export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return (body ?? {}) as Readonly<Record<string, unknown>>;
}

/** A refusal of each field that there is none of. */
export function unknownFields(others: object, detail: string): readonly Refusal[] {
  return Object.keys(others).map((field) => ({ code: 'unknown-field', detail, pointer: jsonPointer([field]) }));
}

/** @throws ProblemError with all of these, if there are any */
export function refuseAny(...found: readonly (readonly Refusal[] | Refusal | false)[]): void {
  const [first, ...more] = found.flat().filter((one) => one !== false);
  if (first !== undefined) throw new ProblemError([first, ...more]);
}
