/** The key store that the settings name: where it is picked. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CheckedKeyStore, KEYS_FILE, openPostgresKeyStore, openSqliteKeyStore, type OpenKeyStore } from '#access';
import type { Settings } from './settings.js';
import { StartError } from './start-error.js';

type KeyStoreSettings = Pick<Settings, 'data' | 'masterKey' | 'masterKeyFile' | 'keys'>;

/**
 * @throws KeyStoreError
 * @throws StartError there are two, and nobody can tell which one holds
 */
export async function openKeyStore(
  settings: KeyStoreSettings,
  how: Pick<OpenKeyStore, 'mode' | 'mustExist' | 'randomness'>,
): Promise<CheckedKeyStore> {
  const { keys } = settings;
  const options = { ...masterKeyOptions(settings), ...how };
  if (keys === undefined) return openSqliteKeyStore(options);
  refuseTwo(settings);
  return openPostgresKeyStore({ ...options, connectionString: keys });
}

/** @throws StartError there are two key stores, and nobody can tell which one holds */
export function refuseTwo({ data, keys }: KeyStoreSettings): void {
  if (keys === undefined || !existsSync(join(data, KEYS_FILE))) return;
  throw new StartError(
    `HABEAS_KEYS is set, and there is ${join(data, KEYS_FILE)} as well. Copy its keys by "habeas copy-keys postgres", if that ` +
      'is not done, and move it out of the data folder; or unset HABEAS_KEYS.',
  );
}

/** What says where the master key is, whatever it is the master key of. */
export function masterKeyOptions(
  settings: KeyStoreSettings,
): Pick<OpenKeyStore, 'folder' | 'masterKey' | 'masterKeyFile'> {
  const { data, masterKey, masterKeyFile } = settings;
  return {
    folder: data,
    ...(masterKey === undefined ? {} : { masterKey }),
    ...(masterKeyFile === undefined ? {} : { masterKeyFile }),
  };
}
