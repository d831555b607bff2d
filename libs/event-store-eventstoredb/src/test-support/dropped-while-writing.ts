/**
 * Many large appends to a server that does not read, and then the connection breaks. Says what became of them. With the argument
 * `first` they are the first ones on their connection.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { openEventStoreDb } from '#event-store-eventstoredb';
import { Simulator } from '../../../../test/eventstoredb-simulator/simulator.js';
import { event, newStream, outcome, randomness } from './simulated.js';

const simulator = await Simulator.start();
const store = await openEventStoreDb({
  connectionString: simulator.connectionString(),
  randomness,
  deadline: 2_000,
});
const first = process.argv[2] === 'first';
if (!first) {
  await store.append(newStream(), [event()], 'no-stream');
  simulator.silence(true);
}
const appends = Array.from({ length: 64 }, () =>
  outcome(store.append(newStream(), [event('x'.repeat(100_000))], 'no-stream')),
);
if (first) {
  while (simulator.leader().calls.features === 0) await delay(1);
  await delay(5);
  simulator.silence(true);
}
await delay(300);
simulator.refuse(true);
simulator.drop();
const outcomes = await Promise.all(appends);
console.log(`${outcomes.length} settled: ${[...new Set(outcomes)].join(', ')}`);
await store.close();
await simulator.stop();
