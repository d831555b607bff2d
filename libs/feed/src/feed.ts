/**
 * Streams of status changes. One tail reads what is new, once for all; an index of filters says whom it concerns. Whoever comes
 * is told from pages up to the tail and then by it; the place that each has been told up to keeps one from the other, so that
 * nothing is missed where the two meet, and nothing is told twice.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { err, ok, refusal, type Refusal, type Result, type Ticker } from '#kernel';
import {
  type ChangeFilter,
  type ChangePlace,
  type ChangesRead,
  type FedChange,
  FOLD_VERSION,
  type ViewsReader,
} from '#projections';
import { catchError, concatMap, EMPTY, from, type Subscription } from 'rxjs';
import { cloudEvent } from './cloud-event.js';
import { FilterIndex } from './filter-index.js';
import { changeFrame, changesPath, restatedFrame } from './frames.js';
import { isBehind, placeOf, type ReadPlace } from './place.js';
import type { ChangeSource } from './ports.js';
import { Stream, type StreamEnd, type ToldChange } from './stream.js';

export interface FeedOptions {
  readonly source: FeedSource;
  readonly views: Pick<ViewsReader, 'shown'>;
  readonly ticker: Ticker;
  readonly limits: FeedLimits;
  /** Whether a key is still let in; asked every second for those that have streams. */
  readonly mayListen: (key: string) => boolean;
  readonly observer?: FeedObserver;
  /** Milliseconds between two signs of life. */
  readonly heartbeat?: number;
  /** Milliseconds for which a connection may take nothing. */
  readonly patience?: number;
}

/** As {@link ChangeSource}; its pages say which record they are from. */
export interface FeedSource extends ChangeSource {
  page(filter: ChangeFilter, after: ChangePlace, limit: number): Result<ChangesRead, Refusal>;
}

export interface FeedLimits {
  /** Streams at the same time: in all, and of one key. */
  readonly streams: number;
  readonly streamsPerKey: number;
}

export interface FeedObserver {
  streamEnded(reason: StreamEnd): void;
  /** Changes were sent: so many, each counted for each client. */
  changesSent(count: number): void;
}

export interface StreamRequest {
  /** Whose it is: the id of a principal. */
  readonly key: string;
  readonly filter: ChangeFilter;
  /** What was told before; left out: everything up to now. */
  readonly after?: ReadPlace;
}

/** A hundred changes are some hundred kilobytes. */
const PAGE = 100;
const NOW: ChangePlace = { seq: Number.MAX_SAFE_INTEGER, n: Infinity };
/** Clients that are told by the tail between two turns of the event loop. */
const TOLD_AT_A_TIME = 250;
/** How often it is looked who is to be given a sign of life, and who is cut off, in milliseconds. */
const LOOK_EVERY = 1_000;
/** Clients come again after this time, in milliseconds, and not all at once. */
const RETRY = 1_000;
const RETRY_SPREAD = 2_000;

export class Feed {
  private readonly streams = new Set<Stream>();
  private readonly perKey = new Map<string, number>();
  private readonly index = new FilterIndex<Stream>();
  private readonly leave = new Map<Stream, () => void>();
  /** Those who are told from pages, one page each at a time. */
  private readonly behind = new Set<Stream>();
  private reading = false;
  /** Everything up to here was told to those who are live. */
  private tail: ChangePlace = NOW;
  private logId: string | undefined;
  private readonly following: Subscription;
  private readonly closing = new AbortController();
  private opened = 0;

  constructor(private readonly options: FeedOptions) {
    this.following = options.source.advanced
      .pipe(
        concatMap(() =>
          from(this.tellNew()).pipe(
            // Whoever comes again is told from pages; the tail goes on with what is told next.
            catchError(() => {
              this.endAll('failed');
              return EMPTY;
            }),
          ),
        ),
      )
      .subscribe();
    void this.look();
  }

