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
import { type Category, type NewEvent, type OfficeVisibility, type SubjectState, visibilityByDefault } from '#domain';
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
  type StreamKey,
} from '#log-format';
import {
  CONFLICT,
  ERASED,
  KEY_GONE,
  KEY_REUSED,
  NOT_FOUND,
  PRECONDITION_FAILED,
  REPEATED_AFTER_ERASURE,
  TOO_LARGE,
} from './refusals.js';
import { Sight } from './sight.js';
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
  /** What is above it is not there for whoever asks. */
  readonly ceiling: Visibility;
  /** The ids of the subject's events that are asked about. */
  readonly about: readonly string[];
  /** As it was said; undefined: it was not. */
  readonly visibility: Visibility | undefined;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  readonly decide: (subject: Seen, now: Date, sight: Sight) => Promise<Decided>;
}

/** A subject as whoever asks may see it, and as it is. Undefined: there is none. */
export interface Seen {
  readonly state: SubjectState | undefined;
  readonly whole: SubjectState | undefined;
}

/** What was decided to record, and for whom it is. */
interface ToRecord {
  readonly events: readonly NewEvent[];
  readonly visibility: Visibility;
  readonly effective: Visibility;
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
    const { category, id, ceiling } = recording;
    const refresh = (): Promise<LoadedSubject> =>
      this.#observer.step('load', () => this.subjects.refresh(category, id));
    // Who may see something changes without a conflict: what is hidden from somebody is never judged from memory.
    let fresh = ceiling !== 'confidential';
    let subject = fresh ? await refresh() : await this.#observer.step('load', () => this.subjects.load(category, id));
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(recording, subject, fresh);
      if (outcome !== 'conflict' && (outcome.ok || fresh)) return outcome;
      if (outcome === 'conflict') {
        if (attempt >= AGAINST_RIVALS.attempts) return CONFLICT;
        this.#observer.retried();
        // The first conflict may be no more than a stale memory of this node.
        if (attempt > 1) await backoff(attempt - 1, AGAINST_RIVALS, this.options.randomness);
      }
      subject = await refresh();
      fresh = true;
    }
  }

  /** One try on what is known of the subject. */
  async #attempt(recording: Recording, subject: LoadedSubject, fresh: boolean): Promise<Outcome | 'conflict'> {
    const repeated = await this.findRepeat(recording, subject);
    if (repeated !== undefined) return repeated;
    const sight = new Sight(this.subjects, recording.ceiling, fresh);
    const now = this.options.clock.now();
    const decided = await this.#observer.step('decide', () => this.#decide(recording, subject, now, sight));
    if (!decided.ok) return decided;
    return this.#observer.step('append', () => this.#append(recording, subject, decided.value, now));
  }

  async #decide(
    recording: Recording,
    subject: LoadedSubject,
    now: Date,
    sight: Sight,
  ): Promise<Result<ToRecord, readonly Refusal[]>> {
    const { isEntry, about, ifMatch } = recording;
    const whole = subject.state;
    // A new subject's id is its own principal's alone: nobody else's can be in its place.
    const state = isEntry ? whole : await sight.stateOf(subject, about);
    if (state === undefined && !isEntry) return NOT_FOUND;
    if (subject.sealing.erased) return ERASED;
    if (ifMatch?.(await sight.revisionOf(subject)) === false) return PRECONDITION_FAILED;
    const decided = await recording.decide({ state, whole }, now, sight);
    if (!decided.ok) return decided;
    const events = decided.value;
    const visibility = recording.visibility ?? visibilityByDefault(this.options.visibility, whole, events, now);
    const [event] = events;
    const effective = event === undefined ? visibility : await sight.levelOf(subject, { ...event, visibility });
    return ok({ events, visibility, effective });
  }

  async #append(
    recording: Recording,
    subject: LoadedSubject,
    { events, visibility, effective }: ToRecord,
    now: Date,
  ): Promise<Outcome | 'conflict'> {
    const { store, codec, logId, randomness } = this.options;
    const { stream, causationId } = recording;
    const key = await this.#keyOf(subject);
    if (key === undefined) return KEY_GONE;
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
      visibility,
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
    return ok(await this.#accepted(recording, encoded.recorded, effective, false));
  }

  async #isStored(stream: string, from: number, { events }: EncodedEvents): Promise<boolean> {
    const stored = await this.#read(stream, from, events.length);
    return events.every(({ metadata }, index) => stored[index]?.metadata === metadata);
  }

  /** The answer to what is in the stream already; undefined if it is not. */
  async findRepeat(recording: Omit<Recording, 'decide'>, subject: LoadedSubject): Promise<Outcome | undefined> {
    const { eventId, repeatable, ceiling } = recording;
    const { stream, revisions, sealing } = subject;
    const first = repeatable ? revisions.get(eventId(0)) : undefined;
    if (first === undefined) return undefined;
    // Whether it is the same request was told by a key that is gone.
    if (first <= sealing.destroyedUpTo) return REPEATED_AFTER_ERASURE;
    let count = 1;
    while (revisions.get(eventId(count)) === first + count) count++;
    const events: RecordedEvent[] = [];
    const { codec, opening } = this.options;
    for (const event of await codec.decodePage(await this.#read(stream, first, count), opening)) {
      if (!event.ok) throw event.error;
      events.push(event.value);
    }
    const key = await this.#keyOf(subject);
    if (key === undefined) return REPEATED_AFTER_ERASURE;
    const mac = requestMac(key, recording.request);
    const same = events.every(({ metadata }) => sameMac(metadata.requestMac ?? '', mac));
    const [event] = events;
    if (!same || event === undefined) return KEY_REUSED;
    const sight = new Sight(this.subjects, ceiling, false);
    const effective = await sight.levelOf(subject, { ...event, visibility: event.metadata.visibility });
    return ok(await this.#accepted(recording, events, effective, true));
  }

  async #accepted(
    { category, id, stream, ceiling }: Omit<Recording, 'decide'>,
    events: readonly AppendedEvent[],
    effective: Visibility,
    repeated: boolean,
  ): Promise<Accepted> {
    const revision = events.at(-1)?.revision ?? -1;
    const seen = ceiling === 'confidential' ? revision : await this.#seen({ category, id, ceiling }, revision);
    return { category, subject: id, stream, revision, seen, events, effective, repeated };
  }

  /** What the subject is known by to whoever recorded, up to a revision. */
  async #seen(
    { category, id, ceiling }: Pick<Recording, 'category' | 'id' | 'ceiling'>,
    upTo: number,
  ): Promise<number> {
    try {
      const subject = await this.subjects.load(category, id);
      return await new Sight(this.subjects, ceiling, false).revisionOf(subject, upTo);
    } catch {
      // It is recorded, and that is what is to be answered.
      return -1;
    }
  }

  /** What is sealed next is sealed by it. Undefined: it was destroyed, and what seals from here on is not known here yet. */
  async #keyOf({ stream, sealing: { keyId } }: LoadedSubject): Promise<StreamKey | undefined> {
    const { keys } = this.options;
    return keyId === undefined ? keys.obtain(stream) : (await keys.find([keyId])).get(keyId);
  }

  async #read(stream: string, from: number, limit: number): Promise<StoredEvent[]> {
    const stored: StoredEvent[] = [];
    for await (const event of this.options.store.readStream(stream, { from, limit })) stored.push(event);
    return stored;
  }
}
