export * from './status/types.js';
