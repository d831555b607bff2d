/**
 * Sealed boxes: the personal fields of one event, encrypted under a key that can be destroyed.
 *
 * AES-256-GCM under a key derived (HKDF-SHA256) from the stream's key; bound to stream and event id as additional data,
 * so that a box moved to another event does not open. The plaintext is canonical JSON of {fields, salt}. `commit` =
 * SHA-256(salt, plaintext) stands outside: whoever is shown a plaintext later can prove that it is what was recorded,
 * while the random salt keeps anybody from guessing a name and checking the guess. So one box can be disclosed, with its
 * salt, to somebody who gets no key, and learns nothing of any other.
 *
 * Everything here is part of the stored form and never changes for boxes with `v: 1`.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { HmacKey, isId, type Json, type JsonObject, type Randomness, writeCanonical } from '#kernel';
import type { PersonalFields } from './personal.js';
import type { StreamKey } from './types.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SALT_BYTES = 16;
const TAGGED = { authTagLength: TAG_BYTES };

/** As it stands in `data.sealed`. Bytes are base64url, `commit` is hex. */
export interface SealedBox {
  readonly v: 1;
  readonly keyId: string;
  readonly nonce: string;
  /** Cipher text followed by the 16 bytes of the tag. */
  readonly ct: string;
  readonly commit: string;
}

/** What a box holds, with what proves that it does. */
export interface Disclosure {
  readonly fields: PersonalFields;
  /** Base64url. */
  readonly salt: string;
}

interface Place {
  readonly stream: string;
  readonly id: string;
}

export function seal(fields: PersonalFields, place: Place, key: StreamKey, randomness: Randomness): SealedBox {
  const salt = Buffer.from(randomness.bytes(SALT_BYTES));
  const nonce = Buffer.from(randomness.bytes(NONCE_BYTES));
  const salted = Buffer.concat([
    salt,
    Buffer.from(writeCanonical({ fields, salt: salt.toString('base64url') }), 'utf8'),
  ]);
  const cipher = createCipheriv(
    'aes-256-gcm',
    derive(key, ciphers, 'habeas sealing v1', createSecretKey),
    nonce,
    TAGGED,
  );
  cipher.setAAD(boundTo(place));
  const encrypted = cipher.update(salted.subarray(SALT_BYTES));
  // GCM holds nothing back: all that is left is the tag.
  cipher.final();
  return {
    v: 1,
    keyId: key.keyId,
    nonce: nonce.toString('base64url'),
    ct: Buffer.concat([encrypted, cipher.getAuthTag()]).toString('base64url'),
    commit: hash('sha256', salted),
  };
}

/** What is in the box; undefined if it was sealed elsewhere, with another key, or changed since. */
export function open(box: SealedBox, place: Place, key: StreamKey): Disclosure | undefined {
  try {
    const bytes = Buffer.from(box.ct, 'base64url');
    const nonce = Buffer.from(box.nonce, 'base64url');
    const decipher = createDecipheriv(
      'aes-256-gcm',
      derive(key, ciphers, 'habeas sealing v1', createSecretKey),
      nonce,
      TAGGED,
    );
    decipher.setAAD(boundTo(place));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const plaintext = Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
    const held = JSON.parse(plaintext.toString('utf8')) as Disclosure;
    return commitment(Buffer.from(held.salt, 'base64url'), plaintext) === box.commit ? held : undefined;
  } catch {
    // GCM tells only that it does not open; why is the same to every caller.
    return undefined;
  }
}

/** Whether this is what was sealed in the box. */
export function isDisclosed({ commit }: SealedBox, { fields, salt }: Disclosure): boolean {
  try {
    const plaintext = Buffer.from(writeCanonical({ fields, salt }), 'utf8');
    return commitment(Buffer.from(salt, 'base64url'), plaintext) === commit;
  } catch {
    // It may be anybody's, and nested deeper than anything is that was ever sealed.
    return false;
  }
}

/** Reads what stands in `data.sealed`; undefined if it is no box of a version known here. */
export function readBox(value: Json): SealedBox | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const box = value as JsonObject;
  const { v, keyId, nonce, ct, commit } = box;
  if (v !== 1 || !isId(keyId) || typeof nonce !== 'string' || typeof ct !== 'string' || typeof commit !== 'string') {
    return undefined;
  }
  return { v, keyId, nonce, ct, commit };
}

/**
 * What a request is recognised by when it comes again: HMAC-SHA256 under a key derived from the stream's, hex. Without
 * the key nobody can test guesses about what was asked, also not from the log.
 */
export function requestMac(key: StreamKey, request: string): string {
  return derive(key, macs, 'habeas request mac v1', (bytes) => new HmacKey(bytes))
    .digest(request)
    .toString('hex');
}

export function sameMac(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'utf8'), Buffer.from(other, 'utf8')];
  return a.length === b.length && timingSafeEqual(a, b);
}

function commitment(salt: Uint8Array, plaintext: Uint8Array): string {
  return hash('sha256', Buffer.concat([salt, plaintext]));
}

function boundTo({ stream, id }: Place): Buffer {
  return Buffer.from(JSON.stringify(['habeas box v1', stream, id]), 'utf8');
}

/** Key stores hand out the same object as long as they hold it, so each derivation is paid once. */
const ciphers = new WeakMap<StreamKey, KeyObject>();
const macs = new WeakMap<StreamKey, HmacKey>();

function derive<T>(key: StreamKey, derived: WeakMap<StreamKey, T>, purpose: string, made: (bytes: Uint8Array) => T): T {
  let known = derived.get(key);
  if (known === undefined) {
    known = made(new Uint8Array(hkdfSync('sha256', key.key, '', purpose, 32)));
    derived.set(key, known);
  }
  return known;
}
