/** A simulated server, and a store on it, for the length of a test. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { EventStore, EventToAppend, StoredEvent } from '#event-store';
import { openEventStoreDb } from '#event-store-eventstoredb';
import { Simulator, type SimulatorOptions } from '../../../../test/eventstoredb-simulator/simulator.js';

export const randomness = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };

export interface SimulatedOptions extends SimulatorOptions {
  /** Of the connection string. */
  readonly options?: string;
  readonly deadline?: number;
  readonly renewAfter?: number;
}

/** A test body with a store on a server of its own. */
export function simulated(
  body: (store: EventStore, simulator: Simulator) => Promise<void>,
  { options = '', deadline = 2_000, renewAfter = 30_000, ...simulator }: SimulatedOptions = {},
): () => Promise<void> {
  return async () => {
    const server = await Simulator.start(simulator);
    const connectionString = server.connectionString(options);
    const store = await openEventStoreDb({ connectionString, randomness, deadline, renewAfter });
    try {
      await body(store, server);
    } finally {
      server.faults.enabled = false;
      server.silence(false);
      await store.close();
      await server.stop();
    }
  };
}

export const newStream = (category = 'habeasPerson'): string => `${category}-${randomUUID()}`;

export function event(data: unknown = {}): EventToAppend {
  return { id: randomUUID(), type: 'Noted', data: JSON.stringify(data), metadata: '{"v":1}' };
}

export const eventsOf = (count: number): EventToAppend[] => Array.from({ length: count }, (_, n) => event({ n }));

export async function collect(events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> {
  const collected: StoredEvent[] = [];
  for await (const one of events) collected.push(one);
  return collected;
}

export const idsOf = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);

/** What a promise came to: its value, or the code of its error. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => (error as { code?: unknown }).code ?? error);
}
