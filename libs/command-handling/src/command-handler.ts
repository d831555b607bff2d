/**
 * From a command to events in the log: load, decide, append, exactly once.
 *
 * What makes it exactly once: the ids of everything that a command makes are derived from who asks for what under which
 * key (`derivedId`), an append lands only at the revision that was decided on, and an unknown outcome is settled with the
 * same bytes (`settledAppend`). A command that comes again finds its own event ids in the stream and is answered from
 * what is stored; that it is the same command is told by the HMAC of its request beside them.
 *
 * Nobody is refused on account of what is only remembered here: before a refusal, everything is read again from the log.
 */
import { decide } from '#domain';
import { AppendTooLargeError, type EventStore, type StoredEvent } from '#event-store';
import { type Clock, err, ok, type Randomness, type Refusal, type Result } from '#kernel';
import {
  type AppendedEvent,
  backoff,
  type EncodedEvents,
  type EventCodec,
  type KeyStore,
  type NewEvent,
  recordCodec,
  type RecordedEvent,
  requestMac,
  type RetryOptions,
  sameMac,
  settledAppend,
} from '#log-format';
import { KeyedLock } from './keyed-lock.js';
import { prepare, type Prepared } from './prepare.js';
import type { Principal } from './principal.js';
import { CONFLICT, KEY_REUSED, NOT_FOUND, PRECONDITION_FAILED, TOO_LARGE } from './refusals.js';
import { resolveReferences } from './resolve-references.js';
import { type LoadedSubject, SubjectStreams } from './subject-streams.js';
import type { Accepted, Command, CommandHandler } from './types.js';

export interface CommandHandlerOptions {
  readonly store: EventStore;
  readonly keys: KeyStore;
  readonly logId: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** @param options.logId from `ensureLogStarted` */
export function createCommandHandler(options: CommandHandlerOptions): CommandHandler {
  return new Handler(options);
}

type Outcome = Result<Accepted, readonly Refusal[]>;

/** Against writers on other nodes; those of this node wait for each other instead. Some three seconds in all. */
const AGAINST_RIVALS: RetryOptions = { attempts: 12, firstDelay: 5, maxDelay: 500 };

class Handler implements CommandHandler {
  readonly #codec: EventCodec;
  readonly #subjects: SubjectStreams;
  /** One command at a time for each stream: the others would only conflict. */
  readonly #locks = new KeyedLock();

  constructor(private readonly options: CommandHandlerOptions) {
    this.#codec = recordCodec(options.randomness);
    this.#subjects = new SubjectStreams(options.store, this.#codec, options.keys, options.logId);
  }

  async execute(command: Command, principal: Principal): Promise<Outcome> {
    const prepared = prepare(command, principal, this.options.randomness);
    if (!prepared.ok) return prepared;
    return await this.#locks.run(prepared.value.stream, () => this.#record(prepared.value));
  }

  async #record(prepared: Prepared): Promise<Outcome> {
    const { category, id } = prepared;
    let subject = await this.#subjects.load(category, id);
    let fresh = false;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(prepared, subject, fresh);
      if (outcome !== 'conflict' && (outcome.ok || fresh)) return outcome;
      if (outcome === 'conflict') {
        if (attempt >= AGAINST_RIVALS.attempts) return CONFLICT;
        // The first conflict may be no more than a stale memory of this node.
        if (attempt > 1) await backoff(attempt - 1, AGAINST_RIVALS, this.options.randomness);
      }
      subject = await this.#subjects.refresh(category, id);
      fresh = true;
    }
  }

  /** One try on what is known of the subject. */
  async #attempt(prepared: Prepared, subject: LoadedSubject, fresh: boolean): Promise<Outcome | 'conflict'> {
    const repeated = await this.#findRepeat(prepared, subject);
    if (repeated !== undefined) return repeated;
    if (subject.state === undefined && prepared.definition.role !== 'entry') return NOT_FOUND;
    if (prepared.ifMatch !== undefined && !prepared.ifMatch(subject.head.revision)) return PRECONDITION_FAILED;

    const now = this.options.clock.now();
    const { definition, data, recordedBy, eventId } = prepared;
    const resolved = await resolveReferences(definition, data, this.#subjects, fresh);
    const decided = decide(definition, subject.state, data, { now, recordedBy, eventId, ...resolved });
    if (!decided.ok) return err([decided.error]);
    return this.#append(prepared, subject, decided.value, now);
  }

  async #append(
    prepared: Prepared,
    subject: LoadedSubject,
    events: readonly NewEvent[],
    now: Date,
  ): Promise<Outcome | 'conflict'> {
    const { store, keys, logId, randomness } = this.options;
    const { category, id, stream } = prepared;
    const key = await keys.obtain(stream);
    const encoded = this.#codec.encode(events, {
      logId,
      stream,
      head: subject.head,
      key,
      recordedAt: now,
      recordedBy: prepared.recordedBy,
      correlationId: prepared.correlationId,
      ...(prepared.causationId !== undefined && { causationId: prepared.causationId }),
      requestMac: requestMac(key, prepared.request),
      visibility: prepared.visibility,
    });
    const first = subject.head.revision + 1;
    try {
      const expected = first === 0 ? 'no-stream' : subject.head.revision;
      const outcome = await settledAppend(store, stream, encoded.events, expected, randomness);
      if (outcome === undefined) return 'conflict';
    } catch (error) {
      if (error instanceof AppendTooLargeError) return TOO_LARGE;
      throw error;
    }
    // The log answers to ids, not to content: the same request on another node, or another request under the same key,
    // may have landed with these ids, and then what is stored is theirs.
    if (prepared.repeatable && !(await this.#isStored(stream, first, encoded))) return 'conflict';
    this.#subjects.appended(category, id, subject, encoded);
    return ok(acceptedOf(prepared, encoded.recorded, false));
  }

  async #isStored(stream: string, from: number, { events }: EncodedEvents): Promise<boolean> {
    const stored = await this.#read(stream, from, events.length);
    return events.every(({ metadata }, index) => stored[index]?.metadata === metadata);
  }

  /** The answer to a command that is in the stream already; undefined if it is not. */
  async #findRepeat(prepared: Prepared, { stream, revisions }: LoadedSubject): Promise<Outcome | undefined> {
    const { eventId, repeatable } = prepared;
    const first = repeatable ? revisions.get(eventId(0)) : undefined;
    if (first === undefined) return undefined;
    let count = 1;
    while (revisions.get(eventId(count)) === first + count) count++;
    const events: RecordedEvent[] = [];
    for (const event of await this.#codec.decodePage(await this.#read(stream, first, count), this.options.keys)) {
      if (!event.ok) throw event.error;
      events.push(event.value);
    }
    const mac = requestMac(await this.options.keys.obtain(stream), prepared.request);
    const same = events.every(({ metadata }) => sameMac(metadata.requestMac ?? '', mac));
    return same ? ok(acceptedOf(prepared, events, true)) : KEY_REUSED;
  }

  async #read(stream: string, from: number, limit: number): Promise<StoredEvent[]> {
    const stored: StoredEvent[] = [];
    for await (const event of this.options.store.readStream(stream, { from, limit })) stored.push(event);
    return stored;
  }
}

function acceptedOf({ category, id, stream }: Prepared, events: readonly AppendedEvent[], repeated: boolean): Accepted {
  return { category, subject: id, stream, revision: events.at(-1)?.revision ?? -1, events, repeated };
}
