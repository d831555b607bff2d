/** Strong random bytes, drawn from the system many at a time: a call for twelve costs as much as one for thousands. */
import { randomFillSync } from 'node:crypto';
import type { Randomness } from '#kernel';

const POOL_BYTES = 4096;

export function createRandomness(): Randomness {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return {
    bytes: (length) => {
      if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
      if (used + length > POOL_BYTES) {
        randomFillSync(pool);
        used = 0;
      }
      const drawn = pool.slice(used, used + length);
      // Handed out once, and not kept: what was drawn may be a key.
      pool.fill(0, used, used + length);
      used += length;
      return drawn;
    },
  };
}
