/**
 * Follows the log and keeps one view file up to it: applies events in order, one transaction for rows and checkpoint,
 * committed at once when live and rarely when catching up. Repeated deliveries change nothing. A poison event stops it
 * until somebody says `skip`; failures of the log or the disk are tried again; a log that is not the one this file was
 * folded from ends it.
 */
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { EventStoreError, type StoredEvent, type Subscription, type SubscriptionMessage } from '#event-store';
import { type Opening, leafOf, LOG_START_STREAM, LOG_STARTED, parseObject, storedHash } from '#log-format';
import { decode, type Decoded } from './decode.js';
import type { Fold } from './fold.js';
import type { ReadLog } from './log-prefix.js';
import { failureCode, isDamage } from './schema.js';
import { SearchWriter } from './search/writer.js';
import type { PoisonEvent, StatusChange } from './shapes.js';
import { TreeWriter } from './tree/writer.js';
import type { ViewFile } from './view-file.js';

export type ProjectionState = 'catching-up' | 'live' | 'stopped' | 'failed' | 'closed';

/** Why a projection ended. */
export type Ending = 'closed' | 'log-changed' | 'damaged';

export interface ProjectionOptions {
  readonly eventStore: ReadLog;
  readonly keyStore: Opening;
  /** Events to pass over without trying them. */
  readonly skip: ReadonlySet<string>;
  /** How many go into one commit while catching up; many, unless said. */
  readonly eventsPerCommit?: number;
  /** Called after every commit and change of state; when live, with the status changes of what was committed. */
  readonly onProgress: (changes: readonly StatusChange[]) => void;
  /** Called when live events are taken up; what it gives is called when they are committed. */
  readonly applying?: (events: readonly StoredEvent[]) => (() => void) | undefined;
}

/** Few commits while catching up: a subject is gone through once for all its events between two of them. */
const EVENTS_PER_COMMIT = 20_000;
/** Documents built between two looks at the log; a slice stays under a few tens of milliseconds. */
const DOCUMENTS_PER_SLICE = 20;
/** Events whose texts become findable in the very commit that takes them in, and between two looks at the log. */
const SEARCHED_PER_COMMIT = 50;
const SEARCHED_PER_SLICE = 200;
const LOOK_AT_THE_DAY_MS = 60_000;
const RETRY_FIRST_MS = 100;
const RETRY_MOST_MS = 10_000;

/** The log no longer continues what this file was folded from. */
class LogChangedError extends Error {}

/** An event could not be taken in; which of those since the last commit it was is not known yet. */
class FoldFailedError extends Error {
  /** @param seq of the last event that it may have been */
  constructor(readonly seq: number) {
    super('An event could not be folded.');
  }
}

export class Projection {
  private current: ProjectionState = 'catching-up';
  private poisoned: PoisonEvent | undefined;
  private failed: string | undefined;
  private subscription: Subscription | undefined;
  private readonly closing = new AbortController();
  private resume: (() => void) | undefined;
  private readonly ended: Promise<Ending>;
  private readonly startedEmpty: boolean;
  private abandoned = false;
  private readonly skip: Set<string>;
  /** Up to this seq events are committed one by one, so that the one that cannot be folded is found. */
  private carefulTo = 0;
  private readonly search: SearchWriter;
  private readonly tree: TreeWriter;

  constructor(
    readonly file: ViewFile,
    private readonly fold: Fold,
    private readonly options: ProjectionOptions,
  ) {
    this.skip = new Set([...options.skip, ...file.skipped()]);
    this.startedEmpty = file.checkpoint.seq === 0;
    this.search = new SearchWriter(file);
    this.tree = new TreeWriter(file);
    this.ended = this.run();
  }

  get state(): ProjectionState {
    return this.current;
  }

  get poison(): PoisonEvent | undefined {
    return this.poisoned;
  }

  /** Code of the last failure, while it is being tried again. */
  get failure(): string | undefined {
    return this.failed;
  }

  /** Resolves when it has let go of its subscription; the file is committed and still open. Never rejects. */
  whenEnded(): Promise<Ending> {
    return this.ended;
  }

  /** Whether every subject has its document ready, and search every text. */
  get settled(): boolean {
    return !this.fold.documents.hasStale() && this.complete;
  }

  /** Whether readers would miss nothing in it that it can hold, though some documents may have to be built for them. */
  get complete(): boolean {
    return (this.current === 'live' || this.current === 'stopped') && this.search.caughtUp;
  }

  /** Goes on behind the poison event. False if it did not stop at this event. */
  skipPoison(event: string): boolean {
    if (this.poisoned?.event !== event) return false;
    this.skip.add(event);
    this.poisoned = undefined;
    this.resume?.();
    return true;
  }

  /** Ends without a further commit: what readers of the file see stays as it is from this moment on. */
  abandon(): Promise<void> {
    this.abandoned = true;
    return this.close();
  }

  /** Commits what is applied and ends. Idempotent. */
  async close(): Promise<void> {
    this.closing.abort();
    this.resume?.();
    await this.subscription?.close();
    await this.ended;
  }

