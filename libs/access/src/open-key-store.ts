/** What opening a key store takes, wherever it is. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { KeyStoreError } from './key-store-error.js';
import type { MasterKeySource } from './master-key.js';

export interface OpenKeyStore extends MasterKeySource {
  /**
   * `write`: makes what is missing: the folder, the key store, and a master key unless one is given.
   * `read`: for other threads and processes; sees keys that are made later; a key that is not there is not made.
   */
  readonly mode: 'write' | 'read';
  /**
   * The log holds sealed fields already (`hasRecords`): a key store that is not there was lost, and a new one in its place
   * would hide that everything sealed so far cannot be opened any more. The operator may say that it is lost for good, by
   * a file `keys.lost` in the data folder.
   */
  readonly mustExist?: boolean;
}

/** Made by the operator, to say that the key store is lost for good. */
const LOST_FILE = 'keys.lost';

/**
 * Refuses a key store that is not there and must be.
 * @throws KeyStoreError `missing`
 */
export function refuseLost({ folder, mustExist = false }: OpenKeyStore, place: string): void {
  const lost = join(folder, LOST_FILE);
  if (!mustExist || existsSync(lost)) return;
  throw new KeyStoreError(
    'missing',
    `The ${place} is not there, though the log holds fields that only it can open. Restore it from a backup. ` +
      `If it is lost for good, make an empty file ${lost}: a new key store is made then, and those fields stay closed.`,
  );
}

/** Once a new one is made: it was said of this loss, not of the next. */
export function forgetLoss({ folder }: OpenKeyStore): void {
  rmSync(join(folder, LOST_FILE), { force: true });
}

export function readOnly(place: string): KeyStoreError {
  return new KeyStoreError('read-only', `The ${place} was opened only to be read.`);
}
