/** Judges a copy of a log with the keys beside it: the same for a backup that is being made and for one that is restored. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { destroyedBy, type ErasureInLog, erasuresIn, KEYS_FILE, KeyStoreError, openSqliteKeyStore } from '#access';
import { describeFault, verifyLog, type VerifiedLog } from '#audit';
import { EventStoreError } from '#event-store';
import { LOG_FILE, openSqliteLog } from '#event-store-sqlite';
import { openingOf } from '#log-format';
import { createWholeLogCodec } from '../whole-log-codec.js';
import { BackupError } from './backup-error.js';

export interface MasterKeySource {
  /** The key itself. */
  readonly masterKey?: string;
  /** Where it lies. */
  readonly masterKeyFile?: string;
}

export interface CheckedCopy extends Pick<VerifiedLog, 'streams' | 'closed' | 'erased'> {
  readonly logId: string;
  readonly events: number;
  readonly last: NonNullable<VerifiedLog['last']>;
  /** Of all erasures that the log knows of. */
  readonly erasures: readonly ErasureInLog[];
  /** Keys that are beside the log though it says that they are destroyed. */
  readonly undestroyed: readonly string[];
  /** Why sealed fields were not opened at all; undefined if they were. */
  readonly unopened: 'no-keys' | 'no-master-key' | undefined;
}

const randomness = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };

export interface CopyPlaces {
  /** The folder of `log.db`. */
  readonly log: string;
  /** The folder of `keys.db`, if there is one. */
  readonly keys: string;
}

/**
 * Every chain, every event, and every sealed box that the keys open.
 *
 * @throws BackupError naming what is wrong, and where
 */
export async function checkCopy(
  places: CopyPlaces,
  master: MasterKeySource | undefined,
  onProgress?: (events: number) => void,
): Promise<CheckedCopy> {
  try {
    const store = await openSqliteLog({ file: join(places.log, LOG_FILE), mode: 'read' });
    try {
      const hasKeys = existsSync(join(places.keys, KEYS_FILE));
      const keys =
        hasKeys && master !== undefined
          ? await openSqliteKeyStore({ folder: places.keys, mode: 'read', randomness, ...master })
          : undefined;
      try {
        const codec = createWholeLogCodec(randomness);
        const { faults, logId, head, last, streams, closed, erased, destroyed } = await verifyLog({
          store,
          open: { codec, destroyed: destroyedBy, ...(keys && { keys: openingOf(store, keys) }) },
          ...(onProgress && { onProgress }),
        });
        const [fault] = faults;
        if (fault !== undefined) throw new BackupError(describeFault(fault));
        if (logId === undefined || last === undefined) throw new BackupError('The log is empty.');
        const unopened = hasKeys ? (keys ? undefined : 'no-master-key') : 'no-keys';
        const undestroyed = [...((await keys?.find(destroyed))?.keys() ?? [])];
        const erasures = await erasuresIn(store);
        return { logId, events: head.size, last, streams, closed, erased, erasures, undestroyed, unopened };
      } finally {
        await keys?.close();
      }
    } finally {
      await store.close();
    }
  } catch (error) {
    // Their messages are sentences for whoever runs the server.
    if (error instanceof EventStoreError || error instanceof KeyStoreError) {
      throw new BackupError(error.message, { cause: error });
    }
    throw error;
  }
}

/**
 * Destroys what the log says is destroyed: keys were copied, or kept, before that was done.
 *
 * @param folder of `keys.db`
 * @throws BackupError
 */
export async function destroyAgain(
  folder: string,
  master: MasterKeySource | undefined,
  { undestroyed }: Pick<CheckedCopy, 'undestroyed'>,
): Promise<void> {
  // Without the master key none were found.
  if (undestroyed.length === 0 || master === undefined) return;
  try {
    const keys = await openSqliteKeyStore({ folder, mode: 'write', randomness, ...master });
    try {
      await keys.destroy(undestroyed);
    } finally {
      await keys.close();
    }
  } catch (error) {
    if (error instanceof KeyStoreError) throw new BackupError(error.message, { cause: error });
    throw error;
  }
}
