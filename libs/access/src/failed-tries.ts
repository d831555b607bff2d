/**
 * Keys that were tried and are none, by the address that they came from, in a memory that is bounded: whoever tries too many in a
 * minute is told to wait.
 *
 * What that protects. A key that Habeas made holds 256 random bits: nobody guesses it, however often they try, and so a right one
 * always gets in. An address is no person: a whole office comes from one behind its router, and everybody does behind a proxy; nobody
 * there is to be locked out by one broken script, or by somebody who wants just that. Only the admin key that an operator chose
 * may be guessed, and is not even looked at while too much comes from there: else the right guess would get in as well.
 */
import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Ticker } from '#kernel';

/** Milliseconds for which tries are counted together, from the first on. */
const WINDOW_MS = 60_000;
/** Wrong keys of one address in that time, before the others are told to wait. */
export const MOST_TRIES = 20;
/** Addresses that are remembered: those that tried last. */
const MOST_ADDRESSES = 10_000;

interface Tries {
  readonly since: number;
  count: number;
}

export class FailedTries {
  readonly #ticker: Ticker;
  readonly #tries = new LRUCache<string, Tries>({ max: MOST_ADDRESSES });

  constructor(ticker: Ticker) {
    this.#ticker = ticker;
  }

  /** Whether an address has tried too many. */
  isOver(address: string): boolean {
    return (this.#of(address)?.count ?? 0) >= MOST_TRIES;
  }

  /** One more. @returns how many there were within the time, this one included */
  add(address: string): number {
    const tries = this.#of(address) ?? { since: this.#ticker.now(), count: 0 };
    tries.count++;
    this.#tries.set(networkOf(address), tries);
    return tries.count;
  }

  #of(address: string): Tries | undefined {
    const tries = this.#tries.get(networkOf(address));
    return tries !== undefined && this.#ticker.now() - tries.since < WINDOW_MS ? tries : undefined;
  }
}

/** What one customer of a provider has: an address, or the 64 bits before those of the machine. */
function networkOf(address: string): string {
  const [, v4] = /^::ffff:([\d.]+)$/i.exec(address) ?? [];
  if (v4 !== undefined) return v4;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
