/** The way in. */
import type { EventStoreObserver } from '#event-store';
import type { Randomness } from '#kernel';
import { ConnectionStringError } from './connection-string.js';
import { Connection } from './connection.js';
import { EventStoreDb, type EventStoreDbLog } from './event-store-db.js';
import { endOfLog } from './head.js';

export interface OpenEventStoreDb {
  /** `esdb://…` or `esdb+discover://…`, as the client takes it. */
  readonly connectionString: string;
  readonly randomness: Randomness;
  /**
   * Put before the name of every stream on the server, so that it can hold several logs; nothing unless said. Letters, digits and
   * hyphens; not what the namespace of another log there begins with.
   */
  readonly namespace?: string;
  /** Milliseconds that a call may take, whatever the server does; 10,000 unless said. */
  readonly deadline?: number;
  /** Milliseconds after which a live subscription that nothing came from is taken again; 30,000 unless said. */
  readonly renewAfter?: number;
  /** Told of each append. Not of commits: those are the server's. */
  readonly observer?: EventStoreObserver;
}

const DEADLINE_MS = 10_000;
const RENEW_AFTER_MS = 30_000;

/**
 * Opens the log that an EventStoreDB holds, and looks whether it answers. Stores of the same connection string share one
 * connection in a process.
 *
 * @throws ConnectionStringError
 * @throws EventStoreError `unavailable`, `access-denied`; `in-use`: another connection string is in use in this process
 */
export async function openEventStoreDb(options: OpenEventStoreDb): Promise<EventStoreDbLog> {
  return openLog(options);
}

/** The same, with what only this room needs of it. */
export async function openLog(options: OpenEventStoreDb): Promise<EventStoreDb> {
  const {
    connectionString,
    randomness,
    namespace = '',
    deadline = DEADLINE_MS,
    renewAfter = RENEW_AFTER_MS,
    observer,
  } = options;
  if (!/^[A-Za-z0-9-]*$/.test(namespace))
    throw new ConnectionStringError('Its namespace has more than letters, digits and hyphens.');
  const connection = Connection.take(connectionString);
  try {
    const { signal } = new AbortController();
    await endOfLog({ connected: connection.reading, namespace, randomness, deadline, renewAfter, closing: signal });
  } catch (error) {
    await connection.release();
    throw error;
  }
  return new EventStoreDb(connection, { namespace, randomness, deadline, renewAfter, observer });
}
