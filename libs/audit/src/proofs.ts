/** Proofs from the tree over the log: that an event is in it, and that a later log begins with an earlier one. */
import { err, ok, refusal, type Refusal, type Result } from '#kernel';
import { consistencyProof, inclusionProof, rootOf, type TreeHash } from '#log-format';
import type { LogTree } from '#projections';
import type { Seal } from './sealing.js';

/** Hashes are base64, of 32 bytes; a path goes from below upwards, as in RFC 6962. */
export interface ProvenHead {
  readonly size: number;
  readonly root: string;
}

export interface InclusionProof {
  readonly event: string;
  readonly seq: number;
  /** `seq - 1`: the place in the tree. */
  readonly index: number;
  /** SHA-256(0, the event's hash). */
  readonly leaf: string;
  readonly path: readonly string[];
  readonly size: number;
  readonly root: string;
  /** The seal that has this size and root. */
  readonly seal: Seal;
}

export interface ConsistencyProof {
  readonly from: ProvenHead;
  readonly to: ProvenHead;
  readonly path: readonly string[];
}

/**
 * Proves that an event is in the log, against the last of the given seals, or the one of the given size.
 *
 * Refusal codes: `unknown-event`, `not-sealed-yet`, `unknown-seal` (pointer `/size`).
 */
export function proveInclusion(
  log: LogTree,
  seals: readonly Seal[],
  event: string,
  ofSize?: number,
): Result<InclusionProof, Refusal> {
  const seq = log.seqOf(event);
  if (seq === undefined) return err(refusal('unknown-event', 'There is no event with this id.'));
  const found = sealOf(log, seals, ofSize);
  if (!found.ok) return found;
  const { size } = found.value;
  if (size < seq)
    return err(
      refusal('not-sealed-yet', 'This seal does not cover the event. Ask for a later one, or wait for the next.'),
    );
  const index = seq - 1;
  return ok({
    event,
    seq,
    index,
    leaf: base64(log.subtrees(0, index)),
    path: inclusionProof(index, size, log.subtrees).map(base64),
    size,
    root: base64(rootOf(size, log.subtrees)),
    seal: found.value,
  });
}

/**
 * The last of the given seals that the views reach, or the one of the given size.
 *
 * Refusal codes: `not-sealed-yet`; `unknown-seal` (pointer `/size`).
 */
export function sealOf(log: LogTree, seals: readonly Seal[], size?: number): Result<Seal, Refusal> {
  // A seal may be of another node, whose views are ahead.
  const held = seals.filter((seal) => seal.size <= log.size);
  const seal = size === undefined ? held.at(-1) : held.find((one) => one.size === size);
  if (seal !== undefined) return ok(seal);
  return size === undefined
    ? err(refusal('not-sealed-yet', 'The log was not sealed yet; an admin can do so by POST /v1/seals.'))
    : err(refusal('unknown-seal', 'No seal covers so many events: GET /v1/seals lists them.', '/size'));
}

/** The audit path of each of these seqs in the tree of the first `size` events; base64, from below upwards. */
export function auditPaths(log: LogTree, seqs: readonly number[], size: number): readonly (readonly string[])[] {
  return seqs.map((seq) => inclusionProof(seq - 1, size, log.subtrees).map(base64));
}

/**
 * Proves that the log of `to` events begins with the one of `from` events.
 *
 * Refusal codes: `invalid-size` (pointer `/from`), `size-ahead` (pointer `/to`): the views do not hold so many.
 */
export function proveConsistency(log: LogTree, from: number, to: number): Result<ConsistencyProof, Refusal> {
  if (from < 1 || from > to)
    return err(refusal('invalid-size', 'Give numbers of events, from 1 on, the smaller one as from.', '/from'));
  if (to > log.size) return err(refusal('size-ahead', 'The record has not come that far.', '/to'));
  const head = (size: number): ProvenHead => ({ size, root: base64(rootOf(size, log.subtrees)) });
  return ok({ from: head(from), to: head(to), path: consistencyProof(from, to, log.subtrees).map(base64) });
}

function base64(hash: TreeHash): string {
  return Buffer.from(hash).toString('base64');
}
