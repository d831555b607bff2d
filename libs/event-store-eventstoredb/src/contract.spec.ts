/**
 * The contract of the event log, on the simulated server and on a real one: HABEAS_TEST_ESDB names one by its connection string.
 * There each log of the suite has a namespace of its own, so that it can be run again on the same server, or on one that is in use.
 */
import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store';
import { eventStoreContract, type OpenedStore } from '#event-store/contract';
import { openEventStoreDb } from '#event-store-eventstoredb';
import { Simulator } from '../../../test/eventstoredb-simulator/simulator.js';
import { realServer } from '../../../test/support/real-eventstoredb.js';
import { randomness } from './test-support/simulated.js';

async function openOn(
  connectionString: string,
  namespace: string,
  dispose = () => Promise.resolve(),
): Promise<OpenedStore> {
  const opened: EventStore[] = [];
  const open = async () => {
    const store = await openEventStoreDb({ connectionString, namespace, randomness });
    opened.push(store);
    return store;
  };
  return {
    store: await open(),
    reopen: open,
    async dispose() {
      for (const store of opened) await store.close();
      await dispose();
    },
  };
}

eventStoreContract('EventStoreDB (simulated)', {
  async open() {
    const simulator = await Simulator.start();
    return openOn(simulator.connectionString(), '', () => simulator.stop());
  },
});

const real = realServer('the contract of the event log');
if (real !== undefined) {
  eventStoreContract('EventStoreDB (HABEAS_TEST_ESDB)', {
    open: () => openOn(real, `test-${randomUUID()}-`),
  });
}
