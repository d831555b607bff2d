/**
 * Erasing a person, as the interface asks for it: the wish, what a reviewer decides on each mention, and how it stands. What needs
 * nobody is done by the driver.
 */
import type { Redaction, SubjectEraser } from '#command-handling';
import type { Leases } from '#event-store';
import { err, isId, ok, refusal, type Refusal, type Result, streamName, type Ticker } from '#kernel';
import type { KeyStore } from '#log-format';
import type { CertificateSources } from './certificate.js';
import { type Erasure, type ErasureDirectory, lastCondemned, mentionKey } from './directory.js';
import { ErasureDriver } from './driver.js';
import { ERASURE_ASKED, erasureOf, type Mention, MENTION_KEPT } from './events.js';
import { ErasureReader, type ErasureReading } from './reading.js';
import { all, decisionOn, ErasureSteps, isOwnCondemned, refused } from './steps.js';
import {
  blankedFields,
  countOf,
  everythingIn,
  namedPlaces,
  placesOf,
  type ShownSpan,
  shownSpans,
  together,
} from './texts.js';
import type {
  AskedBy,
  AskedRedaction,
  ErasingNode,
  ErasureInfo,
  Erasures,
  MentionInfo,
  MentionState,
} from './types.js';
import { finderOf } from './words.js';

export interface OpenErasures extends ErasureReading, CertificateSources {
  readonly directory: ErasureDirectory;
  readonly keys: Pick<KeyStore, 'find' | 'destroy'>;
  readonly eraser: SubjectEraser;
  /** The nodes that there are, without what they have forgotten. @throws EventStoreError */
  readonly nodes: () => Promise<readonly Omit<ErasingNode, 'forgot'>[]>;
  /** Of all nodes one drives erasures; left out: no other can have the log. */
  readonly leases?: Leases;
  readonly ticker: Ticker;
  /** A line for whoever runs the server. */
  readonly report: (line: string) => void;
}

export function openErasures(options: OpenErasures): Erasures {
  return new DrivenErasures(options);
}

/** Spans that are shown of one mention. */
const MOST_SHOWN = 100;
const MOST_SHOWN_IN_THE_CLEAR = 20;
/** How often a redaction is tried while others redact the same subject. */
const MAX_TRIES = 5;

class DrivenErasures implements Erasures {
  readonly #options: OpenErasures;
  readonly #reader: ErasureReader;
  readonly #steps: ErasureSteps;
  readonly #driver: ErasureDriver;

  constructor(options: OpenErasures) {
    this.#options = options;
    this.#reader = new ErasureReader(options);
    this.#steps = new ErasureSteps({ ...options, reader: this.#reader });
    this.#driver = new ErasureDriver({ ...options, reader: this.#reader, steps: this.#steps });
  }

