/** What the suite asks of an adapter, and the material that its tests are made of. */
import { randomUUID } from 'node:crypto';
import type { EventStore, EventToAppend, StoredEvent, Subscription, SubscriptionMessage } from '../port.js';

export interface EventStoreHarness {
  /** Opens a log of its own that holds nothing yet. */
  open(): Promise<OpenedStore>;
}

export interface OpenedStore {
  readonly store: EventStore;
  /** Opens the same log anew, after `store` was closed. Left out where a log lives only as long as its store. */
  readonly reopen?: () => Promise<EventStore>;
  /** Closes whatever is still open and removes the log. */
  dispose(): Promise<void>;
}

/** Runs a test body on a log of its own. */
export function onFreshLog(
  harness: EventStoreHarness,
  body: (store: EventStore, opened: OpenedStore) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const opened = await harness.open();
    try {
      await body(opened.store, opened);
    } finally {
      await opened.dispose();
    }
  };
}

/** A stream of its own for every call. */
export function newStream(category = 'habeasPerson'): string {
  return `${category}-${randomUUID()}`;
}

export function event(data: unknown = {}, type = 'Noted'): EventToAppend {
  return { id: randomUUID(), type, data: JSON.stringify(data), metadata: '{"v":1}' };
}

export function eventsOf(count: number, bytes = 0): EventToAppend[] {
  return Array.from({ length: count }, (_, n) => event(bytes === 0 ? { n } : { n, filling: 'x'.repeat(bytes) }));
}

/** Appends events in portions, to one new stream each unless a stream is given that is not there yet. */
export async function fill(
  store: EventStore,
  events: readonly EventToAppend[],
  { category = 'habeasPerson', portion = 100 }: { category?: string; portion?: number } = {},
): Promise<void> {
  for (let at = 0; at < events.length; at += portion) {
    await store.append(newStream(category), events.slice(at, at + portion), 'no-stream');
  }
}

export async function collect(events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> {
  const collected: StoredEvent[] = [];
  for await (const one of events) collected.push(one);
  return collected;
}

export function ids(events: readonly { readonly id: string }[]): string[] {
  return events.map(({ id }) => id);
}

/** What a rejected promise was rejected with; fails where it was not. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
  if (outcome === 'nothing was thrown') throw new Error('It was expected to fail, and did not.');
  return outcome;
}

/** Reads a subscription message by message until a condition holds; the loop's end leaves the subscription open. */
export class Follower {
  readonly messages: SubscriptionMessage[] = [];
  readonly #iterator: AsyncIterator<SubscriptionMessage>;

  constructor(subscription: Subscription) {
    this.#iterator = subscription[Symbol.asyncIterator]();
  }

  get events(): StoredEvent[] {
    return this.messages.flatMap((message) => (message.kind === 'events' ? message.events : []));
  }

  /** Undefined once the iteration has ended. */
  async next(): Promise<SubscriptionMessage | undefined> {
    const { done, value } = await this.#iterator.next();
    if (done === true) return undefined;
    this.messages.push(value);
    return value;
  }

  async until(condition: (message: SubscriptionMessage) => boolean): Promise<SubscriptionMessage> {
    for (;;) {
      const message = await this.next();
      if (message === undefined) throw new Error('The subscription ended before what was waited for.');
      if (condition(message)) return message;
    }
  }

  untilCaughtUp(): Promise<SubscriptionMessage> {
    return this.until(({ kind }) => kind === 'caught-up');
  }

  untilEvents(count: number): Promise<SubscriptionMessage> {
    return this.until(() => this.events.length >= count);
  }
}
