/**
 * What is recorded in a subject's own stream when keys of it are to be destroyed: after that nobody seals by them any more, so
 * whoever destroys them destroys nothing that is still to be read. Destroying them is up to the caller.
 *
 * Both go at the exact revision of what was read, like every command; so nothing comes between what was told again and the
 * event that says that it is all of it.
 */
import { type Category, ERASURE_TYPES } from '#domain';
import { type EventToAppend, MAX_APPEND_BYTES, type StoredEvent } from '#event-store';
import {
  type Clock,
  ok,
  randomId,
  type Randomness,
  type Refusal,
  type Result,
  streamName,
  type Visibility,
} from '#kernel';
import {
  backoff,
  type ChainHead,
  type NewEvent,
  parseObject,
  type PersonalFields,
  type RetryOptions,
  settledAppend,
  type StreamKey,
  withoutDestroyed,
} from '#log-format';
import type { KeyedLock } from './keyed-lock.js';
import { CONFLICT, ERASED, NOT_FOUND } from './refusals.js';
import { retellings, sealedEvents, type SealedEvent } from './retellings.js';
import type { LoadedSubject, LogAccess, SubjectStreams } from './subject-streams.js';

/** Who asks for it, and why it is. */
export interface ErasedBy {
  readonly by: string;
  readonly correlationId: string;
  /** What it is done for: asked for again with the same one, it is found done. */
  readonly cause: string;
}

export interface Redaction extends ErasedBy {
  readonly category: Category;
  readonly id: string;
  readonly reason: string;
  /** Told all that is sealed, in the order of the stream, gives the fields of the events that are to be others from now on. */
  readonly blank: (events: readonly SealedEvent[]) => Result<ReadonlyMap<string, PersonalFields>, readonly Refusal[]>;
}

/** What is to be destroyed now. */
export interface Condemned {
  readonly stream: string;
  /** Of the last event that says so. */
  readonly revision: number;
  /** Ids of keys. */
  readonly keys: readonly string[];
}

export interface SubjectEraser {
  /**
   * Ends a person's stream: nothing more is recorded on them. Refusal codes: `not-found`, `conflict`.
   * @throws as CommandHandler.execute does
   */
  erase(person: string, by: ErasedBy): Promise<Result<Condemned, readonly Refusal[]>>;
  /**
   * Tells again what is left of a subject, sealed by another key. Refusal codes: `not-found`, `conflict`, `erased`; those of `blank`.
   * @throws as CommandHandler.execute does
   */
  redact(redaction: Redaction): Promise<Result<Condemned, readonly Refusal[]>>;
  /** What a redaction condemned that was recorded for this cause; undefined: none was. */
  redacted(category: Category, id: string, cause: string): Promise<Condemned | undefined>;
  /** Drops what is held in memory of these streams. */
  forget(streams: Iterable<string>): void;
}

export interface EraserOptions extends LogAccess {
  readonly clock: Clock;
  readonly randomness: Randomness;
}

const AGAINST_RIVALS: RetryOptions = { attempts: 12, firstDelay: 5, maxDelay: 500 };

/** Of what two events share one append: far enough below the limit for what is beside their data. */
const MOST_BYTES = MAX_APPEND_BYTES - 16 * 1024;

/** Everybody may know that there was something; what is told again, nobody but who may see everything. */
const SEEN_BY: Readonly<Record<string, Visibility>> = {
  [ERASURE_TYPES.erased]: 'public',
  [ERASURE_TYPES.redacted]: 'internal',
  [ERASURE_TYPES.retold]: 'confidential',
};

export class StreamEraser implements SubjectEraser {
  constructor(
    private readonly subjects: SubjectStreams,
    private readonly locks: KeyedLock,
    private readonly options: EraserOptions,
  ) {}

