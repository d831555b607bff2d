/**
 * The deliveries of one webhook, one at a time, by the node that holds the lease: new changes in the order of the log, and between
 * them those that are to be tried again. It waits for nobody but its own receiver.
 *
 * What was delivered is known to the operational state a moment later: whoever goes on after a kill delivers what was not known there once more.
 */
import type { Clock, Randomness, Refusal, Result, Ticker } from '#kernel';
import { placeOf } from '../place.js';
import type { ChangePlace, ChangeSource, FedChange } from '../ports.js';
import type { Courier, Delivered, Outcome } from './courier.js';
import type { Entry } from './directory.js';
import type { Fence } from './fenced-value.js';
import {
  afterSteering,
  afterTry,
  beginningAt,
  type DeadLetter,
  inOrder,
  isDown,
  nextDue,
  noLaterThanPlanned,
  type Pending,
  type Progress,
} from './progress.js';
import { type Letters, MOST_LETTERS, NO_LETTERS, ProgressStore } from './progress-store.js';
import { NewChanges } from './new-changes.js';
import { signed } from './signing.js';

/** What deliveries are made of: the same for all webhooks of a node. */
export interface DeliveryOptions {
  readonly source: ChangeSource;
  readonly courier: Courier;
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly randomness: Randomness;
  /** The text of a change, as it is sent. Refusal code: `views-not-ready`. */
  readonly tell: (change: FedChange) => Result<string, Refusal>;
  /** Whether somebody who registered webhooks may still have changes sent. */
  readonly mayListen: (principal: string) => boolean;
  readonly observer: DeliveryObserver;
}

/** Hears of every try. Must not throw. */
export interface DeliveryObserver {
  tried(outcome: Outcome, seconds: number): void;
  gaveUp(): void;
}

/** The webhook, and the lease under which it is delivered. */
export interface DeliveryTask {
  readonly id: string;
  /** As it is at present; undefined: it was deleted. */
  readonly entry: () => Entry | undefined;
  readonly secrets: () => Promise<readonly Uint8Array[]>;
  /** `ended`: the lease is over, or the server closes; nothing new is begun. */
  readonly fence: Fence;
  /** What is under way is to be cut off. */
  readonly cut: AbortSignal;
}

