/**
 * A log copied into another, event by event, in the order of the log: ids, bytes, revisions and so hashes, chains and seq stay
 * what they are. The source is judged whole before anything is written, what the target holds is compared with it, and what was
 * copied is read back and judged again.
 *
 * It may end at any moment, and goes on where it ended when it is run again: what is in the target is always the first part
 * of the source.
 */
import {
  type EventStore,
  EventStoreError,
  MAX_APPEND_BYTES,
  type Position,
  type StoredEvent,
  WrongExpectedRevisionError,
} from '#event-store';
import type { Randomness } from '#kernel';
import { backoff, type EventCodec, readMetadata, type RetryOptions, sameHash } from '#log-format';
import { describeFault } from './log-fault.js';
import { type VerifiedLog, verifyLog } from './verify-log.js';

/** Says of a log that it is a copy which is not whole yet, so that nobody takes it for the record. Durable when it is set. */
export interface CopyMark {
  isSet(): Promise<boolean>;
  set(): Promise<void>;
  clear(): Promise<void>;
}

export interface CopyLogOptions {
  /** Not to be written to meanwhile. */
  readonly source: Pick<EventStore, 'readAll' | 'readStream'>;
  /** Empty, or holding a first part of the source. Not to be written to by anybody else meanwhile. */
  readonly target: Pick<EventStore, 'readAll' | 'readStream' | 'append'>;
  /** The target's. Set before the first event is written, and cleared when the copy is proved to be whole. */
  readonly mark: CopyMark;
  /**
   * So many appends that are called in one turn, of up to {@link WINDOW_BYTES}, the target writes in the order of the calls and as
   * one: it has all of them or none. 1 where that is not so.
   */
  readonly atOnce: number;
  /** Knows every type of event that may be met. */
  readonly codec: EventCodec;
  readonly randomness: Randomness;
  /** Events done so far. Of how many is not known while they are counted. */
  readonly onProgress?: (step: CopyStep, done: number, of: number | undefined) => void;
  /** Ends it soon: it then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

export type CopyStep = 'checking-source' | 'comparing' | 'copying' | 'checking-copy';

export interface CopiedLog extends VerifiedLog {
  /** Events that were not there before. */
  readonly copied: number;
  /** The source holds more by now: it was written to meanwhile. Run again, it copies the rest; the mark stays until then. */
  readonly moved: boolean;
}

/** Why a log is not copied: a sentence for whoever asked for it. Names streams, and nothing that they hold. */
export class CopyLogError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CopyLogError';
  }
}

/** In bytes of data and metadata; one append may go over it. */
export const WINDOW_BYTES = 8 * 1024 * 1024;

/** Some half a minute: a cluster finds a new leader meanwhile. */
const RETRIES: RetryOptions = { attempts: 12, firstDelay: 50, maxDelay: 5_000 };

const COMPARED_PER_LOOK = 1_000;

/**
 * Copies what the target does not hold yet.
 *
 * @throws CopyLogError source or target are not what they must be; nothing was overwritten
 * @throws EventStoreError one of the two cannot be read or written; run again, it goes on
 */
export async function copyLog(options: CopyLogOptions): Promise<CopiedLog> {
  const { source, target, mark, onProgress } = options;
  await refuseAnother(source, target);
  const judged = await judge(source, 'source', options, (done) => onProgress?.('checking-source', done, undefined));
  const { copied, last } = await copyRest(options, judged.head.size);
  if (copied > 0 || (await mark.isSet())) {
    const copy = await judge(target, 'copy', options, (done) => onProgress?.('checking-copy', done, judged.head.size));
    if (copy.head.size !== judged.head.size || !sameHash(copy.head.root, judged.head.root)) {
      throw new CopyLogError(
        `The copy is not what the source is: it holds ${copy.head.size} events of ${judged.head.size}, in another order or others. ` +
          'Somebody else wrote to it meanwhile. Begin again in an empty place.',
      );
    }
  }
  const moved = (await firstOf(source, last)) !== undefined;
  if (!moved) await mark.clear();
  return { ...judged, copied, moved };
}

