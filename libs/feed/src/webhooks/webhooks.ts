/**
 * Webhooks: who registered them, how far each has come, and, on the one node that holds the lease, their deliveries.
 *
 * Guarantees
 * - **At least once**: every change behind a webhook's position is sent until the receiver has answered 2xx, or was tried for days; then it is
 *   a dead letter, which is shown and can be sent again. Kills and moves from node to node may have some sent twice.
 * - **On their own**: what one receiver does, or fails to, delays no other.
 * - **Signed**, and to addresses that are allowed only.
 * Not guaranteed: the order. Changes are sent in the order of the log, but those that are tried again come later: `seq` tells.
 */
import { EventStoreError, type Lease, type Leases, type OperationalState } from '#event-store';
import { err, ok, randomId, type Refusal, refusal, type Result } from '#kernel';
import type { ChangePlace, ChangeSource } from '../ports.js';
import { AddressRules, type Inside } from './addresses.js';
import type { Delivered } from './courier.js';
import { Delivery, type DeliveryOptions } from './delivery.js';
import {
  type DirectoryOptions,
  type Entry,
  type Registered,
  type Registration,
  WebhookDirectory,
} from './directory.js';
import { type Fence, SupersededError } from './fenced-value.js';
import { beginningAt, type DeadLetter, isDown, nextDue, type Progress } from './progress.js';
import { pingEvent } from './ping.js';
import { ProgressStore, readLetters, readProgress } from './progress-store.js';
import { secretText, signed } from './signing.js';
import { Tail } from './tail.js';
import type { Webhook } from './webhook.js';

/** What somebody may be told of. Always the same for whoever may see the same. */
export type Told = Pick<DeliveryOptions, 'source' | 'tell'>;

export interface WebhooksOptions extends Omit<DeliveryOptions, keyof Told>, Omit<DirectoryOptions, 'changed'> {
  /** What whoever registered a webhook may be told of, by the id of the principal; undefined: nothing at present. */
  readonly toldTo: (principal: string) => Told | undefined;
  /** By what changes are told, to whomever. */
  readonly fold: string;
  readonly state: OperationalState;
  /** Of several nodes one delivers. */
  readonly leases: Leases;
  /** Which addresses inside may be registered. */
  readonly inside: Inside;
}

/** `delivering`: what was tried last arrived; `failing`: it did not; the others say why nothing new is sent. */
export const WEBHOOK_STATES = ['delivering', 'failing', 'down', 'gone', 'key-revoked'] as const;
export type WebhookState = (typeof WEBHOOK_STATES)[number];

/** A webhook and how its deliveries stand, which the node that delivers writes down a moment later. */
export interface WebhookStatus {
  readonly webhook: Webhook;
  readonly state: WebhookState;
  readonly position: ChangePlace;
  readonly pending: number;
  readonly nextTry?: Date;
  readonly failingSince?: Date;
  readonly last?: NonNullable<Progress['last']>;
  readonly deadLetters: number;
  /** Beyond those that are kept. */
  readonly droppedLetters: number;
}

const LEASE = 'webhooks';
/** Milliseconds until what failed (the log, the disk) is tried again. */
const AGAIN_MS = 1_000;
/** Milliseconds for which deliveries under way may go on when the server closes. */
const LAST_DELIVERIES_MS = 5_000;

/**
 * Resolves when every webhook that is in the log is known; delivers from then on, as soon as it has the lease.
 * @throws EventStoreError
 */
export async function openWebhooks(options: WebhooksOptions): Promise<Webhooks> {
  const opened: { webhooks?: Webhooks } = {};
  const directory = await WebhookDirectory.open({ ...options, changed: () => opened.webhooks?.notify() });
  return (opened.webhooks = new Webhooks(directory, options));
}

