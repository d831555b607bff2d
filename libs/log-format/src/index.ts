export { requestMac, sameMac } from './box.js';
export { CHAIN_START, type ChainHead, verifyChain } from './chain.js';
export { createEventCodec, type EncodeContext, type EncodedEvents, type EventCodec, type NewEvent } from './codec.js';
export * from './errors.js';
export { ensureFoldAdopted, FOLD_ADOPTED } from './fold-adopted.js';
export { ensureLogStarted, hasRecords, LOG_STARTED, LOG_START_STREAM, SYSTEM } from './log-start.js';
export { backoff, type RetryOptions, settledAppend } from './settled-append.js';
export * from './types.js';
export { createRecordCodec } from './record-codec.js';
