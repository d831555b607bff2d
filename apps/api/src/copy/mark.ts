/**
 * Where it is said that a log is a copy which is not whole yet: for the embedded log a file in its data folder, for one in an
 * EventStoreDB an operational stream beside it. A server does not start on such a log: what it answered would be wrong, and what
 * it recorded would keep the copy from ever being completed.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CopyMark } from '#audit';
import type { EventStore, StoredEvent } from '#event-store';
import { type Randomness, randomId } from '#kernel';
import { settledAppend } from '#log-format';
import { syncFolder } from '../backup/files.js';
import type { LogSettings } from '../log.js';

const FILE = 'copy-unfinished';
const TEXT = 'The log in this folder is being copied here, and is not whole yet. See docs/moving.md.\n';

const STREAM = 'habeasOps-copy';
const BEGUN = 'CopyBegun';
const ENDED = 'CopyEnded';

const UNFINISHED =
  'is a copy that is not whole yet. Run habeas copy-log, or habeas import --log, again as before: it goes on.';

/** What keeps a log from being used as the record; undefined where nothing does. */
export async function unfinished(mark: CopyMark, what: string): Promise<string | undefined> {
  return (await mark.isSet()) ? `${what} ${UNFINISHED}` : undefined;
}

/** The mark of the log that the settings name, which `store` is. */
export function markOf({ data, log }: LogSettings, store: EventStore, randomness: Randomness): CopyMark {
  return log === undefined ? markInFolder(data) : markBeside(store, randomness);
}

/** The mark of the log in a data folder. */
export function markInFolder(folder: string): CopyMark {
  const file = join(folder, FILE);
  const isSet = (): boolean => existsSync(file);
  return {
    isSet: () => Promise.resolve(isSet()),
    set: () => {
      if (!isSet()) writeFileSync(file, TEXT, { mode: 0o600, flush: true });
      syncFolder(folder);
      return Promise.resolve();
    },
    clear: () => {
      rmSync(file, { force: true });
      syncFolder(folder);
      return Promise.resolve();
    },
  };
}

/** The mark of a log that is not in a data folder. */
export function markBeside(store: EventStore, randomness: Randomness): CopyMark {
  const last = async (): Promise<StoredEvent | undefined> => {
    for await (const event of store.readStream(STREAM, { direction: 'backwards', limit: 1 })) return event;
    return undefined;
  };
  const say = async (type: string): Promise<void> => {
    const found = await last();
    // No mark says as much as that of a copy that ended.
    if ((found?.type ?? ENDED) === type) return;
    const event = { id: randomId(randomness), type, data: '{}', metadata: '{}' };
    await settledAppend(store, STREAM, [event], found?.revision ?? 'no-stream', randomness);
  };
  return {
    isSet: async () => (await last())?.type === BEGUN,
    set: () => say(BEGUN),
    clear: () => say(ENDED),
  };
}
