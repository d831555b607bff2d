/**
 * Every error that leaves the server: problem details (RFC 9457) with a stable code.
 *
 * One table says which status and title a code has. A code that is not in it is a mistake of ours, and a specification
 * holds that every code that the rooms can give is in it. Nothing of an exception's own text ever leaves: what a client is
 * told comes from this table and from refusals, which are written for clients.
 */
import { REFUSAL_CODES, type RefusalKind } from '#domain';
import type { Refusal } from '#kernel';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

const malformed = 'The request cannot be read';
const invalid = 'The request is not valid';
const conflict = 'The request does not fit what is recorded';
const dangling = 'The request names something that is not there';
const absent = 'There is nothing here';
const unavailable = 'Not available at the moment';
const unresolved = 'The line names another that does not tell an id';

/** Codes that the door itself gives, before or instead of any decision. */
const doorProblems = {
  'malformed-json': { status: 400, title: malformed },
  'invalid-line': { status: 400, title: malformed },
  'malformed-request': { status: 400, title: malformed },
  'invalid-query': { status: 400, title: malformed },
  'invalid-header': { status: 400, title: malformed },
  'address-too-long': { status: 414, title: 'The request is too large' },
  'headers-too-large': { status: 431, title: 'The request is too large' },
  'request-timeout': { status: 408, title: 'The request took too long' },
  'too-many-requests': { status: 429, title: 'Too much at a time' },
  unauthenticated: { status: 401, title: 'A key is needed' },
  forbidden: { status: 403, title: 'The key does not allow this' },
  'ceiling-too-low': { status: 403, title: 'The key does not allow this' },
  'invalid-ticket': { status: 401, title: 'The ticket is not valid' },
  'route-not-found': { status: 404, title: absent },
  'payload-too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The media type is not supported' },
  'too-many-lines': { status: 413, title: 'The request is too large' },
  'ambiguous-reference': { status: 422, title: unresolved },
  'unknown-reference': { status: 422, title: unresolved },
  'several-problems': { status: 422, title: invalid },
  'refers-to-refused-line': { status: 424, title: unresolved },
  'internal-error': { status: 500, title: 'Something went wrong on our side' },
  'record-damaged': { status: 500, title: 'The record is damaged' },
  'access-unavailable': { status: 503, title: unavailable },
  'shutting-down': { status: 503, title: unavailable },
  'not-yet-visible': { status: 503, title: unavailable },
  'views-stopped': { status: 503, title: unavailable },
  'keys-unavailable': { status: 503, title: unavailable },
  'wrong-master-key': { status: 503, title: unavailable },
  'log-unavailable': { status: 503, title: unavailable },
  'outcome-unknown': { status: 503, title: unavailable },
  'read-only': { status: 503, title: unavailable },
  'disk-full': { status: 507, title: 'No space is left to record' },
} as const satisfies Record<string, ProblemKind>;

