export * from './checkpoint.js';
export * from './copy-log.js';
export * from './log-fault.js';
export { createSigner, readVerifierKey, type Signer, type Verifier } from './note.js';
export * from './proofs.js';
export * from './raw-event.js';
export * from './raw-log.js';
export * from './sealing.js';
export * from './verify-log.js';