  private isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  private isStopped(): boolean {
    return this.poisoned !== undefined;
  }

  private async run(): Promise<Ending> {
    let wait = RETRY_FIRST_MS;
    while (!this.isClosed()) {
      const seq = this.file.checkpoint.seq;
      try {
        if (!(await this.continuesLog())) return this.end('log-changed');
        await this.follow();
        // A subscription that ends by itself is taken up again, but not in a tight circle.
        if (!this.isClosed() && !this.isStopped()) await this.pause(RETRY_FIRST_MS);
      } catch (error) {
        this.undo();
        if (error instanceof FoldFailedError && error.seq > this.carefulTo) {
          this.carefulTo = error.seq;
          continue;
        }
        if (error instanceof LogChangedError || codeOf(error) === 'unknown-position') return this.end('log-changed');
        if (isDamage(error)) return this.end('damaged');
        if (this.isClosed()) break;
        this.failed = codeOf(error);
        this.become('failed');
        if (this.file.checkpoint.seq > seq) wait = RETRY_FIRST_MS;
        await this.pause(wait);
        wait = Math.min(wait * 2, RETRY_MOST_MS);
      }
    }
    return this.end('closed');
  }

  private end(ending: Ending): Ending {
    if (ending === 'closed') {
      try {
        this.commit();
      } catch {
        // What could not be committed is folded again from the checkpoint.
        this.undo();
      }
    } else {
      this.undo();
    }
    this.become('closed');
    return ending;
  }

  private undo(): void {
    try {
      this.file.rollback();
    } catch {
      // A connection that cannot even roll back is reopened by whoever starts the next projection.
    }
    this.fold.forget();
    this.search.forget();
    this.tree.forget();
  }

  /** Whether the log is still the one that the file was folded from, by its id and by the last event taken in, and where that stands. */
  private async continuesLog(): Promise<boolean> {
    const { logId, last } = this.file.checkpoint;
    if (last === undefined) return true;
    if (logId !== undefined && logId !== (await this.logId())) return false;
    const { stream, revision, hash, position } = last;
    for await (const event of this.options.eventStore.readStream(stream, { from: revision, limit: 1 })) {
      // A copy of the log on another server has other positions: from one of this file's it would be read at the wrong place.
      return event.position === position && (hash === '' || hashOf(event) === hash);
    }
    return false;
  }

  private async logId(): Promise<string | undefined> {
    for await (const event of this.options.eventStore.readStream(LOG_START_STREAM, { limit: 1 })) {
      return logIdOf(parseObject(event.data));
    }
    return undefined;
  }

  private async follow(): Promise<void> {
    const { position } = this.file.checkpoint;
    this.become('catching-up');
    const subscription = this.options.eventStore.subscribeToAll(position === undefined ? {} : { after: position });
    this.subscription = subscription;
    try {
      const messages = subscription[Symbol.asyncIterator]();
      while (!this.isClosed()) {
        const message = await this.next(messages);
        if (message.done === true) return;
        this.failed = undefined;
        await this.take(message.value);
        if (this.isStopped()) {
          await subscription.close();
          await this.finish();
          await this.waitForSkip();
          return;
        }
      }
    } finally {
      await subscription.close();
      this.subscription = undefined;
    }
  }

  /** The next message. Until it comes, a live projection builds the documents that are out of date, a few at a time. */
  private async next(
    messages: AsyncIterator<SubscriptionMessage>,
  ): Promise<IteratorResult<SubscriptionMessage, unknown>> {
    const arrival = { seen: false };
    const message = messages.next().finally(() => {
      arrival.seen = true;
    });
    // While documents are built nobody awaits the message: its failure must not count as unhandled until it is.
    message.catch(() => undefined);
    while (this.current === 'live' && !this.isClosed()) {
      await nextTurn();
      if (arrival.seen) break;
      const built = this.fold.documents.refresh(DOCUMENTS_PER_SLICE);
      if (this.search.advance(SEARCHED_PER_SLICE) || built) {
        this.commit();
        continue;
      }
      const look = new AbortController();
      const idle = delay(LOOK_AT_THE_DAY_MS, 'idle' as const, { signal: look.signal, ref: false }).catch(
        () => 'idle' as const,
      );
      const first = await Promise.race([message, idle]);
      look.abort();
      if (first !== 'idle') break;
      this.fold.documents.expire();
      this.commit();
    }
    return message;
  }

  private async take(message: SubscriptionMessage): Promise<void> {
    switch (message.kind) {
      case 'events': {
        const applied = this.current === 'live' ? this.options.applying?.(message.events) : undefined;
        await this.takeEvents(message.events);
        if (this.current === 'live') this.commit();
        applied?.();
        break;
      }
      case 'checkpoint':
        this.file.moveTo({ ...this.file.checkpoint, position: message.position });
        break;
      case 'caught-up':
        this.fold.documents.expire();
        this.serve();
        this.become('live');
        return;
    }
    if (this.current === 'live' || this.file.uncommitted >= (this.options.eventsPerCommit ?? EVENTS_PER_COMMIT))
      this.commit();
  }

