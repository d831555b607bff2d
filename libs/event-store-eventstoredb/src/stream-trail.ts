/** A trail in a stream of EventStoreDB, which all nodes append to and of which the server keeps so many days. */
import {
  checkAppend,
  stateStream,
  type ExpectedRevision,
  type Trail,
  type TrailEntry,
  type TrailPlace,
  WrongExpectedRevisionError,
} from '#event-store';
import { randomId, type Randomness } from '#kernel';
import type { EventStoreDb } from './event-store-db.js';
import { openLog, type OpenEventStoreDb } from './open.js';

const STREAM = stateStream('trail-reads');
const DAY_S = 86_400;
/** How often another node may come first: each time one of them gets in, with all that waits there. */
const TRIES = 200;

export interface OpenStreamTrail extends OpenEventStoreDb {
  /** For how long entries are kept. */
  readonly days: number;
}

/**
 * Opens the trail beside the log that the same options open; they share the connection.
 *
 * @throws as opening the log does
 */
export async function openStreamTrail({ days, ...options }: OpenStreamTrail): Promise<Trail> {
  const log = await openLog(options);
  try {
    await log.keepFor(STREAM, days * DAY_S);
  } catch (error) {
    await log.close();
    throw error;
  }
  return new StreamTrail(log, options.randomness);
}

class StreamTrail implements Trail {
  /** Where the stream ended when it was last heard of. */
  #end: ExpectedRevision | undefined;

  constructor(
    private readonly log: EventStoreDb,
    private readonly randomness: Randomness,
  ) {}

  async append(texts: readonly string[]): Promise<void> {
    const events = texts.map((data) => ({ id: randomId(this.randomness), type: 'Entry', data, metadata: '{}' }));
    checkAppend(STREAM, events, 'no-stream');
    for (let attempt = 1; ; attempt++) {
      try {
        this.#end = (await this.log.append(STREAM, events, this.#end ?? (await this.#last()))).revision;
        return;
      } catch (error) {
        this.#end = undefined;
        if (!(error instanceof WrongExpectedRevisionError) || attempt === TRIES) throw error;
        this.#end = error.actual;
      }
    }
  }

  async before(place: TrailPlace | undefined, limit: number): Promise<readonly TrailEntry[]> {
    const found: TrailEntry[] = [];
    if (place === 0) return found;
    const from = place === undefined ? {} : { from: place - 1 };
    for await (const event of this.log.readStream(STREAM, { direction: 'backwards', limit, ...from }))
      found.push({ place: event.revision, text: event.data });
    return found;
  }

  close(): Promise<void> {
    return this.log.close();
  }

  async #last(): Promise<ExpectedRevision> {
    for await (const { revision } of this.log.readStream(STREAM, { direction: 'backwards', limit: 1 })) return revision;
    return 'no-stream';
  }
}