  /** How many streams there are. */
  get size(): number {
    return this.streams.size;
  }

  /** Changes behind a place, and the record that they are of. */
  page(filter: ChangeFilter, after: ChangePlace, limit: number): Result<ChangesRead, Refusal> {
    return this.options.source.page(filter, after, limit);
  }

  /**
   * A stream that is to be {@link Stream.start | started}. Where the place is ahead of this node's views, it waits for them.
   * Refusal codes: `views-not-ready`, `shutting-down`, `too-many-streams`, `too-many-streams-of-key`.
   */
  open({ key, filter, after }: StreamRequest): Result<Stream, Refusal> {
    if (this.isClosed()) return err(refusal('shutting-down', 'The server is shutting down.'));
    const { streams, streamsPerKey } = this.options.limits;
    if (this.streams.size >= streams)
      return err(refusal('too-many-streams', 'The server has as many streams as it can serve; try again later.'));
    const ofKey = this.perKey.get(key) ?? 0;
    if (ofKey >= streamsPerKey)
      return err(
        refusal('too-many-streams-of-key', `A key may have ${streamsPerKey} streams at a time; end one of them.`),
      );
    const read = this.options.source.page({}, NOW, 1);
    if (!read.ok) return read;
    const { head, logId } = read.value;
    const now = { seq: head, n: Infinity };
    // Nobody was live: what came since the tail was read last is told to nobody by it.
    if (this.leave.size === 0) this.tail = now;
    this.checkLog(logId);
    const place = after?.place ?? now;
    const stream = new Stream({
      key,
      filter,
      after: place,
      retry: RETRY + ((this.opened++ * 379) % RETRY_SPREAD),
      ...(after?.otherFold !== undefined && {
        opening: restatedFrame(
          { fromFold: after.otherFold, toFold: FOLD_VERSION, seq: place.seq, changes: changesPath(filter) },
          place,
        ),
      }),
      now: () => this.options.ticker.now(),
      onBehind: (one) => {
        this.catchUp(one);
      },
      onEnd: (one, reason) => {
        this.forget(one, reason);
      },
    });
    this.streams.add(stream);
    this.perKey.set(key, ofKey + 1);
    return ok(stream);
  }

  /** Ends all streams, and refuses new ones. Idempotent. */
  close(): void {
    this.closing.abort();
    this.following.unsubscribe();
    this.endAll('shutdown');
  }

  private isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  private endAll(reason: Exclude<StreamEnd, 'client'>): void {
    for (const stream of [...this.streams]) stream.end(reason);
  }

  private forget(stream: Stream, reason: StreamEnd): void {
    this.streams.delete(stream);
    this.behind.delete(stream);
    this.leaveTail(stream);
    const left = (this.perKey.get(stream.key) ?? 1) - 1;
    if (left === 0) this.perKey.delete(stream.key);
    else this.perKey.set(stream.key, left);
    this.options.observer?.streamEnded(reason);
  }

  /** A log that was put in the place of another has other events at the same seqs. */
  private checkLog(logId: string): void {
    if (this.logId !== undefined && this.logId !== logId) this.endAll('log-changed');
    this.logId = logId;
  }

  private catchUp(stream: Stream): void {
    this.leaveTail(stream);
    this.behind.add(stream);
    if (!this.reading) void this.readPages();
  }

  /** A page for each in turn, with the event loop let go in between, until everybody is live or waits for their connection. */
  private async readPages(): Promise<void> {
    this.reading = true;
    try {
      for (;;) {
        await nextTurn();
        const [stream] = this.behind;
        if (stream === undefined) return;
        this.behind.delete(stream);
        if (!this.readPage(stream)) {
          // There is nothing to read from: they are looked after again when there is.
          this.behind.add(stream);
          return;
        }
      }
    } catch {
      this.endAll('failed');
    } finally {
      this.reading = false;
    }
  }

