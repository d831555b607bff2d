/** Operational state in streams: its contract, on the simulated server and on a real one; and what is its own. */
import { randomUUID } from 'node:crypto';
import type { OperationalState } from '#event-store';
import { operationalStateContract, type OpenedState } from '#event-store/contract';
import { openStreamState } from '#event-store-eventstoredb';
import { Simulator } from '../../../test/eventstoredb-simulator/simulator.js';
import { realServer } from '../../../test/support/real-eventstoredb.js';
import { collect, outcome, randomness, simulated } from './test-support/simulated.js';

async function openOn(
  connectionString: string,
  namespace: string,
  dispose = () => Promise.resolve(),
): Promise<OpenedState> {
  const opened: OperationalState[] = [];
  const again = async () => {
    const state = await openStreamState({ connectionString, namespace, randomness });
    opened.push(state);
    return state;
  };
  return {
    state: await again(),
    again,
    async dispose() {
      for (const one of opened) await one.close();
      await dispose();
    },
  };
}

operationalStateContract('EventStoreDB (simulated)', {
  async open() {
    const simulator = await Simulator.start();
    return openOn(simulator.connectionString(), '', () => simulator.stop());
  },
});

const real = realServer('the contract of the operational state');
if (real !== undefined) {
  operationalStateContract('EventStoreDB (HABEAS_TEST_ESDB)', {
    open: () => openOn(real, `test-${randomUUID()}-`),
  });
}

const withState = (
  body: (state: OperationalState, simulator: Simulator) => Promise<void>,
  namespace = '',
): (() => Promise<void>) =>
  simulated(async (_store, simulator) => {
    const connectionString = simulator.connectionString();
    const state = await openStreamState({ connectionString, namespace, randomness, deadline: 400 });
    await body(state, simulator);
    await state.close();
  });

test(
  'the server keeps one value of each, in the namespace of the log, and the log does not show them',
  simulated(async (_store, simulator) => {
    const options = { connectionString: simulator.connectionString(), namespace: 'a-', randomness };
    const state = await openStreamState(options);
    let revision = await state.write('lease-seal', '{"n":0}', 'no-stream');
    for (let n = 1; n < 5; n++) revision = await state.write('lease-seal', `{"n":${n}}`, revision);
    expect(simulator.log.read('a-habeasOps-lease-seal')).toMatchObject([{ revision: 4 }]);
    expect(await collect(_store.readAll())).toEqual([]);
    await state.close();
  }),
);

test(
  'a write whose answer was lost is found; one that did not arrive is unknown',
  withState(async (state, { faults }) => {
    let revision = await state.write('a', '0', 'no-stream');
    for (const fault of ['drop-after', 'lose-answer', 'timeout-committed'] as const) {
      faults.planAppends(fault);
      revision = await state.write('a', fault, revision);
      expect(await state.read('a')).toEqual({ value: fault, revision });
    }
    faults.planAppends('lose');
    expect(await outcome(state.write('a', 'lost', revision))).toBe('timed-out');
    expect(await state.read('a')).toMatchObject({ revision });
  }),
);

test(
  'a write that is repeated after others wrote is refused, though the server would answer an event that it has with success',
  withState(async (state, { log }) => {
    const revision = await state.write('a', 'same', 'no-stream');
    await state.write('a', 'other', revision);
    expect(await outcome(state.write('a', 'same', 'no-stream'))).toBe('wrong-expected-revision');
    expect(log.attempts.some(({ repeated }) => repeated)).toBe(false);
  }),
);

test(
  'a limit that somebody else set is left as it is',
  withState(async (state, { log }) => {
    log.put('$$habeasOps-a', '{"$maxCount":2}', '', '$metadata');
    await state.write('a', 'one', 'no-stream');
    await state.write('a', 'two', 0);
    expect(log.read('habeasOps-a')).toHaveLength(2);
    expect(await state.read('a')).toMatchObject({ value: 'two' });
  }),
);
