export { ConnectionStringError } from './connection-string.js';
export { openEventStoreDb, type OpenEventStoreDb } from './open.js';
