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

export const ERASED = refused(
  'erased',
  'What is personal of this person was erased, at their wish. Nothing more is recorded on them.',
);

export const KEY_GONE = refused(
  'erased',
  'The key by which this subject is sealed is not there: the keys are older than the log. Restore them; nothing can be recorded until then.',
);

export const REPEATED_AFTER_ERASURE = refused(
  'erased',
  'This was recorded before, and words of it were erased since: whether it is the same request cannot be told any more. Read the subject.',
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
