export { ConnectionStringError } from './connection-string.js';
export type { EventStoreDbLog } from './event-store-db.js';
export { openEventStoreDb, type OpenEventStoreDb } from './open.js';
export { openStreamState } from './stream-state.js';
export { openStreamTrail, type OpenStreamTrail } from './stream-trail.js';
