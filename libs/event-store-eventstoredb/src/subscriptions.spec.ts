/** Subscriptions and readings when the server drops them, ends them, lies about checkpoints, or is another one: nothing lost, nothing twice. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore, Position, StoredEvent, Subscription, SubscriptionMessage } from '#event-store';
import type { SubscriptionFault } from '../../../test/eventstoredb-simulator/faults.js';
import { Simulator } from '../../../test/eventstoredb-simulator/simulator.js';
import { Connected } from './connection.js';
import { collect, event, eventsOf, idsOf, newStream, outcome, simulated } from './test-support/simulated.js';
import { Wire } from './wire.js';

class Follower {
  readonly messages: SubscriptionMessage[] = [];
  readonly #messages: AsyncIterator<SubscriptionMessage>;

  constructor(subscription: Subscription) {
    this.#messages = subscription[Symbol.asyncIterator]();
  }

  get events(): StoredEvent[] {
    return this.messages.flatMap((message) => (message.kind === 'events' ? message.events : []));
  }

  async next(): Promise<SubscriptionMessage> {
    const { done, value } = await this.#messages.next();
    if (done === true) throw new Error('It ended.');
    this.messages.push(value);
    return value;
  }

  async until(kind: SubscriptionMessage['kind']): Promise<void> {
    while ((await this.next()).kind !== kind);
  }

  async untilEvents(count: number): Promise<void> {
    while (this.events.length < count) await this.next();
  }
}

/** Follows until as many events came as the log holds, and expects exactly them. */
async function expectAll(follower: Follower, store: EventStore): Promise<void> {
  const all = await collect(store.readAll());
  await follower.untilEvents(all.length);
  expect(idsOf(follower.events)).toEqual(idsOf(all));
}

