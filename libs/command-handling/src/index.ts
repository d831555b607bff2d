export { type CommandHandlerOptions, createCommandHandler } from './command-handler.js';
export * from './principal.js';
export { scopeToRecord } from './scopes.js';
export * from './types.js';