/** More than one event ever changes, nearly always. */
const CHANGES_OF_ONE = 50;
/** Milliseconds after which what was delivered is written down, at the latest; a position behind which nothing was, rarely. */
const SAVE_MS = 200;
const SAVE_IDLE_MS = 10_000;
/** Milliseconds until views, or keys, that are not there are asked for again. */
const AGAIN_MS = 1_000;
/** No pause is longer: clocks may be set. */
const LONGEST_REST_MS = 60_000;

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #task: DeliveryTask;
  readonly #store: ProgressStore;
  #progress: Progress;
  #letters: Letters;
  readonly #new: NewChanges;
  #unsaved: 'nothing' | 'position' | 'deliveries' = 'nothing';
  #savedAt: number;
  /** After a change that was tried again it is a new one's turn. */
  #turnOfNew = false;
  #woken = false;
  #nap: AbortController | undefined;

  /** @throws SupersededError @throws EventStoreError */
  static async begin(task: DeliveryTask, options: DeliveryOptions): Promise<Delivery | undefined> {
    const { store, found } = await ProgressStore.open(task.fence, task.id, options.source.fold);
    const after = task.entry()?.webhook.after;
    if (found === 'ended' || after === undefined) return undefined;
    const { progress, letters } = found ?? { progress: beginningAt(after), letters: NO_LETTERS };
    // From here on whoever held the lease before is refused.
    await store.save(progress);
    return new Delivery(task, options, store, progress, letters);
  }

  private constructor(
    task: DeliveryTask,
    options: DeliveryOptions,
    store: ProgressStore,
    progress: Progress,
    letters: Letters,
  ) {
    this.#task = task;
    this.#options = options;
    this.#store = store;
    this.#progress = progress;
    this.#new = new NewChanges(options.source, progress.position);
    this.#letters = letters;
    this.#savedAt = options.ticker.now();
  }

  get pending(): number {
    return this.#progress.pending.length;
  }

  get deadLetters(): number {
    return this.#letters.kept.length;
  }

  /** There are new changes, or something was asked of it. */
  wake(): void {
    this.#new.lookAgain();
    this.#woken = true;
    this.#nap?.abort();
  }

  /**
   * Delivers until the lease is over, or the webhook was deleted.
   * @throws SupersededError @throws EventStoreError
   */
  async run(): Promise<void> {
    const { ended } = this.#task.fence;
    const wake = (): void => {
      this.wake();
    };
    ended.addEventListener('abort', wake);
    try {
      while (!ended.aborted) {
        const entry = this.#task.entry();
        if (entry === undefined) return;
        await this.#heed(entry);
        const rest = await this.#step(entry);
        await this.#saveIfDue(rest > 0);
        if (rest > 0) await this.#rest(rest);
      }
      await this.#save();
    } finally {
      ended.removeEventListener('abort', wake);
    }
  }

  /** Does the next thing; how many milliseconds nothing is to be done after it. */
  async #step(entry: Entry): Promise<number> {
    const { clock, mayListen } = this.#options;
    const now = clock.now().getTime();
    const { goneSince, notBefore = 0 } = this.#progress;
    if (goneSince !== undefined || !mayListen(entry.webhook.createdBy)) return LONGEST_REST_MS;
    if (notBefore > now) return restUntil(notBefore, now);
    const due = nextDue(this.#progress);
    const isDue = due !== undefined && noLaterThanPlanned(due.next, now) <= now;
    if (isDue && (!this.#turnOfNew || (await this.#firstNew(entry)) === undefined)) {
      this.#turnOfNew = true;
      return (await this.#tryAgain(entry, due)) ? 0 : AGAIN_MS;
    }
    this.#turnOfNew = false;
    const change = await this.#firstNew(entry);
    if (change !== undefined) return (await this.#tryNew(entry, change)) ? 0 : AGAIN_MS;
    const rest = due === undefined ? LONGEST_REST_MS : restUntil(due.next, now);
    if (!this.#new.away) return rest;
    this.#new.lookAgain();
    return Math.min(rest, AGAIN_MS);
  }

  /** Does what was asked since it last looked. */
  async #heed({ steering }: Entry): Promise<void> {
    for (const asked of steering) {
      if (asked.revision <= this.#progress.heeded) continue;
      const { progress, letters } = afterSteering(this.#progress, this.#letters.kept, asked, this.#now());
      // Pending first: what is in both is tried once; what were in neither would be lost.
      await this.#save({ ...progress, letters: letters.length });
      if (letters !== this.#letters.kept) await this.#saveLetters({ ...this.#letters, kept: letters });
      this.#new.goTo(progress.position);
    }
  }

  /** The next change that was not tried yet; none, while the receiver is taken for down. */
  async #firstNew({ webhook }: Entry): Promise<FedChange | undefined> {
    if (isDown(this.#progress)) return undefined;
    const change = await this.#new.first(webhook.filter, this.#task.fence.ended);
    this.#move();
    return change;
  }

  async #tryNew(entry: Entry, change: FedChange): Promise<boolean> {
    if (!(await this.#try(entry, change, placeOf(change)))) return false;
    this.#new.take();
    this.#move();
    return true;
  }

  #move(): void {
    const { position } = this.#new;
    if (position === this.#progress.position) return;
    this.#progress = { ...this.#progress, position };
    if (this.#unsaved === 'nothing') this.#unsaved = 'position';
  }

  async #tryAgain(entry: Entry, pending: Pending): Promise<boolean> {
    const { place, change } = pending;
    const isForeign = this.#isOfOtherFold(pending);
    const before =
      place.n === 0 || isForeign ? { seq: place.seq - 1, n: Infinity } : { seq: place.seq, n: place.n - 1 };
    const page = this.#options.source.page(entry.webhook.filter, before, isForeign ? CHANGES_OF_ONE : 1);
    if (!page.ok) return false;
    const found = page.value.items.filter((one) =>
      isForeign ? one.change.seq === place.seq : one.change.id === change,
    );
    const [first] = found;
    if (first !== undefined && !isForeign) return this.#try(entry, first, place);
    await this.#replace(pending, found);
    return true;
  }

  /** What the present fold tells of an event takes the place of what another one told of it. What nothing is told of any more is given up. */
  async #replace(pending: Pending, found: readonly FedChange[]): Promise<void> {
    const isMeant = (one: Pending): boolean =>
      one.change === pending.change || (this.#isOfOtherFold(one) && one.place.seq === pending.place.seq);
    const others = this.#progress.pending.filter((one) => !isMeant(one));
    if (found.length === 0) {
      for (const one of this.#progress.pending.filter(isMeant)) await this.#bury({ ...one, at: this.#now() });
    }
    const known = new Set(others.map(({ change }) => change));
    const instead = found
      .filter(({ change }) => !known.has(change.id))
      .map((one) => ({ ...pending, change: one.change.id, place: placeOf(one) }));
    await this.#save({ ...this.#progress, pending: inOrder([...others, ...instead]) });
  }

  /** Sends a change, and takes in what became of it; false: it was not sent, or cut off. */
  async #try(entry: Entry, change: FedChange, place: ChangePlace): Promise<boolean> {
    const { ticker, randomness, observer } = this.#options;
    const begun = ticker.now();
    const delivered = await this.#send(entry, change);
    if (delivered === undefined) return false;
    observer.tried(delivered.outcome, (ticker.now() - begun) / 1_000);
    const tried = { change: change.change.id, place, delivered, at: this.#now(), chance: drawn(randomness) };
    const { progress, dead } = afterTry(this.#progress, tried);
    if (dead !== undefined) await this.#bury(dead);
    const { letters, dropped } = this.#progress;
    this.#progress = { ...progress, letters, dropped };
    this.#unsaved = 'deliveries';
    return true;
  }

  async #send({ webhook }: Entry, change: FedChange): Promise<Delivered | undefined> {
    const { clock, courier, tell } = this.#options;
    let secrets: readonly Uint8Array[];
    try {
      secrets = await this.#task.secrets();
    } catch {
      // The key store is away: that is not the receiver's fault.
      return undefined;
    }
    if (secrets.length === 0) return { outcome: { error: 'secret-lost' } };
    const body = tell(change);
    if (!body.ok) return undefined;
    const parcel = signed({ url: webhook.url, id: change.change.id, body: body.value, secrets, at: clock.now() });
    return courier.send(parcel, this.#task.cut);
  }

  async #bury(dead: DeadLetter): Promise<void> {
    const { change, place, since, at, tries, outcome } = dead;
    const others = this.#letters.kept.filter((letter) => letter.change !== change);
    const kept = [...others, { change, place, since, at, tries, outcome }];
    const dropped = Math.max(0, kept.length - MOST_LETTERS);
    this.#options.observer.gaveUp();
    await this.#saveLetters({ kept: kept.slice(dropped), dropped: this.#letters.dropped + dropped });
  }

  async #saveIfDue(rests: boolean): Promise<void> {
    if (this.#unsaved === 'nothing') return;
    const age = this.#options.ticker.now() - this.#savedAt;
    const isDue = this.#unsaved === 'position' ? age >= SAVE_IDLE_MS : rests || age >= SAVE_MS;
    if (isDue) await this.#save();
  }

  async #save(progress = this.#progress): Promise<void> {
    await this.#store.save(progress);
    this.#progress = progress;
    this.#unsaved = 'nothing';
    this.#savedAt = this.#options.ticker.now();
  }

  async #saveLetters(letters: Letters): Promise<void> {
    await this.#store.saveLetters(letters);
    this.#letters = letters;
    this.#progress = { ...this.#progress, letters: letters.kept.length, dropped: letters.dropped };
    this.#unsaved = 'deliveries';
  }

  async #rest(milliseconds: number): Promise<void> {
    if (!this.#woken) {
      this.#nap = new AbortController();
      const longest = this.#unsaved === 'position' ? Math.min(milliseconds, SAVE_IDLE_MS) : milliseconds;
      await this.#options.ticker.sleep(longest, this.#nap.signal);
      this.#nap = undefined;
      // Whoever is told of nothing looks for themselves, now and then.
      this.#new.lookAgain();
    }
    this.#woken = false;
  }

  #isOfOtherFold({ change }: Pending): boolean {
    return !change.startsWith(`f${this.#options.source.fold}-`);
  }

  #now(): number {
    return this.#options.clock.now().getTime();
  }
}

function restUntil(moment: number, now: number): number {
  return Math.min(Math.max(1, moment - now), LONGEST_REST_MS);
}

function drawn(randomness: Randomness): number {
  return (randomness.bytes(1)[0] ?? 0) / 255;
}
