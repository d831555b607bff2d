/**
 * What survives of sealed fields whose key was destroyed.
 *
 * A redaction blanks words in what is on record of a subject. Stored events never change, so it tells again what is to be left of
 * each of their boxes, in events behind them that are sealed by a new key (PersonalDataRetold), says that this is all of it
 * (PersonalDataRedacted), and has the old key destroyed. From then on whoever opens an event of that stream is given what was
 * told again, wherever it stands in the log and up to whichever moment the log is read. Nothing else in the program has to know.
 *
 * Several may come after each other: each tells again whatever was to be read before it, so the last one counts.
 */
import { LRUCache } from 'lru-cache';
import { catalogue, ERASURE_TYPES } from '#domain';
import type { EventStore, StoredEvent } from '#event-store';
import type { Json, JsonObject } from '#kernel';
import { createEventCodec } from './codec.js';
import { parseObject } from './metadata.js';
import type { PersonalFields } from './personal.js';
import type { KeyStore, Opening, Retold } from './types.js';

/** In characters of what was told again, over all streams. */
const MAX_CACHED = 32 * 1024 * 1024;

const codec = createEventCodec(catalogue, {
  bytes: () => {
    throw new RangeError('Reading draws nothing.');
  },
});

/** Opens events by their keys, and by what their streams tell again of those whose key is not there. */
export function openingOf(
  store: Pick<EventStore, 'readStream'>,
  keys: Pick<KeyStore, 'find'>,
): Opening & {
  /** Lets go of what is held in memory: keys of it were destroyed. */
  forget(): void;
} {
  const known = new LRUCache<string, Retelling>({ maxSize: MAX_CACHED, sizeCalculation: ({ size }) => size });
  return {
    forget: () => {
      known.clear();
    },
    find: (keyIds) => keys.find(keyIds),
    retold: async (stream) => {
      const retelling = known.get(stream) ?? new Retelling();
      // It is asked anew each time: what was redacted since is to be read as it is now.
      for await (const event of store.readStream(stream, { from: retelling.next })) {
        const held = isRetelling(event) ? await codec.disclose(event, keys) : undefined;
        retelling.take(event, held?.fields);
      }
      known.set(stream, retelling);
      return retelling.retold;
    },
  };
}

/**
 * The same without the keys that these events, of one stream, say are destroyed: until they are, what was told again already counts. Who
 * tells again what is left has to begin with that, or words that were blanked before would come back.
 */
export function withoutDestroyed(opening: Opening, stored: Iterable<StoredEvent>): Opening {
  const destroyed = new Set<unknown>();
  for (const { type, data } of stored) {
    const { keys } = type === ERASURE_TYPES.redacted || type === ERASURE_TYPES.erased ? (parseObject(data) ?? {}) : {};
    if (Array.isArray(keys)) for (const key of keys) destroyed.add(key);
  }
  return { ...opening, find: (keyIds) => opening.find([...keyIds].filter((keyId) => !destroyed.has(keyId))) };
}

/** The same from events that are at hand with what was disclosed of them, in the order of each stream. By stream. */
export function retoldAmong(
  events: Iterable<{ readonly event: StoredEvent; readonly fields: PersonalFields | undefined }>,
): ReadonlyMap<string, Retold> {
  const streams = new Map<string, Retelling>();
  for (const { event, fields } of events) {
    const retelling = streams.get(event.stream) ?? new Retelling();
    streams.set(event.stream, retelling);
    retelling.take(event, fields);
  }
  return new Map([...streams].map(([stream, { retold }]) => [stream, retold]));
}

function isRetelling({ type }: StoredEvent): boolean {
  return type === ERASURE_TYPES.retold;
}

/** Takes the events of one stream, in their order. */
class Retelling {
  retold: Retold = new Map();
  /** The revision from which on nothing was taken. */
  next = 0;
  /** About what it takes in memory, in characters. */
  size = 1_000;
  /** By redaction, those that are not complete, and so do not count yet; of one that was interrupted nothing ever does. */
  readonly #begun = new Map<string, Map<string, PersonalFields>>();

  /** @param fields what its box holds, where that is known */
  take(event: StoredEvent, fields: PersonalFields | undefined): void {
    // Somebody else who reads at the same time was faster.
    if (event.revision < this.next) return;
    this.next = event.revision + 1;
    if (event.type === ERASURE_TYPES.erased) this.retold = new Map();
    const { redaction, event: of } = parseObject(event.data) ?? {};
    if (typeof redaction !== 'string') return;
    if (isRetelling(event) && typeof of === 'string') {
      const begun = this.#begun.get(redaction) ?? new Map<string, PersonalFields>();
      this.#begun.set(redaction, begun);
      // Where its key was destroyed as well, a later redaction tells it again, or nothing is left.
      const told = (fields?.['/retold'] ?? {}) as JsonObject;
      if (fields !== undefined) begun.set(of, joined(begun.get(of), told));
    } else if (event.type === ERASURE_TYPES.redacted) {
      this.retold = this.#begun.get(redaction) ?? new Map();
      this.#begun.clear();
      this.size = 1_000 + [...this.retold.values()].reduce((sum, told) => sum + JSON.stringify(told).length, 0);
    }
  }
}

/** A text that was too long for one event goes on in the next. */
function joined(before: PersonalFields = {}, told: JsonObject): PersonalFields {
  const fields: Record<string, Json> = { ...before };
  for (const [pointer, value] of Object.entries(told)) {
    const begun = fields[pointer];
    fields[pointer] = typeof begun === 'string' && typeof value === 'string' ? begun + value : value;
  }
  return fields;
}
