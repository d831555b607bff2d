/**
 * Which webhooks there are. Each is a stream of the log, so every node knows all of them and nobody can have changes sent anywhere
 * without a trace; this directory follows them live and answers from memory.
 */
import type { EventStore } from '#event-store';
import {
  type Clock,
  derivedId,
  err,
  ok,
  randomId,
  type Randomness,
  type Refusal,
  refusal,
  type Result,
  streamName,
  type Ticker,
} from '#kernel';
import { CHAIN_START, type KeyStore, LiveStreams, type RecordedEvent, requestMac, sameMac } from '#log-format';
import {
  DEAD_LETTERS_RELEASED,
  readRegistered,
  readSteering,
  rotated,
  secretName,
  type SigningSecret,
  type Steering,
  type Webhook,
  WEBHOOK_DELETED,
  WEBHOOK_EVENTS,
  WEBHOOK_REGISTERED,
  WEBHOOK_REWOUND,
  WEBHOOK_SECRET_ROTATED,
  type WebhookRequest,
} from './webhook.js';

export interface DirectoryOptions {
  readonly store: EventStore;
  readonly keys: KeyStore;
  readonly logId: string;
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly randomness: Randomness;
  /** Something was taken in. */
  readonly changed: () => void;
  /** A line for whoever runs the server. */
  readonly report: (line: string) => void;
}

/** A webhook as its stream tells it. */
export interface Entry {
  readonly webhook: Webhook;
  /** What was asked of its deliveries, in the order of asking. */
  readonly steering: readonly Steering[];
  /** Of the last event of its stream. */
  readonly revision: number;
  readonly requestMac: string | undefined;
}

/** A new one, and what signs its deliveries. */
export interface Registered {
  readonly webhook: Webhook;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** What signs from now on, and until when the one before does as well. */
export interface Rotated extends Registered {
  readonly previousUntil?: string;
}

/** What is registered, and how the request for it is known again. */
export interface Registration {
  readonly request: WebhookRequest;
  readonly by: string;
  readonly correlationId?: string;
  /** Sent again with the same key, a request gives the same webhook. `asked`: the canonical text of what was asked for. */
  readonly repeatable?: { readonly key: string; readonly asked: string };
}

const CATEGORY = 'webhook';
/** As long as there are so many, no other is registered: every change is held against each. */
const MOST_WEBHOOKS = 500;
/** How often something is tried while others write to the same webhook's stream. */
const MAX_TRIES = 5;
/** Milliseconds until a key store that cannot be reached is asked again. */
const AGAIN_MS = 1_000;

export class WebhookDirectory {
  readonly #options: DirectoryOptions;
  readonly #entries = new Map<string, Entry>();
  /** Ids of those that were deleted. */
  readonly #deleted = new Set<string>();
  /** Of webhooks whose secret was ever rotated, deleted ones included: all that they had, the present one first. */
  readonly #secrets = new Map<string, readonly SigningSecret[]>();
  /** Names of secrets that are over and destroyed. */
  readonly #destroyed = new Set<string>();
  /** Ids of those that have an event which cannot be read: nothing is delivered by them. */
  readonly #unreadable = new Set<string>();
  readonly #closing = new AbortController();
  #streams: LiveStreams | undefined;

  /**
   * Resolves when every webhook that is in the log is known.
   * @throws EventStoreError the log cannot be followed
   */
  static async open(options: DirectoryOptions): Promise<WebhookDirectory> {
    const directory = new WebhookDirectory(options);
    directory.#streams = await LiveStreams.open({
      ...options,
      keys: { obtain: (stream) => options.keys.obtain(stream), find: (ids) => directory.#find([...ids]) },
      category: CATEGORY,
      forms: WEBHOOK_EVENTS,
      apply: (id, event) => {
        directory.#apply(id, event);
      },
      unreadable: (id) => {
        directory.#putAside(id);
      },
    });
    return directory;
  }

  private constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** In the order of registration. */
  all(): readonly Entry[] {
    return [...this.#entries.values()].sort(({ webhook: a }, { webhook: b }) =>
      `${a.createdAt}${a.id}` < `${b.createdAt}${b.id}` ? -1 : 1,
    );
  }

