/** The two opaque tokens that clients carry: a position to wait for, and the state that a write was made from. */
import { timingSafeEqual } from 'node:crypto';
import { type HmacKey, parseStreamName } from '#kernel';
import { problem } from './problem.js';

export interface StreamPosition {
  readonly stream: string;
  readonly revision: number;
}

export function positionToken({ stream, revision }: StreamPosition): string {
  return Buffer.from(`${revision}@${stream}`).toString('base64url');
}

/** @throws ProblemError `invalid-query` for what this server never gave. */
export function readPosition(token: string): StreamPosition {
  const [, digits, stream] = /^(\d{1,15})@(\S{1,200})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (digits === undefined || stream === undefined || parseStreamName(stream) === undefined) {
    throw problem('invalid-query', 'minPosition must be a Habeas-Position as a write answered it.');
  }
  return { stream, revision: Number(digits) };
}

/**
 * A strong entity tag for a stream at a revision. Keyed, so that it does not tell how many events there are: some of them
 * may not be for everybody to see.
 */
export function etagOf(key: HmacKey, stream: string, revision: number): string {
  return `"${key.digest(`${stream}\n${revision}`).toString('base64url', 0, 16)}"`;
}

/**
 * What If-Match asks, as a question about the stream's revision.
 *
 * @throws ProblemError `invalid-header` where it holds no entity tag. Weak tags never match (RFC 9110, 13.1.1).
 */
export function ifMatch(header: string, key: HmacKey, stream: string): (revision: number) => boolean {
  const tags = header.split(',').map((tag) => tag.trim());
  if (!tags.every((tag) => /^(\*|(W\/)?"[\x21\x23-\x7e]*")$/.test(tag))) {
    throw problem('invalid-header', 'If-Match must hold entity tags as this server gives them.');
  }
  return (revision) => {
    if (revision < 0) return false;
    const present = Buffer.from(etagOf(key, stream, revision));
    return tags.some((tag) => {
      const given = Buffer.from(tag);
      return tag === '*' || (given.length === present.length && timingSafeEqual(given, present));
    });
  };
}
