/** Operational state in streams of EventStoreDB: `habeasOps-<name>`, of which the server keeps the last event alone. */
import {
  checkStateWrite,
  stateStream,
  type EventStore,
  type ExpectedRevision,
  type OperationalState,
  type StateValue,
} from '#event-store';
import { randomId, type Randomness } from '#kernel';
import { openLog, type OpenEventStoreDb } from './open.js';

/**
 * Opens the operational state beside the log that the same options open; they share the connection.
 *
 * @throws as opening the log does
 */
export async function openStreamState(options: OpenEventStoreDb): Promise<OperationalState> {
  const log = await openLog(options);
  return new StreamState(log, (stream) => log.keepLast(stream), options.randomness);
}

class StreamState implements OperationalState {
  readonly #log: EventStore;
  readonly #keepLast: (stream: string) => Promise<void>;
  readonly #randomness: Randomness;

  constructor(log: EventStore, keepLast: (stream: string) => Promise<void>, randomness: Randomness) {
    this.#log = log;
    this.#keepLast = keepLast;
    this.#randomness = randomness;
  }

  async read(name: string): Promise<StateValue | undefined> {
    const last = this.#log.readStream(stateStream(name), { direction: 'backwards', limit: 1 });
    for await (const { data: value, revision } of last) return { value, revision };
    return undefined;
  }

  async write(name: string, value: string, expected: ExpectedRevision): Promise<number> {
    checkStateWrite(name, value, expected);
    const stream = stateStream(name);
    // Before the first value, so that none is ever kept beside another.
    if (expected === 'no-stream') await this.#keepLast(stream);
    // A new id each time: the server would answer an old one with success, also when others have written since.
    const event = { id: randomId(this.#randomness), type: 'State', data: value, metadata: '{}' };
    return (await this.#log.append(stream, [event], expected)).revision;
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
