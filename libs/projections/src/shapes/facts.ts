/** One answer, one fact, and what was recorded about facts. */
import type { Axis } from '#domain';
import type { Visibility } from '#kernel';
import type { CitationView, DaysView, SubjectPointer } from './common.js';
import type { Told } from './told.js';

/** One axis's answer: at the present day or, where `validAt` was asked, over that span. */
export interface AnswerView {
  readonly axis: Axis;
  readonly case?: string;
  readonly key?: string;
  readonly value: string;
  readonly detail?: Readonly<Record<string, string>>;
  readonly since?: string;
  readonly sinceBounds: DaysView;
  readonly certain: boolean;
  readonly possible: readonly string[];
  readonly groups: Readonly<Record<string, { readonly certain: boolean; readonly possible: boolean }>>;
  readonly disputed: boolean;
  readonly orderUncertain: boolean;
  /** Where orderUncertain: the values that other orders of the same facts give. */
  readonly otherReadings: readonly string[];
  readonly reason?: 'stale';
  readonly laterQuashed?: true;
  /** Event ids of the facts that the answer rests on; each stands in a timeline. */
  readonly restsOn: readonly string[];
}

/** Somebody recorded something about a fact: who, when, why. */
export interface ActView {
  readonly event: string;
  readonly seq: number;
  readonly type: string;
  readonly recordedAt: string;
  readonly recordedBy: string;
  readonly reason?: string;
  readonly citations: readonly CitationView[];
  /** The rest of what the act says. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface DisputeView extends ActView {
  readonly kind: string;
  readonly by?: string;
  readonly open: boolean;
  readonly outcome?: string;
  readonly settlements: readonly ActView[];
  /** The other reading, with the subject that it would speak of. It touches no axis of that subject. */
  readonly alternative?: { readonly subject: SubjectPointer; readonly data: Readonly<Record<string, unknown>> };
}

/** One fact on a timeline, as corrected. */
export interface FactView extends Told {
  readonly event: string;
  readonly seq: number;
  readonly type: string;
  /** The subject in whose stream it was recorded. */
  readonly subject: SubjectPointer;
  readonly occurred?: string;
  /** Its days after tightening through the order of the facts. */
  readonly bounds: DaysView;
  readonly aspect: 'began' | 'observed';
  /** Event ids of facts that it is known to have followed. */
  readonly after: readonly string[];
  readonly case?: SubjectPointer;
  /** What the fact itself says, without the fields that every fact has. */
  readonly data: Readonly<Record<string, unknown>>;
  /** `proposed`: it stands, and under four eyes nobody has verified it yet as it is. */
  readonly standing: 'standing' | 'corrected' | 'proposed' | 'withdrawn' | 'moved';
  /** Only where it stands and is left out of every answer of the document: see {@link AsOf.lens}. */
  readonly counts?: false;
  readonly disputed: boolean;
  /** Each source's telling of when it was, the fact's own first. */
  readonly readings: readonly { readonly event: string; readonly occurred?: string; readonly bounds: DaysView }[];
  /** Event ids of facts that were judged to be this one. */
  readonly sameAs: readonly string[];
  readonly corrections: readonly ActView[];
  readonly disputes: readonly DisputeView[];
  readonly verifications: readonly ActView[];
  readonly accounts: readonly ActView[];
  readonly recordedAt: string;
  readonly recordedBy: string;
  readonly visibility: Visibility;
}
