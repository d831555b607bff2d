export * from './types.js';
export * from './vocabulary.js';
