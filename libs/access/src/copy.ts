/** A copy of the key store while keys are made; its keys stay wrapped, so that it takes no master key to make one. */
import { join } from 'node:path';
import { backup, type DatabaseSync } from 'node:sqlite';
import { inspectKeyFile, openForReading } from './key-file.js';
import { KeyStoreError, toKeyStoreError } from './key-store-error.js';
import { KEYS_FILE } from './sqlite-key-store.js';

/** All pages in one step: keys are few, and one step is one snapshot. */
const ALL_PAGES = 0x7fffffff;

/**
 * Copies the key store of a data folder, in any process, also while another makes keys. The copy holds every key that was
 * handed out before the call: copied after a log, it opens whatever that log holds, save what was erased.
 *
 * @param to the file to make; there must be none
 * @throws KeyStoreError `unavailable`: there is no key store; `foreign`, `corrupt`, `disk-full`, `read-only`
 */
export async function copySqliteKeyStore(folder: string, to: string): Promise<void> {
  const file = join(folder, KEYS_FILE);
  if (inspectKeyFile(file) === 'absent') throw new KeyStoreError('unavailable', `There is no key store at ${file}.`);
  let db: DatabaseSync | undefined;
  try {
    db = openForReading(file);
    await backup(db, to, { rate: ALL_PAGES });
  } catch (error) {
    throw toKeyStoreError(error, `The key store ${file} could not be copied to ${to}`);
  } finally {
    db?.close();
  }
}
