/**
 * Sealing: recording in the log itself, signed, which root the tree over its events has by now. A seal says nothing that
 * the log does not hold; its use is that others keep it: whoever can rewrite the log can seal what he wrote, but not make
 * it begin with what an earlier seal covers.
 */
import type { EventStore, StoredEvent } from '#event-store';
import { type Clock, err, ok, randomId, type Randomness, refusal, type Refusal, type Result } from '#kernel';
import {
  CHAIN_START,
  type ChainHead,
  createEventCodec,
  LOG_SEALED,
  parseObject,
  readMetadata,
  rootOf,
  sameHash,
  SEAL_STREAM,
  settledAppend,
  SYSTEM,
} from '#log-format';
import type { LogTree } from '#projections';
import { type Checkpoint, checkpointInSeal, originOf, writeCheckpoint } from './checkpoint.js';
import { createSigner, type Signer } from './note.js';

/** A seal as it stands in the log. */
export interface Seal {
  readonly event: string;
  readonly recordedAt: string;
  /** How many events it covers: those with a seq up to this. */
  readonly size: number;
  /** Base64, of 32 bytes. */
  readonly root: string;
  /** A signed checkpoint (C2SP tlog-checkpoint). */
  readonly checkpoint: string;
  /** Whose signature it bears (C2SP signed-note). */
  readonly verifierKey: string;
}

/** The name of the secret in the key store that a log is sealed with. */
export const SEALING_SECRET = 'sealing';

/** @param secret 32 bytes: the same on all nodes of a log */
export function sealSigner(logId: string, secret: Uint8Array): Signer {
  return createSigner(originOf(logId), secret);
}

/** The seals of a log, in their order; what is no seal of it is left out. */
export async function readSeals(store: Pick<EventStore, 'readStream'>): Promise<readonly Seal[]> {
  const seals: Seal[] = [];
  for await (const event of store.readStream(SEAL_STREAM)) {
    const seal = sealIn(event);
    if (seal !== undefined) seals.push(seal);
  }
  return seals;
}

/** The last one of {@link readSeals}. */
export async function readLastSeal(store: Pick<EventStore, 'readStream'>): Promise<Seal | undefined> {
  return (await lastOf(store)).seal;
}

export interface SealLog {
  readonly store: EventStore;
  readonly signer: Signer;
  /** As far as the views hold it. */
  readonly tree: <T>(work: (tree: LogTree) => Result<T, Refusal>) => Result<T, Refusal>;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/**
 * Seals all events that the views hold, unless nothing but the last seal was recorded since that one. Safe against other
 * nodes that do so at the same time: what one of them wrote is looked at again.
 *
 * A checkpoint is signed only if the log still begins with what the last seal covers.
 *
 * @returns the log's last seal
 * Refusal codes: `log-rewritten`: it does not; `nothing-to-seal`; those of the views.
 * @throws IntegrityError, EventStoreError, OutcomeUnknownError
 */
export async function sealLog({ store, signer, tree, clock, randomness }: SealLog): Promise<Result<Seal, Refusal>> {
  for (;;) {
    const { head, seal: last } = await lastOf(store);
    const next = tree((log) => nextCheckpoint(log, last));
    if (!next.ok) return next;
    if (next.value === undefined) return last === undefined ? err(NOTHING) : ok(last);
    const { logId } = next.value;
    const checkpoint = writeCheckpoint(next.value, signer);
    const now = clock.now();
    const id = randomId(randomness);
    const encoded = createEventCodec([LOG_SEALED], randomness).encode(
      [{ id, type: LOG_SEALED.type, data: { checkpoint, verifierKey: signer.verifierKey } }],
      {
        logId,
        stream: SEAL_STREAM,
        head,
        recordedAt: now,
        recordedBy: SYSTEM,
        correlationId: id,
        visibility: 'public',
      },
    );
    const expected = head.revision < 0 ? 'no-stream' : head.revision;
    const landed = await settledAppend(store, SEAL_STREAM, encoded.events, expected, randomness);
    if (landed === undefined) continue;
    return ok({
      event: id,
      recordedAt: now.toISOString(),
      ...shown(next.value),
      checkpoint,
      verifierKey: signer.verifierKey,
    });
  }
}

/** Where the chain of seals stands, and its last seal. */
async function lastOf(
  store: Pick<EventStore, 'readStream'>,
): Promise<{ readonly head: ChainHead; readonly seal: Seal | undefined }> {
  let head: ChainHead | undefined;
  for await (const event of store.readStream(SEAL_STREAM, { direction: 'backwards' })) {
    head ??= { revision: event.revision, hash: readMetadata(event.metadata)?.hash };
    const seal = sealIn(event);
    // What is no seal was put there by somebody else: it is told of by `verify`, and seals go on behind it.
    if (seal !== undefined) return { head, seal };
  }
  return { head: head ?? CHAIN_START, seal: undefined };
}

const NOTHING = refusal('nothing-to-seal', 'The views hold no event yet; try again in a moment.');
const REWRITTEN = refusal(
  'log-rewritten',
  'The log does not begin with the events that its last seal covers: it was changed since. Nothing is sealed; run `habeas verify`.',
);

/** What is to be sealed next; undefined if nothing is. */
function nextCheckpoint(
  { logId, size, subtrees }: LogTree,
  last: Seal | undefined,
): Result<Checkpoint | undefined, Refusal> {
  // The views may be behind the last seal, and that seal is itself the first event behind what it covers.
  if (last !== undefined && size <= last.size + 1) return ok(undefined);
  if (last !== undefined && !sameHash(rootOf(last.size, subtrees), Buffer.from(last.root, 'base64'))) {
    return err(REWRITTEN);
  }
  return size === 0 ? ok(undefined) : ok({ logId, size, root: rootOf(size, subtrees) });
}

function sealIn(event: StoredEvent): Seal | undefined {
  const { recordedAt } = parseObject(event.metadata) ?? {};
  const read = checkpointInSeal(event);
  if (event.type !== LOG_SEALED.type || !read.ok || typeof recordedAt !== 'string') return undefined;
  const { note: checkpoint, verifierKey } = read.value;
  return { event: event.id, recordedAt, ...shown(read.value), checkpoint, verifierKey };
}

function shown({ size, root }: Checkpoint): Pick<Seal, 'size' | 'root'> {
  return { size, root: Buffer.from(root).toString('base64') };
}
