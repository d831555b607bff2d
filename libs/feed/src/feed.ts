/** Streams of status changes: who is let in, how many at a time, signs of life, and how they end. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { err, ok, refusal, type Refusal, type Result, type Ticker } from '#kernel';
import type { ChangeFilter, ChangePlace, ChangesRead } from '#projections';
import { restated, restatedFrame } from './frames.js';
import { END, type ReadPlace } from './place.js';
import { Stream, type StreamEnd, type StreamOptions } from './stream.js';
import { Telling, TOLD_AT_A_TIME, type TellingOptions } from './telling.js';

export interface FeedOptions extends Pick<TellingOptions, 'source' | 'views'> {
  readonly ticker: Ticker;
  readonly limits: FeedLimits;
  /** How many streams there are beside this feed's own that count for the limit of all. */
  readonly elsewhere?: () => number;
  /** Why a stream that was opened by this credential is to end; undefined: it goes on. Asked every second. */
  readonly ended: (credential: string) => 'key-revoked' | 'access-unavailable' | undefined;
  readonly observer?: FeedObserver;
  /** Milliseconds between two signs of life. */
  readonly heartbeat?: number;
  /** Milliseconds for which a connection may take nothing. */
  readonly patience?: number;
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
  /** By which they were let in. */
  readonly credential: string;
  readonly filter: ChangeFilter;
  /** What was told before; left out: everything up to now. */
  readonly after?: ReadPlace;
}

/** How often it is looked who is to be given a sign of life, and who is cut off, in milliseconds. */
const LOOK_EVERY = 1_000;
/** Clients come again after this time, in milliseconds, and not all at once. */
const RETRY = 1_000;
const RETRY_SPREAD = 2_000;

export class Feed {
  private readonly streams = new Set<Stream>();
  private readonly perKey = new Map<string, number>();
  private readonly telling: Telling;
  private readonly closing = new AbortController();
  private opened = 0;

  constructor(private readonly options: FeedOptions) {
    this.telling = new Telling({
      source: options.source,
      views: options.views,
      changesSent: (count) => options.observer?.changesSent(count),
      onEnd: (reason) => {
        this.endAll(reason);
      },
    });
    void this.look();
  }

  /** By what changes are told at present. */
  get fold(): string {
    return this.options.source.fold;
  }

  /** How many streams there are. */
  get size(): number {
    return this.streams.size;
  }

  /** Which record it is, and the last seq that the views hold. Refusal code: `views-not-ready`. */
  head(): Result<Pick<ChangesRead, 'logId' | 'head'>, Refusal> {
    return this.page({}, END, 1);
  }

  /** Changes behind a place, and the record that they are of. */
  page(filter: ChangeFilter, after: ChangePlace, limit: number): Result<ChangesRead, Refusal> {
    return this.options.source.page(filter, after, limit);
  }

  /**
   * A stream that is to be {@link Stream.start | started}. Where the place is ahead of this node's views, it waits for them.
   * Refusal codes: `views-not-ready`, `shutting-down`, `too-many-streams`, `too-many-streams-of-key`.
   */
  open({ key, credential, filter, after }: StreamRequest): Result<Stream, Refusal> {
    if (this.isClosed()) return err(refusal('shutting-down', 'The server is shutting down.'));
    const { streams, streamsPerKey } = this.options.limits;
    if (this.streams.size + (this.options.elsewhere?.() ?? 0) >= streams)
      return err(refusal('too-many-streams', 'The server has as many streams as it can serve; try again later.'));
    const ofKey = this.perKey.get(key) ?? 0;
    if (ofKey >= streamsPerKey)
      return err(
        refusal('too-many-streams-of-key', `A key may have ${streamsPerKey} streams at a time; end one of them.`),
      );
    const at = this.head();
    if (!at.ok) return at;
    this.telling.checkLog(at.value.logId);
    const place = after?.place ?? { seq: at.value.head, n: Infinity };
    const stream = this.made({ key, credential, filter, after: place }, after?.otherFold);
    this.streams.add(stream);
    this.perKey.set(key, ofKey + 1);
    return ok(stream);
  }

  /** Ends all streams, and refuses new ones. Idempotent. */
  close(): void {
    this.closing.abort();
    this.telling.close();
    this.endAll('shutdown');
  }

  private made(
    of: Pick<StreamOptions, 'key' | 'credential' | 'filter' | 'after'>,
    otherFold: string | undefined,
  ): Stream {
    const { filter, after } = of;
    return new Stream({
      ...of,
      fold: this.fold,
      retry: RETRY + ((this.opened++ * 379) % RETRY_SPREAD),
      ...(otherFold !== undefined && {
        opening: restatedFrame(restated(otherFold, this.fold, after, filter), after, this.fold),
      }),
      now: () => this.options.ticker.now(),
      onBehind: (stream) => {
        this.telling.catchUp(stream);
      },
      onEnd: (stream, reason) => {
        this.forget(stream, reason);
      },
    });
  }

  private isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  private endAll(reason: Exclude<StreamEnd, 'client'>): void {
    for (const stream of [...this.streams]) stream.end(reason);
  }

  private forget(stream: Stream, reason: StreamEnd): void {
    this.streams.delete(stream);
    this.telling.leave(stream);
    const left = (this.perKey.get(stream.key) ?? 1) - 1;
    if (left === 0) this.perKey.delete(stream.key);
    else this.perKey.set(stream.key, left);
    this.options.observer?.streamEnded(reason);
  }

  /** Signs of life, and the end of those who take nothing, or may not listen any more. */
  private async look(): Promise<void> {
    const { ticker, ended, heartbeat = 15_000, patience = 15_000 } = this.options;
    for (;;) {
      await ticker.sleep(LOOK_EVERY, this.closing.signal);
      if (this.isClosed()) return;
      this.telling.goOn();
      let looked = 0;
      for (const stream of [...this.streams]) {
        if (++looked % TOLD_AT_A_TIME === 0) await nextTurn();
        const end = ended(stream.credential);
        if (end !== undefined) stream.end(end);
        else if (stream.blockedFor > patience) stream.end('slow');
        else stream.heartbeat(this.telling.tail, heartbeat);
      }
    }
  }
}
