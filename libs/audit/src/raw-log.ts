/**
 * The log as it is stored, read for whoever audits it: a span of it by seq, whole or filtered, in its own order. Views say
 * where a seq stands, the log says everything else; what is not asked for is passed over, and nothing is held.
 */
import type { EventStore, Position } from '#event-store';
import { streamCategory } from '#kernel';
import { IntegrityError } from '#log-format';
import type { LogTree } from '#projections';
import { type RawEvent } from './raw-event.js';

export interface RawLog {
  readonly store: Pick<EventStore, 'readAll' | 'readStream'>;
  readonly places: Pick<LogTree, 'placeOf' | 'placesIn'>;
}

export interface RawQuery {
  /** The first seq and the last one, which the views hold. */
  readonly from: number;
  readonly to: number;
  /** Of any of these categories: `person`, `access` … */
  readonly categories?: readonly string[];
  /** Of any of these types. */
  readonly types?: readonly string[];
  /** Of this stream alone. */
  readonly stream?: string;
}

export interface RawPage {
  readonly items: readonly RawEvent[];
  /** The seq to go on from; left out where all was looked at. */
  readonly next?: number;
}

/** Events looked at for one page, matching or not: a moment's work. */
const LOOKED_AT = 20_000;
/** Events of one stream that are fetched together. */
const FETCHED = 1_000;

/**
 * All that match.
 *
 * @throws IntegrityError the log does not hold what the views were folded from
 * @throws EventStoreError
 */
export async function* readRawLog(log: RawLog, query: RawQuery): AsyncGenerator<RawEvent, void, undefined> {
  const matches = matcherOf(query);
  for await (const event of walk(log, query)) if (matches(event)) yield event;
}

/** The first of them, at most `limit`: fewer where many do not match, so that none waits long for a page. */
export async function readRawPage(log: RawLog, query: RawQuery, limit: number): Promise<RawPage> {
  const matches = matcherOf(query);
  const items: RawEvent[] = [];
  let looked = 0;
  for await (const event of walk(log, query)) {
    if (matches(event)) items.push(event);
    if (items.length < limit && ++looked < LOOKED_AT) continue;
    return { items, ...(event.seq < query.to && { next: event.seq + 1 }) };
  }
  return { items };
}

function matcherOf({ categories, types }: RawQuery): (event: RawEvent) => boolean {
  const prefixes = categories?.map((category) => `${streamCategory(category)}-`);
  const wanted = types && new Set(types);
  return ({ stream, type }) =>
    (prefixes?.some((prefix) => stream.startsWith(prefix)) ?? true) && (wanted?.has(type) ?? true);
}

function walk(log: RawLog, query: RawQuery): AsyncGenerator<RawEvent, void, undefined> {
  return query.stream === undefined ? walkAll(log, query) : walkStream(log, query, query.stream);
}

async function* walkAll(log: RawLog, { from, to }: RawQuery): AsyncGenerator<RawEvent, void, undefined> {
  if (from > to) return;
  const after = from === 1 ? {} : { after: await positionOf(log, from - 1) };
  let seq = from;
  for await (const { position: _, ...event } of log.store.readAll({ ...after, limit: to - from + 1 })) {
    yield { seq: seq++, ...event };
  }
}

async function* walkStream(
  { store, places }: RawLog,
  { from, to }: RawQuery,
  stream: string,
): AsyncGenerator<RawEvent, void, undefined> {
  for (let next = from; ;) {
    const found = places.placesIn(stream, next, to, FETCHED);
    const [first, last] = [found[0], found.at(-1)];
    if (first === undefined || last === undefined) return;
    const seqs = new Map(found.map(({ revision, seq }) => [revision, seq]));
    const span = { from: first.revision, limit: last.revision - first.revision + 1 };
    for await (const { position: _, ...event } of store.readStream(stream, span)) {
      const seq = seqs.get(event.revision);
      if (seq !== undefined) yield { seq, ...event };
    }
    next = last.seq + 1;
  }
}

/** The log's own position of an event: an adapter gives one out only with the event. */
async function positionOf({ store, places }: RawLog, seq: number): Promise<Position> {
  const place = places.placeOf(seq);
  if (place === undefined) throw new RangeError('The views do not hold this seq.');
  const { stream, revision } = place;
  for await (const { position } of store.readStream(stream, { from: revision, limit: 1 })) return position;
  throw new IntegrityError('revision-gap', stream, revision);
}
