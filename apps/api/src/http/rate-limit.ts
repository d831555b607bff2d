/**
 * How much one key may ask: of each a bucket of tokens that fills at a steady rate, from which every request takes one. So one
 * client that runs wild does not take the server from all others. A batch is one request, as is a stream.
 *
 * Answers tell it in the fields of draft-ietf-httpapi-ratelimit-headers-10 (RateLimit header fields for HTTP): `RateLimit-Policy` says
 * how many requests (`q`) in how many seconds (`w`), `RateLimit` how many remain (`r`) and in how many seconds (`t`) all will again.
 */

export interface Rate {
  /** Requests in a second, in the long run. More than 0. */
  readonly perSecond: number;
  /** Requests at once, after a pause. At least 1. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  /** When it was last looked at, in milliseconds. */
  at: number;
}

export class RateLimit {
  /** The value of `RateLimit-Policy`: the same for all. */
  readonly policy: string;
  /** By key: there are as many as keys were made, and only who holds one has one. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(private readonly rate: Rate) {
    this.policy = `"key";q=${rate.burst};w=${Math.ceil(rate.burst / rate.perSecond)}`;
  }

  /**
   * Takes a token from the bucket of a key.
   *
   * @param now in milliseconds, from a clock that is never set back
   * @returns how many are left; less than none: there was none to take
   */
  take(key: string, now: number): number {
    const { perSecond, burst } = this.rate;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) this.#buckets.set(key, (bucket = { tokens: burst, at: now }));
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * perSecond) / 1_000);
    bucket.at = now;
    bucket.tokens = tokens < 1 ? tokens : tokens - 1;
    return tokens < 1 ? -1 : Math.floor(bucket.tokens);
  }

  /** The value of `RateLimit` with so many left. */
  told(left: number): string {
    const { perSecond, burst } = this.rate;
    return `"key";r=${Math.max(0, left)};t=${Math.ceil((burst - Math.max(0, left)) / perSecond)}`;
  }

  /** Whole seconds until there is a token again: the value of `Retry-After`. */
  get wait(): string {
    return String(Math.max(1, Math.ceil(1 / this.rate.perSecond)));
  }
}
