/** Changes that a spec makes, and clients that take them, as slowly as it says. */
import { ok } from '#kernel';
import {
  type ChangeFilter,
  type ChangePlace,
  type ChangesRead,
  type FedChange,
  foldOf,
  type ViewsReader,
} from '#projections';
import { Subject } from 'rxjs';
import type { FeedSource } from '../telling.js';
import { matches } from '../filter.js';
import { isBehind, placeOf } from '../place.js';
import type { Sink, Stream } from '../stream.js';

/** As the views: pages look through few changes, and what can be read is told of later. */
export class MadeSource implements FeedSource {
  readonly fold = foldOf('all');
  private readonly changes: FedChange[] = [];
  private readonly progress = new Subject<number>();
  readonly advanced = this.progress.asObservable();
  /** Whether there is anything to read from. */
  ready = true;
  /** Whether names and words can be. */
  shows = true;
  logId = 'the-log';
  head = 1;
  pages = 0;

  /** @param looksThrough how many changes a page looks through */
  constructor(private readonly looksThrough = 1_000) {}

  /** They can be read from now on, and are told of by {@link tell}. */
  add(...made: readonly FedChange[]): void {
    for (const { change, ...beside } of made) {
      const seq = ++this.head;
      this.changes.push({ change: { ...change, seq, id: `f2-${seq}.0` }, ...beside });
    }
  }

  tell(): void {
    this.progress.next(this.head);
  }

  /** What somebody is to be told who asks for it from a place on. */
  meant(filter: ChangeFilter, after: ChangePlace): readonly string[] {
    const found = this.changes.filter((fed) => isBehind(placeOf(fed), after) && matches(filter, fed));
    return found.map(({ change }) => change.id);
  }

  page(filter: ChangeFilter, after: ChangePlace, limit: number): ReturnType<FeedSource['page']> {
    if (!this.ready) return { ok: false, error: { code: 'views-not-ready', detail: 'They are not there.' } };
    this.pages++;
    const rest = this.changes.filter((fed) => isBehind(placeOf(fed), after));
    const looked = rest.slice(0, this.looksThrough);
    const items = looked.filter((fed) => matches(filter, fed)).slice(0, limit);
    const isCut = items.length === limit || looked.length < rest.length;
    const last = items.length === limit ? items.at(-1) : looked.at(-1);
    const head = { seq: this.head, n: Infinity };
    const next = isCut && last !== undefined ? placeOf(last) : isBehind(after, head) ? after : head;
    return ok({ items, next, atHead: !isCut, logId: this.logId, head: this.head } satisfies ChangesRead);
  }

  readonly shown: ViewsReader['shown'] = (asked) =>
    this.ready && this.shows
      ? ok(asked.map(({ change: { subject } }) => ({ subject, citations: [] })))
      : { ok: false, error: { code: 'views-not-ready', detail: 'They are not there.' } };
}

/** Reads what comes as the HTML standard says, and keeps ids of events, in order. */
export class MadeClient implements Sink {
  readonly ids: string[] = [];
  readonly events: { readonly event: string; readonly data: string }[] = [];
  lastEventId = '';
  retry: number | undefined;
  bytes = 0;
  comments = 0;
  state: 'open' | 'ended' | 'cut' = 'open';
  /** It takes nothing: the next bytes are taken, and no more. */
  full = false;
  stream: Stream | undefined;
  private text = '';

  write(bytes: Uint8Array): boolean {
    if (this.state !== 'open') throw new Error('It was ended.');
    this.bytes += bytes.length;
    this.text += Buffer.from(bytes).toString();
    for (let end = this.text.indexOf('\n\n'); end >= 0; end = this.text.indexOf('\n\n')) {
      this.block(this.text.slice(0, end).split('\n'));
      this.text = this.text.slice(end + 2);
    }
    return !this.full;
  }

  /** It takes everything again. */
  drain(): void {
    this.full = false;
    this.stream?.drained();
  }

  end(): void {
    this.state = 'ended';
  }

  cut(): void {
    this.state = 'cut';
  }

  private block(lines: readonly string[]): void {
    let event = 'message';
    let data: string | undefined;
    for (const line of lines) {
      const [, field, value = ''] = /^(\w*):? ?(.*)$/.exec(line) ?? [];
      if (field === 'id') this.lastEventId = value;
      else if (field === 'event') event = value;
      else if (field === 'data') data = value;
      else if (field === 'retry') this.retry = Number(value);
      else this.comments++;
    }
    if (data === undefined) return;
    if (event === 'message') this.ids.push(this.lastEventId);
    else this.events.push({ event, data });
  }
}
