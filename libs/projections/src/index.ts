export { checkLimit, type CursorOf, readCursor, writeCursor } from './cursors.js';
export { filtersOf, type ListFilter, sortsOf } from './filters.js';
export * from './ports.js';
export { openViewsReader } from './reader.js';
export { SEARCH_FIELDS } from './search/tables.js';
export { FOLD_VERSION, SCHEMA_VERSION } from './schema.js';
export * from './shapes.js';
export { runViews } from './views.js';
