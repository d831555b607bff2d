/** Replaces the master key of the settings' key store, while no server uses the data folder. The log is not opened. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KEYS_FILE, type ReplacedMasterKey, replaceMasterKey } from '#access';
import { takeOwnership } from '#event-store-sqlite';
import { masterKeyOptions, refuseTwo } from './key-store.js';
import { createRandomness } from './randomness.js';
import type { Settings } from './settings.js';
import { StartError } from './start-error.js';
import { asStartError } from './start-failure.js';

/**
 * @param next the new master key; undefined: one is made, in place of the file of the one there is
 * @throws StartError a sentence for whoever asked for it
 */
export async function replaceMasterKeyOf(
  settings: Settings,
  next: string | undefined,
  onProgress: (keys: number) => void,
): Promise<ReplacedMasterKey> {
  const { data, keys } = settings;
  refuseTwo(settings);
  if (keys === undefined && !existsSync(join(data, KEYS_FILE))) {
    throw new StartError(`There is no ${KEYS_FILE} in ${data}: nothing is wrapped by a master key there.`);
  }
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    // A server on this folder has the old one in memory, and would go on with it.
    const ownership = takeOwnership(data);
    try {
      const of = {
        ...masterKeyOptions(settings),
        randomness: createRandomness(),
        ...(keys !== undefined && { connectionString: keys }),
      };
      return await replaceMasterKey({ of, onProgress, ...(next !== undefined && { next }) });
    } finally {
      ownership.release();
    }
  } catch (error) {
    // Which of the two master keys is meant, the sentence itself says.
    throw asStartError(error, { ...settings, masterKey: undefined });
  }
}
