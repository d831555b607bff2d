/**
 * The outcome of something that may be refused. Refusals are values, so that every caller has to look at them;
 * exceptions are kept for what the caller cannot mend (a disk that fails, a broken invariant).
 */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}
