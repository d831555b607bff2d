/**
 * How streams are told of changes. One tail reads what is new, once for all; an index of filters says whom it concerns. Whoever
 * comes is told from pages up to the tail and then by it; the place that each has been told up to keeps one from the other, so
 * that nothing is missed where the two meet, and nothing is told twice.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Refusal, Result } from '#kernel';
import type { ChangeFilter, ChangePlace, ChangesRead, FedChange, ViewsReader } from '#projections';
import { catchError, concatMap, EMPTY, from, type Subscription } from 'rxjs';
import { cloudEvent } from './cloud-event.js';
import { FilterIndex } from './filter-index.js';
import { changeFrame } from './frames.js';
import { isBehind, placeOf } from './place.js';
import type { ChangeSource } from './ports.js';
import type { Stream, ToldChange } from './stream.js';

/** As {@link ChangeSource}; its pages say which record they are from. */
export interface FeedSource extends ChangeSource {
  page(filter: ChangeFilter, after: ChangePlace, limit: number): Result<ChangesRead, Refusal>;
}

export interface TellingOptions {
  readonly source: FeedSource;
  readonly views: Pick<ViewsReader, 'shown'>;
  /** Changes were sent: so many, each counted for each client. */
  readonly changesSent: (count: number) => void;
  /** All streams are to be ended: the log is another one, or it could not be read. */
  readonly onEnd: (reason: 'log-changed' | 'failed') => void;
}

/** A hundred changes are some hundred kilobytes. */
const PAGE = 100;
/** Clients that are told by the tail between two turns of the event loop. */
export const TOLD_AT_A_TIME = 250;

export class Telling {
  private readonly index = new FilterIndex<Stream>();
  /** Those who are told by the tail, and how each is taken from the index. */
  private readonly live = new Map<Stream, () => void>();
  /** Those who are told from pages, one page each at a time. */
  private readonly behind = new Set<Stream>();
  private reading = false;
  /** Everything up to here was told to those who are live. */
  private told: ChangePlace = { seq: 0, n: 0 };
  private logId: string | undefined;
  private readonly following: Subscription;

  constructor(private readonly options: TellingOptions) {
    this.following = options.source.advanced
      .pipe(
        concatMap(() =>
          from(this.tellNew()).pipe(
            // Whoever comes again is told from pages; the tail goes on with what is new next.
            catchError(() => {
              options.onEnd('failed');
              return EMPTY;
            }),
          ),
        ),
      )
      .subscribe();
  }

  /** Where everybody is who is live and has nothing that waits. */
  get tail(): ChangePlace {
    return this.told;
  }

  /** Tells it from pages until it is live. */
  catchUp(stream: Stream): void {
    this.leave(stream);
    this.behind.add(stream);
    this.goOn();
  }

  /** Tells it nothing more. */
  leave(stream: Stream): void {
    stream.isLive = false;
    this.behind.delete(stream);
    this.live.get(stream)?.();
    this.live.delete(stream);
  }

  /** Reads for those who are behind, if there was nothing to read from when it was tried last. */
  goOn(): void {
    if (this.behind.size > 0 && !this.reading) void this.readPages();
  }

  /** Everybody is to be ended where the log is not the one that they were told of: it has other events at the same seqs. */
  checkLog(logId: string): void {
    if (this.logId !== undefined && this.logId !== logId) this.options.onEnd('log-changed');
    this.logId = logId;
  }

  close(): void {
    this.following.unsubscribe();
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
      this.options.onEnd('failed');
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
    this.options.changesSent(told.length);
    // Without room it says so when it has some.
    if (!stream.hasRoom()) return true;
    if (atHead) return this.join(stream, { seq: head, n: Infinity });
    this.behind.add(stream);
    return true;
  }

  /** False where the tail has come further than what can be read, as it may after a file took the place of another. */
  private join(stream: Stream, head: ChangePlace): boolean {
    // Where nobody was live, what came meanwhile was told to nobody.
    if (this.live.size === 0) this.told = head;
    if (isBehind(this.told, head)) return false;
    stream.isLive = true;
    this.live.set(stream, this.index.add(stream.filter, stream));
    return true;
  }

  /** Reads what is new and tells it, page by page. */
  private async *tellNew(): AsyncGenerator<void, void, undefined> {
    this.goOn();
    for (;;) {
      // Whoever comes reads for themselves what nobody waits for.
      if (this.live.size === 0) return;
      const read = this.options.source.page({}, this.told, PAGE);
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
      this.told = next;
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
      for (const stream of some) if (stream.isLive && !stream.tell(change)) this.leave(stream);
      this.options.changesSent(some.length);
    }
  }

  private encode(items: readonly FedChange[], logId: string): readonly ToldChange[] | undefined {
    if (items.length === 0) return [];
    const shown = this.options.views.shown(items);
    if (!shown.ok) return undefined;
    return items.flatMap((fed, at) => {
      const beside = shown.value[at];
      return beside === undefined ? [] : { bytes: changeFrame(cloudEvent(fed, beside, logId)), place: placeOf(fed) };
    });
  }
}