/** Codes that the rooms behind the door give, save the domain's. */
const roomProblems = {
  'bundle-too-large': { status: 413, title: 'The answer would be too large' },
  conflict: { status: 409, title: conflict },
  'empty-query': { status: 400, title: malformed },
  'erasure-over': { status: 409, title: conflict },
  erased: { status: 410, title: 'What was here was erased' },
  'idempotency-key-reused': { status: 409, title: conflict },
  'invalid-ceiling': { status: 422, title: invalid },
  'invalid-cursor': { status: 400, title: malformed },
  'invalid-date': { status: 400, title: malformed },
  'invalid-event': { status: 422, title: invalid },
  'invalid-expiry': { status: 422, title: invalid },
  'invalid-facet': { status: 400, title: malformed },
  'invalid-filter': { status: 400, title: malformed },
  'invalid-idempotency-key': { status: 400, title: malformed },
  'invalid-lens': { status: 400, title: malformed },
  'invalid-limit': { status: 400, title: malformed },
  'invalid-overlap': { status: 422, title: invalid },
  'invalid-place': { status: 400, title: malformed },
  'invalid-moment': { status: 400, title: malformed },
  'invalid-name': { status: 422, title: invalid },
  'invalid-scopes': { status: 422, title: invalid },
  'invalid-size': { status: 400, title: malformed },
  'invalid-seq': { status: 422, title: invalid },
  'invalid-span': { status: 422, title: invalid },
  'invalid-sort': { status: 400, title: malformed },
  'invalid-url': { status: 422, title: invalid },
  'key-over': { status: 409, title: conflict },
  'last-admin-key': { status: 409, title: conflict },
  'log-changed': { status: 409, title: conflict },
  'log-rewritten': { status: 409, title: 'The log was changed' },
  'moment-ahead': { status: 400, title: malformed },
  'moments-reversed': { status: 400, title: malformed },
  'not-canonical': { status: 422, title: invalid },
  'not-found': { status: 404, title: absent },
  'not-sealed-yet': { status: 404, title: absent },
  'not-stopped-there': { status: 409, title: conflict },
  'nothing-to-redact': { status: 409, title: conflict },
  'nothing-to-seal': { status: 409, title: conflict },
  'other-list': { status: 400, title: malformed },
  'outlives-its-maker': { status: 403, title: 'The key does not allow this' },
  'place-ahead': { status: 400, title: malformed },
  'precondition-failed': { status: 412, title: conflict },
  'present-only': { status: 400, title: malformed },
  'query-too-long': { status: 400, title: malformed },
  'size-ahead': { status: 400, title: malformed },
  'too-many-webhooks': { status: 409, title: conflict },
  'unknown-dead-letter': { status: 404, title: absent },
  'too-many-tries': { status: 429, title: 'Too many wrong keys' },
  'too-many-streams': { status: 503, title: unavailable },
  'too-many-streams-of-key': { status: 429, title: 'Too much at a time' },
  'unknown-event': { status: 404, title: absent },
  'unknown-seal': { status: 404, title: absent },
  'unknown-search-field': { status: 400, title: malformed },
  'views-not-ready': { status: 503, title: unavailable },
} as const satisfies Record<string, ProblemKind>;

/** The domain's codes have their status by what they are about. */
const domainProblems: Readonly<Record<RefusalKind, ProblemKind>> = {
  payload: { status: 422, title: invalid },
  reference: { status: 422, title: dangling },
  state: { status: 409, title: conflict },
};

export const problemKinds: ReadonlyMap<string, ProblemKind> = new Map(
  Object.entries<ProblemKind>({
    ...Object.fromEntries(Object.entries(REFUSAL_CODES).map(([code, { kind }]) => [code, domainProblems[kind]])),
    ...roomProblems,
    ...doorProblems,
  }).sort(([a], [b]) => (a < b ? -1 : 1)),
);

export type DoorCode = keyof typeof doorProblems;

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** The request's own correlation id: what to quote when asking about it. */
  readonly instance?: string;
  /** Each thing that is wrong with the request, with the place in its body. */
  readonly errors?: readonly Refusal[];
}

/** Thrown on the way out of a handler: the filter makes the document of it. */
export class ProblemError extends Error {
  constructor(
    readonly refusals: readonly [Refusal, ...Refusal[]],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(refusals[0].code);
    this.name = 'ProblemError';
  }

  /** Of a command that was refused, which it never is without a reason. */
  static of([first, ...others]: readonly Refusal[]): ProblemError {
    if (first === undefined) throw new Error('A refusal without a reason.');
    return new ProblemError([first, ...others]);
  }
}

/** A problem of the door itself. */
export function problem(code: DoorCode, detail: string, headers: Readonly<Record<string, string>> = {}): ProblemError {
  return new ProblemError([{ code, detail }], headers);
}

/** What a client gets for these refusals: the one code, or `several-problems` where they differ. */
export function problemDocument(refusals: readonly [Refusal, ...Refusal[]]): ProblemDocument {
  const [first] = refusals;
  const same = refusals.every((other) => other.code === first.code);
  const code = same ? first.code : 'several-problems';
  const { status, title } = problemKinds.get(code) ?? { status: 422, title: invalid };
  const located = refusals.length > 1 || first.pointer !== undefined;
  return {
    type: `urn:habeas:problem:${code}`,
    title,
    status,
    code,
    detail: refusals.length === 1 ? first.detail : `${refusals.length} things are wrong with the request; see errors.`,
    ...(located ? { errors: refusals } : {}),
  };
}
