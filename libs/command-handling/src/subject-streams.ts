/**
 * The streams of subjects, folded: what commands are decided on.
 *
 * What was folded is kept, and may be behind the log when another node writes. That is harmless for what gets appended,
 * because an append lands only at the exact revision that was folded; but nobody may be refused on account of it:
 * `refresh` before a refusal.
 */
import { LRUCache } from 'lru-cache';
import { type Category, ERASURE_TYPES, evolve, initial, type SubjectState } from '#domain';
import type { EventStore, EventToAppend, StoredEvent } from '#event-store';
import { streamName } from '#kernel';
import {
  type AppendedEvent,
  asDomainEvent,
  CHAIN_START,
  type ChainHead,
  type EncodedEvents,
  type EventCodec,
  type KeyStore,
  type openingOf,
  type RecordedEvent,
  verifyChain,
  withoutDestroyed,
} from '#log-format';

export interface LoadedSubject {
  readonly stream: string;
  /** Undefined: there is no such stream. */
  readonly state: SubjectState | undefined;
  readonly head: ChainHead;
  /** The revision of each event, by its id. */
  readonly revisions: ReadonlyMap<string, number>;
  readonly sealing: Sealing;
}

/** What a stream is sealed by. */
export interface Sealing {
  /** The key that every further event has to be sealed by; undefined: the one that the key store has for the stream. */
  readonly keyId?: string;
  /** What was recorded up to this revision was sealed by keys that were destroyed. */
  readonly destroyedUpTo: number;
  /** All that was sealed was erased: nothing more is recorded. */
  readonly erased: boolean;
}

interface CachedSubject extends LoadedSubject {
  readonly revisions: Map<string, number>;
  /** Of all data folded so far, in characters: about what the state takes in memory. */
  readonly size: number;
}

/** In characters of stored data, over all states that are kept. */
const MAX_CACHED = 64 * 1024 * 1024;
const MAX_KNOWN_STREAMS = 200_000;

/** What reading the log takes. */
export interface LogAccess {
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly keys: KeyStore;
  /** Of the same keys. */
  readonly opening: ReturnType<typeof openingOf>;
  readonly logId: string;
}

const AS_MADE: Sealing = { destroyedUpTo: -1, erased: false };

export class SubjectStreams {
  readonly #cache = new LRUCache<string, CachedSubject>({
    maxSize: MAX_CACHED,
    // Ids and the entry itself count too, so that many small streams are bounded as well.
    sizeCalculation: ({ size, revisions }) => size + 200 * revisions.size + 500,
  });
  /** Existence never becomes false, so it is remembered without ever being asked again. */
  // By size, because by number it would take room for all at once.
  readonly #existing = new LRUCache<string, true>({ maxSize: MAX_KNOWN_STREAMS, sizeCalculation: () => 1 });

  constructor(private readonly log: LogAccess) {}

  /** @throws IntegrityError, UndecodableEventError the stream is damaged; EventStoreError */
  load(kind: Category, id: string): Promise<LoadedSubject> {
    const cached = this.#cache.get(streamName(kind, id));
    return cached === undefined ? this.refresh(kind, id) : Promise.resolve(cached);
  }

  /** The same, with everything that the log holds by now. */
  async refresh(kind: Category, id: string): Promise<LoadedSubject> {
    const stream = streamName(kind, id);
    const known = this.#cache.get(stream) ?? nothing(stream);
    const stored: StoredEvent[] = [];
    for await (const event of this.log.store.readStream(stream, { from: known.head.revision + 1 })) stored.push(event);
    if (stored.length === 0) return known;
    const verified = verifyChain(stored, this.log.logId, known.head);
    if (!verified.ok) {
      this.#cache.delete(stream);
      throw verified.error;
    }
    if (known.head.revision >= 0 && stored.some(({ type }) => type === ERASURE_TYPES.redacted)) {
      // What was folded holds words that were blanked since.
      this.#cache.delete(stream);
      return this.refresh(kind, id);
    }
    const recorded: RecordedEvent[] = [];
    for (const event of await this.log.codec.decodePage(stored, withoutDestroyed(this.log.opening, stored))) {
      if (!event.ok) throw event.error;
      recorded.push(event.value);
    }
    return this.#keep(kind, id, known, recorded, verified.value, sizeOf(stored));
  }

  async exists(kind: Category, id: string): Promise<boolean> {
    const stream = streamName(kind, id);
    if (this.#existing.has(stream) || this.#cache.has(stream)) return true;
    for await (const _ of this.log.store.readStream(stream, { limit: 1 })) {
      this.#existing.set(stream, true);
      return true;
    }
    return false;
  }

  /** Takes note of what was just appended behind `before`, without reading it again. */
  appended(kind: Category, id: string, before: LoadedSubject, { events, recorded, head }: EncodedEvents): void {
    const known = this.#cache.get(before.stream) ?? nothing(before.stream);
    // Else somebody read on meanwhile, or the state was dropped: the next command reads what it needs.
    if (known.head.hash === before.head.hash) this.#keep(kind, id, known, recorded, head, sizeOf(events));
  }

  /** Drops what is kept of a stream: keys of it were destroyed, and what they opened is not to stay in memory. */
  forget(stream: string): void {
    this.#cache.delete(stream);
    this.log.opening.forget();
  }

  #keep(
    kind: Category,
    id: string,
    known: CachedSubject,
    recorded: readonly AppendedEvent[],
    head: ChainHead,
    size: number,
  ): CachedSubject {
    let state = known.state ?? initial(kind, id);
    // A copy would cost every command the length of its stream; nobody keeps an old one.
    const { revisions } = known;
    let { sealing } = known;
    for (const event of recorded) {
      state = evolve(state, asDomainEvent(event));
      revisions.set(event.id, event.revision);
      sealing = sealingAfter(sealing, event);
    }
    const kept = { stream: known.stream, state, head, revisions, sealing, size: known.size + size };
    this.#cache.set(known.stream, kept);
    return kept;
  }
}

function nothing(stream: string): CachedSubject {
  return { stream, state: undefined, head: CHAIN_START, revisions: new Map(), sealing: AS_MADE, size: 0 };
}

function sealingAfter(sealing: Sealing, { type, data, revision }: AppendedEvent): Sealing {
  switch (type) {
    case ERASURE_TYPES.erased:
      return { destroyedUpTo: revision, erased: true };
    case ERASURE_TYPES.redacted:
      return { keyId: String(data.key), destroyedUpTo: revision, erased: sealing.erased };
    default:
      return sealing;
  }
}

function sizeOf(stored: readonly EventToAppend[]): number {
  return stored.reduce((sum, { data }) => sum + data.length, 0);
}
