/** The two opaque tokens that clients carry: a position to wait for, and the state that a write was made from. */
import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { HmacKey } from '#kernel';
import { problem } from './problem.js';

export interface StreamPosition {
  readonly stream: string;
  readonly revision: number;
}

/** Of a revision, always as many: the length of a token tells nothing either. */
const DIGITS = 15;
const NONCE = 12;
const TAG = 16;

/**
 * Positions as tokens. Sealed, so that they do not tell how many events there are: some of them may not be for everybody to see.
 * The same position has the same token, because its nonce follows from it.
 */
export class Positions {
  readonly #key: Uint8Array;
  readonly #nonces: HmacKey;

  /** @param secret the same on every node */
  constructor(secret: Uint8Array) {
    const derived = new HmacKey(secret);
    this.#key = derived.digest('key');
    this.#nonces = new HmacKey(derived.digest('nonces'));
  }

  token({ stream, revision }: StreamPosition): string {
    const text = `${String(revision).padStart(DIGITS, '0')}@${stream}`;
    const nonce = this.#nonces.digest(text).subarray(0, NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64url');
  }

  /** @throws ProblemError `invalid-query` for what no server of this record ever gave */
  read(token: string): StreamPosition {
    const [, digits, stream] = /^(\d{15})@(\S{1,200})$/.exec(this.#open(token) ?? '') ?? [];
    if (digits === undefined || stream === undefined) {
      throw problem('invalid-query', 'minPosition must be a Habeas-Position as a write answered it.');
    }
    return { stream, revision: Number(digits) };
  }

  #open(token: string): string | undefined {
    const sealed = Buffer.from(token, 'base64url');
    if (sealed.length <= NONCE + TAG) return undefined;
    const nonce = sealed.subarray(0, NONCE);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG });
    decipher.setAuthTag(sealed.subarray(-TAG));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]).toString();
    } catch {
      return undefined;
    }
  }
}

/**
 * A strong entity tag for a stream at the revision of the last event that whoever is told it may see. Keyed, so that it does not
 * tell how many events there are.
 */
export function etagOf(key: HmacKey, stream: string, revision: number): string {
  return `"${key.digest(`${stream}\n${revision}`).toString('base64url', 0, 16)}"`;
}

/**
 * What If-Match asks, as a question about the revision of the last event that the client may see.
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
