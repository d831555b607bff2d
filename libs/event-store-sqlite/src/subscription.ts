/** A catch-up subscription: reads page after page as it is pulled, then sleeps until there may be more. */
import { setImmediate } from 'node:timers/promises';
import { PulledSubscription, type SubscriptionMessage } from '#event-store';
import type { Page } from './log-reader.js';
import { positionOf, rowOf, unknownPosition } from './position.js';
import { isBusy, toEventStoreError } from './sqlite-errors.js';
import type { Waker } from './wake-up.js';

/** So many events that do not match are worth a checkpoint. */
const CHECKPOINT_EVERY = 1_000;

export interface SubscriptionSource {
  lastRow(): number;
  page(after: number, last: number): Page;
}

export class LogSubscription extends PulledSubscription {
  readonly #source: SubscriptionSource;
  readonly #waker: Waker;
  readonly #onClose: () => void;
  /** Everything up to this row was looked at. */
  #looked: number;
  /** Everything up to this row was delivered, as an event or by a checkpoint. */
  #told: number;
  #caughtUp = false;
  #started = false;
  /** There was more in the log than the last page took in. */
  #full = false;
  #closed = false;

  constructor(source: SubscriptionSource, after: number, waker: Waker, onClose: () => void) {
    super();
    this.#source = source;
    this.#looked = this.#told = after;
    this.#waker = waker;
    this.#onClose = onClose;
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#onClose();
      this.#waker.wakeAll();
    }
    return Promise.resolve();
  }

  protected async advance(): Promise<IteratorResult<SubscriptionMessage>> {
    // Between full pages everyone else gets a turn, however quick the reader is.
    if (this.#full) await setImmediate();
    for (;;) {
      if (this.#closed) return { done: true, value: undefined };
      const found = this.#look();
      if (typeof found === 'object') return { done: false, value: found };
      await (found === 'more' ? setImmediate() : this.#waker.sleep());
    }
  }

  /** The next message; or whether there is more to look at, or nothing to do but wait. */
  #look(): SubscriptionMessage | 'more' | 'nothing' {
    try {
      const last = this.#source.lastRow();
      if (!this.#started && this.#looked > last) throw unknownPosition('it lies behind the end of the log');
      this.#started = true;
      const { events, end } = this.#source.page(this.#looked, last);
      this.#looked = end;
      this.#full = end < last;
      if (this.#full) this.#caughtUp = false;
      const lastEvent = events.at(-1);
      if (lastEvent !== undefined) {
        this.#told = rowOf(lastEvent.position);
        return { kind: 'events', events };
      }
    } catch (error) {
      // A lock passes: the same page is looked at again after the next wake.
      if (isBusy(error)) return 'nothing';
      void this.close();
      throw toEventStoreError(error, 'The log could not be read');
    }
    const behind = this.#looked - this.#told;
    if (behind >= CHECKPOINT_EVERY || (behind > 0 && !this.#caughtUp && !this.#full)) {
      this.#told = this.#looked;
      return { kind: 'checkpoint', position: positionOf(this.#looked) };
    }
    if (this.#full) return 'more';
    if (this.#caughtUp) return 'nothing';
    this.#caughtUp = true;
    return { kind: 'caught-up' };
  }
}