async function fill(store: EventStore, count: number, portion = 100): Promise<void> {
  for (let at = 0; at < count; at += portion) {
    await store.append(newStream(), eventsOf(Math.min(portion, count - at)), 'no-stream');
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

describe('taken up again exactly behind the last event', () => {
  test.each<SubscriptionFault>(['end', 'error', 'drop', 'unavailable'])(
    'after each interruption (%s), in the past and live',
    (fault) =>
      simulated(async (store, { faults }) => {
        await fill(store, 200);
        faults.planSubscriptions('none', fault, ...Array<SubscriptionFault>(70).fill('none'), fault);
        const follower = new Follower(store.subscribeToAll());
        await follower.untilEvents(200);
        await follower.until('caught-up');
        faults.planSubscriptions('none', fault, 'none', 'none', fault);
        await fill(store, 20, 1);
        await expectAll(follower, store);
      })(),
  );

  test(
    'when the server finds the consumer too slow: one append of more events than it keeps for a subscriber',
    simulated(async (store, simulator) => {
      const follower = new Follower(store.subscribeToAll());
      await follower.until('caught-up');
      await store.append(newStream(), eventsOf(33), 'no-stream');
      await follower.untilEvents(33);
      expect(simulator.leader().calls.subscribe).toBeGreaterThan(1);
      await expectAll(follower, store);
    }),
  );

  test(
    'when the server stands still while it reads the past',
    simulated(
      async (store, { faults }) => {
        await fill(store, 300);
        faults.planSubscriptions(...Array<SubscriptionFault>(150).fill('none'), 'stall');
        const follower = new Follower(store.subscribeToAll());
        await follower.untilEvents(300);
        await expectAll(follower, store);
      },
      { deadline: 300 },
    ),
  );

  test(
    'when a live subscription stands still',
    simulated(
      async (store, { faults }) => {
        const follower = new Follower(store.subscribeToAll());
        await follower.until('caught-up');
        faults.planSubscriptions('none', 'stall');
        await fill(store, 5, 1);
        await expectAll(follower, store);
      },
      { renewAfter: 300 },
    ),
  );

  test(
    'in the middle of what was committed at once: commit and prepare are both kept',
    simulated(async (store, { log }) => {
      log.explicitTransactions = true;
      await fill(store, 20, 10);
      const all = await collect(store.readAll());
      for (const at of [0, 3, 9, 12]) {
        const { position } = all[at]!;
        expect(idsOf(await collect(store.readAll({ after: position })))).toEqual(idsOf(all).slice(at + 1));
        const follower = new Follower(store.subscribeToAll({ after: position }));
        await follower.until('caught-up');
        expect(idsOf(follower.events)).toEqual(idsOf(all).slice(at + 1));
      }
    }),
  );
});

test(
  'what came before an interruption is not asked for again',
  simulated(async (store, simulator) => {
    await fill(store, 200);
    simulator.faults.planSubscriptions(...Array<SubscriptionFault>(150).fill('none'), 'end');
    const { calls } = simulator.leader();
    const before = calls.delivered;
    const follower = new Follower(store.subscribeToAll());
    await follower.untilEvents(200);
    expect(calls.delivered - before).toBe(200);
    expect(calls.subscribe).toBe(2);
  }),
);

test(
  'a server that ends every subscription is asked again less and less often',
  simulated(async (store, simulator) => {
    await fill(store, 1);
    simulator.faults.planSubscriptions(...Array<SubscriptionFault>(8).fill('error'));
    const since = performance.now();
    await new Follower(store.subscribeToAll()).untilEvents(1);
    // Eight pauses from 20 ms on, each at least half of twice the one before.
    expect(performance.now() - since).toBeGreaterThan(10 * (2 ** 8 - 1));
  }),
);

describe('a reader that does not read', () => {
  test(
    'makes the server wait while it reads the past',
    simulated(async (store, simulator) => {
      const stream = newStream();
      for (let n = 0; n < 400; n++) {
        await store.append(stream, [event('x'.repeat(100_000))], n === 0 ? 'no-stream' : n - 1);
      }
      const { calls } = simulator.leader();
      const before = calls.delivered;
      const follower = new Follower(store.subscribeToAll());
      await follower.next();
      let seen = -1;
      while (seen < calls.delivered) {
        seen = calls.delivered;
        await delay(500);
      }
      // Some twelve of forty megabytes, and what is on the way.
      expect(calls.delivered - before).toBeLessThan(300);
      const subscribed = calls.subscribe;
      await follower.untilEvents(400);
      // It waited: nobody had to ask again.
      expect(calls.subscribe).toBe(subscribed);
    }),
  );

  test(
    'gives its live subscription up when the buffer is full, and has lost nothing when it reads on',
    simulated(async (store, simulator) => {
      const follower = new Follower(store.subscribeToAll());
      await follower.until('caught-up');
      const waiting = follower.next();
      await until(() => simulator.leader().subscriptions === 1);
      const stream = newStream();
      for (let n = 0; simulator.leader().subscriptions > 0; n++) {
        // Few at a time, so that it is not the server who gives it up.
        await store.append(stream, eventsOf(20), n === 0 ? 'no-stream' : n * 20 - 1);
        if (n > 400) throw new Error('It buffers without end.');
      }
      await waiting;
      await expectAll(follower, store);
      await follower.until('caught-up');
    }),
  );
});

describe('checkpoints', () => {
  test('that cannot be dealt with end the subscription instead of leaving it standing', async () => {
    const simulator = await Simulator.start();
    for (let n = 0; n < 100; n++) simulator.log.put('habeasSource-1', '{}', '{}');
    const connected = new Connected(simulator.connectionString());
    const over = await new Promise((resolve) => {
      new Wire(
        connected,
        { namespace: '', after: undefined, prefixes: ['habeasCase-'], requiresLeader: false },
        { deadline: 2_000, renewAfter: 30_000 },
        {
          event: () => undefined,
          checkpoint: () => {
            throw new Error('A fault of ours.');
          },
          caughtUp: () => resolve('caught up'),
          over: resolve,
        },
      );
    });
    await connected.dispose();
    await simulator.stop();
    expect(over).toMatchObject({ message: 'A fault of ours.' });
  });

  test('and having caught up do not overtake events that the client still holds', async () => {
    const simulator = await Simulator.start();
    for (let n = 0; n < 10; n++) simulator.log.put('habeasCase-1', '{}', '{}');
    for (let n = 0; n < 100; n++) simulator.log.put('habeasSource-1', '{}', '{}');
    const connected = new Connected(simulator.connectionString());
    const told: string[] = [];
    await new Promise<void>((caughtUp) => {
      const wire = new Wire(
        connected,
        { namespace: '', after: undefined, prefixes: ['habeasCase-'], requiresLeader: false },
        { deadline: 2_000, renewAfter: 30_000 },
        {
          event: () => {
            told.push('event');
            if (told.length > 1) return;
            wire.pause();
            // Meanwhile the checkpoints behind the events come off the network.
            setTimeout(() => wire.resume(), 300);
          },
          checkpoint: () => told.push('checkpoint'),
          caughtUp: () => {
            told.push('caught up');
            wire.close();
            caughtUp();
          },
          over: (error) => told.push(`over: ${String(error)}`),
        },
      );
    });
    await connected.dispose();
    await simulator.stop();
    const checkpoints = told.filter((what) => what === 'checkpoint');
    expect(checkpoints.length).toBeGreaterThan(1);
    expect(told).toEqual([...Array<string>(10).fill('event'), ...checkpoints, 'caught up']);
  });

  test(
    'at the place of an event that is still to come lose nothing',
    simulated(async (store, simulator) => {
      simulator.checkpointAhead = true;
      await fill(store, 3);
      const follower = new Follower(store.subscribeToAll());
      await follower.until('caught-up');
      simulator.drop();
      simulator.log.put(newStream(), '{}', '{}');
      await expectAll(follower, store);
      for (const message of follower.messages) {
        if (message.kind !== 'checkpoint') continue;
        expect(await collect(store.readAll({ after: message.position }))).toEqual([]);
      }
    }),
  );

  test(
    'of operational events are good to begin from',
    simulated(async (store) => {
      const follower = new Follower(store.subscribeToAll());
      await follower.until('caught-up');
      await store.append('habeasOps-lease', eventsOf(1), 'no-stream');
      await follower.until('checkpoint');
      const { position } = follower.messages.at(-1) as { position: Position };
      const one = event();
      await store.append(newStream(), [one], 'no-stream');
      expect(idsOf(await collect(store.readAll({ after: position })))).toEqual([one.id]);
    }),
  );
});

describe('another log in the place of the one that was followed', () => {
  async function followed(store: EventStore, simulator: Simulator): Promise<Follower> {
    await fill(store, 30, 10);
    const follower = new Follower(store.subscribeToAll());
    await follower.until('caught-up');
    simulator.log.truncate(20);
    return follower;
  }

  test(
    'an older copy: the subscription ends and says so',
    simulated(async (store, simulator) => {
      const follower = await followed(store, simulator);
      simulator.drop();
      expect(await outcome(follower.next())).toBe('unknown-position');
    }),
  );

  test(
    'one that grew longer since: likewise, by the event that is not there any more',
    simulated(async (store, simulator) => {
      const follower = await followed(store, simulator);
      for (let n = 0; n < 500; n++) simulator.log.put(newStream(), '{"some":"other log"}', '{}');
      simulator.drop();
      expect(await outcome(follower.until('caught-up'))).toBe('unknown-position');
    }),
  );
});

test(
  'a position behind the end of the log: an older copy is in its place',
  simulated(async (store, { log }) => {
    await fill(store, 30, 10);
    const { position } = (await collect(store.readAll())).at(-1)!;
    log.truncate(20);
    expect(await outcome(collect(store.readAll({ after: position })))).toBe('unknown-position');
    expect(await outcome(new Follower(store.subscribeToAll({ after: position })).next())).toBe('unknown-position');
  }),
);

describe('what others wrote', () => {
  test(
    'malformed data and metadata come as the text that they are, and nothing stops at them',
    simulated(async (store, { log }) => {
      log.put('habeasPerson-1', '{"half":', 'not json');
      log.put('habeasPerson-1', '"a string"', '');
      log.put('habeasPerson-1', '[1, 2]', '{"fine":true}');
      const read = await collect(store.readStream('habeasPerson-1'));
      expect(read.map(({ data, metadata }) => [data, metadata])).toEqual([
        ['{"half":', 'not json'],
        ['a string', ''],
        ['[1,2]', '{"fine":true}'],
      ]);
      expect(await collect(store.readAll())).toEqual(read);
      const follower = new Follower(store.subscribeToAll());
      await follower.until('caught-up');
      expect(follower.events).toEqual(read);
    }),
  );

  test(
    'is left where it is: the server sends streams of Habeas alone',
    simulated(async (store, { log }) => {
      for (let n = 0; n < 50; n++) log.put(`other-${n}`, '{}', '{}');
      await fill(store, 5);
      for (let n = 0; n < 50; n++) log.put('$system', '{}', '{}');
      expect(await collect(store.readAll())).toHaveLength(5);
    }),
  );
});

describe('access', () => {
  test(
    'that is refused ends a subscription with its name',
    simulated(async (store, simulator) => {
      simulator.forbid('$all');
      expect(await outcome(new Follower(store.subscribeToAll()).next())).toBe('access-denied');
      expect(await outcome(collect(store.readAll()))).toBe('access-denied');
      // As whoever stands before a server refuses: by the status alone.
      simulator.strangers = true;
      expect(await outcome(new Follower(store.subscribeToAll()).next())).toBe('access-denied');
      expect(await outcome(collect(store.readStream(newStream())))).toBe('access-denied');
    }),
  );
});

describe('a reading', () => {
  test(
    'of one stream goes on behind the last event when the connection breaks',
    simulated(async (store, simulator) => {
      const stream = newStream();
      await store.append(
        stream,
        Array.from({ length: 200 }, (_, n) => event({ n, filling: 'x'.repeat(2_000) })),
        'no-stream',
      );
      for (const direction of ['forwards', 'backwards'] as const) {
        const read: number[] = [];
        for await (const { revision } of store.readStream(stream, { direction })) {
          read.push(revision);
          if (read.length % 50 === 10) simulator.drop();
        }
        const revisions = Array.from({ length: 200 }, (_, n) => n);
        expect(read).toEqual(direction === 'forwards' ? revisions : revisions.reverse());
      }
    }),
  );

  test(
    'of the whole log goes on likewise, and ends when the server stays silent',
    simulated(
      async (store, simulator) => {
        await fill(store, 500);
        const read: string[] = [];
        for await (const { id } of store.readAll()) {
          read.push(id);
          if (read.length % 150 === 1) simulator.drop();
        }
        expect(read).toEqual(idsOf(await collect(store.readAll())));
        simulator.silence(true);
        expect(await outcome(collect(store.readAll()))).toBe('unavailable');
        expect(await outcome(collect(store.readStream('habeasPerson-1')))).toBe('unavailable');
      },
      { deadline: 500 },
    ),
  );

  test(
    'that is left early leaves no call behind',
    simulated(async (store, simulator) => {
      await fill(store, 2_000, 500);
      for await (const one of store.readAll()) if (one.revision === 3) break;
      await until(() => simulator.leader().subscriptions === 0);
      const stream = newStream();
      // More than the network takes by itself.
      for (let n = 0; n < 400; n++) {
        await store.append(stream, [event('x'.repeat(100_000))], n === 0 ? 'no-stream' : n - 1);
      }
      for await (const one of store.readStream(stream)) if (one.revision === 3) break;
      await until(() => simulator.leader().readings === 0);
    }),
  );
});