  async ask(person: string, reason: string, by: AskedBy): Promise<Result<ErasureInfo, readonly Refusal[]>> {
    const { directory } = this.#options;
    const words = isId(person) ? await this.#reader.wordsOf(person) : undefined;
    if (words === undefined) return NO_PERSON;
    const id = erasureOf(person);
    const recorded = await directory.record(id, by.id, (known) =>
      ok(known === undefined ? { type: ERASURE_ASKED.type, data: { person, reason, words } } : undefined),
    );
    if (!recorded.ok) return all(recorded.error);
    const begun = await this.#steps.erasePerson(this.#steps.known(id));
    if (!begun.ok) return begun;
    await this.#steps.destroy(id);
    return ok(await this.#info(this.#steps.known(id)));
  }

  async isForgotten(person: string): Promise<boolean | undefined> {
    const erasure = this.#options.directory.get(erasureOf(person));
    if (erasure === undefined) return undefined;
    const own = erasure.condemned.find(({ stream }) => stream === streamName('person', person));
    if (own === undefined) return false;
    return (await this.#steps.nodes(erasure, own.at)).every(({ live, forgot }) => forgot || !live);
  }

  async get(id: string): Promise<ErasureInfo | undefined> {
    const erasure = this.#options.directory.get(id);
    return erasure && this.#info(erasure);
  }

  all(): Promise<readonly ErasureInfo[]> {
    return Promise.all(this.#options.directory.all().map((erasure) => this.#info(erasure)));
  }

  async mentions(id: string, from: number, limit: number): Promise<Result<readonly MentionInfo[], readonly Refusal[]>> {
    const erasure = this.#options.directory.get(id);
    if (erasure === undefined) return NO_ERASURE;
    const words = await this.#reader.wordsOfErasure(id);
    const shown: MentionInfo[] = [];
    for (const mention of [...erasure.mentions.values()].slice(from, from + limit))
      shown.push(await this.#mentionInfo(erasure, mention, words));
    return ok(shown);
  }

  async redact(id: string, asked: AskedRedaction, by: AskedBy): Promise<Result<MentionInfo, readonly Refusal[]>> {
    const found = await this.#open(id);
    if (!found.ok) return found;
    const { words } = found.value;
    const { kind, id: subject } = asked;
    if (kind === 'person' && this.#options.directory.get(erasureOf(subject)) !== undefined) return ERASED;
    const events = isId(subject) ? await this.#reader.sealed(streamName(kind, subject)) : undefined;
    if (events === undefined) return NO_SUBJECT;
    const recovered = await this.#steps.recover(id, asked);
    if (!recovered.ok) return recovered;
    await this.#steps.destroy(id);
    const tried = blanking(asked, words)(events);
    if (!tried.ok) {
      const isDone = this.#options.directory.get(id)?.decisions.get(mentionKey(asked)) === 'redacted';
      return isDone && tried.error === NOTHING_TO_REDACT.error ? ok(await this.#mentionNow(id, asked, words)) : tried;
    }
    // Whoever reviews may know of one that was not found.
    if (!this.#steps.known(id).mentions.has(mentionKey(asked))) {
      const listed = await this.#steps.list(id, by.id, [{ kind, id: subject, because: 'words' }], false);
      if (!listed.ok) return listed;
    }
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const redacted = await this.#tryRedaction(id, asked, words, by);
      const isDone = redacted.ok ? redacted.value : tries > 0 && redacted.error === NOTHING_TO_REDACT.error;
      if (isDone) return ok(await this.#mentionNow(id, asked, words));
      if (!redacted.ok) return redacted;
    }
    return CONFLICT;
  }

  /** @returns false: what was recorded is another redaction of the subject, which somebody was interrupted at, or was faster with */
  async #tryRedaction(
    id: string,
    asked: AskedRedaction,
    words: readonly string[],
    by: AskedBy,
  ): Promise<Result<boolean, readonly Refusal[]>> {
    const { kind, id: subject, reason = REASON } = asked;
    const blank = blanking(asked, words);
    const tried = { own: false };
    const redacted = await this.#options.eraser.redact({
      category: kind,
      id: subject,
      by: by.id,
      correlationId: by.correlationId,
      cause: this.#steps.causeOf(id, streamName(kind, subject)),
      reason,
      blank: (events) => {
        tried.own = true;
        return blank(events);
      },
    });
    if (!redacted.ok) return redacted;
    const condemned = await this.#steps.condemn(id, redacted.value);
    if (!condemned.ok) return condemned;
    await this.#steps.destroy(id);
    if (!tried.own || !(await this.#reader.holds({ kind, id: subject }, words))) return ok(tried.own);
    const again = await this.#steps.list(id, by.id, [{ kind, id: subject, because: 'words' }], false);
    return again.ok ? ok(true) : again;
  }

  async keep(
    id: string,
    { kind, id: subject, reason }: { readonly kind: Mention['kind']; readonly id: string; readonly reason: string },
    by: AskedBy,
  ): Promise<Result<MentionInfo, readonly Refusal[]>> {
    const found = await this.#open(id);
    if (!found.ok) return found;
    const key = mentionKey({ kind, id: subject });
    const kept = await this.#options.directory.record(id, by.id, (erasure) => {
      if (erasure?.mentions.has(key) !== true) return NOT_LISTED;
      return ok({ type: MENTION_KEPT.type, data: { kind, id: subject, reason } });
    });
    if (!kept.ok) return all(kept.error);
    return ok(await this.#mentionNow(id, { kind, id: subject }, found.value.words));
  }

  async close(): Promise<void> {
    await this.#driver.close();
  }

  /** An erasure of which the words are still known. */
  async #open(id: string): Promise<Result<{ readonly words: readonly string[] }, readonly Refusal[]>> {
    const erasure = this.#options.directory.get(id);
    if (erasure === undefined) return NO_ERASURE;
    const words = isOwnCondemned(erasure) ? undefined : await this.#reader.wordsOfErasure(id);
    return words === undefined ? OVER : ok({ words });
  }

  async #mentionNow(
    id: string,
    subject: Pick<Mention, 'kind' | 'id'>,
    words: readonly string[] | undefined,
  ): Promise<MentionInfo> {
    const erasure = this.#steps.known(id);
    const mention = erasure.mentions.get(mentionKey(subject));
    if (mention === undefined) throw new Error('A mention that was just decided on is not known.');
    return this.#mentionInfo(erasure, mention, words);
  }

  async #mentionInfo(erasure: Erasure, mention: Mention, words: readonly string[] | undefined): Promise<MentionInfo> {
    const { kind, id, because } = mention;
    const events = words === undefined ? undefined : await this.#reader.sealed(streamName(kind, id));
    const places = placesOf(events ?? [], finderOf(words ?? []));
    const spans = shownSpans(events ?? [], places, MOST_SHOWN);
    const more = countOf(places) - spans.length;
    const clear = await this.#inTheClear(mention, words);
    return {
      kind,
      id,
      because,
      state: decisionOn(erasure, mention),
      spans,
      ...(more > 0 && { more }),
      ...(clear.length > 0 && { inTheClear: clear }),
    };
  }

  async #inTheClear({ kind, id, clear }: Mention, words: readonly string[] | undefined): Promise<readonly ShownSpan[]> {
    if (clear !== true || words === undefined) return [];
    const events = await this.#reader.clear(streamName(kind, id));
    return shownSpans(events, placesOf(events, finderOf(words)), MOST_SHOWN_IN_THE_CLEAR);
  }

