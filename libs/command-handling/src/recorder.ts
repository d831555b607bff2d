/**
 * Records on one subject, exactly once: load, decide, append.
 *
 * What makes it exactly once: the ids of the events are derived from what was asked for, an append lands only at the
 * revision that was decided on, and an unknown outcome is settled with the same bytes (`settledAppend`). What comes again
 * finds its own event ids in the stream and is answered from what is stored; that it is the same request is told by the
 * HMAC beside them.
 *
 * Nobody is refused on account of what is only remembered here: before a refusal, everything is read again from the log.
 */
import { type Category, type NewEvent, type OfficeVisibility, visibilityByDefault } from '#domain';
import { AppendTooLargeError, type StoredEvent } from '#event-store';
import { type Clock, ok, type Randomness, type Refusal, type Result, type Visibility } from '#kernel';
import {
  type AppendedEvent,
  backoff,
  type EncodedEvents,
  type RecordedEvent,
  requestMac,
  type RetryOptions,
  sameMac,
  settledAppend,
} from '#log-format';
import { CONFLICT, KEY_REUSED, NOT_FOUND, PRECONDITION_FAILED, TOO_LARGE } from './refusals.js';
import type { LoadedSubject, LogAccess, SubjectStreams } from './subject-streams.js';
import type { Accepted, CommandObserver } from './types.js';

/** What is to be recorded on one subject, and how it is known again. */
export interface Recording {
  readonly category: Category;
  /** Of the subject, also where it is still to be made. */
  readonly id: string;
  readonly stream: string;
  /** Opens the stream. */
  readonly isEntry: boolean;
  readonly eventId: (index: number) => string;
  /** Canonical text of what is asked for. */
  readonly request: string;
  /** It may come again under the same ids, here or on another node. */
  readonly repeatable: boolean;
  readonly ifMatch?: ((revision: number) => boolean) | undefined;
  readonly recordedBy: string;
  /** As it was said; undefined: it was not. */
  readonly visibility: Visibility | undefined;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  /** @param fresh what is looked up besides the subject is read from the log, not from memory */
  readonly decide: (subject: LoadedSubject, now: Date, fresh: boolean) => Promise<Decided>;
}

export type Decided = Result<readonly NewEvent[], readonly Refusal[]>;
export type Outcome = Result<Accepted, readonly Refusal[]>;

export interface RecorderOptions extends LogAccess {
  /** Who may see what is not sensitive, where nobody says so. */
  readonly visibility: OfficeVisibility;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly observer?: CommandObserver;
}

const UNWATCHED: CommandObserver = { step: (_name, work) => work(), retried: () => undefined };

/** Against writers on other nodes; those of this node wait for each other instead. Some three seconds in all. */
const AGAINST_RIVALS: RetryOptions = { attempts: 12, firstDelay: 5, maxDelay: 500 };

export class Recorder {
  readonly #observer: CommandObserver;

  constructor(
    private readonly subjects: SubjectStreams,
    private readonly options: RecorderOptions,
  ) {
    this.#observer = options.observer ?? UNWATCHED;
  }

