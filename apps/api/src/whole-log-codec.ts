/** The codec of everything that a log may hold: for who opens all of it, to check it or to carry it elsewhere. */
import { ACCESS_EVENTS, ERASURE_EVENTS } from '#access';
import { WEBHOOK_EVENTS } from '#feed';
import type { Randomness } from '#kernel';
import { createRecordCodec, type EventCodec } from '#log-format';

export function createWholeLogCodec(randomness: Randomness): EventCodec {
  return createRecordCodec(randomness, [...ACCESS_EVENTS, ...WEBHOOK_EVENTS, ...ERASURE_EVENTS]);
}
