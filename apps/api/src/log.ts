/** The log that the settings name: where adapters are picked. */
import type { EventStore, EventStoreObserver, OperationalState, Position, Trail } from '#event-store';
import type { EventStoreDbLog } from '#event-store-eventstoredb';
import { openNodeState, openNodeTrail, openSqliteLog, takeOwnership } from '#event-store-sqlite';
import type { Clock, Randomness } from '#kernel';
import type { Settings } from './settings.js';

export type LogSettings = Pick<Settings, 'data' | 'log' | 'logNamespace'>;

export interface OpenLog {
  readonly mode: 'own' | 'read';
  readonly randomness: Randomness;
  readonly observer?: EventStoreObserver;
}

/** A log that can say how it stands. */
export interface MeasuredLog extends EventStore {
  /** How many events the log holds behind this position, or at least so many. */
  eventsBehind(position?: Position): number | Promise<number>;
  /** In bytes, of a log that is on this machine. */
  size?(): number;
  /** How many subscriptions are open through this opening. */
  subscriptions(): number;
}

/** Counting costs a reading there: this is as far as it goes. */
const COUNTED = 1_000;

/**
 * Opens the log. To `own` it is to append as well, and to have the data folder for this process alone, wherever the log is.
 *
 * @throws EventStoreError
 * @throws Error named ConnectionStringError: HABEAS_LOG cannot be used; its message holds no secret
 */
export async function openLog(
  { data: folder, log, logNamespace = '' }: LogSettings,
  { mode, randomness, observer }: OpenLog,
): Promise<MeasuredLog> {
  const observed = observer === undefined ? {} : { observer };
  if (log === undefined) return openSqliteLog({ folder, mode, ...observed });
  // Views and keys of this node lie there, though the log does not.
  const ownership = mode === 'own' ? takeOwnership(folder) : undefined;
  try {
    // Loaded only where it is used.
    const { openEventStoreDb } = await import('#event-store-eventstoredb');
    const store = await openEventStoreDb({ connectionString: log, namespace: logNamespace, randomness, ...observed });
    return measured(store, () => ownership?.release());
  } catch (error) {
    ownership?.release();
    throw error;
  }
}

/**
 * Opens what nodes of the log share that is no history. To be called by the owner of the data folder.
 *
 * @throws as {@link openLog} does
 */
export async function openState(
  { data: folder, log, logNamespace = '' }: LogSettings,
  randomness: Randomness,
): Promise<OperationalState> {
  if (log === undefined) return openNodeState(folder);
  const { openStreamState } = await import('#event-store-eventstoredb');
  return openStreamState({ connectionString: log, namespace: logNamespace, randomness });
}

/**
 * Opens the trail of reads, which nodes of the log share. To be called by the owner of the data folder.
 *
 * @param days for how long it is kept
 * @throws as {@link openLog} does
 */
export async function openTrail(
  { data: folder, log, logNamespace = '' }: LogSettings,
  days: number,
  clock: Clock,
  randomness: Randomness,
): Promise<Trail> {
  if (log === undefined) return openNodeTrail({ folder, clock, days });
  const { openStreamTrail } = await import('#event-store-eventstoredb');
  return openStreamTrail({ connectionString: log, namespace: logNamespace, randomness, days });
}

/** A log on another machine. `release` lets go, once it is closed, of what is on this one. */
function measured(store: EventStoreDbLog, release: () => void): MeasuredLog {
  let closing: Promise<void> | undefined;
  return {
    append: (...parameters) => store.append(...parameters),
    readStream: (...parameters) => store.readStream(...parameters),
    readAll: (...parameters) => store.readAll(...parameters),
    subscribeToAll: (...parameters) => store.subscribeToAll(...parameters),
    subscriptions: () => store.subscriptions(),
    eventsBehind: async (position) => {
      let count = 0;
      const behind = store.readAll({ ...(position !== undefined && { after: position }), limit: COUNTED });
      for await (const _ of behind) count++;
      return count;
    },
    close: () => (closing ??= store.close().finally(release)),
  };
}
