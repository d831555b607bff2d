export { openAccessDirectory, type OpenAccessDirectory } from './access-directory.js';
export { ACCESS_EVENTS } from './access-key.js';
export { copySqliteKeyStore } from './copy.js';
export { KeyStoreError, type KeyStoreErrorCode } from './key-store-error.js';
export { MASTER_KEY_FILE } from './master-key.js';
export type { OpenKeyStore } from './open-key-store.js';
export { type OpenPostgresKeyStore, openPostgresKeyStore } from './postgres/postgres-key-store.js';
export { KEYS_FILE, openSqliteKeyStore } from './sqlite-key-store.js';
export * from './types.js';
