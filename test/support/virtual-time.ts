/** A clock and a ticker whose time passes only when a spec says so: days in a moment. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, Ticker } from '#kernel';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Turns of the event loop after which what can go on has gone on. */
const TURNS = 10;

export class VirtualTime {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(start = '2026-11-23T12:00:00.000Z') {
    this.#now = Date.parse(start);
  }

  get now(): number {
    return this.#now;
  }

  readonly clock: Clock = { now: () => new Date(this.#now) };

  readonly ticker: Ticker = {
    now: () => this.#now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const sleeper = {
          until: this.#now + milliseconds,
          wake: (): void => {
            this.#sleepers.delete(sleeper);
            resolve();
          },
        };
        this.#sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
  };

  /** Lets so many milliseconds pass, from one thing that happens to the next. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      for (let n = 0; n < TURNS; n++) await turn();
      const next = [...this.#sleepers].sort((a, b) => a.until - b.until)[0];
      if (next === undefined || next.until > end) break;
      this.#now = Math.max(this.#now, next.until);
      next.wake();
    }
    this.#now = end;
  }
}
