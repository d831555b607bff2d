/** What commands have in common that read the log and the keys themselves, beside a server or without one. */
import type { BuildStep } from '#projections';
import { type Opening, openingOf } from '#log-format';
import { markOf, unfinished } from '../../api/src/copy/mark.js';
import { INTERRUPTED } from '../../api/src/exit-codes.js';
import { openKeyStore } from '../../api/src/key-store.js';
import { type MeasuredLog, openLog } from '../../api/src/log.js';
import { createRandomness } from '../../api/src/randomness.js';
import { abortedBySignal, keepFilesPrivate } from '../../api/src/serve.js';
import { readSettings, type Settings } from '../../api/src/settings.js';
import { StartError } from '../../api/src/start-error.js';
import { asStartError } from '../../api/src/start-failure.js';
import type { Environment } from './client-of.js';
import type { Steps } from './progress.js';

export interface ReadLog {
  readonly settings: Settings;
  readonly store: MeasuredLog;
  /** How many events there are to read; undefined where that could only be told by reading them. */
  readonly events: number | undefined;
  /** Aborted when somebody ends the command. */
  readonly signal: AbortSignal;
}

export interface ReadRecord extends ReadLog {
  readonly keys: Opening;
}

/**
 * @param work gives the exit code
 * @param interrupted what is said where somebody ended it
 * @throws StartError: the log cannot be read
 */
export async function withLog(
  environment: Environment,
  interrupted: string,
  work: (log: ReadLog) => Promise<number>,
): Promise<number> {
  const settings = readSettings(environment);
  keepFilesPrivate();
  const signal = abortedBySignal();
  const randomness = createRandomness();
  try {
    const store = await openLog(settings, { mode: 'read', randomness });
    try {
      const half = await unfinished(markOf(settings, store, randomness), 'The log');
      if (half !== undefined) throw new StartError(half);
      return await work({ settings, store, events: await eventsIn(store), signal });
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!signal.aborted) throw asStartError(error, settings);
    console.error(interrupted);
    return INTERRUPTED;
  }
}

/** As {@link withLog}, with the keys of what is sealed. @throws StartError: the record cannot be read */
export function withRecord(
  environment: Environment,
  interrupted: string,
  work: (record: ReadRecord) => Promise<number>,
): Promise<number> {
  return withLog(environment, interrupted, async (log) => {
    const keys = await openKeyStore(log.settings, { mode: 'read', randomness: createRandomness() });
    try {
      return await work({ ...log, keys: openingOf(log.store, keys) });
    } finally {
      await keys.close();
    }
  });
}

/** Of a log that can tell without reading all of it: one that knows its size. */
export async function eventsIn(store: MeasuredLog): Promise<number | undefined> {
  return store.size === undefined ? undefined : await store.eventsBehind();
}

/** What is shown while views are folded. */
export const BUILDING: Steps<BuildStep> = {
  events: ['Folding', 'event'],
  documents: ['Making documents', 'subject'],
  search: ['Making texts findable', 'event'],
};
