/**
 * What may run only once, on whichever node, is done by who holds its lease.
 *
 * A lease is a value of the operational state that its holder writes anew all the time. The others watch its revision: when that
 * has not moved for longer than the holder counts on, by their own clocks, the holder is taken for dead, and one of them writes
 * over it. Nothing is concluded from a time of day, so the clocks of the nodes need not agree; they only have to run about equally
 * fast (within a fifth).
 *
 * Guarantees
 * - **One at a time, by the clock**: a holder stops holding, in its own eyes, before another can begin: it counts a term
 *   from when it *sent* the last write that was answered; the others wait half a term longer, from when they *saw* it.
 * - **One at a time, by what is written**: a clock that stands still (a machine that sleeps) or a write that was long on its way
 *   may still outlive the lease. So what a holder writes is fenced: it goes at the exact revision of what the holder read, and
 *   never over anything that carries a larger `token`. Once the next holder has written, the earlier one is refused.
 * - **Passed on**: within two terms of its holder's death, and what calls take; at the others' next look if it was released.
 * What leaves the record (a webhook) cannot be fenced: it is delivered at least once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { randomId, type Randomness, type Ticker } from '#kernel';
import { EventStoreError } from './errors.js';
import type { OperationalState } from './operational-state.js';
import type { ExpectedRevision } from './port.js';

export interface Lease {
  /** Larger than that of every earlier holder of this name. */
  readonly token: number;
  /** Whether it is held at this moment. To be asked after every wait and before every act; once false, it stays so. */
  isHeld(): boolean;
  /** Aborted when it is not held any more: lost or released. */
  readonly over: AbortSignal;
  /** Lets the next one have it at once. To be called when nothing is under way that needs it. Never rejects. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  readonly state: OperationalState;
  readonly randomness: Randomness;
  /** For how long a holder that is not heard of goes on, in milliseconds; 10,000 unless said. */
  readonly term?: number;
  readonly ticker?: Ticker;
}

const TERM_MS = 10_000;
/** In terms: when a holder renews, how often others look, how long they wait for a holder that is not heard of. */
const RENEWAL = 1 / 3;
const LOOK = 1 / 4;
const PATIENCE = 3 / 2;
/** Before a call that failed is tried again. */
const RETRY = 1 / 20;

/** Of a machine: it goes on while the process is stopped. */
const machineTicker: Ticker = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => pause(milliseconds, undefined, signal && { signal }).catch(() => undefined),
};

interface LeaseValue {
  /** Drawn for each time that somebody wants it; null: it was released. */
  readonly holder: string | null;
  /** The holder's term, in milliseconds. */
  readonly term: number;
}

/** Who wants or has a lease, and what it takes to write it. */
interface Claim {
  readonly state: OperationalState;
  readonly name: string;
  readonly ticker: Ticker;
  readonly mine: LeaseValue;
}

export class Leases {
  readonly #options: Required<LeaseOptions>;

  constructor(options: LeaseOptions) {
    this.#options = { term: TERM_MS, ticker: machineTicker, ...options };
  }

  /**
   * Waits until the lease is had.
   *
   * @param name as a name of the operational state
   * @throws EventStoreError what no waiting mends: `access-denied`, `read-only`, `corrupt`, `closed` …
   * @throws the signal's reason, once it is aborted
   */
  async hold(name: string, signal?: AbortSignal): Promise<Lease> {
    const { state, randomness, ticker, term } = this.#options;
    const claim: Claim = { state, name: `lease-${name}`, ticker, mine: { holder: randomId(randomness), term } };
    let seen: { readonly revision: number; readonly since: number } | undefined;
    for (;;) {
      signal?.throwIfAborted();
      try {
        const there = await read(claim);
        if (there?.revision !== seen?.revision) seen = there && { revision: there.revision, since: ticker.now() };
        if (there === undefined || isToBeHad(there, claim.mine.holder, ticker.now() - (seen?.since ?? 0))) {
          const sent = ticker.now();
          const revision = await write(claim, claim.mine, there?.revision ?? 'no-stream');
          return new HeldLease(claim, revision, sent);
        }
      } catch (error) {
        // Whether it was overtaken or its answer was lost: the next look tells.
        if (!isConflict(error) && !isPassing(error)) throw error;
      }
      await ticker.sleep(term * LOOK * drawn(randomness), signal);
    }
  }
}

