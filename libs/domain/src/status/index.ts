export { computeStatus } from './compute.js';
export * from './types.js';
export * from './vocabulary.js';