  deleted(): readonly string[] {
    return [...this.#deleted];
  }

  isDeleted(id: string): boolean {
    return this.#deleted.has(id);
  }

  /** What signs for a webhook now, the present secret first; none: it was lost. */
  async secretsOf(id: string): Promise<readonly Uint8Array[]> {
    const [present, ...before] = this.#namesOf(id);
    const { keys, clock } = this.#options;
    const now = clock.now().getTime();
    const found = await Promise.all(
      [present, ...before.filter(({ until = 0 }) => now < until)].map(({ name }) => keys.findSecret(name)),
    );
    void this.#destroyOver(before);
    return found[0] === undefined ? [] : found.filter((secret) => secret !== undefined);
  }

  /** Of one that was deleted. */
  async destroySecrets(id: string): Promise<void> {
    for (const { name } of this.#namesOf(id)) await this.#options.keys.destroySecret(name);
  }

  /**
   * Makes another secret, which signs from then on; the one before signs as well for so many milliseconds.
   * Refusal codes: `not-found`, `conflict`.
   */
  async rotate(id: string, overlap: number, by: string): Promise<Result<Rotated, Refusal>> {
    const { keys, clock, randomness } = this.#options;
    const made = randomId(randomness);
    const name = secretName(id, made);
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const head = await this.#opened.load(id);
      if (!this.#entries.has(id)) break;
      const secret = await keys.secret(name);
      const previousUntil =
        overlap === 0 ? {} : { previousUntil: new Date(clock.now().getTime() + overlap).toISOString() };
      const event = {
        id: randomId(randomness),
        type: WEBHOOK_SECRET_ROTATED.type,
        data: { secret: made, ...previousUntil },
      };
      const recorded = await this.#opened.append(id, event, head, { by });
      const entry = this.#entries.get(id);
      if (recorded && entry !== undefined) {
        await this.#destroyOver(this.#namesOf(id).slice(1));
        return ok({ webhook: entry.webhook, secret, ...previousUntil });
      }
    }
    await keys.destroySecret(name);
    return this.#entries.has(id) ? CONFLICT : NOT_FOUND;
  }

  /** Refusal codes: `too-many-webhooks`, `idempotency-key-reused`, `not-found` (the one that it made was deleted), `conflict`. */
  async register(registration: Registration): Promise<Result<Registered, Refusal>> {
    const { request, by, correlationId, repeatable } = registration;
    const { keys, randomness } = this.#options;
    const id =
      repeatable === undefined ? randomId(randomness) : derivedId(`${by} POST /v1/webhooks`, repeatable.key, 'subject');
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      if (repeatable !== undefined && (await this.#opened.load(id)) !== CHAIN_START)
        return this.#repeated(id, repeatable.asked);
      if (this.#entries.size >= MOST_WEBHOOKS) return TOO_MANY;
      const secret = await keys.secret(secretName(id));
      // Drawn, not derived: of two nodes that are asked the same at once, one is told that it was second, and looks what is there.
      const event = { id: randomId(randomness), type: WEBHOOK_REGISTERED.type, data: request };
      const appending = {
        by,
        ...(correlationId !== undefined && { correlationId }),
        ...(repeatable && { request: repeatable.asked }),
      };
      const recorded = await this.#opened.append(id, event, CHAIN_START, appending);
      const entry = this.#entries.get(id);
      if (recorded && entry !== undefined) return ok({ webhook: entry.webhook, secret });
    }
    return CONFLICT;
  }

  /** Asks for everything behind a seq to be delivered again. Refusal codes: `not-found`, `conflict`. */
  rewind(id: string, after: number, by: string): Promise<Result<Entry, Refusal>> {
    return this.#steer(id, WEBHOOK_REWOUND.type, { after }, by);
  }

  /** Asks for dead letters to be tried again: all, unless said. Refusal codes: `not-found`, `conflict`. */
  release(id: string, changes: readonly string[] | undefined, by: string): Promise<Result<Entry, Refusal>> {
    return this.#steer(id, DEAD_LETTERS_RELEASED.type, changes === undefined ? {} : { changes }, by);
  }

  /** Refusal codes: `not-found`, `conflict`. Deleting a deleted one changes nothing. */
  async delete(id: string, by: string): Promise<Result<void, Refusal>> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const head = await this.#opened.load(id);
      if (this.#deleted.has(id)) return ok(undefined);
      if (head === CHAIN_START) return NOT_FOUND;
      const event = { id: randomId(this.#options.randomness), type: WEBHOOK_DELETED.type, data: {} };
      if (await this.#opened.append(id, event, head, { by })) return ok(undefined);
    }
    return CONFLICT;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#streams?.close();
  }

  get #opened(): LiveStreams {
    if (this.#streams === undefined) throw new Error('The directory is not open yet.');
    return this.#streams;
  }

  async #repeated(id: string, asked: string): Promise<Result<Registered, Refusal>> {
    const entry = this.#entries.get(id);
    const [secret] = await this.secretsOf(id);
    if (entry === undefined || secret === undefined) return NOT_FOUND;
    const mac = requestMac(await this.#options.keys.obtain(streamName(CATEGORY, id)), asked);
    return sameMac(entry.requestMac ?? '', mac) ? ok({ webhook: entry.webhook, secret }) : KEY_REUSED;
  }

  async #steer(id: string, type: string, data: object, by: string): Promise<Result<Entry, Refusal>> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const head = await this.#opened.load(id);
      if (!this.#entries.has(id)) return NOT_FOUND;
      const event = { id: randomId(this.#options.randomness), type, data };
      const recorded = await this.#opened.append(id, event, head, { by });
      const entry = this.#entries.get(id);
      if (entry === undefined) return NOT_FOUND;
      if (recorded) return ok(entry);
    }
    return CONFLICT;
  }

  /** A key store that is away for a while makes no webhook unreadable: what comes waits for it. */
  async #find(ids: readonly string[]): ReturnType<KeyStore['find']> {
    for (;;) {
      try {
        return await this.#options.keys.find(ids);
      } catch (error) {
        const isPassing = (error as { code?: unknown } | null)?.code === 'unavailable';
        if (!isPassing || this.#closing.signal.aborted) return new Map();
        await this.#options.ticker.sleep(AGAIN_MS, this.#closing.signal);
      }
    }
  }

  #namesOf(id: string): readonly [present: SigningSecret, ...before: SigningSecret[]] {
    const [present = { name: secretName(id) }, ...before] = this.#secrets.get(id) ?? [];
    return [present, ...before];
  }

  /** What cannot be destroyed now is destroyed when it is come across again. */
  async #destroyOver(before: readonly SigningSecret[]): Promise<void> {
    const now = this.#options.clock.now().getTime();
    for (const { name, until = 0 } of before) {
      if (now < until || this.#destroyed.has(name)) continue;
      this.#destroyed.add(name);
      await this.#options.keys.destroySecret(name).catch(() => this.#destroyed.delete(name));
    }
  }

  #apply(id: string, { type, data, opened, revision, metadata }: RecordedEvent): void {
    if (this.#deleted.has(id)) return;
    // Also of one that cannot be read: it can be deleted, with all its secrets.
    if (type === WEBHOOK_SECRET_ROTATED.type)
      this.#secrets.set(id, rotated(id, this.#namesOf(id), data, metadata.recordedAt));
    const known = this.#entries.get(id);
    if (type === WEBHOOK_DELETED.type) {
      this.#deleted.add(id);
      this.#entries.delete(id);
      this.#unreadable.delete(id);
    } else if (this.#unreadable.has(id) || revision <= (known?.revision ?? -1)) {
      return;
    } else if (known === undefined) {
      const request = type === WEBHOOK_REGISTERED.type ? readRegistered({ data, opened }) : undefined;
      if (request === undefined) {
        this.#putAside(id);
        return;
      }
      const { recordedAt: createdAt, recordedBy: createdBy } = metadata;
      const webhook = { id, ...request, createdAt, createdBy };
      this.#entries.set(id, { webhook, steering: [], revision, requestMac: metadata.requestMac });
    } else {
      const asked = readSteering(type, revision, data);
      this.#entries.set(id, { ...known, revision, steering: asked ? [...known.steering, asked] : known.steering });
    }
    this.#options.changed();
  }

  /** An event that cannot be read might be a deletion, or hold the filter: nothing is delivered. It can still be deleted. */
  #putAside(id: string): void {
    if (this.#unreadable.has(id) || this.#deleted.has(id)) return;
    this.#unreadable.add(id);
    this.#entries.delete(id);
    this.#options.report(`The webhook ${id} cannot be read, and delivers nothing. Delete it, and register another.`);
    this.#options.changed();
  }
}

const NOT_FOUND = err(refusal('not-found', 'There is no such webhook.'));
const CONFLICT = err(refusal('conflict', 'Others are changing this webhook; try again.'));
const TOO_MANY = err(
  refusal('too-many-webhooks', `There are ${MOST_WEBHOOKS} webhooks already; delete those that nobody uses.`),
);
const KEY_REUSED = err(
  refusal('idempotency-key-reused', 'This Idempotency-Key was used for another request. Send a new one.'),
);
