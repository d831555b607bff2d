/** Opening, closing and opening again. */
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

export function lifecycleContract(harness: EventStoreHarness): void {
  const on = onFreshLog.bind(undefined, harness);

  test(
    'closing waits for appends under way',
    on(async (store, { reopen }) => {
      const appends = Array.from({ length: 50 }, () => store.append(newStream(), eventsOf(2), 'no-stream'));
      const closed = store.close();
      expect(await Promise.all(appends)).toHaveLength(50);
      await closed;
      if (reopen === undefined) return;
      expect(await collect((await reopen()).readAll())).toHaveLength(100);
    }),
  );

  test(
    'closing ends every subscription',
    on(async (store) => {
      const followers = [1, 2].map(() => new Follower(store.subscribeToAll()));
      await Promise.all(followers.map((follower) => follower.untilCaughtUp()));
      const waiting = followers.map((follower) => follower.next());
      await store.close();
      expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    }),
  );

  test(
    'closing in the middle of a reading makes it throw: it never ends early in silence',
    on(async (store) => {
      await fill(store, eventsOf(2_345));
      const reading = (async () => {
        let read = 0;
        for await (const one of store.readAll()) {
          read++;
          if (one.revision === 0 && read === 1) await store.close();
        }
        return read;
      })();
      expect(await failure(reading)).toMatchObject({ code: 'closed' });
    }),
  );

  test(
    'after closing, every call throws that it is closed, save closing again',
    on(async (store) => {
      await fill(store, eventsOf(1));
      await store.close();
      await store.close();
      const calls = [
        () => store.append(newStream(), [event()], 'no-stream'),
        () => collect(store.readStream(newStream())),
        () => collect(store.readAll()),
        async () => new Follower(store.subscribeToAll()).next(),
      ];
      for (const call of calls) expect(await failure(call())).toMatchObject({ code: 'closed' });
    }),
  );

  test(
    'opened again, everything is as it was, and goes on',
    on(async (store, { reopen }) => {
      if (reopen === undefined) return;
      const stream = newStream();
      const events = eventsOf(3);
      await store.append(stream, events, 'no-stream');
      await fill(store, eventsOf(1_200));
      const before = await collect(store.readAll());
      await store.close();
      const again = await reopen();
      expect(await collect(again.readAll())).toEqual(before);
      expect(await again.append(stream, events, 'no-stream')).toEqual({ revision: 2, position: before[2]!.position });
      const next = event();
      await again.append(stream, [next], 2);
      expect(ids(await collect(again.readAll({ after: before.at(-1)!.position })))).toEqual([next.id]);
    }),
  );
}
