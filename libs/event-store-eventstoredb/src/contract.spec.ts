import { randomBytes } from 'node:crypto';
import type { EventStore } from '#event-store';
import { eventStoreContract } from '#event-store/contract';
import { openEventStoreDb } from '#event-store-eventstoredb';
import { Simulator } from '../../../test/eventstoredb-simulator/simulator.js';

const randomness = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };

eventStoreContract('EventStoreDB (simulated)', {
  async open() {
    const simulator = await Simulator.start();
    const opened: EventStore[] = [];
    const open = async () => {
      const store = await openEventStoreDb({ connectionString: simulator.connectionString(), randomness });
      opened.push(store);
      return store;
    };
    return {
      store: await open(),
      reopen: open,
      async dispose() {
        for (const store of opened) await store.close();
        await simulator.stop();
      },
    };
  },
});
