/** Subscriptions: from the past into the present, in order, without a gap or a repeat, at the reader's own pace. */
import type { EventStore, Position } from '../port.js';
import {
  collect,
  event,
  eventsOf,
  failure,
  fill,
  Follower,
  ids,
  newStream,
  onFreshLog,
  type EventStoreHarness,
} from './harness.js';

const MANY = 2_345;

/** No message is larger, however far its reader is behind. */
const MESSAGE_BYTES = 16 * 1024 * 1024;

export function subscriptionContract(harness: EventStoreHarness): void {
  const on = onFreshLog.bind(undefined, harness);

  test(
    'from the start: the whole log in order, then caught up, then what is appended',
    on(async (store) => {
      const past = eventsOf(MANY);
      await fill(store, past);
      const follower = new Follower(store.subscribeToAll());
      await follower.untilCaughtUp();
      expect(ids(follower.events)).toEqual(ids(past));
      const live = event();
      await store.append(newStream(), [live], 'no-stream');
      await follower.untilEvents(MANY + 1);
      expect(follower.events.at(-1)?.id).toBe(live.id);
      expect(follower.events).toEqual(await collect(store.readAll()));
    }),
  );

  test(
    'on an empty log: caught up at once, then the first event',
    on(async (store) => {
      const follower = new Follower(store.subscribeToAll());
      expect(await follower.next()).toEqual({ kind: 'caught-up' });
      const waiting = follower.next();
      const first = event();
      await store.append(newStream(), [first], 'no-stream');
      expect(await waiting).toMatchObject({ kind: 'events', events: [{ id: first.id }] });
    }),
  );

  test(
    'from a position: exactly what lies behind it',
    on(async (store) => {
      const past = eventsOf(50);
      await fill(store, past, { portion: 7 });
      const all = await collect(store.readAll());
      for (const at of [0, 6, 7, 25, 49]) {
        const follower = new Follower(store.subscribeToAll({ after: all[at]!.position }));
        await follower.untilCaughtUp();
        expect([at, ids(follower.events)]).toEqual([at, ids(past).slice(at + 1)]);
      }
    }),
  );

  test(
    'from the past into concurrent appends: no gap, no repeat, in order',
    on(async (store) => {
      await fill(store, eventsOf(MANY));
      const followers = [new Follower(store.subscribeToAll()), new Follower(store.subscribeToAll())];
      const appending = appendFrom(store, 8, 100);
      await Promise.all(followers.map((follower) => follower.untilEvents(MANY + 800)));
      await appending;
      const all = await collect(store.readAll());
      expect(all).toHaveLength(MANY + 800);
      for (const follower of followers) expect(ids(follower.events)).toEqual(ids(all));
    }),
  );

  test(
    'taken up again behind any message: what was delivered and what comes after make the whole log',
    on(async (store) => {
      const appending = appendFrom(store, 4, 100);
      const read: string[] = [];
      let after: Position | undefined;
      while (read.length < 400) {
        const follower = new Follower(store.subscribeToAll(after === undefined ? {} : { after }));
        const message = await follower.until(({ kind }) => kind !== 'caught-up');
        if (message.kind === 'events') {
          read.push(...ids(message.events));
          after = message.events.at(-1)!.position;
        } else if (message.kind === 'checkpoint') {
          after = message.position;
        }
      }
      await appending;
      expect(read).toEqual(ids(await collect(store.readAll())));
    }),
  );

  test(
    'a filter: only the categories asked for, in the past and live',
    on(async (store) => {
      await fill(store, eventsOf(30), { category: 'habeasPersonal', portion: 3 });
      await fill(store, eventsOf(2));
      const follower = new Follower(store.subscribeToAll({ categories: ['habeasPerson', 'habeasCase'] }));
      await follower.untilCaughtUp();
      await fill(store, eventsOf(30), { category: 'habeasPersonal', portion: 3 });
      await store.append('habeasCase-1', eventsOf(1), 'no-stream');
      await follower.untilEvents(3);
      expect(follower.events.map(({ stream }) => stream.split('-')[0])).toEqual([
        'habeasPerson',
        'habeasPerson',
        'habeasCase',
      ]);
    }),
  );

  test(
    'without a filter: everything of Habeas but operational streams',
    on(async (store) => {
      const follower = new Follower(store.subscribeToAll());
      await follower.untilCaughtUp();
      await store.append('habeasOps-lease', eventsOf(1), 'no-stream');
      await store.append('other-1', eventsOf(1), 'no-stream');
      await store.append('habeasLog-start', eventsOf(1), 'no-stream');
      await follower.untilEvents(1);
      expect(follower.events.map(({ stream }) => stream)).toEqual(['habeasLog-start']);
    }),
  );

  test(
    'many events that do not match: a checkpoint before caught up, behind which nothing is missed',
    on(async (store) => {
      const matching = event();
      await store.append(newStream('habeasCase'), [matching], 'no-stream');
      await fill(store, eventsOf(3_500), { category: 'habeasSource' });
      const categories = ['habeasCase'];
      const follower = new Follower(store.subscribeToAll({ categories }));
      await follower.untilCaughtUp();
      const kinds = follower.messages.map(({ kind }) => kind);
      expect(kinds).toContain('checkpoint');
      expect(kinds.indexOf('events')).toBeLessThan(kinds.indexOf('checkpoint'));
      expect(ids(follower.events)).toEqual([matching.id]);

      const checkpoint = follower.messages.findLast((message) => message.kind === 'checkpoint')!;
      // The checkpoint is near the end: who takes up from it has little left to look at.
      expect((await collect(store.readAll({ after: checkpoint.position }))).length).toBeLessThan(100);
      const later = event();
      await store.append(newStream('habeasCase'), [later], 'no-stream');
      const resumed = new Follower(store.subscribeToAll({ after: checkpoint.position, categories }));
      await resumed.untilCaughtUp();
      expect(ids(resumed.events)).toEqual([later.id]);
    }),
  );

  test(
    'live events that do not match bring checkpoints too, in the order of the log',
    on(async (store) => {
      const follower = new Follower(store.subscribeToAll({ categories: ['habeasCase'] }));
      await follower.untilCaughtUp();
      const checkpoint = follower.until(({ kind }) => kind === 'checkpoint');
      await fill(store, eventsOf(3_000), { category: 'habeasSource' });
      expect(await checkpoint).toMatchObject({ kind: 'checkpoint' });
    }),
  );

  test(
    'no checkpoint lies before an event delivered earlier, nor behind one that is still to come',
    on(async (store) => {
      for (let n = 0; n < 5; n++) {
        await fill(store, eventsOf(600), { category: 'habeasSource' });
        await fill(store, eventsOf(3), { category: 'habeasCase' });
      }
      const categories = ['habeasCase'];
      const follower = new Follower(store.subscribeToAll({ categories }));
      await follower.untilCaughtUp();
      const matching = await collect(store.readAll({ categories }));
      expect(ids(follower.events)).toEqual(ids(matching));
      let delivered = 0;
      for (const message of follower.messages) {
        if (message.kind === 'events') delivered += message.events.length;
        if (message.kind === 'caught-up') continue;
        const after = message.kind === 'events' ? message.events.at(-1)!.position : message.position;
        expect(ids(await collect(store.readAll({ after, categories })))).toEqual(ids(matching).slice(delivered));
      }
    }),
  );

  test(
    'a slow reader delays nobody, misses nothing, and is never handed more than it can hold',
    on(async (store) => {
      const slow = new Follower(store.subscribeToAll());
      const quick = new Follower(store.subscribeToAll());
      await slow.untilCaughtUp();
      const past = eventsOf(150, 200_000);
      await Promise.all([fill(store, past, { portion: 1 }), quick.untilEvents(past.length)]);
      await slow.untilEvents(past.length);
      expect(ids(slow.events)).toEqual(ids(past));
      for (const message of slow.messages) {
        if (message.kind !== 'events') continue;
        const bytes = message.events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
        expect(bytes).toBeLessThan(MESSAGE_BYTES);
      }
    }),
  );

  test(
    'falling behind and catching up again is said again',
    on(async (store) => {
      const follower = new Follower(store.subscribeToAll());
      await follower.untilCaughtUp();
      await fill(store, eventsOf(5_000), { portion: 500 });
      await follower.untilEvents(5_000);
      await follower.untilCaughtUp();
      expect(follower.events).toHaveLength(5_000);
    }),
  );

  test(
    'catching up through a long past leaves others their turn',
    on(async (store) => {
      await fill(store, eventsOf(10_000), { portion: 500 });
      const follower = new Follower(store.subscribeToAll());
      let turns = 0;
      const timer = setInterval(() => turns++, 0);
      await follower.untilCaughtUp();
      clearInterval(timer);
      expect(turns).toBeGreaterThan(2);
    }),
  );

  test(
    'closing ends the iteration, also one that waits; the others go on',
    on(async (store) => {
      const subscription = store.subscribeToAll();
      const follower = new Follower(subscription);
      const other = new Follower(store.subscribeToAll());
      await Promise.all([follower.untilCaughtUp(), other.untilCaughtUp()]);
      const waiting = follower.next();
      await subscription.close();
      expect(await waiting).toBeUndefined();
      await subscription.close();
      await store.append(newStream(), eventsOf(1), 'no-stream');
      expect(await follower.next()).toBeUndefined();
      expect(await other.next()).toMatchObject({ kind: 'events' });
    }),
  );

  test(
    'closing in the middle of a past ends the iteration after the message in hand',
    on(async (store) => {
      await fill(store, eventsOf(MANY));
      const subscription = store.subscribeToAll();
      let messages = 0;
      for await (const message of subscription) {
        expect(message.kind).toBe('events');
        messages++;
        await subscription.close();
      }
      expect(messages).toBe(1);
    }),
  );

  test(
    'leaving the loop closes the subscription',
    on(async (store) => {
      const subscription = store.subscribeToAll();
      for await (const message of subscription) if (message.kind === 'caught-up') break;
      expect(await new Follower(subscription).next()).toBeUndefined();
    }),
  );

  test(
    'a position that is not one of this log is refused by the iteration',
    on(async (store) => {
      await store.append(newStream(), eventsOf(1), 'no-stream');
      for (const after of ['', 'x', '999999999999'] as Position[]) {
        const reading = (async () => new Follower(store.subscribeToAll({ after })).next())();
        expect([after, await failure(reading)]).toMatchObject([after, { code: 'unknown-position' }]);
      }
    }),
  );
}

/** Appends from several writers at once, each to a stream of its own. */
async function appendFrom(store: EventStore, writers: number, appends: number): Promise<void> {
  await Promise.all(
    Array.from({ length: writers }, async () => {
      const stream = newStream();
      for (let n = 0; n < appends; n++) await store.append(stream, [event({ n })], n === 0 ? 'no-stream' : n - 1);
    }),
  );
}
