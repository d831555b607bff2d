/** The way in. */
import type { EventStore } from '#event-store';
import type { Randomness } from '#kernel';
import { Connection } from './connection.js';
import { EventStoreDb } from './event-store-db.js';
import { endOfLog } from './head.js';

export interface OpenEventStoreDb {
  /** `esdb://…` or `esdb+discover://…`, as the client takes it. */
  readonly connectionString: string;
  readonly randomness: Randomness;
  /** Milliseconds that a call may take, whatever the server does; 10,000 unless said. */
  readonly deadline?: number;
}

const DEADLINE_MS = 10_000;

/**
 * Opens the log that an EventStoreDB holds, and looks whether it answers. Stores of the same connection string share one
 * connection in a process.
 *
 * @throws ConnectionStringError
 * @throws EventStoreError `unavailable`, `access-denied`; `in-use`: another connection string is in use in this process
 */
export async function openEventStoreDb(options: OpenEventStoreDb): Promise<EventStore> {
  const { connectionString, randomness, deadline = DEADLINE_MS } = options;
  const connection = Connection.take(connectionString);
  try {
    const { signal } = new AbortController();
    await endOfLog({ connected: connection.reading, randomness, deadline, closing: signal });
  } catch (error) {
    await connection.release();
    throw error;
  }
  return new EventStoreDb(connection, randomness, deadline);
}
