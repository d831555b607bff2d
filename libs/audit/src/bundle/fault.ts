/** What can be wrong with a bundle, and how it is said. */
import { type LogFaultCode, meaningOf } from '../log-fault.js';

/**
 * - of a file: `file-missing`, `file-changed`, `file-unknown`; `malformed-line`;
 * - of the manifest: `manifest-changed`, and what can be wrong with a signature;
 * - of the seal: `other-seal`: it is not the one that the bundle names; and what can be wrong with a checkpoint;
 * - of an event: `event-missing`, `proof-missing`, `not-in-seal`; and what can be wrong with a chain, or keep an event from
 *   being read; `box-does-not-open`: what is said to have been sealed was not;
 * - of a source: `text-differs`: its text is not what its events say.
 */
export type BundleFaultCode =
  | LogFaultCode
  | 'file-missing'
  | 'file-changed'
  | 'file-unknown'
  | 'malformed-line'
  | 'manifest-changed'
  | 'other-seal'
  | 'event-missing'
  | 'proof-missing'
  | 'not-in-seal'
  | 'text-differs';

export interface BundleFault {
  readonly code: BundleFaultCode;
  /** The file of the bundle that it was found in. */
  readonly file: string;
  readonly at?: { readonly seq: number; readonly id: string; readonly stream: string; readonly revision: number };
  /** Where a line or an event is not there, or cannot be read: which one. */
  readonly which?: string;
}

const MEANINGS: Readonly<Partial<Record<BundleFaultCode, string>>> = {
  'file-missing': 'it is not there',
  'file-changed': 'it is not what was put into the bundle',
  'file-unknown': 'it was not put into the bundle',
  'malformed-line': 'it is not what Habeas writes there',
  'manifest-changed': 'the manifest is not the one that was signed',
  'other-seal': 'it is not the seal that the bundle was made for',
  'event-missing': 'an event that belongs to the bundle is not in it',
  'proof-missing': 'there is no proof of it',
  'not-in-seal': 'its proof does not lead to what was sealed: it is not in the log, or not at this place',
  'box-does-not-open': 'what is said to have been sealed in it was not',
  'text-differs': 'it is not the text that the events of its source hold',
};

/** One sentence that names the place, never what is recorded there. */
export function describeBundleFault({ code, file, at, which }: BundleFault): string {
  const meaning = MEANINGS[code] ?? meaningOf(code as LogFaultCode);
  const place =
    at === undefined
      ? which === undefined
        ? ''
        : ` (${which})`
      : ` (event ${at.id}, seq ${at.seq}, revision ${at.revision} of ${at.stream})`;
  return `The bundle is not whole: ${code} in ${file}${place}: ${meaning}.`;
}