/** Told before anything long is begun: each log's first event says which log it is. */
async function refuseAnother(source: CopyLogOptions['source'], target: CopyLogOptions['source']): Promise<void> {
  const first = await firstOf(source);
  if (first === undefined) throw new CopyLogError('There is nothing to copy: the source holds no record.');
  const found = await firstOf(target);
  if (found?.stream !== first.stream || found.data === first.data) return;
  throw new CopyLogError(
    'The target holds another record (its log has another id). Nothing is overwritten: choose an empty place.',
  );
}

async function firstOf(store: CopyLogOptions['source'], after?: Position): Promise<StoredEvent | undefined> {
  for await (const event of store.readAll({ ...(after !== undefined && { after }), limit: 1 })) return event;
  return undefined;
}

async function judge(
  store: CopyLogOptions['source'],
  which: 'source' | 'copy',
  { codec, signal }: CopyLogOptions,
  onProgress: (events: number) => void,
): Promise<VerifiedLog> {
  const verified = await verifyLog({
    store,
    open: { codec },
    onProgress: (events) => {
      signal?.throwIfAborted();
      onProgress(events);
    },
  });
  const [fault] = verified.faults;
  if (fault === undefined) return verified;
  throw new CopyLogError(`The ${which} is damaged, and is not copied any further. ${describeFault(fault)}`);
}

/** Compares the first `events` of the source with what the target holds, and copies those of them that it does not. */
async function copyRest(
  options: CopyLogOptions,
  events: number,
): Promise<{ readonly copied: number; readonly last: Position | undefined }> {
  const { source, target, mark, onProgress, signal } = options;
  const there = target.readAll()[Symbol.asyncIterator]();
  const copier = new Copier(options);
  let compared: number | undefined;
  let done = 0;
  let last: Position | undefined;
  try {
    for await (const event of source.readAll({ limit: events })) {
      last = event.position;
      if (compared === undefined) {
        const found = await there.next();
        if (found.done !== true) {
          refuseUnlessSame(event, found.value);
          if (++done % COMPARED_PER_LOOK === 0) {
            signal?.throwIfAborted();
            onProgress?.('comparing', done, events);
          }
          continue;
        }
        compared = done;
        await mark.set();
      }
      if (await copier.take(event)) {
        signal?.throwIfAborted();
        onProgress?.('copying', compared + copier.copied, events);
      }
    }
    await copier.finish();
    if (compared === undefined) {
      const more = await there.next();
      if (more.done !== true) {
        throw new CopyLogError(
          `The target holds more than the source: ${more.value.stream} goes on there. It was written to since it was copied.`,
        );
      }
    }
  } finally {
    await copier.settle();
    await there.return?.();
  }
  return { copied: copier.copied, last };
}

function refuseUnlessSame(event: StoredEvent, found: StoredEvent): void {
  const parts = ['stream', 'revision', 'id', 'type', 'data', 'metadata'] as const;
  if (parts.every((part) => event[part] === found[part])) return;
  const there = `revision ${found.revision} of ${found.stream}`;
  throw new CopyLogError(
    event.stream === found.stream && event.revision === found.revision
      ? `The target holds another event than the source at ${there}. Nothing is overwritten: choose an empty place.`
      : `The target holds ${there} where the source holds revision ${event.revision} of ${event.stream}. Nothing is overwritten: choose an empty place.`,
  );
}

/** Events of one stream that follow each other in the log: one append. */
interface Run {
  readonly stream: string;
  readonly events: readonly StoredEvent[];
  readonly bytes: number;
}

/**
 * Appends in the order of the log. While one window of appends is being written the next is filled; it is sent when the one before
 * is in the log, since appends to different streams that are under way together may land in any order, and where one is lost
 * the next must not be there.
 */
