/** The simulated EventStoreDB in a process of its own, so that it takes no time from what is measured. Says its connection string. */
import { Simulator } from '../../test/eventstoredb-simulator/simulator.js';

const simulator = await Simulator.start();
process.send?.(simulator.connectionString());
process.once('disconnect', () => {
  void simulator.stop();
});