  async #info(erasure: Erasure): Promise<ErasureInfo> {
    const { id, person, askedAt, askedBy, listed, certificate, mentions } = erasure;
    const nodes = await this.#steps.nodes(erasure, lastCondemned(erasure));
    const isWaiting = erasure.condemned.length === 0 || nodes.some(({ live, forgot }) => live && !forgot);
    const states = [...mentions.values()].map((mention) => decisionOn(erasure, mention));
    const count = (state: MentionState): number => states.filter((one) => one === state).length;
    return {
      id,
      person,
      askedAt,
      askedBy,
      state: isWaiting ? 'forgetting' : certificate === undefined ? 'in-review' : 'certified',
      nodes,
      mentions: {
        complete: listed,
        open: count('open'),
        redacted: count('redacted'),
        kept: count('kept'),
        citing: count('cites'),
        inTheClear: [...mentions.values()].filter(({ clear }) => clear === true).length,
      },
      ...(certificate !== undefined && { certificate }),
    };
  }
}

/** What is left of the events of a subject. Refusal codes: `invalid-span`, `nothing-to-redact`. */
function blanking(
  { words: further = [], spans, everything = false }: AskedRedaction,
  words: readonly string[],
): Redaction['blank'] {
  const finder = finderOf(spans === undefined ? [...words, ...further] : further);
  return (events) => {
    const named = namedPlaces(events, spans ?? []);
    if (!named.ok) return all(named.error);
    const places = together(placesOf(events, finder), named.value, ...(everything ? [everythingIn(events)] : []));
    return countOf(places) === 0 ? NOTHING_TO_REDACT : ok(blankedFields(events, places));
  };
}

const REASON = 'Somebody whom it names is forgotten, at their wish.';

const NO_PERSON = refused('not-found', 'There is no such person on record.');
const NO_ERASURE = refused('not-found', 'There is no such erasure.');
const NO_SUBJECT = refused('not-found', 'There is no such subject on record.');
const NOT_LISTED = err(refusal('not-found', 'The erasure does not list this subject.'));
const CONFLICT = refused('conflict', 'Others are redacting this subject; try again.');
const ERASED = refused('erased', 'What is personal of this person was erased: there is nothing to redact.');
const OVER = refused(
  'erasure-over',
  'This erasure was reviewed, and nobody knows any more what was looked for. Correct or withdraw what tells of the person.',
);
const NOTHING_TO_REDACT = refused(
  'nothing-to-redact',
  'The words are not in any sealed text of this subject. Name other words or spans, or say why it is kept.',
);
