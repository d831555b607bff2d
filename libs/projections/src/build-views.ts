/** Builds a view file up to a moment or to the end of the log, with all that readers find in it, and lets go of it. */
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { OwnLens } from '#domain';
import type { Clock, Visibility } from '#kernel';
import type { Opening } from '#log-format';
import { Fold } from './fold.js';
import { logPrefix, type ReadLog } from './log-prefix.js';
import type { KnownMoment } from './moment.js';
import { one } from './one.js';
import { Projection } from './projection.js';
import { createFile, failureCode, isUnreadable, openForWriting } from './schema.js';
import type { BuildProgress, PoisonEvent } from './shapes.js';
import { type Checkpoint, ViewFile } from './view-file.js';

export interface BuildViews {
  readonly eventStore: ReadLog;
  readonly keyStore: Opening;
  /** The file to be made; one that was built before is gone on with. */
  readonly path: string;
  /** Of those who are to read a file that is made; left out: they may see everything. */
  readonly ceiling?: Visibility;
  /** Which facts count, as they do in the record; left out: every one. */
  readonly lens?: OwnLens;
  /** What is committed survives a killed process and a power loss, and can be gone on with. Takes a little longer. */
  readonly survives?: boolean;
  /** How many go into one commit: as many as are taken in again after a kill. */
  readonly eventsPerCommit?: number;
  /** Left out: the end of the log. */
  readonly upTo?: KnownMoment;
  /** Whose day documents speak of; left out: that of the moment. */
  readonly clock?: Clock;
  /** Events to pass over. */
  readonly skip?: ReadonlySet<string>;
  /** Told from where it begins, and then now and then; of what is committed. */
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

export interface BuiltViews {
  readonly checkpoint: Checkpoint;
  /** Up to which event the file held the log when it was opened. */
  readonly from: number;
  /** It stopped before this event, which cannot be taken in. */
  readonly poison?: PoisonEvent;
}

/** The file could not be built, by no fault of an event: `disk-full`, `log-changed`, `ahead` (of where it is to end) … */
export class BuildFailedError extends Error {
  constructor(readonly code: string) {
    super(`The views could not be built (${code}).`);
    this.name = 'BuildFailedError';
  }
}

const TELL_EVERY_MS = 200;

/**
 * @returns when the file is closed: as if it had been served for long, but for what is left of it where it was aborted
 * @throws BuildFailedError, or the reason of the signal. What was built of the file is left to the caller.
 */
export async function buildViews(options: BuildViews): Promise<BuiltViews> {
  const { keyStore, upTo, skip = new Set<string>(), signal } = options;
  signal?.throwIfAborted();
  const file = opened(options);
  const from = file.checkpoint.seq;
  const done = Promise.withResolvers<undefined>();
  const tell = telling(file, options);
  tell(false);
  const progressed = (): void => {
    tell(projection.state === 'live');
    if (projection.settled || projection.state === 'stopped') done.resolve(undefined);
    else if (projection.state === 'failed') done.reject(new BuildFailedError(projection.failure ?? 'unexpected'));
  };
  const projection: Projection = new Projection(file, new Fold(file, options.clock ?? clockOf(file, upTo)), {
    eventStore: logPrefix(options.eventStore, upTo, () => file.checkpoint, new Set([...skip, ...file.skipped()])),
    keyStore,
    skip,
    ...(options.eventsPerCommit !== undefined && { eventsPerCommit: options.eventsPerCommit }),
    onProgress: progressed,
  });
  void projection.whenEnded().then((ending) => {
    if (ending !== 'closed') done.reject(new BuildFailedError(ending));
  });
  const abort = (): void => {
    done.reject(signal?.reason as Error);
  };
  signal?.addEventListener('abort', abort);
  try {
    await done.promise;
    const { poison } = projection;
    return { checkpoint: file.checkpoint, from, ...(poison !== undefined && { poison }) };
  } finally {
    signal?.removeEventListener('abort', abort);
    await projection.close();
    file.close();
  }
}

function opened({ path, ceiling, lens = 'all', survives = false, upTo }: BuildViews): ViewFile {
  let db: DatabaseSync | undefined;
  try {
    const found = existsSync(path)
      ? openForWriting(path, { survives, lens })
      : createFile(path, { survives, lens, ...(ceiling !== undefined && { ceiling }) });
    if (typeof found === 'string') throw new BuildFailedError(found);
    db = found;
    const file = new ViewFile(path, db, survives);
    if (upTo !== undefined && 'seq' in upTo && file.checkpoint.seq > upTo.seq) throw new BuildFailedError('ahead');
    return file;
  } catch (error) {
    db?.close();
    const code = isUnreadable(error) ? 'damaged' : failureCode(error);
    throw code === undefined ? error : new BuildFailedError(code);
  }
}

function clockOf(file: ViewFile, upTo: KnownMoment | undefined): Clock {
  const at = upTo !== undefined && 'instant' in upTo ? upTo.instant : undefined;
  return { now: () => new Date(at ?? file.checkpoint.known) };
}

/** Tells how far it is, now and then. */
function telling(file: ViewFile, { onProgress, upTo }: BuildViews): (live: boolean) => void {
  if (onProgress === undefined) return () => undefined;
  const count = (sql: string): number => Number(one(file.db, sql));
  const of = upTo !== undefined && 'seq' in upTo ? { of: upTo.seq } : {};
  let told = -Infinity;
  return (live) => {
    if (performance.now() - told < TELL_EVERY_MS) return;
    told = performance.now();
    const { seq } = file.checkpoint;
    if (!live) {
      onProgress({ seq, step: 'events', done: seq, ...of });
      return;
    }
    const subjects = count('SELECT count(*) FROM subjects');
    const stale = count('SELECT count(*) FROM stale');
    if (stale > 0) onProgress({ seq, step: 'documents', done: subjects - stale, of: subjects });
    else onProgress({ seq, step: 'search', done: count('SELECT seq FROM search_progress'), of: seq });
  };
}
