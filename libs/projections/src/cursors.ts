/** Opaque cursors: where a page ended, of which list, in which log. They hold nothing that a record says of anybody. */
import { err, ok, refusal, type Refusal, type Result } from '#kernel';

/** What a cursor belongs to: it is refused for any other list and any other log. */
export interface CursorOf {
  /** The same for all pages of one list. */
  readonly list: string;
  readonly log: string;
}

export type CursorParts = readonly (string | number)[];

export function writeCursor({ list, log }: CursorOf, parts: CursorParts): string {
  return Buffer.from(JSON.stringify([list, log, ...parts])).toString('base64url');
}

/**
 * What was written into it.
 *
 * Refusal codes, all with the pointer `/cursor`: `invalid-cursor` for what no page ever gave, `other-list`,
 * `log-changed`.
 */
export function readCursor(cursor: string, { list, log }: CursorOf): Result<CursorParts, Refusal> {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    parts = undefined;
  }
  const [ofList, ofLog, ...rest] = Array.isArray(parts) ? (parts as unknown[]) : [];
  const known = rest.filter((part) => typeof part === 'string' || Number.isSafeInteger(part));
  if (typeof ofList !== 'string' || rest.length === 0 || known.length !== rest.length)
    return err(refusal('invalid-cursor', 'Give a cursor exactly as a page of this list gave it.', '/cursor'));
  if (ofList !== list)
    return err(
      refusal('other-list', 'The cursor is of a list with other filters or another order: begin again.', '/cursor'),
    );
  if (ofLog !== log)
    return err(refusal('log-changed', 'The cursor is from another log: begin again without it.', '/cursor'));
  return ok(known as CursorParts);
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** How many items a page holds. Refusal code: `invalid-limit`. */
export function checkLimit(limit: number = DEFAULT_LIMIT): Result<number, Refusal> {
  return Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT
    ? ok(limit)
    : err(refusal('invalid-limit', `Give a limit from 1 to ${MAX_LIMIT}.`, '/limit'));
}
