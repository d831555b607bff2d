/** What lies outside a program and its decisions depend on, as ports, so that tests can stand in for it. */

export interface Clock {
  /** The present instant, with millisecond precision. May jump back: nothing may rely on it growing. */
  now(): Date;
}

export interface Randomness {
  /** `length` bytes from a cryptographically strong source. */
  bytes(length: number): Uint8Array;
}

/** Time that passes, and waiting; it says nothing of the date, and only grows. */
export interface Ticker {
  /** Milliseconds since some moment. */
  now(): number;
  /** Resolves after so many milliseconds, or early when the signal says so. Never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}
