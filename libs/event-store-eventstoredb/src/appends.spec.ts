/** Appends when the network or the server fails: never lost, never doubled, never left pending, and named for what they are. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AppendFault } from '../../../test/eventstoredb-simulator/faults.js';
import { run } from '../../../test/support/server-process.js';
import { collect, event, eventsOf, idsOf, newStream, outcome, simulated } from './test-support/simulated.js';

const DROPPED = fileURLToPath(new URL('./test-support/dropped-while-writing.js', import.meta.url));
const LOST = fileURLToPath(new URL('./test-support/lost-cluster.js', import.meta.url));

const QUICK = { deadline: 400 };

describe('an answer that does not come', () => {
  test.each<AppendFault>(['drop-after', 'lose-answer', 'timeout-committed', 'denied-committed'])(
    'after the append was committed (%s): it is found in the log',
    (fault) =>
      simulated(async (store, { faults, log }) => {
        const stream = newStream();
        await store.append(stream, eventsOf(1), 'no-stream');
        const events = eventsOf(2);
        faults.planAppends(fault);
        const appended = await store.append(stream, events, 0);
        const stored = await collect(store.readStream(stream));
        expect(appended).toEqual({ revision: 2, position: stored[2]!.position });
        expect(idsOf(stored).slice(1)).toEqual(idsOf(events));
        expect(log.attempts.filter(({ repeated }) => repeated)).toEqual([]);
      }, QUICK)(),
  );

  test.each<AppendFault>(['drop-before', 'lose', 'timeout', 'busy'])(
    'and nothing in its place (%s): the outcome is unknown, and the same append again lands once',
    (fault) =>
      simulated(async (store, { faults }) => {
        const stream = newStream();
        const events = eventsOf(2);
        faults.planAppends(fault);
        expect(await outcome(store.append(stream, events, 'no-stream'))).toBe('timed-out');
        expect(await outcome(store.append(stream, events, 'no-stream'))).toMatchObject({ revision: 1 });
        expect(idsOf(await collect(store.readStream(stream)))).toEqual(idsOf(events));
      }, QUICK)(),
  );

  test(
    'and another event in its place: a conflict, which names where the stream is',
    simulated(async (store, { faults, log }) => {
      const stream = newStream();
      faults.planAppends('lose');
      const lost = outcome(store.append(stream, eventsOf(1), 'no-stream'));
      for (let n = 0; n < 3; n++) log.put(stream, '{}', '{}');
      expect(await lost).toBe('wrong-expected-revision');
      await store.append(stream, eventsOf(1), 2);
    }, QUICK),
  );

  test(
    'because the server is silent: the call ends all the same, and the next one when it is heard again',
    simulated(async (store, simulator) => {
      const stream = newStream();
      const one = event();
      await store.append(stream, [one], 'no-stream');
      simulator.silence(true);
      const before = performance.now();
      const next = event();
      expect(await outcome(store.append(stream, [next], 0))).toBe('timed-out');
      expect(performance.now() - before).toBeLessThan(3_000);
      simulator.silence(false);
      expect(await outcome(store.append(stream, [next], 0))).toMatchObject({ revision: 1 });
      expect(idsOf(await collect(store.readStream(stream)))).toEqual([one.id, next.id]);
    }, QUICK),
  );

  test(
    'because others before it were not even read: what is called unavailable never arrives',
    simulated(async (store, simulator) => {
      const stream = newStream();
      await store.append(stream, eventsOf(1), 'no-stream');
      simulator.silence(true);
      const events = Array.from({ length: 64 }, () => event('x'.repeat(100_000)));
      const outcomes = await Promise.all(events.map((one) => outcome(store.append(newStream(), [one], 'no-stream'))));
      simulator.silence(false);
      await delay(500);
      await store.append(stream, eventsOf(1), 0);
      const there = new Set(idsOf(simulator.log.all));
      expect(new Set(outcomes)).toEqual(new Set(['timed-out', 'unavailable']));
      expect(events.filter(({ id }, n) => outcomes[n] === 'unavailable' && there.has(id))).toEqual([]);
    }, QUICK),
  );

  test(
    'because the server ended the stream of appends in silence: the next append takes another',
    simulated(async (store, simulator) => {
      const stream = newStream();
      await store.append(stream, eventsOf(1), 'no-stream');
      simulator.endAppends();
      const next = event();
      const outcomes = [await outcome(store.append(stream, [next], 0)), await outcome(store.append(stream, [next], 0))];
      expect(outcomes).toContainEqual(expect.objectContaining({ revision: 1 }));
      expect(await outcome(store.append(stream, eventsOf(1), 1))).toMatchObject({ revision: 2 });
    }, QUICK),
  );
});

describe('a new leader', () => {
  test.each<AppendFault>(['not-leader', 'not-leader-committed'])(
    'during an append (%s): it lands once, on whichever node',
    (fault) =>
      simulated(
        async (store, { faults, log }) => {
          const stream = newStream();
          await store.append(stream, eventsOf(1), 'no-stream');
          const events = eventsOf(2);
          faults.planAppends(fault);
          const first = await outcome(store.append(stream, events, 0));
          if (fault === 'not-leader-committed') expect(first).toMatchObject({ revision: 2 });
          else expect(first).toBe('timed-out');
          expect(await outcome(store.append(stream, events, 0))).toMatchObject({ revision: 2 });
          expect(log.read(stream)).toHaveLength(3);
        },
        { ...QUICK, nodes: 3 },
      )(),
  );

  test(
    'between two commands: readings find it by themselves',
    simulated(
      async (store, simulator) => {
        const stream = newStream();
        await store.append(stream, eventsOf(1), 'no-stream');
        for (let n = 0; n < 4; n++) {
          simulator.elect();
          expect(await collect(store.readStream(stream))).toHaveLength(1);
          simulator.elect();
          expect(await collect(store.readAll())).toHaveLength(1);
        }
      },
      { nodes: 3 },
    ),
  );
});

describe('a node that the leader is ahead of', () => {
  test(
    'is not asked what became of an append, nor what a stream or the log holds',
    simulated(
      async (store, simulator) => {
        const stream = newStream();
        await store.append(stream, eventsOf(1), 'no-stream');
        const follower = simulator.leader();
        follower.replicated = simulator.log.all.at(-1);
        simulator.faults.planAppends('not-leader-committed');
        expect(await outcome(store.append(stream, eventsOf(1), 0))).toMatchObject({ revision: 1 });
        expect(await collect(store.readStream(stream))).toHaveLength(2);
        expect(await collect(store.readAll())).toHaveLength(2);
      },
      { ...QUICK, nodes: 2 },
    ),
  );
});

test(
  'a reading of the whole log that comes first after an election asks the new leader how far it goes',
  simulated(
    async (store, simulator) => {
      await store.append(newStream(), eventsOf(1), 'no-stream');
      simulator.leader().replicated = simulator.log.all.at(-1);
      simulator.elect();
      simulator.log.put(newStream(), '{}', '{}');
      expect(await collect(store.readAll())).toHaveLength(2);
    },
    { nodes: 2 },
  ),
);

describe('what the server says', () => {
  test(
    'no access, a stream that is gone for good, an append that is too large',
    simulated(async (store, simulator) => {
      simulator.forbid('habeasPerson-closed');
      expect(await outcome(store.append('habeasPerson-closed', eventsOf(1), 'no-stream'))).toBe('access-denied');
      expect(await outcome(collect(store.readStream('habeasPerson-closed')))).toBe('access-denied');
      const stream = newStream();
      await store.append(stream, eventsOf(1), 'no-stream');
      simulator.log.delete(stream, 'tombstoned');
      expect(await outcome(store.append(stream, eventsOf(1), 0))).toBe('stream-deleted');
      expect(await outcome(collect(store.readStream(stream)))).toBe('stream-deleted');
      simulator.log.maxAppendSize = 1_000;
      expect(await outcome(store.append(newStream(), [event('x'.repeat(2_000))], 'no-stream'))).toBe(
        'append-too-large',
      );
    }),
  );

  test(
    'an append to no stream that follows deleted events says where it landed',
    simulated(async (store, { log }) => {
      const stream = newStream();
      await store.append(stream, eventsOf(2), 'no-stream');
      log.delete(stream, 'deleted');
      expect(await collect(store.readStream(stream))).toEqual([]);
      expect(await store.append(stream, eventsOf(1), 'no-stream')).toMatchObject({ revision: 2 });
    }),
  );

  test(
    'a stream that keeps one event refuses a stale revision: a lease holds',
    simulated(async (store, { log }) => {
      log.put('$$habeasOps-lease', '{"$maxCount":1}', '', '$metadata');
      for (let n = 0; n < 3; n++) await store.append('habeasOps-lease', eventsOf(1), n === 0 ? 'no-stream' : n - 1);
      expect(await collect(store.readStream('habeasOps-lease'))).toMatchObject([{ revision: 2 }]);
      expect(await outcome(store.append('habeasOps-lease', eventsOf(1), 1))).toBe('wrong-expected-revision');
    }),
  );
});

describe('a server that is not there', () => {
  test(
    'is unavailable, nothing was written, and all goes on when it is back',
    simulated(async (store, simulator) => {
      const stream = newStream();
      simulator.refuse(true);
      simulator.drop();
      expect(await outcome(store.append(stream, eventsOf(1), 'no-stream'))).toBe('unavailable');
      expect(await outcome(collect(store.readStream(stream)))).toBe('unavailable');
      expect(await outcome(collect(store.readAll()))).toBe('unavailable');
      simulator.refuse(false);
      expect(await outcome(store.append(stream, eventsOf(1), 'no-stream'))).toMatchObject({ revision: 0 });
    }),
  );

  // The client keeps what it learnt of the server before its first append; also that it could not learn it.
  test(
    'in a cluster: appends go on as well once a node is found again',
    simulated(
      async (store, simulator) => {
        simulator.refuse(true);
        simulator.drop();
        const stream = newStream();
        expect(await outcome(store.append(stream, eventsOf(1), 'no-stream'))).toBe('unavailable');
        simulator.refuse(false);
        expect(await outcome(store.append(stream, eventsOf(1), 'no-stream'))).toMatchObject({ revision: 0 });
      },
      { nodes: 3, options: 'maxDiscoverAttempts=2&gossipTimeout=1&discoveryInterval=20' },
    ),
  );
});

// In processes of their own: what is guarded against ends one.
describe('the process goes on', () => {
  test.each(['first', 'later'])(
    'when the connection breaks while many appends wait to be written (%s)',
    async (when) => {
      const child = run(DROPPED, [when]);
      expect([await child.ended, child.errors()]).toEqual([0, '']);
      const [said] = child.output().split('\n');
      expect(said).toMatch(/^64 settled: (timed-out|unavailable)/);
    },
  );

  test('when a cluster is lost while a node is looked for', async () => {
    const child = run(LOST, []);
    expect([await child.ended, child.errors(), child.output()]).toEqual([0, '', 'goes on\n']);
  });
});
