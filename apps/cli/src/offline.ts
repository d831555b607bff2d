/** What commands have in common that read the log and the keys themselves, beside a server or without one. */
import type { BuildStep } from '#projections';
import type { KeyStore } from '#log-format';
import { markOf, unfinished } from '../../api/src/copy/mark.js';
import { openKeyStore } from '../../api/src/key-store.js';
import { type MeasuredLog, openLog } from '../../api/src/log.js';
import { createRandomness } from '../../api/src/randomness.js';
import { keepFilesPrivate, untilSignal } from '../../api/src/serve.js';
import { readSettings, type Settings } from '../../api/src/settings.js';
import { StartError } from '../../api/src/start-error.js';
import { asStartError } from '../../api/src/start-failure.js';
import type { Environment } from './client-of.js';
import type { Steps } from './progress.js';

export interface OpenRecord {
  readonly settings: Settings;
  readonly store: MeasuredLog;
  readonly keys: KeyStore;
  /** How many events there are to read; undefined where that could only be told by reading them. */
  readonly events: number | undefined;
  /** Aborted when somebody ends the command. */
  readonly signal: AbortSignal;
}

export const DONE = 0;
export const FAILED = 1;
export const DIFFERENT = 2;
export const INTERRUPTED = 130;

/**
 * @param work gives the exit code
 * @param interrupted what is said where somebody ended it
 * @throws StartError: the record cannot be read
 */
export async function withRecord(
  environment: Environment,
  interrupted: string,
  work: (record: OpenRecord) => Promise<number>,
): Promise<number> {
  const settings = readSettings(environment);
  keepFilesPrivate();
  const stop = new AbortController();
  void untilSignal().then(() => {
    stop.abort();
  });
  const randomness = createRandomness();
  try {
    const store = await openLog(settings, { mode: 'read', randomness });
    try {
      const half = await unfinished(markOf(settings, store, randomness), 'The log');
      if (half !== undefined) throw new StartError(half);
      const keys = await openKeyStore(settings, { mode: 'read', randomness });
      try {
        // A log that tells its size knows how much it holds without reading it.
        const events = store.size === undefined ? undefined : await store.eventsBehind();
        return await work({ settings, store, keys, events, signal: stop.signal });
      } finally {
        await keys.close();
      }
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw asStartError(error, settings);
    console.error(interrupted);
    return INTERRUPTED;
  }
}

/** What is shown while views are folded. */
export const BUILDING: Steps<BuildStep> = {
  events: ['Folding', 'event'],
  documents: ['Making documents', 'subject'],
  search: ['Making texts findable', 'event'],
};