  async record(recording: Recording): Promise<Outcome> {
    const { category, id } = recording;
    let subject = await this.#observer.step('load', () => this.subjects.load(category, id));
    let fresh = false;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(recording, subject, fresh);
      if (outcome !== 'conflict' && (outcome.ok || fresh)) return outcome;
      if (outcome === 'conflict') {
        if (attempt >= AGAINST_RIVALS.attempts) return CONFLICT;
        this.#observer.retried();
        // The first conflict may be no more than a stale memory of this node.
        if (attempt > 1) await backoff(attempt - 1, AGAINST_RIVALS, this.options.randomness);
      }
      subject = await this.#observer.step('load', () => this.subjects.refresh(category, id));
      fresh = true;
    }
  }

  /** One try on what is known of the subject. */
  async #attempt(recording: Recording, subject: LoadedSubject, fresh: boolean): Promise<Outcome | 'conflict'> {
    const repeated = await this.findRepeat(recording, subject);
    if (repeated !== undefined) return repeated;
    if (subject.state === undefined && !recording.isEntry) return NOT_FOUND;
    if (recording.ifMatch?.(subject.head.revision) === false) return PRECONDITION_FAILED;
    const now = this.options.clock.now();
    const decided = await this.#observer.step('decide', () => recording.decide(subject, now, fresh));
    if (!decided.ok) return decided;
    return this.#observer.step('append', () => this.#append(recording, subject, decided.value, now));
  }

  async #append(
    recording: Recording,
    subject: LoadedSubject,
    events: readonly NewEvent[],
    now: Date,
  ): Promise<Outcome | 'conflict'> {
    const { store, keys, codec, logId, randomness } = this.options;
    const { stream, causationId } = recording;
    const key = await keys.obtain(stream);
    const encoded = codec.encode(events, {
      logId,
      stream,
      head: subject.head,
      key,
      recordedAt: now,
      recordedBy: recording.recordedBy,
      correlationId: recording.correlationId,
      ...(causationId !== undefined && { causationId }),
      requestMac: requestMac(key, recording.request),
      visibility: recording.visibility ?? visibilityByDefault(this.options.visibility, subject.state, events, now),
    });
    const first = subject.head.revision + 1;
    let isNew: boolean;
    try {
      const expected = first === 0 ? 'no-stream' : subject.head.revision;
      const outcome = await settledAppend(store, stream, encoded.events, expected, randomness);
      if (outcome === undefined) return 'conflict';
      isNew = outcome.isNew === true;
    } catch (error) {
      if (error instanceof AppendTooLargeError) return TOO_LARGE;
      throw error;
    }
    // The log knows events by their ids, not by their content: unless it wrote them just now, the same request on another
    // node, or another request under the same key, may have landed with these ids, and then what is stored is theirs.
    if (recording.repeatable && !isNew && !(await this.#isStored(stream, first, encoded))) return 'conflict';
    this.subjects.appended(recording.category, recording.id, subject, encoded);
    return ok(acceptedOf(recording, encoded.recorded, false));
  }

  async #isStored(stream: string, from: number, { events }: EncodedEvents): Promise<boolean> {
    const stored = await this.#read(stream, from, events.length);
    return events.every(({ metadata }, index) => stored[index]?.metadata === metadata);
  }

  /** The answer to what is in the stream already; undefined if it is not. */
  async findRepeat(
    recording: Omit<Recording, 'decide'>,
    { stream, revisions }: LoadedSubject,
  ): Promise<Outcome | undefined> {
    const { eventId, repeatable } = recording;
    const first = repeatable ? revisions.get(eventId(0)) : undefined;
    if (first === undefined) return undefined;
    let count = 1;
    while (revisions.get(eventId(count)) === first + count) count++;
    const events: RecordedEvent[] = [];
    const { codec, keys } = this.options;
    for (const event of await codec.decodePage(await this.#read(stream, first, count), keys)) {
      if (!event.ok) throw event.error;
      events.push(event.value);
    }
    const mac = requestMac(await keys.obtain(stream), recording.request);
    const same = events.every(({ metadata }) => sameMac(metadata.requestMac ?? '', mac));
    return same ? ok(acceptedOf(recording, events, true)) : KEY_REUSED;
  }

  async #read(stream: string, from: number, limit: number): Promise<StoredEvent[]> {
    const stored: StoredEvent[] = [];
    for await (const event of this.options.store.readStream(stream, { from, limit })) stored.push(event);
    return stored;
  }
}

function acceptedOf(
  { category, id, stream }: Omit<Recording, 'decide'>,
  events: readonly AppendedEvent[],
  repeated: boolean,
): Accepted {
  return { category, subject: id, stream, revision: events.at(-1)?.revision ?? -1, events, repeated };
}
