/** What of the log an erasure reads: how a person is called, and what is sealed of any subject. Nothing of it is kept in memory. */
import { sealedEvents, type SealedEvent } from '#command-handling';
import type { EventStore, StoredEvent } from '#event-store';
import type { JsonObject, Randomness } from '#kernel';
import { streamName } from '#kernel';
import {
  createEventCodec,
  createRecordCodec,
  type EventCodec,
  type KeyStore,
  type Opening,
  openingOf,
  parseObject,
  withoutDestroyed,
} from '#log-format';
import { ERASURE_ASKED, ERASURE_CATEGORY, ERASURE_EVENTS, type Mention, readAsked } from './events.js';
import { placesOf } from './texts.js';
import { finderOf } from './words.js';

export interface ErasureReading {
  readonly store: Pick<EventStore, 'readStream' | 'readAll'>;
  readonly keys: Pick<KeyStore, 'find'>;
  readonly randomness: Randomness;
}

export class ErasureReader {
  readonly codec: EventCodec;
  readonly #erasures: EventCodec;

  constructor(private readonly options: ErasureReading) {
    this.codec = createRecordCodec(options.randomness);
    this.#erasures = createEventCodec(ERASURE_EVENTS, options.randomness);
  }

  get scanned(): Pick<ErasureReading, 'store' | 'keys'> & { readonly codec: EventCodec } {
    return { store: this.options.store, keys: this.options.keys, codec: this.codec };
  }

  /**
   * All names, spellings and identifiers by which a person was ever called in their own stream, also where that was corrected since;
   * undefined: there is no such person.
   */
  async wordsOf(person: string): Promise<readonly string[] | undefined> {
    const stored = await this.#read(streamName('person', person));
    if (stored.length === 0) return undefined;
    const words = new Set<string>();
    // Also when their stream has ended already, as long as its keys are there.
    for (const { type, fields } of await sealedEvents(this.codec, stored, this.#opening())) {
      for (const [pointer, value] of Object.entries(fields)) {
        const isName = NAME.test(pointer) || (type === 'IdentifierAssigned' && pointer === '/value');
        if (isName && typeof value === 'string') words.add(value);
      }
    }
    return [...words];
  }

  /** What an erasure looks for; undefined: nobody can tell any more. */
  async wordsOfErasure(erasure: string): Promise<readonly string[] | undefined> {
    const asked = (await this.#read(streamName(ERASURE_CATEGORY, erasure))).filter(
      ({ type }) => type === ERASURE_ASKED.type,
    );
    const words: string[] = [];
    for (const event of await this.#erasures.decodePage(asked, this.options.keys)) {
      if (!event.ok) throw event.error;
      const { words: own } = readAsked(event.value.data) ?? {};
      if (!event.value.opened || own === undefined) return undefined;
      words.push(...own);
    }
    return [...new Set(words)];
  }

  /** The keys by which an erasure's own stream is sealed. */
  async keysOfErasure(erasure: string): Promise<readonly string[]> {
    const keys = (await this.#read(streamName(ERASURE_CATEGORY, erasure))).flatMap(({ data }) => {
      const { keyId } = (parseObject(data)?.sealed ?? {}) as { keyId?: unknown };
      return typeof keyId === 'string' ? [keyId] : [];
    });
    return [...new Set(keys)];
  }

  /**
   * The sealed fields of a stream's events as they are to be read from now on, in its order, also where keys that it says are destroyed are
   * still there; undefined: there is no such stream.
   */
  async sealed(stream: string): Promise<readonly SealedEvent[] | undefined> {
    const stored = await this.#read(stream);
    return stored.length === 0
      ? undefined
      : sealedEvents(this.codec, stored, withoutDestroyed(this.#opening(), stored));
  }

  /** Whether any of these words is left in what is sealed of a subject. */
  async holds({ kind, id }: Pick<Mention, 'kind' | 'id'>, words: readonly string[]): Promise<boolean> {
    const events = (await this.sealed(streamName(kind, id))) ?? [];
    return placesOf(events, finderOf(words)).size > 0;
  }

  /** For this once: what it keeps of what was told again is not to stay in memory. */
  #opening(): Opening {
    return openingOf(this.options.store, this.options.keys);
  }

  /** What of a stream's events was never sealed, as if it were: for looking words up in it. */
  async clear(stream: string): Promise<readonly SealedEvent[]> {
    return (await this.#read(stream)).map(inTheClear);
  }

  async #read(stream: string): Promise<readonly StoredEvent[]> {
    const stored: StoredEvent[] = [];
    for await (const event of this.options.store.readStream(stream)) stored.push(event);
    return stored;
  }
}

/** All that an event has in the clear but ids, as one field. */
export function inTheClear({ id, type, data }: StoredEvent): SealedEvent {
  const { sealed: _, ...clear } = (parseObject(data) ?? {}) as JsonObject;
  return { id, type, fields: { '': clear } };
}

/** Of names, wherever a correction or another reading holds them. */
const NAME = /(^|\/)(names\/\d+|name)\/text$/;
