/** A subscription breaks while the client, after another call failed, looks for a node and finds none. Says that it goes on. */
import { setTimeout as delay } from 'node:timers/promises';
import { openEventStoreDb } from '#event-store-eventstoredb';
import { Simulator } from '../../../../test/eventstoredb-simulator/simulator.js';
import { collect, event, newStream, outcome, randomness } from './simulated.js';

const simulator = await Simulator.start({ nodes: 3 });
const store = await openEventStoreDb({
  connectionString: simulator.connectionString('maxDiscoverAttempts=3&gossipTimeout=1'),
  randomness,
  deadline: 2_000,
});
const stream = newStream();
await store.append(stream, [event()], 'no-stream');
const subscription = store.subscribeToAll();
const messages = subscription[Symbol.asyncIterator]();
while ((await messages.next()).value?.kind !== 'caught-up');
simulator.makeReady(false);
simulator.refuse(true);
const readings = [1, 2].map(() => outcome(collect(store.readStream(stream))));
await delay(80);
simulator.drop();
await Promise.all(readings);
simulator.makeReady(true);
simulator.refuse(false);
const next = event();
await store.append(stream, [next], 0);
const message = await messages.next();
if (message.value?.kind === 'events' && message.value.events[0]?.id === next.id) console.log('goes on');
await store.close();
await simulator.stop();
