export { LOG_FILE, openSqliteLog, type OpenSqliteLog } from './open.js';
