/** What every adapter checks before an append goes anywhere, so that no adapter accepts what another refuses. */
import { AppendTooLargeError, EventStoreError } from './errors.js';
import { MAX_APPEND_BYTES, type EventToAppend, type ExpectedRevision } from './port.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Returns the size of the append in bytes, as {@link MAX_APPEND_BYTES} counts it.
 *
 * @throws AppendTooLargeError
 * @throws EventStoreError `invalid-append`
 */
export function checkAppend(stream: string, events: readonly EventToAppend[], expected: ExpectedRevision): number {
  if (stream === '' || !isStorable(stream)) throw invalid('a stream needs a name of well-formed text');
  if (expected !== 'no-stream' && !(Number.isSafeInteger(expected) && expected >= 0)) {
    throw invalid('the expected revision is a whole number from 0 on, or no-stream');
  }
  if (events.length === 0) throw invalid('there is nothing to append');
  let bytes = 0;
  for (const { id, type, data, metadata } of events) {
    if (!UUID.test(id)) throw invalid('an event id is a UUID in lower case');
    if (type === '' || !isStorable(type)) throw invalid('an event type is a name of well-formed text');
    if (!isStorable(data) || !isStorable(metadata)) throw invalid('data and metadata are well-formed text');
    bytes += Buffer.byteLength(data) + Buffer.byteLength(metadata);
  }
  if (bytes > MAX_APPEND_BYTES) throw new AppendTooLargeError(bytes);
  return bytes;
}

/** A lone surrogate has no UTF-8 form, and a NUL ends a text in some drivers: neither would come back unchanged. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function invalid(why: string): EventStoreError {
  return new EventStoreError('invalid-append', `The append was not sent: ${why}.`);
}
