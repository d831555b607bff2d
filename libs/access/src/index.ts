export { openAccessDirectory, type OpenAccessDirectory } from './access-directory.js';
export { ACCESS_EVENTS } from './access-key.js';
export { copySqliteKeyStore } from './copy.js';
export { KeyStoreError, type KeyStoreErrorCode } from './key-store-error.js';
export { KEYS_FILE, LOST_FILE, MASTER_KEY_FILE, type OpenKeyStore, openSqliteKeyStore } from './sqlite-key-store.js';
export * from './types.js';
