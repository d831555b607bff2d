export * from './canonical.js';
export * from './dates-format.js';
export * from './dates.js';
export * from './day.js';
export * from './ids.js';
export * from './ports.js';
export * from './refusal.js';
export * from './result.js';
