/** What goes wrong, when: told in advance by a test, or drawn from a seed. */

/**
 * What can befall an append.
 * - `drop-before`: the connections are cut before it is committed; `drop-after`: after, and no answer was sent.
 * - `lose-answer`: it is committed, and the answer never comes. `lose`: it never arrives, and no answer comes.
 * - `timeout`, `timeout-committed`: the server says that it timed out; it is not committed, or it is.
 * - `not-leader`: another node became the leader before it arrived. `not-leader-committed`: just after.
 * - `denied-committed`: it is committed, and then the whole call is refused, as when a password was changed meanwhile.
 * - `slow`: it takes a while. `busy`: the server takes nothing at present.
 */
export type AppendFault =
  | 'none'
  | 'drop-before'
  | 'drop-after'
  | 'lose-answer'
  | 'lose'
  | 'timeout'
  | 'timeout-committed'
  | 'not-leader'
  | 'not-leader-committed'
  | 'denied-committed'
  | 'slow'
  | 'busy';

/**
 * What can befall a subscription when it delivers: a clean end, an error, that it stands still for good, that the connections are
 * cut, or that the server is gone for a while.
 */
export type SubscriptionFault = 'none' | 'end' | 'error' | 'stall' | 'drop' | 'unavailable';

export interface FaultRates {
  readonly append?: Partial<Record<Exclude<AppendFault, 'none'>, number>>;
  readonly subscription?: Partial<Record<Exclude<SubscriptionFault, 'none'>, number>>;
}

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class Faults {
  readonly #random: () => number;
  readonly #rates: FaultRates;
  readonly #appends: AppendFault[] = [];
  readonly #subscriptions: SubscriptionFault[] = [];
  /** How often each befell. */
  readonly befallen = new Map<string, number>();
  enabled = true;

  constructor(seed: number, rates: FaultRates) {
    this.#random = randomFrom(seed);
    this.#rates = rates;
  }

  /** What befalls the next appends, in turn, before anything is drawn. */
  planAppends(...faults: readonly AppendFault[]): void {
    this.#appends.push(...faults);
  }

  planSubscriptions(...faults: readonly SubscriptionFault[]): void {
    this.#subscriptions.push(...faults);
  }

  append(): AppendFault {
    return this.#count('append', this.#appends.shift() ?? (this.#draw(this.#rates.append) as AppendFault));
  }

  subscription(): SubscriptionFault {
    const planned = this.#subscriptions.shift();
    return this.#count('subscription', planned ?? (this.#draw(this.#rates.subscription) as SubscriptionFault));
  }

  random(): number {
    return this.#random();
  }

  #draw(rates: Partial<Record<string, number>> = {}): string {
    if (!this.enabled) return 'none';
    let left = this.#random();
    for (const [fault, rate = 0] of Object.entries(rates)) {
      left -= rate;
      if (left < 0) return fault;
    }
    return 'none';
  }

  #count<F extends string>(what: string, fault: F): F {
    if (fault !== 'none') this.befallen.set(`${what} ${fault}`, (this.befallen.get(`${what} ${fault}`) ?? 0) + 1);
    return fault;
  }
}
