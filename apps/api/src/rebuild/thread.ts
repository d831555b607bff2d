/** The thread that builds views: a reader of the log and of the key store of its own, and a fold into the file that was ordered. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { EventStoreError } from '#event-store';
import { BuildFailedError, type BuildProgress, buildViews } from '#projections';
import { openKeyStore } from '../key-store.js';
import { openLog } from '../log.js';
import { createRandomness } from '../randomness.js';
import type { KeySettings } from '../settings.js';

export interface ToBuildThread {
  readonly settings: KeySettings;
  readonly path: string;
  readonly skip: ReadonlySet<string>;
}

export type FromBuildThread =
  | { readonly kind: 'progress'; readonly progress: BuildProgress }
  | { readonly kind: 'built' }
  | { readonly kind: 'failed'; readonly code: string };

/** What is recorded meanwhile is taken in here too, until no more than this is left to whoever takes over. */
const LEFT = 500;
/** In one round less is recorded than in the one before, unless more is recorded than can be taken in. */
const ROUNDS = 8;

/** Enough for requests to go first; with much more, nothing would be built on a machine that is busy all the time. */
const NICE = 5;

export async function buildOrdered(): Promise<void> {
  const post = (message: FromBuildThread): void => {
    parentPort?.postMessage(message);
  };
  // On Linux the priority is of this thread alone; elsewhere of the whole process, whose requests must not wait.
  if (process.platform === 'linux') setPriority(NICE);
  try {
    await build(workerData as ToBuildThread, (progress) => {
      post({ kind: 'progress', progress });
    });
    post({ kind: 'built' });
  } catch (error) {
    const known = error instanceof BuildFailedError || error instanceof EventStoreError;
    post({ kind: 'failed', code: known ? error.code : 'unexpected' });
  }
}

async function build(
  { settings, path, skip }: ToBuildThread,
  onProgress: (progress: BuildProgress) => void,
): Promise<void> {
  const randomness = createRandomness();
  const eventStore = await openLog(settings, { mode: 'read', randomness });
  const keyStore = await openKeyStore(settings, { mode: 'read', randomness });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const clock = { now: () => new Date() };
      const { checkpoint, poison } = await buildViews({ eventStore, keyStore, path, skip, clock, onProgress });
      if (poison !== undefined || (await eventStore.eventsBehind(checkpoint.position)) <= LEFT) return;
    }
  } finally {
    await keyStore.close();
    await eventStore.close();
  }
}
