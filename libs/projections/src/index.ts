export * from './ports.js';
export * from './shapes.js';
