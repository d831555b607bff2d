/**
 * Several nodes and the state that they share, in simulated time: clocks that run fast or slow, processes that are paused or killed,
 * messages that are late or lost. Everything follows from what is drawn, so that a run can be had again.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { EventStoreError, type ExpectedRevision, type OperationalState, type StateValue } from '#event-store';
import type { Ticker } from '#kernel';

/** A number from 0 to 1. */
export type Draw = () => number;

interface Due {
  readonly at: number;
  readonly what: () => void;
}

/** Time that passes only from one thing that happens to the next. */
export class SimulatedTime {
  now = 0;
  readonly #due: Due[] = [];

  after(milliseconds: number, what: () => void): void {
    this.#due.push({ at: this.now + Math.max(0, milliseconds), what });
  }

  /** @param looked called whenever something has happened, and what follows from it at once */
  async runUntil(end: number, looked: () => void): Promise<void> {
    await turn();
    for (;;) {
      let next: number | undefined;
      for (const [n, { at }] of this.#due.entries()) if (next === undefined || at < this.#due[next]!.at) next = n;
      if (next === undefined || this.#due[next]!.at > end) break;
      const [{ at, what }] = this.#due.splice(next, 1) as [Due];
      this.now = at;
      what();
      await turn();
      looked();
    }
    this.now = end;
  }
}

/** What messages suffer. Times in milliseconds. */
export interface Network {
  /** How long one is on its way, drawn anew for each. */
  delay: (draw: Draw) => number;
  /** The share that is lost. */
  lost: number;
  /** When a caller gives up. */
  readonly deadline: number;
}

export class SimulatedNode {
  readonly #time: SimulatedTime;
  readonly #draw: Draw;
  #alive = true;
  #pausedUntil = 0;

  /** @param pace how fast its clock runs */
  constructor(
    time: SimulatedTime,
    draw: Draw,
    readonly pace: number,
  ) {
    this.#time = time;
    this.#draw = draw;
  }

  /** Its clock goes on while it is paused, as a machine's does. */
  readonly ticker: Ticker = {
    now: () => 1_000 + this.#time.now * this.pace,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) resolve();
        signal?.addEventListener('abort', () => resolve(), { once: true });
        this.#time.after(milliseconds / this.pace, () => this.#when(resolve));
      }),
  };

  kill(): void {
    this.#alive = false;
  }

  get alive(): boolean {
    return this.#alive;
  }

  pause(milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#time.now + milliseconds);
  }

  /** Does something as soon as it runs. */
  #when(what: () => void): void {
    if (!this.#alive) return;
    if (this.#time.now >= this.#pausedUntil) what();
    else this.#time.after(this.#pausedUntil - this.#time.now, () => this.#when(what));
  }

  /** The state as it is reached from here, over a network. */
  reach(state: OperationalState, network: Network): OperationalState {
    const call = <T>(what: () => Promise<T>, ifUnknown: 'unavailable' | 'timed-out'): Promise<T> =>
      new Promise((resolve, reject) => {
        const answer = (settle: () => void): void => this.#send(network, () => this.#when(settle));
        this.#send(network, () => {
          const done = what();
          const settled = (): void => answer(() => resolve(done));
          done.then(settled, settled);
        });
        this.#time.after(network.deadline, () =>
          this.#when(() => reject(new EventStoreError(ifUnknown, 'No answer came.'))),
        );
      });
    return {
      read: (name: string): Promise<StateValue | undefined> => call(() => state.read(name), 'unavailable'),
      write: (name: string, value: string, expected: ExpectedRevision) =>
        call(() => state.write(name, value, expected), 'timed-out'),
      close: () => Promise.resolve(),
    };
  }

  #send({ delay, lost }: Network, arrive: () => void): void {
    if (this.#draw() < lost) return;
    this.#time.after(delay(this.#draw), arrive);
  }
}
