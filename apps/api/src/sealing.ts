/** Seals the log at intervals, and when somebody asks; nodes that share a log may all do so. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ConsistencyProof,
  type InclusionProof,
  proveConsistency,
  proveInclusion,
  readLastSeal,
  readSeals,
  type Seal,
  SEALING_SECRET,
  sealLog,
  sealSigner,
  signNote,
} from '#audit';
import type { EventStore, Leases } from '#event-store';
import type { Clock, Randomness, Refusal, Result } from '#kernel';
import { type KeyStore, LOG_START_STREAM, parseObject } from '#log-format';
import type { ViewsReader } from '#projections';

export interface Sealing {
  /** Seals what there is; the last seal where nothing is new. */
  seal(): Promise<Result<Seal, Refusal>>;
  /** In the order in which they were made. */
  seals(): Promise<readonly Seal[]>;
  lastSeal(): Promise<Seal | undefined>;
  readonly logId: string;
  /** Whose signature the next seal bears. */
  readonly verifierKey: string;
  /** A note that the key signed which signs seals. Never a text that could be taken for a checkpoint. */
  sign(text: string): string;
  /** @param seenBy the views of whoever asks: what is not in them is not there */
  proofOf(event: string, size: number | undefined, seenBy: ViewsReader): Promise<Result<InclusionProof, Refusal>>;
  consistency(from: number, to: number): Result<ConsistencyProof, Refusal>;
  close(): Promise<void>;
}

export interface StartSealing {
  readonly store: EventStore;
  /** Of several nodes one seals at intervals. */
  readonly leases: Leases;
  readonly keys: Pick<KeyStore, 'secret'>;
  readonly logId: string;
  readonly views: ViewsReader;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Minutes from one seal to the next; 0: only when asked. */
  readonly everyMinutes: number;
  readonly report: (line: string) => void;
}

export async function startSealing(options: StartSealing): Promise<Sealing> {
  const { store, views, everyMinutes } = options;
  const signer = sealSigner(options.logId, await options.keys.secret(SEALING_SECRET));
  let underWay: Promise<Result<Seal, Refusal>> | undefined;
  const seal = (): Promise<Result<Seal, Refusal>> =>
    (underWay ??= sealLog({ ...options, signer, tree: (work) => views.tree(work) }).finally(() => {
      underWay = undefined;
    }));
  const closing = new AbortController();
  const intervals = everyMinutes === 0 ? undefined : sealAtIntervals(options, seal, closing.signal);
  return {
    seal,
    seals: () => readSeals(store),
    lastSeal: () => readLastSeal(store),
    logId: options.logId,
    verifierKey: signer.verifierKey,
    sign: (text) => signNote(text, signer),
    proofOf: async (event, size, seenBy) => {
      const seals = await readSeals(store);
      return seenBy.tree((log) => proveInclusion(log, seals, event, size));
    },
    consistency: (from, to) => views.tree((log) => proveConsistency(log, from, to)),
    close: async () => {
      closing.abort();
      await intervals;
      await underWay?.catch(() => undefined);
    },
  };
}

/** Minutes until what failed (the log, the disk, views that are not there yet) is tried again. */
const AGAIN_MINUTES = 1;

/** Never rejects; what fails for a while succeeds at a later turn, and other watches tell of it. */
async function sealAtIntervals(options: StartSealing, seal: Sealing['seal'], closing: AbortSignal): Promise<void> {
  const { leases, everyMinutes, report } = options;
  const wait = (minutes: number, signal: AbortSignal): Promise<void> =>
    delay(minutes * 60_000, undefined, { signal, ref: false }).catch(() => undefined);
  const again = Math.min(AGAIN_MINUTES, everyMinutes);
  while (!isOver(closing)) {
    const lease = await leases.hold('sealing', closing).catch(() => undefined);
    if (lease === undefined) {
      await wait(again, closing);
      continue;
    }
    const over = AbortSignal.any([closing, lease.over]);
    let left = await minutesLeft(options).catch(() => again);
    for (;;) {
      await wait(left, over);
      if (!lease.isHeld() || isOver(closing)) break;
      const sealed = await seal().catch(() => undefined);
      const isRewritten = sealed?.ok === false && sealed.error.code === 'log-rewritten';
      if (isRewritten) report(sealed.error.detail);
      left = sealed?.ok === true || isRewritten ? everyMinutes : again;
    }
    await lease.release();
  }
}

/** The interval goes on across restarts, and from one node to the next: it is counted from the last seal, or from the start of the log. */
async function minutesLeft({ store, clock, everyMinutes }: StartSealing): Promise<number> {
  const since = (await readLastSeal(store))?.recordedAt ?? (await startOf(store));
  const left = everyMinutes - (clock.now().getTime() - Date.parse(since)) / 60_000;
  // A clock that was set back makes no interval longer.
  return Math.min(Math.max(left, 0), everyMinutes);
}

/** When the log was started. */
async function startOf(store: EventStore): Promise<string> {
  for await (const { metadata } of store.readStream(LOG_START_STREAM, { limit: 1 }))
    return String(parseObject(metadata)?.recordedAt);
  throw new RangeError('The log was not started.');
}

/** Asked anew each time: it changes while something is awaited. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
