/** Appends: exact, atomic, idempotent at their place, bounded, and unchanged. */
import { type AppendOutcome, MAX_APPEND_BYTES, type EventToAppend, type ExpectedRevision } from '../port.js';
import { collect, event, eventsOf, failure, ids, newStream, onFreshLog, type EventStoreHarness } from './harness.js';

export function appendContract(harness: EventStoreHarness): void {
  const on = onFreshLog.bind(undefined, harness);

  test(
    'a new stream begins at revision 0, and each append lands behind the last',
    on(async (store) => {
      const stream = newStream();
      const first = await store.append(stream, eventsOf(1), 'no-stream');
      const second = await store.append(stream, eventsOf(3), 0);
      const third = await store.append(stream, eventsOf(1), 3);
      expect([first.revision, second.revision, third.revision]).toEqual([0, 3, 4]);
      const stored = await collect(store.readStream(stream));
      expect(stored.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4]);
      expect([first, second, third].map(({ position }) => position)).toEqual(
        [0, 3, 4].map((revision) => stored[revision]!.position),
      );
    }),
  );

  test.each<{ name: string; there: number; expected: ExpectedRevision; actual: ExpectedRevision }>([
    { name: 'no stream where there is one', there: 2, expected: 'no-stream', actual: 1 },
    { name: 'a revision of a stream that is not there', there: 0, expected: 0, actual: 'no-stream' },
    { name: 'an earlier revision', there: 3, expected: 1, actual: 2 },
    { name: 'a later revision', there: 3, expected: 3, actual: 2 },
  ])(
    'expecting $name is a conflict that names the actual revision, and writes nothing',
    ({ there, expected, actual }) =>
      on(async (store) => {
        const stream = newStream();
        const before = eventsOf(there);
        if (there > 0) await store.append(stream, before, 'no-stream');
        expect(await failure(store.append(stream, eventsOf(2), expected))).toMatchObject({
          name: 'WrongExpectedRevisionError',
          code: 'wrong-expected-revision',
          stream,
          expected,
          actual,
        });
        expect(ids(await collect(store.readAll()))).toEqual(ids(before));
      })(),
  );

  test(
    'the events of one append lie next to each other, also among concurrent ones',
    on(async (store) => {
      await Promise.all(Array.from({ length: 20 }, () => store.append(newStream(), eventsOf(10), 'no-stream')));
      const all = await collect(store.readAll());
      expect(all).toHaveLength(200);
      for (let at = 0; at < 200; at += 10) {
        const group = all.slice(at, at + 10);
        expect(group.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        expect(new Set(group.map(({ stream }) => stream)).size).toBe(1);
      }
    }),
  );

  describe('the same events again at the same revision', () => {
    test(
      'give the first outcome, also after later events, and write nothing',
      on(async (store) => {
        const stream = newStream();
        const opening = eventsOf(2);
        const next = eventsOf(3);
        const first = await store.append(stream, opening, 'no-stream');
        const second = await store.append(stream, next, 1);
        expect(placeOf(await store.append(stream, next, 1))).toEqual(placeOf(second));
        await store.append(stream, eventsOf(1), 4);
        const again = [await store.append(stream, opening, 'no-stream'), await store.append(stream, next, 1)];
        expect(again.map(placeOf)).toEqual([first, second].map(placeOf));
        // Whoever believes it does not look at what is stored.
        expect(again.map(({ isNew }) => isNew)).toEqual([undefined, undefined]);
        expect(await collect(store.readStream(stream))).toHaveLength(6);
      }),
    );

    test(
      'keep what was stored first: the content is not looked at',
      on(async (store) => {
        const stream = newStream();
        const original = event({ word: 'first' });
        await store.append(stream, [original], 'no-stream');
        await store.append(stream, [{ ...original, data: '{"word":"second"}' }], 'no-stream');
        expect((await collect(store.readStream(stream))).map(({ data }) => data)).toEqual(['{"word":"first"}']);
      }),
    );

    test(
      'may be a prefix of them: the outcome is that of its last event',
      on(async (store) => {
        const stream = newStream();
        const events = eventsOf(3);
        await store.append(stream, events, 'no-stream');
        const stored = await collect(store.readStream(stream));
        expect(placeOf(await store.append(stream, events.slice(0, 2), 'no-stream'))).toEqual({
          revision: 1,
          position: stored[1]!.position,
        });
      }),
    );

    test(
      'give the first outcome when both tries are under way at once',
      on(async (store) => {
        const stream = newStream();
        const events = eventsOf(2);
        const outcomes = await Promise.all([1, 2, 3].map(() => store.append(stream, events, 'no-stream')));
        const [first] = outcomes.map(placeOf);
        expect(outcomes.map(placeOf)).toEqual([first, first, first]);
        expect(outcomes.filter(({ isNew }) => isNew === true).length).toBeLessThanOrEqual(1);
        expect(await collect(store.readStream(stream))).toHaveLength(2);
      }),
    );

    const [a, b, c] = eventsOf(3) as [EventToAppend, EventToAppend, EventToAppend];
    test.each<{ name: string; events: readonly EventToAppend[] }>([
      { name: 'with one more behind them', events: [a, b, c] },
      { name: 'with a new one in the middle', events: [a, c] },
      { name: 'in another order', events: [b, a] },
      { name: 'without the first', events: [b] },
    ])('are a conflict $name', ({ events }) =>
      on(async (store) => {
        const stream = newStream();
        await store.append(stream, [a, b], 'no-stream');
        expect(await failure(store.append(stream, events, 'no-stream'))).toMatchObject({
          code: 'wrong-expected-revision',
          actual: 1,
        });
        expect(await collect(store.readStream(stream))).toHaveLength(2);
      })(),
    );
  });

  test(
    'an old id at a new revision is appended again, and in another stream as well',
    on(async (store) => {
      const stream = newStream();
      const same = event();
      await store.append(stream, [same], 'no-stream');
      expect(await store.append(stream, [same], 0)).toMatchObject({ revision: 1 });
      expect(await store.append(newStream(), [same], 'no-stream')).toMatchObject({ revision: 0 });
      expect(ids(await collect(store.readAll()))).toEqual([same.id, same.id, same.id]);
    }),
  );

  test(
    'of many concurrent appends at one revision exactly one wins',
    on(async (store) => {
      const stream = newStream();
      await store.append(stream, eventsOf(1), 'no-stream');
      for (let revision = 0; revision < 5; revision++) {
        const tries = Array.from({ length: 10 }, () => event());
        const outcomes = await Promise.allSettled(tries.map((one) => store.append(stream, [one], revision)));
        const won = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
        expect(won).toHaveLength(1);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') {
            expect(outcome.reason).toMatchObject({ code: 'wrong-expected-revision', actual: revision + 1 });
          }
        }
        const [last] = await collect(store.readStream(stream, { direction: 'backwards', limit: 1 }));
        expect(last).toMatchObject({ id: tries[won[0]!]!.id, revision: revision + 1 });
      }
    }),
  );

  test(
    'new appends, repeated ones and conflicts that are under way at once each get their own outcome',
    on(async (store) => {
      const stream = newStream();
      const old = eventsOf(2);
      const before = await store.append(stream, old, 'no-stream');
      await store.append(stream, eventsOf(3), 1);
      const streams = Array.from({ length: 10 }, () => newStream());
      const outcomes = await Promise.all(
        streams.map(async (fresh) => {
          const appended = store.append(fresh, eventsOf(2), 'no-stream');
          const repeated = store.append(stream, old, 'no-stream');
          const refused = failure(store.append(stream, eventsOf(1), 0));
          expect(placeOf(await repeated)).toEqual(placeOf(before));
          expect(await refused).toMatchObject({ code: 'wrong-expected-revision', actual: 4 });
          return appended;
        }),
      );
      expect(outcomes.map(({ revision }) => revision)).toEqual(streams.map(() => 1));
      expect(new Set(outcomes.map(({ position }) => position)).size).toBe(10);
      expect(await collect(store.readAll())).toHaveLength(25);
    }),
  );

  test(
    '64 streams at once each keep their own order',
    on(async (store) => {
      const streams = Array.from({ length: 64 }, () => newStream());
      const appended = await Promise.all(
        streams.map(async (stream) => {
          const events = eventsOf(8);
          for (const [n, one] of events.entries()) {
            await store.append(stream, [one], n === 0 ? 'no-stream' : n - 1);
          }
          return ids(events);
        }),
      );
      const read = await Promise.all(streams.map(async (stream) => ids(await collect(store.readStream(stream)))));
      expect(read).toEqual(appended);
      expect(await collect(store.readAll())).toHaveLength(64 * 8);
    }),
  );

  test(
    'an append of exactly the limit is taken; one byte more is refused, and nothing of it is written',
    on(async (store) => {
      const stream = newStream();
      const sized = (bytes: number): EventToAppend => {
        const frame = '{"text":""}'.length + '{"v":1}'.length;
        // Khmer letters take three bytes each: the limit counts bytes, not characters.
        const letters = Math.floor((bytes - frame) / 3);
        const text = 'ខ'.repeat(letters) + 'x'.repeat(bytes - frame - 3 * letters);
        return event({ text });
      };
      expect(await failure(store.append(stream, [sized(MAX_APPEND_BYTES + 1)], 'no-stream'))).toMatchObject({
        name: 'AppendTooLargeError',
        code: 'append-too-large',
        bytes: MAX_APPEND_BYTES + 1,
      });
      const half = MAX_APPEND_BYTES / 2;
      expect(await failure(store.append(stream, [sized(half), sized(half + 1)], 'no-stream'))).toMatchObject({
        code: 'append-too-large',
      });
      expect(await collect(store.readStream(stream))).toEqual([]);
      const largest = sized(MAX_APPEND_BYTES);
      await store.append(stream, [largest], 'no-stream');
      expect((await collect(store.readStream(stream)))[0]!.data).toBe(largest.data);
    }),
  );

  test.each<{ name: string; stream?: string; events?: EventToAppend[]; expected?: ExpectedRevision }>([
    { name: 'without events', events: [] },
    { name: 'with an id that is no UUID', events: [{ ...event(), id: 'one' }] },
    { name: 'with an id in upper case', events: [{ ...event(), id: 'AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA' }] },
    { name: 'with text that has no UTF-8 form', events: [event(), { ...event(), data: '{"a":"\ud800"}' }] },
    { name: 'with a NUL', events: [{ ...event(), metadata: '{"a":"\0"}' }] },
    { name: 'of no type', events: [{ ...event(), type: '' }] },
    { name: 'to no stream', stream: '' },
    { name: 'at a negative revision', expected: -1 },
    { name: 'at half a revision', expected: 0.5 },
  ])(
    'an append $name is refused as invalid',
    ({ stream = newStream(), events = eventsOf(1), expected = 'no-stream' }) =>
      on(async (store) => {
        expect(await failure(store.append(stream, events, expected))).toMatchObject({ code: 'invalid-append' });
        expect(await collect(store.readAll())).toEqual([]);
      })(),
  );

  test(
    'every string comes back as it was appended',
    on(async (store) => {
      const texts = [
        'ស្ថានភាពច្បាប់ និង ​សេរីភាព',
        '🇰🇭 👩🏽‍⚖️ 𝒳 �  ',
        'e\u0301 and \u00e9 stay apart',
        '"quoted" \\ back\\slash \u0001 \u007f \u0085',
        '  spaces  \ttabs\r\nlines  ',
      ];
      const events = [
        ...texts.map((text) => event({ text })),
        { ...event(), data: '{"n":9007199254740991,"m":-9007199254740991,"z":0}' },
        { ...event(), data: '{ "b" : 1,\n "a" : 2 }', metadata: '{"10":1,"9":2,"__proto__":3}' },
        { ...event(), data: '{}', metadata: '{}' },
        { ...event(), type: 'ធ្វើ-🙂' },
      ];
      const stream = newStream('habeasSource');
      await store.append(stream, events, 'no-stream');
      const stored = await collect(store.readStream(stream));
      expect(stored).toEqual(
        events.map((one, revision) => ({ ...one, stream, revision, position: stored[revision]!.position })),
      );
      expect(await collect(store.readAll())).toEqual(stored);
    }),
  );

  test(
    'what was acknowledged is in every reading that begins afterwards',
    on(async (store) => {
      const stream = newStream();
      for (let n = 0; n < 30; n++) {
        const one = event({ n });
        await store.append(stream, [one], n === 0 ? 'no-stream' : n - 1);
        const [last] = await collect(store.readStream(stream, { direction: 'backwards', limit: 1 }));
        expect(last?.id).toBe(one.id);
      }
    }),
  );
}

function placeOf({ revision, position }: AppendOutcome): Pick<AppendOutcome, 'revision' | 'position'> {
  return { revision, position };
}
