/**
 * Why a request was refused. `code` is stable and part of the public interface; `detail` says what to do, in one
 * sentence, and never holds a fact about a person; `pointer` is the JSON pointer (RFC 6901) of the offending field in
 * the request's body, where there is one.
 */
export interface Refusal {
  readonly code: string;
  readonly detail: string;
  readonly pointer?: string;
}

export function refusal(code: string, detail: string, pointer?: string): Refusal {
  return pointer === undefined ? { code, detail } : { code, detail, pointer };
}