  erase(person: string, by: ErasedBy): Promise<Result<Condemned, readonly Refusal[]>> {
    const stream = streamName('person', person);
    return this.#exclusively(stream, async () => {
      const subject = await this.subjects.refresh('person', person);
      if (subject.state === undefined) return NOT_FOUND;
      const stored = await this.#read(stream);
      const done = stored.findLast(({ type }) => type === ERASURE_TYPES.erased);
      if (done !== undefined) return ok(condemnedBy(done));
      const keys = [...this.#keysIn(stored, await this.#keyOf(subject))];
      const event = { id: randomId(this.options.randomness), type: ERASURE_TYPES.erased, data: { keys } };
      const head = await this.#append(stream, subject.head, [event], undefined, by);
      return head === undefined ? 'conflict' : ok({ stream, revision: head.revision, keys });
    });
  }

  redact(redaction: Redaction): Promise<Result<Condemned, readonly Refusal[]>> {
    const { category, id, cause, reason, blank } = redaction;
    const stream = streamName(category, id);
    return this.#exclusively(stream, async () => {
      const subject = await this.subjects.refresh(category, id);
      if (subject.state === undefined) return NOT_FOUND;
      if (subject.sealing.erased) return ERASED;
      const stored = await this.#read(stream);
      const done = stored.find((event) => isRedactionFor(event, cause));
      if (done !== undefined) return ok(condemnedBy(done));
      const sealed = await this.#sealedIn(stored);
      const blanked = blank(sealed);
      if (!blanked.ok) return blanked;
      const left = sealed.map((event) => ({ ...event, fields: blanked.value.get(event.id) ?? event.fields }));
      // Under another name, so that the stream has both until what is left is told again.
      const key = await this.options.keys.obtain(`${stream}/${cause}`);
      // It is in the boxes of a try that others came between.
      const keys = [...this.#keysIn(stored, await this.#keyOf(subject))].filter((keyId) => keyId !== key.keyId);
      const events = this.#retelling(left, { key: key.keyId, keys, reason });
      let { head } = subject;
      for (const part of inAppends(events)) {
        const next = await this.#append(stream, head, part, key, redaction);
        if (next === undefined) return 'conflict';
        head = next;
      }
      return ok({ stream, revision: head.revision, keys });
    });
  }

  async redacted(category: Category, id: string, cause: string): Promise<Condemned | undefined> {
    const done = (await this.#read(streamName(category, id))).find((event) => isRedactionFor(event, cause));
    return done && condemnedBy(done);
  }

  forget(streams: Iterable<string>): void {
    for (const stream of streams) this.subjects.forget(stream);
  }

  /** Tries until nobody else was faster; what the stream held in memory is not to stay there. */
  async #exclusively(
    stream: string,
    attempt: () => Promise<Result<Condemned, readonly Refusal[]> | 'conflict'>,
  ): Promise<Result<Condemned, readonly Refusal[]>> {
    return this.locks.run(stream, async () => {
      for (let tries = 1; tries <= AGAINST_RIVALS.attempts; tries++) {
        const outcome = await attempt();
        this.subjects.forget(stream);
        if (outcome !== 'conflict') return outcome;
        await backoff(tries, AGAINST_RIVALS, this.options.randomness);
      }
      return CONFLICT;
    });
  }

  async #read(stream: string): Promise<readonly StoredEvent[]> {
    const stored: StoredEvent[] = [];
    for await (const event of this.options.store.readStream(stream)) stored.push(event);
    return stored;
  }

  /** What requests are known again by belongs to it as well as what is sealed. */
  async #keyOf({ stream, sealing: { keyId } }: LoadedSubject): Promise<string> {
    return keyId ?? (await this.options.keys.obtain(stream)).keyId;
  }

  /** By which boxes of the stream were sealed, but for those that were destroyed before. */
  #keysIn(stored: readonly StoredEvent[], present: string): ReadonlySet<string> {
    const keys = new Set<string>([present]);
    for (const { data, type } of stored) {
      const { sealed, keys: destroyed } = parseObject(data) ?? {};
      const { keyId } = (sealed ?? {}) as { keyId?: unknown };
      if (typeof keyId === 'string') keys.add(keyId);
      if (type === ERASURE_TYPES.redacted && Array.isArray(destroyed))
        for (const one of destroyed) keys.delete(String(one));
    }
    return keys;
  }

  #sealedIn(stored: readonly StoredEvent[]): Promise<readonly SealedEvent[]> {
    const { codec, opening } = this.options;
    // What was told again before is told again of the events themselves.
    const own = stored.filter(({ type }) => type !== ERASURE_TYPES.retold);
    return sealedEvents(codec, own, withoutDestroyed(opening, stored));
  }

  #retelling(
    left: readonly SealedEvent[],
    { key, keys, reason }: { readonly key: string; readonly keys: readonly string[]; readonly reason: string },
  ): readonly NewEvent[] {
    const redaction = randomId(this.options.randomness);
    const retold = retellings(left).map(({ event, retold: fields }) => ({
      id: randomId(this.options.randomness),
      type: ERASURE_TYPES.retold,
      data: { redaction, event, retold: fields },
    }));
    const data = { redaction, events: retold.length, key, keys, reason };
    return [...retold, { id: randomId(this.options.randomness), type: ERASURE_TYPES.redacted, data }];
  }

  /** @returns where the chain stands then; undefined on a conflict */
  async #append(
    stream: string,
    head: ChainHead,
    events: readonly NewEvent[],
    key: StreamKey | undefined,
    { by, correlationId, cause }: ErasedBy,
  ): Promise<ChainHead | undefined> {
    const { codec, logId, clock, randomness, store } = this.options;
    const recordedAt = clock.now();
    let at = head;
    const encoded: EventToAppend[] = [];
    for (const event of events) {
      const one = codec.encode([event], {
        logId,
        stream,
        head: at,
        ...(key !== undefined && { key }),
        recordedAt,
        recordedBy: by,
        correlationId,
        causationId: cause,
        visibility: SEEN_BY[event.type] ?? 'confidential',
      });
      at = one.head;
      encoded.push(...one.events);
    }
    const outcome = await settledAppend(store, stream, encoded, head.revision, randomness);
    return outcome === undefined ? undefined : at;
  }
}

function condemnedBy({ stream, revision, data }: StoredEvent): Condemned {
  const { keys } = parseObject(data) ?? {};
  return { stream, revision, keys: Array.isArray(keys) ? keys.map(String) : [] };
}

function isRedactionFor({ type, metadata }: StoredEvent, cause: string): boolean {
  return type === ERASURE_TYPES.redacted && parseObject(metadata)?.causationId === cause;
}

/** In as few appends as it takes, each within its limit. */
function inAppends(events: readonly NewEvent[]): readonly (readonly NewEvent[])[] {
  const appends: NewEvent[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    // What is sealed is written in base64, beside some hundred characters of metadata.
    const size = 1_500 + (Buffer.byteLength(JSON.stringify(event.data)) * 4) / 3;
    if (bytes + size > MOST_BYTES) {
      appends.push([]);
      bytes = 0;
    }
    appends.at(-1)?.push(event);
    bytes += size;
  }
  return appends;
}
