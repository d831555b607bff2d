/**
 * Which erasures there are, and how far each has come, as far as that needs no key: followed live on every node, so that each knows
 * which keys it has to forget, and that it has reported them.
 *
 * What is sealed of an erasure (the words that are looked for, the reasons) is never held here.
 */
import type { Category } from '#domain';
import type { EventStore } from '#event-store';
import {
  type Clock,
  err,
  ok,
  parseStreamName,
  randomId,
  type Randomness,
  refusal,
  type Refusal,
  type Result,
  type Ticker,
} from '#kernel';
import { CHAIN_START, type KeyStore, LiveStreams, type NewEvent, type RecordedEvent, SYSTEM } from '#log-format';
import {
  ERASURE_ASKED,
  ERASURE_CATEGORY,
  ERASURE_CERTIFIED,
  ERASURE_EVENTS,
  type ErasureCertificate,
  KEYS_CONDEMNED,
  type KeysCondemned,
  type Mention,
  MENTION_KEPT,
  MENTIONS_LISTED,
  NODE_FORGOT,
  readAsked,
  readCondemned,
  readForgot,
  readKept,
  readListed,
} from './events.js';

export interface OpenErasureDirectory {
  readonly store: EventStore;
  readonly keys: Pick<KeyStore, 'obtain'>;
  readonly logId: string;
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly randomness: Randomness;
  /** A line for whoever runs the server. */
  readonly report: (line: string) => void;
}

/** Keys that every node has to destroy and to forget. */
export interface CondemnedKeys extends KeysCondemned {
  readonly erasure: string;
  /** Of the event that condemned them, in the stream of the erasure: what reports count by. */
  readonly at: number;
}

/** What a reviewer decided last on a mention; undefined: nothing yet. */
export type MentionDecision = 'redacted' | 'kept';

/** An erasure as its stream tells it, without what is sealed. */
export interface Erasure {
  readonly id: string;
  readonly person: string;
  /** UTC, with milliseconds and Z. */
  readonly askedAt: string;
  readonly askedBy: string;
  /** Of the last event of its stream. */
  readonly revision: number;
  readonly condemned: readonly CondemnedKeys[];
  /** By `kind/id`, in the order in which they were found. */
  readonly mentions: ReadonlyMap<string, Mention>;
  /** The record was looked through for mentions once. */
  readonly listed: boolean;
  /** By `kind/id`. */
  readonly decisions: ReadonlyMap<string, MentionDecision>;
  /** Up to which revision of this stream each node has forgotten what was condemned. */
  readonly reports: ReadonlyMap<string, number>;
  readonly certificate: (ErasureCertificate & { readonly at: string }) | undefined;
}

export interface ErasureDirectory {
  get(id: string): Erasure | undefined;
  /** In the order of asking. */
  all(): readonly Erasure[];
  /** Everything that is to be forgotten, in the order in which this node heard of it; of each erasure in the order of its stream. */
  condemned(): readonly CondemnedKeys[];
  /** Has a listener told of what is condemned from now on, each once. */
  onCondemned(listener: (condemned: CondemnedKeys) => void): void;
  /** Has a listener told of an erasure whenever something of it was taken in. */
  onChanged(listener: (erasure: Erasure) => void): void;
  /**
   * Records that a node has forgotten all that an erasure condemned up to a revision of its stream; nothing where it did already.
   * @throws EventStoreError; Error: others keep writing to it
   */
  report(node: string, erasure: string, upTo: number): Promise<void>;
  /**
   * Records what is decided on an erasure as it stands, decided anew where others were first; nothing where that is to be done.
   * Refusal codes: `conflict`; those of `decide`.
   * @throws EventStoreError
   */
  record(
    id: string,
    by: string,
    decide: (erasure: Erasure | undefined) => Result<Pick<NewEvent, 'type' | 'data'> | undefined, Refusal>,
  ): Promise<Result<Erasure | undefined, Refusal>>;
  /** False: what was recorded elsewhere may not be known here. */
  readonly following: boolean;
  close(): Promise<void>;
}

/**
 * Resolves when every erasure that is in the log is known.
 * @throws EventStoreError the log cannot be followed
 */
export async function openErasureDirectory(options: OpenErasureDirectory): Promise<ErasureDirectory> {
  const directory = new Directory(options);
  await directory.open();
  return directory;
}

/** How a mention is named in an erasure. */
export function mentionKey({ kind, id }: { readonly kind: Category; readonly id: string }): string {
  return `${kind}/${id}`;
}

/** The revision up to which nodes have to report. */
export function lastCondemned({ condemned }: Erasure): number {
  return condemned.at(-1)?.at ?? -1;
}

/** How often something is tried while others write to the same erasure. */
const MAX_TRIES = 10;

class Directory implements ErasureDirectory {
  readonly #erasures = new Map<string, Erasure>();
  readonly #condemned: CondemnedKeys[] = [];
  readonly #condemnedListeners: ((condemned: CondemnedKeys) => void)[] = [];
  readonly #changedListeners: ((erasure: Erasure) => void)[] = [];
  #streams: LiveStreams | undefined;

  constructor(private readonly options: OpenErasureDirectory) {}

