/** The log that the settings name: where adapters are picked. */
import type { EventStore, EventStoreObserver } from '#event-store';
import { openSqliteLog, takeOwnership } from '#event-store-sqlite';
import type { Randomness } from '#kernel';
import type { Settings } from './settings.js';

export type LogSettings = Pick<Settings, 'data' | 'log' | 'logNamespace'>;

export interface OpenLog {
  readonly mode: 'own' | 'read';
  readonly randomness: Randomness;
  readonly observer?: EventStoreObserver;
}

/**
 * Opens the log. To `own` it is to append as well, and to have the data folder for this process alone, wherever the log is.
 *
 * @throws EventStoreError
 * @throws Error named ConnectionStringError: HABEAS_LOG cannot be used; its message holds no secret
 */
export async function openLog(
  { data: folder, log, logNamespace = '' }: LogSettings,
  { mode, randomness, observer }: OpenLog,
): Promise<EventStore> {
  const observed = observer === undefined ? {} : { observer };
  if (log === undefined) return openSqliteLog({ folder, mode, ...observed });
  // Views and keys of this node lie there, though the log does not.
  const ownership = mode === 'own' ? takeOwnership(folder) : undefined;
  try {
    // Loaded only where it is used.
    const { openEventStoreDb } = await import('#event-store-eventstoredb');
    const store = await openEventStoreDb({ connectionString: log, namespace: logNamespace, randomness, ...observed });
    if (ownership === undefined) return store;
    return releasingAfterwards(store, () => ownership.release());
  } catch (error) {
    ownership?.release();
    throw error;
  }
}

/** A store that does something once it is closed. */
function releasingAfterwards(store: EventStore, release: () => void): EventStore {
  let closing: Promise<void> | undefined;
  return {
    append: (...parameters) => store.append(...parameters),
    readStream: (...parameters) => store.readStream(...parameters),
    readAll: (...parameters) => store.readAll(...parameters),
    subscribeToAll: (...parameters) => store.subscribeToAll(...parameters),
    close: () => (closing ??= store.close().finally(release)),
  };
}
