/** What a key looks like, and the events that make, renew and end one. */
import { hash } from 'node:crypto';
import { SCOPES, type Scope } from '#command-handling';
import { derivedId, isVisibility, type Randomness, type Visibility } from '#kernel';
import type { StoredForm } from '#log-format';

/**
 * How a key is called may say who holds it, so the name is sealed. Version 1 knew no ceiling: its keys see everything. It is a
 * version of its own because a program that knows nothing of ceilings and of ends must shut such a key out, not let it in without them.
 */
export const ACCESS_KEY_CREATED: StoredForm = {
  type: 'AccessKeyCreated',
  schemaVersion: 2,
  personal: ['/name'],
  upcasters: { 1: (data) => ({ ...data, ceiling: 'confidential' }) },
};
/** It has another secret from now on. */
export const ACCESS_KEY_ROTATED: StoredForm = { type: 'AccessKeyRotated', schemaVersion: 1, personal: [] };
export const ACCESS_KEY_REVOKED: StoredForm = { type: 'AccessKeyRevoked', schemaVersion: 1, personal: [] };

/** Every event of `habeasAccess-…` streams. */
export const ACCESS_EVENTS: readonly StoredForm[] = [ACCESS_KEY_CREATED, ACCESS_KEY_ROTATED, ACCESS_KEY_REVOKED];

export interface AccessKeyCreated {
  /** SHA-256, hex, of the whole key as clients send it. */
  readonly hash: string;
  readonly name?: string;
  readonly scopes: readonly Scope[];
  readonly ceiling: Visibility;
  /** UTC, with milliseconds and Z: from then on it lets nobody in. Left out: it does not expire. */
  readonly expiresAt?: string;
}

export interface AccessKeyRotated {
  /** As in AccessKeyCreated, as is the next. */
  readonly hash: string;
  /** In the place of what was said before; left out: that stands. */
  readonly expiresAt?: string;
  /** Until then the secret before this one lets in as well. Left out: that ended. */
  readonly previousUntil?: string;
}

const SECRET_BYTES = 32;
const OUR_KEY = /^hbs_([0-9a-f]{32})_[A-Za-z0-9_-]{43}$/;

/** `hbs_<id>_<secret>`: 32 hexadecimal digits, and 256 bits from a strong source in base64url. */
export function makeKey(id: string, randomness: Randomness): string {
  return `hbs_${id.replaceAll('-', '')}_${Buffer.from(randomness.bytes(SECRET_BYTES)).toString('base64url')}`;
}

/** Whether it has the form of those that Habeas makes of 256 random bits, here or in docker/secrets.sh: nobody guesses them. */
export function isMadeByUs(key: string): boolean {
  return OUR_KEY.test(key) || /^habeas_[0-9a-f]{64}$/.test(key);
}

/**
 * The id a key is filed under. One that was not made here (an admin key that the operator chose) is filed under an id
 * that follows from its hash, which tells no more than the hash beside it does.
 */
export function idOfKey(key: string, digest = hashOfKey(key)): string {
  const hex = OUR_KEY.exec(key)?.[1];
  if (hex === undefined) return derivedId('habeas access: given key', digest, 0);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function hashOfKey(key: string): string {
  return hash('sha256', key);
}

type Data = Readonly<Record<string, unknown>>;

/** The event's data, if it is what Habeas writes. */
export function readCreated(data: Data): AccessKeyCreated | undefined {
  const { hash: digest, name, scopes, ceiling, expiresAt } = data;
  if (!isHash(digest) || !isVisibility(ceiling) || !isInstantOrNone(expiresAt)) return undefined;
  if (!Array.isArray(scopes) || !scopes.every(isScope)) return undefined;
  return {
    hash: digest,
    scopes,
    ceiling,
    ...(typeof name === 'string' && { name }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** Likewise. */
export function readRotated(data: Data): AccessKeyRotated | undefined {
  const { hash: digest, expiresAt, previousUntil } = data;
  if (!isHash(digest) || !isInstantOrNone(expiresAt) || !isInstantOrNone(previousUntil)) return undefined;
  return {
    hash: digest,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(previousUntil !== undefined && { previousUntil }),
  };
}

export function isScope(value: unknown): value is Scope {
  return SCOPES.includes(value as Scope);
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/** In the one form that is stored. */
function isInstantOrNone(value: unknown): value is string | undefined {
  if (value === undefined) return true;
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString() === value;
}

/** The principal behind a key. The prefix tells keys from other kinds of principals. */
export function principalId(keyId: string): string {
  return `key:${keyId}`;
}

/** The id of the key behind a principal. */
export function keyOf(principal: string): string {
  return principal.replace(/^key:/, '');
}
