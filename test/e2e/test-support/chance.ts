/** Chance that can be had again: a small generator from a seed, for suites that draw more than a property shrinks. */

export interface Chance {
  /** A whole number from 0 up to and including `max`. */
  nat(max: number): number;
  one<T>(among: readonly T[]): T;
  bytes(length: number): Buffer;
}

/** mulberry32: 32 bits of state, and even enough for tests. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const nat = (max: number): number => Math.floor(next() * (max + 1));
  return {
    nat,
    one: (among) => {
      const found = among[nat(among.length - 1)];
      if (found === undefined) throw new Error('There is nothing to choose from.');
      return found;
    },
    bytes: (length) => Buffer.from(Array.from({ length }, () => nat(255))),
  };
}