  async open(): Promise<void> {
    const { keys, report } = this.options;
    this.#streams = await LiveStreams.open({
      ...this.options,
      // Nothing that is sealed is held here, so nothing is opened.
      keys: { obtain: (stream) => keys.obtain(stream), find: () => Promise.resolve(new Map()) },
      category: ERASURE_CATEGORY,
      forms: ERASURE_EVENTS,
      apply: (id, event) => {
        this.#apply(id, event);
      },
      unreadable: (id) => {
        report(
          `The erasure ${id} has an event that cannot be read: a newer program may have written it. Use that one.`,
        );
      },
    });
  }

  get following(): boolean {
    return this.#opened.following;
  }

  get(id: string): Erasure | undefined {
    return this.#erasures.get(id);
  }

  all(): readonly Erasure[] {
    return [...this.#erasures.values()].sort((a, b) => (`${a.askedAt}${a.id}` < `${b.askedAt}${b.id}` ? -1 : 1));
  }

  condemned(): readonly CondemnedKeys[] {
    return [...this.#condemned];
  }

  onCondemned(listener: (condemned: CondemnedKeys) => void): void {
    this.#condemnedListeners.push(listener);
  }

  onChanged(listener: (erasure: Erasure) => void): void {
    this.#changedListeners.push(listener);
  }

  async report(node: string, erasure: string, upTo: number): Promise<void> {
    const reported = await this.record(erasure, SYSTEM, (known) =>
      ok(
        known === undefined || (known.reports.get(node) ?? -1) >= upTo
          ? undefined
          : { type: NODE_FORGOT.type, data: { node, upTo } },
      ),
    );
    if (!reported.ok) throw new Error(reported.error.detail);
  }

  async record(
    id: string,
    by: string,
    decide: (erasure: Erasure | undefined) => Result<Pick<NewEvent, 'type' | 'data'> | undefined, Refusal>,
  ): Promise<Result<Erasure | undefined, Refusal>> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const head = await this.#opened.load(id);
      const decided = decide(head === CHAIN_START ? undefined : this.#erasures.get(id));
      if (!decided.ok) return decided;
      const isDone =
        decided.value === undefined ||
        (await this.#opened.append(id, { id: randomId(this.options.randomness), ...decided.value }, head, { by }));
      if (isDone) return ok(this.#erasures.get(id));
    }
    return CONFLICT;
  }

  async close(): Promise<void> {
    await this.#streams?.close();
  }

  get #opened(): LiveStreams {
    if (this.#streams === undefined) throw new Error('The directory is not open yet.');
    return this.#streams;
  }

  #apply(id: string, event: RecordedEvent): void {
    const known = this.#erasures.get(id);
    if (event.revision <= (known?.revision ?? -1)) return;
    const next = known === undefined ? begun(id, event) : after(known, event);
    if (next === undefined) return;
    this.#erasures.set(id, next);
    const condemned = next.condemned.slice(known?.condemned.length ?? 0);
    this.#condemned.push(...condemned);
    for (const one of condemned) for (const listener of this.#condemnedListeners) listener(one);
    for (const listener of this.#changedListeners) listener(next);
  }
}

function begun(id: string, { type, data, metadata, revision }: RecordedEvent): Erasure | undefined {
  const asked = type === ERASURE_ASKED.type ? readAsked(data) : undefined;
  return (
    asked && {
      id,
      person: asked.person,
      askedAt: metadata.recordedAt,
      askedBy: metadata.recordedBy,
      revision,
      condemned: [],
      mentions: new Map(),
      listed: false,
      decisions: new Map(),
      reports: new Map(),
      certificate: undefined,
    }
  );
}

function after(erasure: Erasure, { type, data, metadata, revision }: RecordedEvent): Erasure {
  const next = { ...erasure, revision };
  switch (type) {
    case KEYS_CONDEMNED.type: {
      const condemned = readCondemned(data);
      if (condemned === undefined) return next;
      const key = subjectKey(condemned.stream);
      return {
        ...next,
        condemned: [...erasure.condemned, { erasure: erasure.id, at: revision, ...condemned }],
        decisions: erasure.mentions.has(key) ? new Map([...erasure.decisions, [key, 'redacted']]) : erasure.decisions,
      };
    }
    case MENTIONS_LISTED.type: {
      const listed = readListed(data);
      if (listed === undefined) return next;
      const mentions = new Map(erasure.mentions);
      const decisions = new Map(erasure.decisions);
      for (const mention of listed.mentions) {
        mentions.set(mentionKey(mention), mention);
        // Listed once more, because there is still something: it is to be decided anew.
        decisions.delete(mentionKey(mention));
      }
      return { ...next, mentions, decisions, listed: erasure.listed || listed.complete };
    }
    case MENTION_KEPT.type: {
      const kept = readKept(data);
      return kept === undefined
        ? next
        : { ...next, decisions: new Map([...erasure.decisions, [mentionKey(kept), 'kept']]) };
    }
    case NODE_FORGOT.type: {
      const forgot = readForgot(data);
      return forgot === undefined
        ? next
        : { ...next, reports: new Map([...erasure.reports, [forgot.node, forgot.upTo]]) };
    }
    case ERASURE_CERTIFIED.type:
      // Only the server writes it, and nothing is decided by what it says.
      return { ...next, certificate: { ...(data as unknown as ErasureCertificate), at: metadata.recordedAt } };
    default:
      return next;
  }
}

/** As {@link mentionKey} of the subject whose stream it is. */
function subjectKey(stream: string): string {
  const { category = '', id = '' } = parseStreamName(stream) ?? {};
  return `${category}/${id}`;
}

const CONFLICT = err(refusal('conflict', 'Others are changing this erasure; try again.'));
