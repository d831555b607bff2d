/**
 * One client that is told changes as they happen: first from pages, up to where the tail is, then by the tail. It never holds
 * more than a page or a short queue for it: whoever takes things slower than they come is told from pages again, and whoever
 * takes nothing at all is cut off and comes again.
 */
import type { ChangeFilter, ChangePlace } from '#projections';
import { HEARTBEAT, placeFrame, retryFrame } from './frames.js';
import { isBehind } from './place.js';

/** Where a stream goes. */
export interface Sink {
  /** False: to be given nothing more until {@link Stream.drained}; these bytes were taken. */
  write(bytes: Uint8Array): boolean;
  /** Once all that was written is sent. */
  end(): void;
  /** At once. */
  cut(): void;
}

/**
 * `client`: it went. `slow`: it took nothing for too long. `key-revoked`: what let it in does not any more. `access-unavailable`: whether
 * it does is not known at present.
 */
export type StreamEnd =
  'client' | 'slow' | 'key-revoked' | 'access-unavailable' | 'log-changed' | 'failed' | 'shutdown';

/** A change, ready to be sent. */
export interface ToldChange {
  readonly bytes: Uint8Array;
  readonly place: ChangePlace;
}

export interface StreamOptions {
  readonly key: string;
  readonly credential: string;
  readonly filter: ChangeFilter;
  /** What it was told before it came. */
  readonly after: ChangePlace;
  /** By what it is told. */
  readonly fold: string;
  /** Milliseconds until it comes again, after the connection is lost. */
  readonly retry: number;
  /** To be sent before anything else. */
  readonly opening?: Uint8Array;
  readonly now: () => number;
  /** It has room again, and is behind. */
  readonly onBehind: (stream: Stream) => void;
  readonly onEnd: (stream: Stream, reason: StreamEnd) => void;
}

/** Changes that wait for a client that is told by the tail. */
const LONGEST_QUEUE = 100;

export class Stream {
  readonly key: string;
  readonly credential: string;
  readonly filter: ChangeFilter;
  /** Behind what was given to the connection. */
  sent: ChangePlace;
  /** The tail tells it of new changes. */
  isLive = false;
  private queue: ToldChange[] = [];
  private sink: Sink | undefined;
  /** Since when the connection takes nothing more. */
  private blockedAt: number | undefined;
  private wroteAt: number;
  private ended = false;

  constructor(private readonly options: StreamOptions) {
    this.key = options.key;
    this.credential = options.credential;
    this.filter = options.filter;
    this.sent = options.after;
    this.wroteAt = options.now();
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  /** It can be given more. */
  hasRoom(): boolean {
    return !this.ended && this.sink !== undefined && this.blockedAt === undefined;
  }

  /** To be called once the connection is there. */
  start(sink: Sink): void {
    if (this.ended) {
      sink.end();
      return;
    }
    this.sink = sink;
    const { retry, opening } = this.options;
    this.write(opening === undefined ? retryFrame(retry) : Buffer.concat([retryFrame(retry), opening]));
    this.options.onBehind(this);
  }

  /** To be called when the connection takes more. */
  drained(): void {
    if (this.blockedAt === undefined || this.ended) return;
    this.blockedAt = undefined;
    if (this.queue.length > 0) this.flush();
    else if (!this.isLive) this.options.onBehind(this);
  }

  /** To be called when the connection is gone. */
  gone(): void {
    this.finish('client');
  }

  /** Of a page: what it asks for, and how far the page looked. Only while there is room. */
  tellPage(changes: readonly ToldChange[], next: ChangePlace): void {
    const last = changes.at(-1);
    if (last !== undefined) {
      this.sent = last.place;
      if (!this.write(Buffer.concat(changes.map(({ bytes }) => bytes)))) return;
    }
    this.moveTo(next);
  }

  /** By the tail: something that it asks for. False where it is to be told from pages again. */
  tell(change: ToldChange): boolean {
    if (this.ended || !isBehind(change.place, this.queue.at(-1)?.place ?? this.sent)) return true;
    if (this.blockedAt === undefined) {
      this.sent = change.place;
      this.write(change.bytes);
      return true;
    }
    if (this.queue.length < LONGEST_QUEUE) {
      this.queue.push(change);
      return true;
    }
    this.queue = [];
    this.isLive = false;
    return false;
  }

  /**
   * Says that it is still there and, where the tail has come further without anything for it, that it need not be told again
   * up to there.
   */
  heartbeat(tail: ChangePlace, every: number): void {
    if (!this.hasRoom() || this.options.now() - this.wroteAt < every) return;
    if (this.isLive && isBehind(tail, this.sent)) this.moveTo(tail);
    else this.write(HEARTBEAT);
  }

  /** For how long it has taken nothing, in milliseconds. */
  get blockedFor(): number {
    return this.blockedAt === undefined ? 0 : this.options.now() - this.blockedAt;
  }

  /** Ends it from here: it comes again where it may. Idempotent. */
  end(reason: Exclude<StreamEnd, 'client'>): void {
    const { sink } = this;
    if (this.finish(reason) && sink !== undefined) {
      if (reason === 'slow') sink.cut();
      else {
        sink.write(retryFrame(this.options.retry));
        sink.end();
      }
    }
  }

  private finish(reason: StreamEnd): boolean {
    if (this.ended) return false;
    this.ended = true;
    this.queue = [];
    this.options.onEnd(this, reason);
    return true;
  }

  private flush(): void {
    const { queue } = this;
    this.queue = [];
    this.sent = queue.at(-1)?.place ?? this.sent;
    this.write(Buffer.concat(queue.map(({ bytes }) => bytes)));
  }

  private moveTo(place: ChangePlace): void {
    if (!isBehind(place, this.sent)) return;
    this.sent = place;
    this.write(placeFrame(place, this.options.fold));
  }

  private write(bytes: Uint8Array): boolean {
    this.wroteAt = this.options.now();
    if (this.sink?.write(bytes) !== false) return true;
    this.blockedAt ??= this.wroteAt;
    return false;
  }
}
