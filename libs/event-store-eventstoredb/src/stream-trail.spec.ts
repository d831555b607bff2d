/** A trail in a stream: its contract, on the simulated server and on a real one; and what is its own. */
import { randomUUID } from 'node:crypto';
import type { Trail } from '#event-store';
import { trailContract, type OpenedTrail } from '#event-store/contract';
import { openStreamTrail } from '#event-store-eventstoredb';
import { Simulator } from '../../../test/eventstoredb-simulator/simulator.js';
import { realServer } from '../../../test/support/real-eventstoredb.js';
import { collect, outcome, randomness, simulated } from './test-support/simulated.js';

const days = 400;

async function openOn(
  connectionString: string,
  namespace: string,
  dispose = () => Promise.resolve(),
): Promise<OpenedTrail> {
  const opened: Trail[] = [];
  const again = async (): Promise<Trail> => {
    const trail = await openStreamTrail({ connectionString, namespace, randomness, days });
    opened.push(trail);
    return trail;
  };
  return {
    trail: await again(),
    again,
    async dispose() {
      for (const one of opened) await one.close();
      await dispose();
    },
  };
}

trailContract('EventStoreDB (simulated)', {
  async open() {
    const simulator = await Simulator.start();
    return openOn(simulator.connectionString(), '', () => simulator.stop());
  },
});

const real = realServer('the contract of a trail');
if (real !== undefined) {
  trailContract('EventStoreDB (HABEAS_TEST_ESDB)', { open: () => openOn(real, `test-${randomUUID()}-`) });
}

test(
  'the server is told for how long it keeps it, once for each other setting; the log does not show it',
  simulated(async (log, simulator) => {
    const options = { connectionString: simulator.connectionString(), namespace: 'a-', randomness };
    for (const kept of [400, 400, 30]) {
      const trail = await openStreamTrail({ ...options, days: kept });
      await trail.append([`for ${kept}`]);
      await trail.close();
    }
    const told = simulator.log.read('$$a-habeasOps-trail-reads');
    if (typeof told === 'string') throw new Error(told);
    expect(told.map(({ data }) => Buffer.from(data).toString())).toEqual([
      '{"$maxAge":34560000}',
      '{"$maxAge":2592000}',
    ]);
    expect(await collect(log.readAll())).toEqual([]);
  }),
);

test(
  'an entry whose answer was lost is found, and is there once; one that did not arrive is not acknowledged',
  simulated(async (_log, simulator) => {
    const trail = await openStreamTrail({
      connectionString: simulator.connectionString(),
      randomness,
      deadline: 400,
      days,
    });
    for (const fault of ['drop-after', 'lose-answer', 'timeout-committed'] as const) {
      simulator.faults.planAppends(fault);
      await trail.append([fault]);
    }
    const found = async (): Promise<readonly string[]> => (await trail.before(undefined, 10)).map(({ text }) => text);
    expect(await found()).toEqual(['timeout-committed', 'lose-answer', 'drop-after']);
    simulator.faults.planAppends('lose');
    expect(await outcome(trail.append(['lost']))).toBe('timed-out');
    await trail.append(['later']);
    expect(await found()).toEqual(['later', 'timeout-committed', 'lose-answer', 'drop-after']);
    await trail.close();
  }),
);
