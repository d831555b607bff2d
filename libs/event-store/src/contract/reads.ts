/** Reads: one stream either way, the whole log in order, and only what was asked for. */
import type { Position, ReadStreamOptions, StoredEvent } from '../port.js';
import {
  collect,
  event,
  eventsOf,
  failure,
  fill,
  ids,
  newStream,
  onFreshLog,
  type EventStoreHarness,
} from './harness.js';

/** More than any adapter reads at once. */
const MANY = 2_345;

export function readContract(harness: EventStoreHarness): void {
  const on = onFreshLog.bind(undefined, harness);

  describe('a stream', () => {
    const cases: readonly { options: ReadStreamOptions; revisions: readonly number[] }[] = [
      { options: {}, revisions: [0, 1, 2, 3, 4] },
      { options: { from: 2 }, revisions: [2, 3, 4] },
      { options: { limit: 2 }, revisions: [0, 1] },
      { options: { from: 1, limit: 2 }, revisions: [1, 2] },
      { options: { from: 4, limit: 9 }, revisions: [4] },
      { options: { from: 5 }, revisions: [] },
      { options: { limit: 0 }, revisions: [] },
      { options: { direction: 'backwards' }, revisions: [4, 3, 2, 1, 0] },
      { options: { direction: 'backwards', limit: 1 }, revisions: [4] },
      { options: { direction: 'backwards', from: 2 }, revisions: [2, 1, 0] },
      { options: { direction: 'backwards', from: 3, limit: 2 }, revisions: [3, 2] },
      { options: { direction: 'backwards', from: 99, limit: 2 }, revisions: [4, 3] },
    ];
    test(
      'is read either way, from any revision, up to a limit',
      on(async (store) => {
        const stream = newStream();
        const events = eventsOf(5);
        await fill(store, eventsOf(3));
        await store.append(stream, events.slice(0, 2), 'no-stream');
        await fill(store, eventsOf(3));
        await store.append(stream, events.slice(2), 1);
        for (const { options, revisions } of cases) {
          const read = await collect(store.readStream(stream, options));
          expect([options, read.map(({ revision }) => revision)]).toEqual([options, revisions]);
          expect(ids(read)).toEqual(revisions.map((revision) => events[revision]!.id));
        }
      }),
    );

    test(
      'that is not there has no events, also where its name begins or ends like another',
      on(async (store) => {
        await store.append('habeasPerson-12', eventsOf(1), 'no-stream');
        for (const name of ['habeasPerson-1', 'habeasPerson-123', 'HABEASPERSON-12', 'habeasPerson-12 ']) {
          expect(await collect(store.readStream(name))).toEqual([]);
          expect(await collect(store.readStream(name, { direction: 'backwards', limit: 1 }))).toEqual([]);
        }
      }),
    );

    test(
      'of thousands of events is read whole, either way',
      on(async (store) => {
        const stream = newStream();
        const events = eventsOf(MANY);
        for (let at = 0; at < MANY; at += 469) {
          await store.append(stream, events.slice(at, at + 469), at === 0 ? 'no-stream' : at - 1);
        }
        expect(ids(await collect(store.readStream(stream)))).toEqual(ids(events));
        expect(ids(await collect(store.readStream(stream, { direction: 'backwards' })))).toEqual(ids(events).reverse());
        expect(ids(await collect(store.readStream(stream, { from: 500, limit: 1_700 })))).toEqual(
          ids(events).slice(500, 2_200),
        );
      }),
    );

    test(
      'of large events is read whole, either way',
      on(async (store) => {
        const stream = newStream();
        const events = eventsOf(40, 300_000);
        for (const [n, one] of events.entries()) await store.append(stream, [one], n === 0 ? 'no-stream' : n - 1);
        expect(ids(await collect(store.readStream(stream)))).toEqual(ids(events));
        expect(ids(await collect(store.readStream(stream, { direction: 'backwards' })))).toEqual(ids(events).reverse());
      }),
    );
  });

  describe('the whole log', () => {
    test(
      'is empty at first',
      on(async (store) => {
        expect(await collect(store.readAll())).toEqual([]);
      }),
    );

    test(
      'is read in the order of the commits, whole, behind any position, up to a limit',
      on(async (store) => {
        const events = eventsOf(MANY);
        await fill(store, events);
        const all = await collect(store.readAll());
        expect(ids(all)).toEqual(ids(events));
        expect(new Set(all.map(({ position }) => position)).size).toBe(MANY);
        for (const after of [0, 1, 998, 999, 1_000, 1_001, MANY - 2, MANY - 1]) {
          const read = await collect(store.readAll({ after: all[after]!.position }));
          expect([after, ids(read)]).toEqual([after, ids(events).slice(after + 1)]);
        }
        for (const limit of [0, 1, 1_000, 1_001, MANY, MANY + 1]) {
          expect(ids(await collect(store.readAll({ limit })))).toEqual(ids(events).slice(0, limit));
        }
        expect(ids(await collect(store.readAll({ after: all[9]!.position, limit: 5 })))).toEqual(
          ids(events).slice(10, 15),
        );
      }),
    );

    test(
      'of large events is read whole',
      on(async (store) => {
        const events = eventsOf(40, 300_000);
        await fill(store, events, { portion: 1 });
        expect(ids(await collect(store.readAll()))).toEqual(ids(events));
      }),
    );

    test(
      'a reading gives what was there when it began, however long it takes',
      on(async (store) => {
        const events = eventsOf(MANY);
        await fill(store, events);
        const read: StoredEvent[] = [];
        for await (const one of store.readAll()) {
          if (read.length % 500 === 0) await fill(store, eventsOf(700));
          read.push(one);
        }
        expect(ids(read)).toEqual(ids(events));
      }),
    );

    test(
      'a filter takes exactly the streams of its categories',
      on(async (store) => {
        const names = [
          'habeasPerson-1',
          'habeasPersonal-1',
          'habeasPerso-1',
          'habeasPerson',
          'habeasPerson.1',
          'habeasPerson-',
          'habeasperson-1',
          'habeasPerson-a-b',
          'habeasGroup-1',
          'habeas%-1',
          'xhabeasPerson-1',
          '$system-1',
          'habeasOps-1',
          'habeasOpsLike-1',
          'habeasOps',
          'habea-1',
          'habeat-1',
          'habeas-1',
        ];
        for (const name of names) await store.append(name, eventsOf(1), 'no-stream');
        const read = async (categories?: readonly string[]) =>
          (await collect(store.readAll(categories === undefined ? {} : { categories }))).map(({ stream }) => stream);
        expect(await read(['habeasPerson'])).toEqual(['habeasPerson-1', 'habeasPerson-', 'habeasPerson-a-b']);
        expect(await read(['habeasGroup', 'habeasPerson'])).toEqual([
          'habeasPerson-1',
          'habeasPerson-',
          'habeasPerson-a-b',
          'habeasGroup-1',
        ]);
        expect(await read(['habeas%', 'habeas_'])).toEqual(['habeas%-1']);
        expect(await read(['habeasOps'])).toEqual(['habeasOps-1']);
        expect(await read(['habeasNone'])).toEqual([]);
        expect(await read([])).toEqual([]);
        expect(await read()).toEqual([
          'habeasPerson-1',
          'habeasPersonal-1',
          'habeasPerso-1',
          'habeasPerson',
          'habeasPerson.1',
          'habeasPerson-',
          'habeasperson-1',
          'habeasPerson-a-b',
          'habeasGroup-1',
          'habeas%-1',
          'habeasOpsLike-1',
          'habeasOps',
          'habeas-1',
        ]);
      }),
    );

    test(
      'a filter with a position and a limit counts only what matches',
      on(async (store) => {
        const wanted = eventsOf(30);
        for (const one of wanted) {
          await fill(store, eventsOf(70), { category: 'habeasSource' });
          await store.append(newStream('habeasCase'), [one], 'no-stream');
        }
        const read = await collect(store.readAll({ categories: ['habeasCase'], limit: 20 }));
        expect(ids(read)).toEqual(ids(wanted).slice(0, 20));
        const rest = await collect(store.readAll({ categories: ['habeasCase'], after: read[19]!.position }));
        expect(ids(rest)).toEqual(ids(wanted).slice(20));
      }),
    );

    test(
      'a position that is not one of this log is refused',
      on(async (store) => {
        await store.append(newStream(), [event()], 'no-stream');
        for (const after of ['', '-1', '1.5', 'x', '999999999999'] as Position[]) {
          expect([after, await failure(collect(store.readAll({ after })))]).toMatchObject([
            after,
            { code: 'unknown-position' },
          ]);
        }
      }),
    );
  });

  test(
    'a reading that is left early leaves nothing behind',
    on(async (store) => {
      await fill(store, eventsOf(MANY));
      for await (const one of store.readAll()) if (one.revision === 3) break;
      for (let n = 0; n < 50; n++) await store.append(newStream(), eventsOf(1), 'no-stream');
      expect(await collect(store.readAll())).toHaveLength(MANY + 50);
    }),
  );
}
