/** The two things outside a program that its decisions depend on, as ports, so that only apps touch the real ones. */

export interface Clock {
  /** The present instant, with millisecond precision. May jump back: nothing may rely on it growing. */
  now(): Date;
}

export interface Randomness {
  /** `length` bytes from a cryptographically strong source. */
  bytes(length: number): Uint8Array;
}
