/** What can be wrong with a log, and how it is said. */
import type { IntegrityFault, UndecodableReason } from '#log-format';
import type { CheckpointFault } from './checkpoint.js';

/**
 * - of a chain: see IntegrityFault; of an event that cannot be read: see UndecodableReason;
 * - of a seal in the log: `malformed-note`, `malformed-checkpoint`, `unknown-signer`, `wrong-signature`; `other-log`: it
 *   speaks of another log; `sealed-ahead`: of more events than come before it; `root-mismatch`: the events that it covers
 *   are not those that were sealed; `seals-missing`: the log says itself that it had more seals;
 * - of a checkpoint that was kept elsewhere: `kept-other-log`; `kept-root-mismatch`: the log does not begin with the same
 *   events any more; `log-cut`: it has fewer.
 */
export type LogFaultCode =
  | IntegrityFault
  | UndecodableReason
  | CheckpointFault
  | 'other-log'
  | 'sealed-ahead'
  | 'root-mismatch'
  | 'seals-missing'
  | 'kept-other-log'
  | 'kept-root-mismatch'
  | 'log-cut';

export interface LogFault {
  readonly code: LogFaultCode;
  /** The event that it was found at; left out where it is a matter of the whole log. */
  readonly at?: { readonly seq: number; readonly id: string; readonly stream: string; readonly revision: number };
  /** Of roots: the first and last seq among which something was changed, put in, taken out or swapped. */
  readonly among?: { readonly from: number; readonly to: number };
}

const MEANINGS: Readonly<Record<LogFaultCode, string>> = {
  'revision-gap': 'an event is missing before it, or it does not belong there',
  'prev-mismatch': 'it does not follow the event before it in its stream',
  'hash-mismatch': 'it is not what was recorded',
  'malformed-metadata': 'what is stored about it is not what Habeas writes',
  'landed-elsewhere': 'it is not where it was appended',
  'log-without-start': 'the log does not begin with its own id',
  'malformed-data': 'its data are no JSON object',
  'unknown-type': 'this version of Habeas does not know its type',
  'unknown-schema-version': 'it was written by a newer version of Habeas',
  'malformed-box': 'its sealed box is not what Habeas writes',
  'box-does-not-open': 'its sealed box does not open with its key',
  'upcaster-failed': 'it could not be brought up to date',
  'malformed-note': 'it is no signed note',
  'malformed-checkpoint': 'it is no checkpoint of a log of Habeas',
  'unknown-signer': 'it bears no signature of a key that is known',
  'wrong-signature': 'its signature is wrong',
  'other-log': 'it is a seal of another log',
  'sealed-ahead': 'it is a seal of more events than come before it',
  'root-mismatch': 'they are not what was sealed: something was changed, put in, taken out or swapped',
  'seals-missing': 'the log held more seals than it holds now',
  'kept-other-log': 'the checkpoint that was kept is of another log',
  'kept-root-mismatch':
    'they are not what the checkpoint that was kept says: something was changed, put in, taken out or swapped',
  'log-cut': 'the log ends before what the checkpoint that was kept covers: they are missing',
};

export function meaningOf(code: LogFaultCode): string {
  return MEANINGS[code];
}

/** One sentence that names the place, never what is recorded there. */
export function describeFault({ code, at, among }: LogFault): string {
  const meaning = meaningOf(code);
  if (at !== undefined) {
    return `The log is not whole at revision ${at.revision} of ${at.stream}: ${code}. Event ${at.id} (seq ${at.seq}): ${meaning}.`;
  }
  if (among !== undefined)
    return `The log is not whole among seqs ${among.from} to ${among.to}: ${code}. ${capital(meaning)}.`;
  return `The log is not whole: ${code}. ${capital(meaning)}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
