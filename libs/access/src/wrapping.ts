/**
 * How keys lie in the key store: each encrypted by the master key (AES-256-GCM) and bound to the place it belongs to, so
 * that a row copied over another does not open. Another master key needs only every row written again: nothing outside
 * the key store knows the master key.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Randomness } from '#kernel';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface KeyPlace {
  readonly kind: 'stream' | 'secret' | 'check';
  readonly name: string;
  readonly keyId: string;
}

export interface WrappedRow extends KeyPlace {
  readonly wrapped: Uint8Array;
}

/** A key as it lies in a key store, whichever that is: what it was wrapped as there, it is in another. */
export interface WrappedKey extends WrappedRow {
  readonly kind: 'stream' | 'secret';
}

/** The place of the row that only tells whether a master key fits. */
export const CHECK = { kind: 'check', name: 'master', keyId: 'master' } as const;

/** The row for a new key store. */
export function makeCheck(master: Uint8Array, randomness: Randomness): WrappedRow {
  return { ...CHECK, wrapped: wrap(randomness.bytes(32), CHECK, master, randomness) };
}

/** Whether this is the master key that the row was made with. */
export function fits(check: Uint8Array, master: Uint8Array): boolean {
  return unwrap(check, CHECK, master) !== undefined;
}

/** Nonce, cipher text, tag. */
export function wrap(key: Uint8Array, place: KeyPlace, master: Uint8Array, randomness: Randomness): Uint8Array {
  const nonce = randomness.bytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', master, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(place));
  return new Uint8Array(Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]));
}

/** The key; undefined if the master key is another one, or the row was changed or moved. */
export function unwrap(wrapped: Uint8Array, place: KeyPlace, master: Uint8Array): Uint8Array | undefined {
  try {
    const nonce = wrapped.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', master, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(place));
    decipher.setAuthTag(wrapped.subarray(-TAG_BYTES));
    const key = decipher.update(wrapped.subarray(NONCE_BYTES, -TAG_BYTES));
    decipher.final();
    return new Uint8Array(key);
  } catch {
    return undefined;
  }
}

function boundTo({ kind, name, keyId }: KeyPlace): Buffer {
  return Buffer.from(JSON.stringify(['habeas key v1', kind, name, keyId]), 'utf8');
}
