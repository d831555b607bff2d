/** Refusals of this room; the domain has its own. */
import { err, refusal, type Refusal } from '#kernel';

export interface Refused {
  readonly ok: false;
  readonly error: readonly Refusal[];
}

export function refused(code: string, detail: string, pointer?: string): Refused {
  return err([refusal(code, detail, pointer)]);
}

export const NOT_FOUND = refused('not-found', 'There is no such subject on record.');

export const KEY_REUSED = refused(
  'idempotency-key-reused',
  'This Idempotency-Key came before with another request. Take a new key for every new request.',
);

export const PRECONDITION_FAILED = refused(
  'precondition-failed',
  'The subject was changed since the version that If-Match names. Read it again.',
);

export const CONFLICT = refused('conflict', 'Others keep recording on this subject. Try again.');

export const TOO_LARGE = refused(
  'payload-too-large',
  'The request is larger than one append to the log may be. Enter a long text in several parts.',
);
