/** Keys, time and randomness that are the same in every run, for specs and golden files. */
import { createHash } from 'node:crypto';
import type { Position, StoredEvent } from '#event-store';
import type { Clock, Randomness } from '#kernel';
import type { EncodedEvents, KeyStore, StreamKey } from '#log-format';

export const fixedClock: Clock = { now: () => new Date('2019-03-04T05:06:07.089Z') };

/** Bytes that look random and depend on the seed and on how many were drawn before. */
export function seededRandomness(seed: string): Randomness {
  let drawn = 0;
  return {
    bytes(length) {
      const bytes = Buffer.alloc(length);
      for (let at = 0; at < length; at += 32) {
        createHash('sha256').update(`${seed} ${drawn++}`).digest().copy(bytes, at);
      }
      return new Uint8Array(bytes);
    },
  };
}

export function fixedKey(name: string): StreamKey {
  const digest = createHash('sha256').update(name).digest();
  const hex = digest.toString('hex');
  const keyId = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return { keyId, key: new Uint8Array(digest) };
}

/** What a key store gives that holds these keys and no other. */
export function holding(...keys: readonly StreamKey[]): Pick<KeyStore, 'find'> {
  return {
    find: (keyIds) => {
      const wanted = new Set(keyIds);
      return Promise.resolve(new Map(keys.filter((key) => wanted.has(key.keyId)).map((key) => [key.keyId, key])));
    },
  };
}

/** The events as a log would give them back. */
export function asStored({ events, recorded }: EncodedEvents): StoredEvent[] {
  return events.map((event, index) => {
    const { stream, revision } = recorded[index]!;
    return { ...event, stream, revision, position: String(revision) as Position };
  });
}