class Copier {
  /** Events that are in the target by now. */
  copied = 0;
  private run: StoredEvent[] = [];
  private runBytes = 0;
  private window: Run[] = [];
  private windowBytes = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: CopyLogOptions) {}

  /** @returns whether a window was sent */
  async take(event: StoredEvent): Promise<boolean> {
    const bytes = sizeOf(event);
    let sent = false;
    if (this.run.length > 0 && this.run[0]?.stream !== event.stream) sent = await this.close(this.run.length);
    else if (this.runBytes + bytes > MAX_APPEND_BYTES) sent = await this.close(this.beforeCommandOf(event));
    this.run.push(event);
    this.runBytes += bytes;
    return sent;
  }

  /** Resolves when everything that was taken is in the target. */
  async finish(): Promise<void> {
    if (this.run.length > 0) await this.close(this.run.length);
    if (this.window.length > 0) await this.send();
    await this.writing;
  }

  /** Resolves when nothing is under way any more, whatever came of it. */
  async settle(): Promise<void> {
    await this.writing.catch(() => undefined);
  }

  /**
   * How many events of the run are of commands that ended before this event: what one command recorded was one append, and stays
   * one. All of them where the run is a single command's, which then was of several.
   */
  private beforeCommandOf(event: StoredEvent): number {
    let count = this.run.length;
    while (count > 0 && isOfSameCommand(this.run[count - 1], event)) count--;
    return count === 0 ? this.run.length : count;
  }

  /** Puts the first events of the run into the window. @returns whether a window was sent */
  private async close(count: number): Promise<boolean> {
    const events = this.run.splice(0, count);
    const bytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
    this.runBytes -= bytes;
    let sent = false;
    if (this.window.length > 0 && this.windowBytes + bytes > WINDOW_BYTES) {
      await this.send();
      sent = true;
    }
    this.window.push({ stream: events[0]?.stream ?? '', events, bytes });
    this.windowBytes += bytes;
    if (this.window.length < this.options.atOnce) return sent;
    await this.send();
    return true;
  }

  private async send(): Promise<void> {
    const runs = this.window;
    this.window = [];
    this.windowBytes = 0;
    await this.writing;
    this.writing = this.write(runs);
    // Whoever sends the next hears of it.
    this.writing.catch(() => undefined);
  }

  /** Sent again as a whole until it is known to be there: each append is idempotent at its place. */
  private async write(runs: readonly Run[]): Promise<void> {
    const { target, randomness, signal } = this.options;
    for (let attempt = 1; ; attempt++) {
      const outcomes = await Promise.allSettled(
        runs.map(({ stream, events }) => {
          const first = events[0]?.revision ?? 0;
          return target.append(stream, events.map(toAppend), first === 0 ? 'no-stream' : first - 1);
        }),
      );
      const failures = outcomes.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
      if (failures.length === 0) break;
      const conflict = failures.find((failure) => failure instanceof WrongExpectedRevisionError);
      if (conflict !== undefined) {
        throw new CopyLogError(
          `The target was written to by somebody else: ${conflict.stream} is not there as it was copied. Nothing was overwritten.`,
          { cause: conflict },
        );
      }
      if (attempt >= RETRIES.attempts || !failures.every(mayPass) || signal?.aborted === true) throw failures[0];
      await backoff(attempt, RETRIES, randomness);
    }
    this.copied += runs.reduce((sum, { events }) => sum + events.length, 0);
  }
}

function toAppend({ id, type, data, metadata }: StoredEvent) {
  return { id, type, data, metadata };
}

function sizeOf({ data, metadata }: StoredEvent): number {
  return Buffer.byteLength(data) + Buffer.byteLength(metadata);
}

function mayPass(failure: unknown): boolean {
  return failure instanceof EventStoreError && (failure.code === 'unavailable' || failure.code === 'timed-out');
}

/** What one command records says so: the same request, at the same moment, for the same reason. */
function isOfSameCommand(one: StoredEvent | undefined, other: StoredEvent): boolean {
  const a = one === undefined ? undefined : readMetadata(one.metadata);
  const b = readMetadata(other.metadata);
  const parts = ['correlationId', 'causationId', 'requestMac', 'recordedAt', 'recordedBy'] as const;
  return a !== undefined && b !== undefined && parts.every((part) => a[part] === b[part]);
}
