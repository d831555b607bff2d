/**
 * Checkpoints: the size and the root of the tree over the log, signed. Whoever keeps one can tell later whether the log
 * still begins with the same events. The format is C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint).
 */
import type { StoredEvent } from '#event-store';
import { err, isId, ok, type Result } from '#kernel';
import { parseObject, type TreeHead } from '#log-format';
import { type NoteFault, openNote, readVerifierKey, type Signer, signNote, type Verifier } from './note.js';

export interface Checkpoint extends TreeHead {
  /** Of which log. */
  readonly logId: string;
}

/** What checkpoints of a log call it: its first line, and the name of its key. */
export function originOf(logId: string): string {
  return `habeas/log/${logId}`;
}

/** A signed note. */
export function writeCheckpoint({ logId, size, root }: Checkpoint, signer: Signer): string {
  return signNote(`${originOf(logId)}\n${size}\n${Buffer.from(root).toString('base64')}\n`, signer);
}

export type CheckpointFault = NoteFault | 'malformed-checkpoint';

/** What a checkpoint says, if one of the verifiers signed it. */
export function readCheckpoint(note: string, verifiers: readonly Verifier[]): Result<Checkpoint, CheckpointFault> {
  const { text, fault } = openNote(note, verifiers);
  if (fault !== undefined) return err(fault);
  return checkpointIn(text);
}

/** What a checkpoint says, whoever signed it: only for what is proved otherwise. */
export function readUnproven(note: string): Result<Checkpoint, CheckpointFault> {
  const { text, fault } = openNote(note, []);
  return fault === 'malformed-note' ? err(fault) : checkpointIn(text);
}

/** What a seal in the log holds. */
export interface SealedCheckpoint extends Checkpoint {
  /** The signed checkpoint itself. */
  readonly note: string;
  /** Whose signature it bears, as the seal says. */
  readonly verifierKey: string;
}

/** @param verifiers whose signature is believed; left out: of whoever the seal itself says */
export function checkpointInSeal(
  event: StoredEvent,
  verifiers?: readonly Verifier[],
): Result<SealedCheckpoint, CheckpointFault> {
  const { checkpoint: note, verifierKey } = parseObject(event.data) ?? {};
  if (typeof note !== 'string' || typeof verifierKey !== 'string') return err('malformed-checkpoint');
  const own = readVerifierKey(verifierKey);
  const read = readCheckpoint(note, verifiers ?? (own === undefined ? [] : [own]));
  return read.ok ? ok({ ...read.value, note, verifierKey }) : read;
}

function checkpointIn(text: string): Result<Checkpoint, CheckpointFault> {
  const [origin = '', size = '', root = ''] = text.split('\n');
  const logId = origin.startsWith(ORIGIN) ? origin.slice(ORIGIN.length) : '';
  const hash = Buffer.from(root, 'base64');
  if (!isId(logId) || !/^(0|[1-9]\d{0,15})$/.test(size) || hash.length !== 32 || hash.toString('base64') !== root) {
    return err('malformed-checkpoint');
  }
  return ok({ logId, size: Number(size), root: hash });
}

const ORIGIN = originOf('');
