export { openAccessDirectory, type OpenAccessDirectory } from './access-directory.js';
export { ACCESS_EVENTS } from './access-key.js';
export { KeyStoreError, type KeyStoreErrorCode } from './key-store-error.js';
export { type OpenKeyStore, openSqliteKeyStore } from './sqlite-key-store.js';
export * from './types.js';