  /** False where nothing can be read at present. */
  private readPage(stream: Stream): boolean {
    if (!stream.hasRoom()) return true;
    const read = this.options.source.page(stream.filter, stream.sent, PAGE);
    if (!read.ok) return false;
    const { items, next, atHead, head, logId } = read.value;
    this.checkLog(logId);
    if (!stream.isOpen) return true;
    const told = this.encode(items, logId);
    if (told === undefined) return false;
    stream.tellPage(told, next);
    this.options.observer?.changesSent(told.length);
    // Without room it says so when it has some.
    if (!stream.hasRoom()) return true;
    if (atHead) return this.join(stream, { seq: head, n: Infinity });
    this.behind.add(stream);
    return true;
  }

  /** False where the tail has come further than what can be read, as it may after a file took the place of another. */
  private join(stream: Stream, head: ChangePlace): boolean {
    if (this.leave.size === 0) this.tail = head;
    if (isBehind(this.tail, head)) return false;
    stream.isLive = true;
    this.leave.set(stream, this.index.add(stream.filter, stream));
    return true;
  }

  private leaveTail(stream: Stream): void {
    stream.isLive = false;
    this.leave.get(stream)?.();
    this.leave.delete(stream);
  }

  /** Reads what is new and tells it, page by page. */
  private async *tellNew(): AsyncGenerator<void, void, undefined> {
    if (this.behind.size > 0 && !this.reading) void this.readPages();
    for (;;) {
      // Whoever comes reads for themselves what nobody waits for.
      if (this.leave.size === 0) return;
      const read = this.options.source.page({}, this.tail, PAGE);
      if (!read.ok) return;
      const { items, next, atHead, logId } = read.value;
      this.checkLog(logId);
      const concerned = items.flatMap((fed) => {
        const streams = [...this.index.matching(fed)];
        return streams.length === 0 ? [] : [{ fed, streams }];
      });
      const told = this.encode(
        concerned.map(({ fed }) => fed),
        logId,
      );
      if (told === undefined) return;
      for (const [at, { streams }] of concerned.entries()) {
        const change = told[at];
        if (change !== undefined) await this.tellAll(streams, change);
      }
      this.tail = next;
      yield;
      if (atHead) return;
      await nextTurn();
    }
  }

  private async tellAll(streams: readonly Stream[], change: ToldChange): Promise<void> {
    for (let at = 0; at < streams.length; at += TOLD_AT_A_TIME) {
      if (at > 0) await nextTurn();
      const some = streams.slice(at, at + TOLD_AT_A_TIME);
      // Who fell behind since is told from pages.
      for (const stream of some) if (stream.isLive && !stream.tell(change)) this.leaveTail(stream);
      this.options.observer?.changesSent(some.length);
    }
  }

  private encode(items: readonly FedChange[], logId: string): readonly ToldChange[] | undefined {
    if (items.length === 0) return [];
    const shown = this.options.views.shown(items);
    if (!shown.ok) return undefined;
    return items.flatMap((fed, at) => {
      const beside = shown.value[at];
      if (beside === undefined) return [];
      return { bytes: changeFrame(cloudEvent(fed, beside, logId)), place: placeOf(fed) };
    });
  }

  /** Signs of life, and the end of those who take nothing. */
  private async look(): Promise<void> {
    const { ticker, mayListen, heartbeat = 15_000, patience = 15_000 } = this.options;
    const { signal } = this.closing;
    for (;;) {
      await ticker.sleep(LOOK_EVERY, signal);
      if (this.isClosed()) return;
      if (this.behind.size > 0 && !this.reading) void this.readPages();
      let looked = 0;
      for (const stream of [...this.streams]) {
        if (++looked % TOLD_AT_A_TIME === 0) await nextTurn();
        if (!mayListen(stream.key)) stream.end('key-revoked');
        else if (stream.blockedFor > patience) stream.end('slow');
        else stream.heartbeat(this.tail, heartbeat);
      }
    }
  }
}
