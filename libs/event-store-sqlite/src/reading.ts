/**
 * Hands over events one by one as they are asked for. A generator would do the same, but takes as long for each event as it
 * takes to read one: what is at hand is handed over at once instead.
 */
import { setImmediate } from 'node:timers/promises';
import type { StoredEvent } from '#event-store';

/** What is read, a few events at a time; and `turn`, once in a while, where everyone else is to get one. */
export type Gulps = Generator<readonly StoredEvent[] | 'turn', void, undefined>;

type Next = IteratorResult<StoredEvent, undefined>;

export class Reading implements AsyncIterableIterator<StoredEvent, undefined> {
  readonly #gulps: Gulps;
  #gulp: readonly StoredEvent[] = [];
  #at = 0;
  /** What was asked for last that was not at hand, and how many are not there yet. */
  #last: Promise<Next> | undefined;
  #waiting = 0;

  constructor(gulps: Gulps) {
    this.#gulps = gulps;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Next> {
    const event = this.#waiting === 0 ? this.#gulp[this.#at] : undefined;
    if (event === undefined) return (this.#last = this.#advance(this.#last));
    this.#at++;
    return Promise.resolve({ done: false, value: event });
  }

  return(): Promise<Next> {
    this.#gulp = [];
    this.#gulps.return();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** One after the other, also when the next is asked for before the last has come. */
  async #advance(last: Promise<Next> | undefined): Promise<Next> {
    this.#waiting++;
    try {
      if (this.#waiting > 1) await last?.catch(() => undefined);
      for (;;) {
        const event = this.#gulp[this.#at++];
        if (event !== undefined) return { done: false, value: event };
        const { done, value } = this.#gulps.next();
        if (done === true) return { done: true, value: undefined };
        if (value === 'turn') await setImmediate();
        else {
          this.#gulp = value;
          this.#at = 0;
        }
      }
    } finally {
      this.#waiting--;
    }
  }
}
