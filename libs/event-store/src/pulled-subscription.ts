/** What subscriptions of every adapter have in common: messages are pulled, one after the other. */
import type { Subscription, SubscriptionMessage } from './port.js';

/** A subscription that an adapter makes by saying how the next message is come by. */
export abstract class PulledSubscription implements Subscription, AsyncIterator<SubscriptionMessage> {
  #last: Promise<unknown> = Promise.resolve();

  abstract close(): Promise<void>;

  /** The next message, or the end. Never called again before the call before has settled. */
  protected abstract advance(): Promise<IteratorResult<SubscriptionMessage>>;

  [Symbol.asyncIterator](): AsyncIterator<SubscriptionMessage> {
    return this;
  }

  next(): Promise<IteratorResult<SubscriptionMessage>> {
    // One after the other, also when the next is asked for before the last has come.
    const next = this.#last.then(() => this.advance());
    this.#last = next.catch(() => undefined);
    return next;
  }

  async return(): Promise<IteratorResult<SubscriptionMessage>> {
    await this.close();
    return { done: true, value: undefined };
  }
}
