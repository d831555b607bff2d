export { copySqliteLog, type CopySqliteLog } from './copy.js';
export { openNodeState } from './node-state.js';
export { openNodeTrail, type OpenNodeTrail } from './node-trail.js';
export { LOG_FILE, openSqliteLog, type OpenSqliteLog } from './open.js';
export type { SqliteLog } from './sqlite-event-store.js';
export { type Ownership, takeOwnership } from './owner.js';
export { GROUP_APPENDS } from './protocol.js';
