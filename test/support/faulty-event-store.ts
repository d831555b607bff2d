/** A log whose appends fail in the ways that networks and disks have, around a real one. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AllOptions,
  type AppendOutcome,
  EventStoreError,
  type EventStore,
  type EventToAppend,
  type ExpectedRevision,
  type ReadStreamOptions,
  type Subscription,
  type SubscriptionMessage,
} from '#event-store';

/**
 * What befalls one append.
 * - `lost`: never arrives; the outcome is not known. `unacknowledged`: lands; the outcome is not known.
 * - `late`: the outcome is not known, and it arrives after the next append has been answered.
 * - `unavailable`: is turned away.
 */
export type Fault = 'none' | 'lost' | 'unacknowledged' | 'late' | 'unavailable';

export const FAULTS: readonly Fault[] = ['none', 'lost', 'unacknowledged', 'late', 'unavailable'];

export class FaultyEventStore implements EventStore {
  /** Every append that was tried, as it was sent. */
  readonly sent: { stream: string; events: readonly EventToAppend[]; expected: ExpectedRevision }[] = [];
  /** Subscriptions stand still, as those of a server do that was cut off from the others. */
  silent = false;
  #late: (() => Promise<unknown>)[] = [];

  /**
   * @param next what befalls the next append
   * @param before runs before each append: others that write at the same time
   */
  constructor(
    private readonly inner: EventStore,
    private readonly next: () => Fault,
    private readonly before: (stream: string) => Promise<void> = () => Promise.resolve(),
  ) {}

  async append(stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): Promise<AppendOutcome> {
    this.sent.push({ stream, events, expected });
    await this.before(stream);
    const late = this.#late;
    this.#late = [];
    try {
      return await this.#suffer(this.next(), () => this.inner.append(stream, events, expected));
    } finally {
      for (const arrive of late) await arrive().catch(() => undefined);
    }
  }

  async #suffer(fault: Fault, append: () => Promise<AppendOutcome>): Promise<AppendOutcome> {
    switch (fault) {
      case 'none':
        return append();
      case 'unavailable':
        throw new EventStoreError('unavailable', 'Turned away.');
      case 'unacknowledged':
        await append();
        break;
      case 'late':
        this.#late.push(append);
        break;
      case 'lost':
        break;
    }
    throw new EventStoreError('timed-out', 'No answer.');
  }

  readStream(stream: string, options?: ReadStreamOptions) {
    return this.inner.readStream(stream, options);
  }

  readAll(options?: AllOptions & { readonly limit?: number }) {
    return this.inner.readAll(options);
  }

  subscribeToAll(options?: AllOptions): Subscription {
    const subscription = this.inner.subscribeToAll(options);
    let closed = false;
    const heard = async function* (this: FaultyEventStore): AsyncGenerator<SubscriptionMessage, void, undefined> {
      for await (const message of subscription) {
        while (this.silent && !closed) await delay(2);
        if (closed) return;
        yield message;
      }
    }.bind(this);
    return {
      [Symbol.asyncIterator]: heard,
      close: () => {
        closed = true;
        return subscription.close();
      },
    };
  }

  close() {
    return this.inner.close();
  }
}

/** A fault for each append in turn; none once they are used up. */
export function inTurn(...faults: readonly Fault[]): () => Fault {
  const left = [...faults];
  return () => left.shift() ?? 'none';
}
