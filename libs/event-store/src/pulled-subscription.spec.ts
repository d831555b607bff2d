import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Position, SubscriptionMessage } from './port.js';
import { PulledSubscription } from './pulled-subscription.js';

class Numbered extends PulledSubscription {
  closed = false;
  #given = 0;
  #busy = false;

  constructor(private readonly failing: number) {
    super();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  protected async advance(): Promise<IteratorResult<SubscriptionMessage>> {
    if (this.#busy) throw new Error('Asked for again before it had answered.');
    this.#busy = true;
    await nextTurn();
    this.#busy = false;
    const position = String(++this.#given) as Position;
    if (this.#given === this.failing) throw new Error('failed');
    return { done: false, value: { kind: 'checkpoint', position } };
  }
}

test('messages that are asked for at once come one after the other, also behind one that failed', async () => {
  const subscription = new Numbered(2);
  const asked = await Promise.allSettled([subscription.next(), subscription.next(), subscription.next()]);
  expect(asked).toMatchObject([
    { status: 'fulfilled', value: { value: { position: '1' } } },
    { status: 'rejected', reason: { message: 'failed' } },
    { status: 'fulfilled', value: { value: { position: '3' } } },
  ]);
});

test('leaving the loop closes it', async () => {
  const subscription = new Numbered(0);
  for await (const message of subscription) {
    expect(message).toEqual({ kind: 'checkpoint', position: '1' });
    break;
  }
  expect(subscription.closed).toBe(true);
});
