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
} from '#audit';
import type { EventStore, Leases } from '#event-store';
import type { Clock, Randomness, Refusal, Result } from '#kernel';
import type { KeyStore } from '#log-format';
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
  proofOf(event: string, size?: number): Promise<Result<InclusionProof, Refusal>>;
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
    proofOf: async (event, size) => {
      const seals = await readSeals(store);
      return views.tree((log) => proveInclusion(log, seals, event, size));
    },
    consistency: (from, to) => views.tree((log) => proveConsistency(log, from, to)),
    close: async () => {
      closing.abort();
      await intervals;
      await underWay?.catch(() => undefined);
    },
  };
}

/** Never rejects; what fails for a while (the log, the disk) succeeds at a later turn, and other watches tell of it. */
async function sealAtIntervals(
  { leases, everyMinutes, report }: StartSealing,
  seal: Sealing['seal'],
  closing: AbortSignal,
): Promise<void> {
  const wait = (signal: AbortSignal): Promise<void> =>
    delay(everyMinutes * 60_000, undefined, { signal, ref: false }).catch(() => undefined);
  while (!isOver(closing)) {
    const lease = await leases.hold('sealing', closing).catch(() => undefined);
    if (lease === undefined) {
      await wait(closing);
      continue;
    }
    const over = AbortSignal.any([closing, lease.over]);
    for (;;) {
      await wait(over);
      if (!lease.isHeld() || isOver(closing)) break;
      const sealed = await seal().catch(() => undefined);
      if (sealed?.ok === false && sealed.error.code === 'log-rewritten') report(sealed.error.detail);
    }
    await lease.release();
  }
}

/** Asked anew each time: it changes while something is awaited. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
