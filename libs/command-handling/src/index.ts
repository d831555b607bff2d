export { type CommandHandlerOptions, createCommandHandler } from './command-handler.js';
export type { Condemned, ErasedBy, Redaction, SubjectEraser } from './erasing.js';
export { sealedEvents, type SealedEvent } from './retellings.js';
export { faultOfKey, idsAskedFor } from './prepare.js';
export * from './principal.js';
export { scopeToRecord } from './scopes.js';
export * from './types.js';
