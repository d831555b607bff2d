/** What is left of sealed fields, in pieces that each fit an event: by event, and of long texts in several. */
import type { Json } from '#kernel';
import type { StoredEvent } from '#event-store';
import type { EventCodec, Opening, PersonalFields } from '#log-format';

/** An event with what is to be read in its sealed fields. */
export interface SealedEvent {
  readonly id: string;
  readonly type: string;
  /** By JSON pointer into its data as stored. */
  readonly fields: PersonalFields;
}

/**
 * Those of stored events that have sealed fields which can be opened, in their order.
 * @throws UndecodableEventError; what `opening` throws
 */
export async function sealedEvents(
  codec: Pick<EventCodec, 'sealedFields'>,
  stored: readonly StoredEvent[],
  opening: Opening,
): Promise<readonly SealedEvent[]> {
  const read = await codec.sealedFields(stored, opening);
  return read.flatMap((fields, index): readonly SealedEvent[] => {
    const event = stored[index];
    if (!fields.ok) throw fields.error;
    if (event === undefined || fields.value === undefined) return [];
    return [{ id: event.id, type: event.type, fields: fields.value }];
  });
}

export interface Retelling {
  /** The event whose fields they are. */
  readonly event: string;
  readonly retold: Readonly<Record<string, Json>>;
}

/** Of one piece, in UTF-8: sealed it takes a good third more, and an append has a limit. */
const MOST_BYTES = 150_000;

/** In their order; a text that is too long for one goes on in the next. */
export function retellings(events: readonly SealedEvent[]): readonly Retelling[] {
  return events.flatMap(({ id, fields }) => {
    const pieces: Record<string, Json>[] = [{}];
    let bytes = 0;
    for (const [pointer, value] of Object.entries(fields)) {
      for (const part of typeof value === 'string' ? partsOf(value) : [value]) {
        const size = Buffer.byteLength(JSON.stringify(part));
        const last = pieces.at(-1);
        if (last === undefined || bytes + size > MOST_BYTES || Object.hasOwn(last, pointer)) {
          pieces.push({ [pointer]: part });
          bytes = size;
        } else {
          last[pointer] = part;
          bytes += size;
        }
      }
    }
    return pieces.map((retold) => ({ event: id, retold }));
  });
}

/** Cut between code points: what is cut out of a text in NFC is in NFC. */
function partsOf(text: string): readonly string[] {
  if (text.length * 3 <= MOST_BYTES) return [text];
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + Math.floor(MOST_BYTES / 3));
    const unit = text.charCodeAt(end - 1);
    if (end < text.length && unit >= 0xd800 && unit <= 0xdbff) end--;
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts;
}
