/** The simulated EventStoreDB in a process of its own. Says its connection string, and lives as long as its parent listens. */
import { Simulator } from './simulator.js';

const simulator = await Simulator.start();
process.send?.(simulator.connectionString());
process.once('disconnect', () => {
  void simulator.stop();
});
