/** What was asked, made ready to be looked for: where, in which order of rank, and from which place on. */
import { createHash } from 'node:crypto';
import { err, ok, refusal, type Refusal, type Result } from '#kernel';
import type { SearchQuery } from '../ports.js';
import { type Needles, needlesOf } from './folded-words.js';
import { CLASSES, SEARCH_FIELDS, type TextClass } from './tables.js';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
const LONGEST_QUERY = 200;

export interface Asked {
  readonly q: string;
  readonly needles: Needles;
  readonly classes: readonly TextClass[];
  readonly limit: number;
  /** Tells one search from another, for cursors. */
  readonly digest: string;
}

const EMPTY = refusal('empty-query', 'Give at least one letter, digit or sign to search for.', '/q');
const TOO_LONG = refusal('query-too-long', `Search for at most ${LONGEST_QUERY} characters.`, '/q');
const UNKNOWN_FIELD = refusal(
  'unknown-search-field',
  `Search in one or several of: ${SEARCH_FIELDS.join(', ')}; separated by commas.`,
  '/in',
);

export function readAsked(query: SearchQuery): Result<Asked, Refusal> {
  const { q, limit = DEFAULT_LIMIT, category } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    return err(refusal('invalid-limit', `Give a limit from 1 to ${MAX_LIMIT}.`, '/limit'));
  }
  const fields = query.in ?? SEARCH_FIELDS;
  if (fields.length === 0 || fields.some((field) => !SEARCH_FIELDS.includes(field))) return err(UNKNOWN_FIELD);
  if (q.length > 2 * LONGEST_QUERY || Array.from(q).length > LONGEST_QUERY) return err(TOO_LONG);
  const needles = needlesOf(q);
  if (needles === undefined) return err(EMPTY);
  const classes = CLASSES.filter(
    ({ field, kind }) => fields.includes(field) && (category === undefined || category === kind),
  );
  const codes = classes.map(({ code }) => code).join();
  const digest = createHash('sha256').update(`${codes} ${needles.plain}`).digest('base64url').slice(0, 12);
  return ok({ q, needles, classes, limit, digest });
}

/** The place of the last hit of a page. */
interface Place {
  /** What was recorded later is no part of the pages that follow. */
  readonly upTo: number;
  /** The row of the name that was searched for too; 0 for the query itself. */
  readonly spelling: number;
  readonly tier: number;
  /** The order of the row that ranked it. */
  readonly order: number;
}

export function writeCursor(log: string, { digest }: Asked, { upTo, spelling, tier, order }: Place): string {
  return Buffer.from(JSON.stringify([log, digest, upTo, spelling, tier, order])).toString('base64url');
}

export function readCursor(cursor: string, log: string, { digest }: Asked): Result<Place, Refusal> {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    parts = undefined;
  }
  if (!Array.isArray(parts) || parts.length !== 6 || !parts.slice(2).every((part) => Number.isSafeInteger(part))) {
    return err(INVALID_CURSOR);
  }
  if (parts[0] !== log) {
    return err(refusal('log-changed', 'The cursor is from another log: begin again without it.', '/cursor'));
  }
  if (parts[1] !== digest) return err(OTHER_SEARCH);
  const [upTo = 0, spelling = 0, tier = 0, order = 0] = parts.slice(2) as number[];
  return ok({ upTo, spelling, tier, order });
}

const INVALID_CURSOR = refusal('invalid-cursor', 'Give a cursor exactly as a page of this search gave it.', '/cursor');
const OTHER_SEARCH = refusal(
  'other-list',
  'The cursor is from another search: give it with the same q, in and category.',
  '/cursor',
);
