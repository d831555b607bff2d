/** The key store that the settings name: where it is picked. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KEYS_FILE, openPostgresKeyStore, openSqliteKeyStore, type OpenKeyStore } from '#access';
import type { KeyStore } from '#log-format';
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
): Promise<KeyStore> {
  const { data, keys } = settings;
  const options = { ...masterKeyOptions(settings), ...how };
  if (keys === undefined) return openSqliteKeyStore(options);
  if (existsSync(join(data, KEYS_FILE))) {
    throw new StartError(
      `HABEAS_KEYS is set, and there is ${join(data, KEYS_FILE)} as well. Copy its keys by "habeas copy-keys postgres", if that ` +
        'is not done, and move it out of the data folder; or unset HABEAS_KEYS.',
    );
  }
  return openPostgresKeyStore({ ...options, connectionString: keys });
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