class HeldLease implements Lease {
  readonly token: number;
  readonly #claim: Claim;
  readonly #over = new AbortController();
  readonly #renewing: Promise<void>;
  #revision: number;
  #deadline: number;

  constructor(claim: Claim, revision: number, sent: number) {
    this.#claim = claim;
    this.token = this.#revision = revision;
    this.#deadline = sent + claim.mine.term;
    this.#renewing = this.#renew();
    void this.#watch();
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  isHeld(): boolean {
    if (this.#claim.ticker.now() >= this.#deadline) this.#end();
    return !this.over.aborted;
  }

  async release(): Promise<void> {
    this.#end();
    await this.#renewing;
    const released = { ...this.#claim.mine, holder: null };
    // Who cannot say that it goes lets the others wait for a while, no more.
    await write(this.#claim, released, this.#revision).catch(() => undefined);
  }

  #end(): void {
    this.#over.abort();
  }

  /** Ends it in time even where nobody asks. */
  async #watch(): Promise<void> {
    while (this.isHeld()) await this.#sleep(this.#deadline - this.#claim.ticker.now());
  }

  async #renew(): Promise<void> {
    const { term } = this.#claim.mine;
    await this.#sleep(term * RENEWAL);
    while (this.isHeld()) {
      const renewed = await this.#tryRenewal();
      await this.#sleep(term * (renewed ? RENEWAL : RETRY));
    }
  }

  async #tryRenewal(): Promise<boolean> {
    const { ticker, mine } = this.#claim;
    try {
      const sent = ticker.now();
      this.#revision = await write(this.#claim, mine, this.#revision);
      this.#deadline = sent + mine.term;
      return true;
    } catch (error) {
      if (isConflict(error)) await this.#lookAgain();
      // Whatever else is wrong may be over before the term is.
      return false;
    }
  }

  /** An earlier renewal whose answer did not come may be what is there. When that was sent is not known: it is renewed once more. */
  async #lookAgain(): Promise<void> {
    const there = await read(this.#claim).catch(() => undefined);
    if (there === undefined) return;
    if (there.holder === this.#claim.mine.holder) this.#revision = there.revision;
    else this.#end();
  }

  #sleep(milliseconds: number): Promise<void> {
    return this.#claim.ticker.sleep(milliseconds, this.over);
  }
}

/** @param unmoved for how many milliseconds, at least, it was not renewed */
function isToBeHad({ holder, term }: LeaseValue, mine: string | null, unmoved: number): boolean {
  // Mine: an earlier try's answer was lost.
  return holder === null || holder === mine || unmoved >= term * PATIENCE;
}

async function read({ state, name }: Claim): Promise<(LeaseValue & { readonly revision: number }) | undefined> {
  const there = await state.read(name);
  return there && { ...(JSON.parse(there.value) as LeaseValue), revision: there.revision };
}

function write({ state, name }: Claim, { holder, term }: LeaseValue, expected: ExpectedRevision): Promise<number> {
  return state.write(name, JSON.stringify({ holder, term }), expected);
}

function isConflict(error: unknown): boolean {
  return error instanceof EventStoreError && error.code === 'wrong-expected-revision';
}

function isPassing(error: unknown): boolean {
  return error instanceof EventStoreError && ['unavailable', 'timed-out', 'disk-full'].includes(error.code);
}

/** Between a half and one, so that not all look at once. */
function drawn(randomness: Randomness): number {
  return 0.5 + (randomness.bytes(1)[0] ?? 0) / 510;
}
