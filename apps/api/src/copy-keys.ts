/** Carries the keys of a data folder into the PostgreSQL of HABEAS_KEYS, or back, while no server uses the folder. */
import { mkdirSync } from 'node:fs';
import { copyKeys } from '#access';
import { takeOwnership } from '#event-store-sqlite';
import { masterKeyOptions } from './key-store.js';
import { createRandomness } from './randomness.js';
import type { Settings } from './settings.js';
import { StartError } from './start-error.js';
import { asStartError } from './start-failure.js';

/**
 * @returns how many keys are now in both
 * @throws StartError a sentence for whoever asked for it; nothing that was there is changed
 */
export async function carryKeys(
  settings: Settings,
  to: 'postgres' | 'file',
  onProgress: (keys: number) => void,
): Promise<number> {
  const { data, keys } = settings;
  if (keys === undefined) {
    throw new StartError('HABEAS_KEYS is not set. It names the PostgreSQL that keys are copied to or from.');
  }
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    // A server on this folder would go on making keys that are not carried.
    const ownership = takeOwnership(data);
    try {
      const between = { ...masterKeyOptions(settings), connectionString: keys, randomness: createRandomness() };
      return await copyKeys({ to, between, onProgress });
    } finally {
      ownership.release();
    }
  } catch (error) {
    throw asStartError(error, settings);
  }
}