  private async takeEvents(events: readonly StoredEvent[]): Promise<void> {
    const decoded = await decode(events, this.options.keyStore);
    for (const [index, event] of events.entries()) {
      const seq = this.file.checkpoint.seq + 1;
      let reason: PoisonEvent['reason'] | undefined;
      try {
        reason = this.apply(event, decoded[index] ?? 'undecodable');
        if (seq <= this.carefulTo) this.commit();
      } catch (error) {
        if (!(error instanceof FoldFailedError) || seq > this.carefulTo) throw error;
        this.undo();
        reason = 'handler-failed';
      }
      if (reason !== undefined) {
        this.stop(event, reason);
        return;
      }
    }
  }

  /** Applies one event; the reason if it cannot be read, and then nothing of it was taken in. */
  private apply(event: StoredEvent, decoded: Decoded): PoisonEvent['reason'] | undefined {
    const stream = this.file.stream(event.stream);
    // Delivered again.
    if (event.revision <= stream.revision) return undefined;
    const recorded = typeof decoded === 'string' ? undefined : decoded;
    const skipped = this.skip.has(event.id);
    const follows = stream.hash === '' || recorded === undefined || recorded.metadata.prev === stream.hash;
    if (event.revision !== stream.revision + 1 || !follows) {
      // In a file that started empty there is no earlier log to have been another: the log itself is not whole.
      if (!this.startedEmpty || this.current === 'live') throw new LogChangedError();
      if (!skipped) return 'out-of-order';
    }
    const { checkpoint } = this.file;
    const seq = checkpoint.seq + 1;
    let { known, logId } = checkpoint;
    if (skipped) {
      this.file.addSkipped(event, stream.sid, seq, known);
      // Of what cannot be read it is not known who may see it.
      if (event.revision === 0) this.file.setLevel(event.stream, 'confidential');
    } else if (typeof decoded === 'string') {
      return decoded;
    } else {
      known = Math.max(known, Date.parse(decoded.metadata.recordedAt));
      if (decoded.type === LOG_STARTED.type) logId = logIdOf(decoded.data) ?? logId;
      try {
        this.fold.apply(decoded, stream, seq, known);
      } catch (error) {
        throw failureCode(error) === undefined ? new FoldFailedError(seq) : error;
      }
    }
    const hash = recorded?.metadata.hash ?? '';
    this.tree.append(leafOf(recorded?.metadata.hash ?? storedHash(event, logId ?? '')));
    this.file.advance(event.stream, event.revision, hash);
    this.file.moveTo({
      logId,
      seq,
      known,
      last: { stream: event.stream, revision: event.revision, hash, position: event.position },
      position: event.position,
    });
    return undefined;
  }

  private stop(event: StoredEvent, reason: PoisonEvent['reason']): void {
    this.serve();
    this.poisoned = {
      event: event.id,
      stream: event.stream,
      revision: event.revision,
      type: event.type,
      seq: this.file.checkpoint.seq + 1,
      reason,
    };
    this.become('stopped');
  }

  /** Makes ready what there is, as far as it came. */
  private async finish(): Promise<void> {
    while (!this.isClosed() && this.isStopped()) {
      const built = this.fold.documents.refresh(DOCUMENTS_PER_SLICE);
      if (!this.search.advance(SEARCHED_PER_SLICE) && !built) return;
      this.commit();
      await nextTurn();
    }
  }

  private async waitForSkip(): Promise<void> {
    while (this.isStopped() && !this.isClosed()) {
      await new Promise<void>((resolve) => {
        this.resume = resolve;
      });
    }
    this.resume = undefined;
  }

  private commit(): void {
    if (this.abandoned) return;
    try {
      this.fold.settle();
    } catch (error) {
      throw failureCode(error) === undefined ? new FoldFailedError(this.file.checkpoint.seq) : error;
    }
    this.search.lookAgain(this.fold.takeRefolded());
    let changes: readonly StatusChange[] = [];
    if (this.current === 'live') {
      changes = this.fold.changes();
      this.fold.documents.refreshTouched();
      this.search.advance(SEARCHED_PER_COMMIT);
    }
    this.fold.flush();
    this.tree.flush();
    this.file.commit();
    this.options.onProgress(changes);
  }

  /** Others may read the file from here on. */
  private serve(): void {
    this.commit();
    if (this.file.isServed) return;
    this.fold.prepareServing();
    this.file.serve();
    this.fold.served();
  }

  private become(state: ProjectionState): void {
    if (this.current === state) return;
    this.current = state;
    this.options.onProgress([]);
  }

  private async pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }
}

function hashOf(event: StoredEvent): unknown {
  return parseObject(event.metadata)?.hash;
}

function logIdOf(data: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return typeof data?.logId === 'string' ? data.logId : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof EventStoreError ? error.code : (failureCode(error) ?? 'unexpected');
}
