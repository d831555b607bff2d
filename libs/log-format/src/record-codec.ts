/** The codec of everything that subjects' streams and the log's start hold; keys to the record have one of their own. */
import { catalogue } from '#domain';
import type { Randomness } from '#kernel';
import { createEventCodec, type EventCodec } from './codec.js';
import { FOLD_ADOPTED } from './fold-adopted.js';
import { LOG_SEALED } from './log-sealed.js';
import { LOG_STARTED } from './log-start.js';
import type { StoredForm } from './types.js';

/** @param others what else may be met, by whoever reads the whole log */
export function createRecordCodec(randomness: Randomness, others: readonly StoredForm[] = []): EventCodec {
  return createEventCodec([...catalogue, LOG_STARTED, FOLD_ADOPTED, LOG_SEALED, ...others], randomness);
}