export class Webhooks {
  readonly #directory: WebhookDirectory;
  readonly #options: WebhooksOptions;
  readonly #rules: AddressRules;
  readonly #closing = new AbortController();
  readonly #cut = new AbortController();
  readonly #running: Promise<void>;
  /** Under the present lease. */
  readonly #deliveries = new Map<string, Delivery>();
  #start: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(directory: WebhookDirectory, options: WebhooksOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#rules = new AddressRules(options.inside);
    this.#running = this.#runWhileOpen();
  }

  /** Refusal codes: `invalid-url` (pointer `/url`), and as the directory. */
  async register(
    registration: Registration,
  ): Promise<Result<{ readonly webhook: Webhook; readonly secret: string }, Refusal>> {
    const url = this.#readUrl(registration.request.url);
    if (!url.ok) return url;
    const request = { ...registration.request, url: url.value };
    const made: Result<Registered, Refusal> = await this.#directory.register({ ...registration, request });
    return made.ok ? ok({ webhook: made.value.webhook, secret: secretText(made.value.secret) }) : made;
  }

  /** In the order of registration. */
  all(): readonly Webhook[] {
    return this.#directory.all().map(({ webhook }) => webhook);
  }

  get(id: string): Webhook | undefined {
    return this.#directory.get(id)?.webhook;
  }

  /** @throws EventStoreError */
  async statusOf(webhook: Webhook): Promise<WebhookStatus> {
    const progress =
      (await readProgress(this.#options.state, webhook.id, this.#options.fold)) ?? beginningAt(webhook.after);
    const { position, pending, failingSince, last } = progress;
    const due = nextDue(progress);
    return {
      webhook,
      state: this.#stateOf(webhook, progress),
      position,
      pending: pending.length,
      ...(due && { nextTry: new Date(Math.max(due.next, progress.notBefore ?? 0)) }),
      ...(failingSince !== undefined && { failingSince: new Date(failingSince) }),
      ...(last && { last }),
      deadLetters: progress.letters,
      droppedLetters: progress.dropped,
    };
  }

  /** The oldest first. @throws EventStoreError */
  async deadLetters(webhook: Webhook): Promise<readonly DeadLetter[]> {
    return readLetters(this.#options.state, webhook.id);
  }

  /** Refusal codes: `not-found`, `conflict`. */
  async delete(id: string, by: string): Promise<Result<void, Refusal>> {
    return this.#directory.delete(id, by);
  }

  /**
   * Makes another secret, which signs from then on; the one before signs as well for so many seconds (a week at most).
   * Refusal codes: `invalid-overlap`, `not-found`, `conflict`.
   */
  async rotateSecret(
    id: string,
    overlapSeconds: number,
    by: string,
  ): Promise<Result<{ readonly secret: string; readonly previousUntil?: string }, Refusal>> {
    if (!Number.isInteger(overlapSeconds) || overlapSeconds < 0 || overlapSeconds > MOST_OVERLAP_SECONDS)
      return INVALID_OVERLAP;
    const made = await this.#directory.rotate(id, overlapSeconds * 1_000, by);
    if (!made.ok) return made;
    const { secret, previousUntil } = made.value;
    return ok({ secret: secretText(secret), ...(previousUntil !== undefined && { previousUntil }) });
  }

  /** Has everything behind a seq sent again. Refusal codes: `not-found`, `conflict`. */
  async replay(id: string, after: number, by: string): Promise<Result<Webhook, Refusal>> {
    return webhookOf(await this.#directory.rewind(id, after, by));
  }

  /** Has dead letters tried again, all unless said. Refusal codes: `not-found`, `conflict`. */
  async release(id: string, changes: readonly string[] | undefined, by: string): Promise<Result<Webhook, Refusal>> {
    return webhookOf(await this.#directory.release(id, changes, by));
  }

  /**
   * Sends an event without content at once, signed as deliveries are, and tells what became of it. Changes nothing.
   * @throws the key store's errors
   */
  async ping({ id: webhook, url }: Webhook): Promise<{ readonly id: string; readonly delivered: Delivered }> {
    const { clock, courier, logId, randomness } = this.#options;
    const id = `ping-${randomId(randomness)}`;
    const secrets = await this.#directory.secretsOf(webhook);
    if (secrets.length === 0) return { id, delivered: { outcome: { error: 'secret-lost' } } };
    const at = clock.now();
    const body = JSON.stringify(pingEvent(id, webhook, logId, at));
    const delivered = await courier.send(signed({ url, id, body, secrets, at }), this.#cut.signal);
    return { id, delivered: delivered ?? { outcome: { error: 'failed' } } };
  }

  /** What waits, on the node that delivers; nothing on the others. */
  get waiting(): { readonly pending: number; readonly deadLetters: number } {
    let [pending, deadLetters] = [0, 0];
    for (const delivery of this.#deliveries.values()) {
      pending += delivery.pending;
      deadLetters += delivery.deadLetters;
    }
    return { pending, deadLetters };
  }

  /** The directory took something in. */
  notify(): void {
    this.#start?.();
    for (const delivery of this.#deliveries.values()) delivery.wake();
  }

  /** Lets what is under way end, but not for ever; then another node may deliver. Idempotent. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    const cutting = setTimeout(() => {
      this.#cut.abort();
    }, LAST_DELIVERIES_MS);
    await this.#running;
    clearTimeout(cutting);
    this.#cut.abort();
    await this.#directory.close();
    this.#options.courier.close();
  }

  #stateOf({ createdBy }: Webhook, progress: Progress): WebhookState {
    if (!this.#options.mayListen(createdBy)) return 'key-revoked';
    if (progress.goneSince !== undefined) return 'gone';
    if (isDown(progress)) return 'down';
    return progress.failingSince === undefined ? 'delivering' : 'failing';
  }

  async #runWhileOpen(): Promise<void> {
    const { leases, ticker } = this.#options;
    while (!this.#isClosing) {
      const lease = await leases.hold(LEASE, this.#closing.signal).catch(() => undefined);
      if (lease === undefined) {
        await ticker.sleep(AGAIN_MS, this.#closing.signal);
        continue;
      }
      await this.#deliverUnder(lease);
      await lease.release();
    }
  }

  /** Until the lease is over, or the server closes. */
  async #deliverUnder(lease: Lease): Promise<void> {
    const { state, ticker } = this.#options;
    // Also over: somebody has written who took the lease later.
    const lost = new AbortController();
    const ended = AbortSignal.any([this.#closing.signal, lease.over, lost.signal]);
    const cut = AbortSignal.any([this.#cut.signal, lease.over, lost.signal]);
    const fence: Fence = { state, ticker, token: lease.token, ended };
    const running = new Set<Promise<void>>();
    const begin = (work: Promise<void>): void => {
      const one = work.finally(() => running.delete(one));
      running.add(one);
    };
    const tails = new Tails();
    const known = new Set<string>();
    const start = (): void => {
      if (ended.aborted) return;
      for (const { webhook } of this.#directory.all()) {
        if (known.has(webhook.id)) continue;
        known.add(webhook.id);
        begin(this.#deliver(webhook.id, fence, cut, tails, () => lost.abort()));
      }
    };
    for (const id of this.#directory.deleted()) begin(this.#clear(id, fence));
    this.#start = start;
    start();
    await new Promise<void>((resolve) => {
      if (ended.aborted) resolve();
      else ended.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#start = undefined;
    tails.close();
    await Promise.all(running);
  }

  /** Never rejects: what fails for a while is begun again. */
  async #deliver(id: string, fence: Fence, cut: AbortSignal, tails: Tails, superseded: () => void): Promise<void> {
    const entry = (): Entry | undefined => this.#directory.get(id);
    let leave: (() => void) | undefined;
    let isReported = false;
    const task = { id, entry, secrets: () => this.#directory.secretsOf(id), fence, cut };
    // Asked anew each time: it changes while something is awaited.
    const isOver = (): boolean => fence.ended.aborted;
    while (!isOver() && entry() !== undefined) {
      try {
        const told = this.#options.toldTo(entry()?.webhook.createdBy ?? '');
        if (told === undefined) {
          await this.#options.ticker.sleep(AGAIN_MS, fence.ended);
          continue;
        }
        const delivery = await Delivery.begin(task, { ...this.#options, ...told });
        if (delivery === undefined) break;
        this.#deliveries.set(id, delivery);
        leave = tails.of(told.source).add(entry()?.webhook.filter ?? {}, delivery);
        await delivery.run();
        isReported = false;
      } catch (error) {
        if (error instanceof SupersededError) superseded();
        else if (!isReported && !isOver()) {
          isReported = true;
          this.#options.report(`Deliveries of the webhook ${id} wait: ${nameOf(error)}. They are tried again.`);
        }
        await this.#options.ticker.sleep(AGAIN_MS, fence.ended);
      } finally {
        this.#deliveries.delete(id);
        leave?.();
      }
    }
    if (this.#directory.isDeleted(id)) await this.#clear(id, fence);
  }

  /** What is kept of a webhook that was deleted. What cannot be done now is done under the next lease. */
  async #clear(id: string, fence: Fence): Promise<void> {
    try {
      const { store, found } = await ProgressStore.open(fence, id, this.#options.fold);
      if (found === 'ended') return;
      await this.#directory.destroySecrets(id);
      await store.end();
    } catch {
      if (!fence.ended.aborted)
        this.#options.report(`The secret of the webhook ${id}, which was deleted, could not be destroyed.`);
    }
  }

  /** Refusal code: `invalid-url`. What a host leads to is looked at when it is called. */
  #readUrl(text: string): Result<string, Refusal> {
    const url = URL.parse(text);
    const refuse = (detail: string): Result<never, Refusal> => err(refusal('invalid-url', detail, '/url'));
    if (url === null || !['https:', 'http:'].includes(url.protocol) || url.hostname === '') {
      return refuse('Give the address that changes are to be sent to, such as https://example.org/hooks.');
    }
    if (url.href.length > MOST_URL) return refuse(`An address has at most ${MOST_URL} characters.`);
    if (url.username !== '' || url.password !== '')
      return refuse('Give an address without a user and a password: deliveries are signed.');
    if (url.hash !== '') return refuse('Give an address without a fragment (#…): it would not be sent.');
    if (url.protocol === 'http:' && !this.#rules.mayLieInside(url))
      return refuse('Give an address that begins with https://.');
    if (!this.#rules.allowsName(url)) {
      return refuse(
        'This server sends nothing to addresses inside of its network. The operator may allow it (HABEAS_WEBHOOKS_INSIDE).',
      );
    }
    return ok(url.href);
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }
}

const MOST_URL = 2_000;

const MOST_OVERLAP_SECONDS = 7 * 86_400;
const INVALID_OVERLAP = err(
  refusal('invalid-overlap', 'The overlap is a whole number of seconds from 0 to a week.', '/overlapSeconds'),
);

/** Follows each source once for all deliveries from it, and wakes those whom what is new concerns. */
class Tails {
  readonly #tails = new Map<ChangeSource, { readonly tail: Tail<Delivery>; readonly leave: () => void }>();

  of(source: ChangeSource): Tail<Delivery> {
    let found = this.#tails.get(source);
    if (found === undefined) {
      const tail = new Tail<Delivery>(source);
      const following = source.advanced.subscribe((seq) => {
        for (const delivery of tail.concerned(seq)) delivery.wake();
      });
      this.#tails.set(source, (found = { tail, leave: () => following.unsubscribe() }));
    }
    return found.tail;
  }

  close(): void {
    for (const { leave } of this.#tails.values()) leave();
  }
}

/** What may be told of an error: a code of ours, never its message. */
function nameOf(error: unknown): string {
  return error instanceof EventStoreError ? error.code : error instanceof Error ? error.name : 'unknown';
}

function webhookOf(result: Result<Entry, Refusal>): Result<Webhook, Refusal> {
  return result.ok ? ok(result.value.webhook) : result;
}
