export * from './principal.js';
export * from './types.js';
