/** What the record says of a subject at two moments, compared. */
import type { Axis } from '#domain';
import type { ChangedAnswer } from './changes.js';
import type { AsOf, DaysView, SubjectPointer } from './common.js';
import type { ActView, AnswerView, FactView } from './facts.js';
import type { HistoryEntry } from './pages.js';

/** What may become of a fact, or of what is on record beside facts, between two moments of knowledge. */
export const FACT_CHANGES = [
  /** It was not on the timeline. */
  'came',
  /** It is not on the timeline any more: two persons are not judged to be one any more. */
  'left',
  /** Something else counts as what it says, also where a correction was withdrawn. */
  'corrected',
  'withdrawn',
  'moved',
  /** It counts again. */
  'restored',
  /** A dispute is open that was not. */
  'disputed',
  'dispute-settled',
  /** This and the next two also where such an act was withdrawn. */
  'verified',
  /** Another source tells the same. */
  'told-again',
  'judged-same',
  'assigned-to-case',
  'visibility-changed',
] as const;
export type FactChange = (typeof FACT_CHANGES)[number];

export interface FactDifference {
  readonly event: string;
  readonly type: string;
  /** In the order of {@link FACT_CHANGES}; one at least. */
  readonly changes: readonly FactChange[];
  /** What was recorded about it in between, in the order of the log: who, when, why. */
  readonly by: readonly ActView[];
  /** As it was on the timeline at the first moment, and at the second. */
  readonly before?: FactView;
  readonly after?: FactView;
}

/** Of what is on record beside facts: what the subject was entered with, identifiers. */
export interface RecordDifference {
  readonly event: string;
  readonly type: string;
  readonly changes: readonly FactChange[];
  readonly by: readonly ActView[];
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/** What an axis answers about a day. */
export interface DayAnswer extends ChangedAnswer {
  readonly possible: readonly string[];
}

export interface AnswerDifference {
  readonly axis: Axis;
  readonly case?: string;
  readonly key?: string;
  /** Where the subject is a case: whose answer it is. */
  readonly person?: SubjectPointer;
  /** The present answers, each of the day on which the moment was. */
  readonly before: AnswerView;
  readonly after: AnswerView;
  /** The days about which the two records say different things. None: only time has passed. */
  readonly days: readonly (DaysView & { readonly before: DayAnswer; readonly after: DayAnswer })[];
}

/** Two states of knowledge about one subject, compared. */
export interface DifferenceView extends SubjectPointer {
  /** It was not on record at the first moment. */
  readonly entered?: true;
  readonly facts: readonly FactDifference[];
  readonly records: readonly RecordDifference[];
  /** Acts that concern the subject as a whole. */
  readonly acts: readonly (ActView & { readonly withdrawn?: true })[];
  /** Events of other subjects that were recorded in between and concern this one. */
  readonly concerning: readonly Pick<
    HistoryEntry,
    'seq' | 'event' | 'type' | 'subject' | 'recordedAt' | 'recordedBy' | 'visibility'
  >[];
  readonly answers: readonly AnswerDifference[];
  readonly from: AsOf;
  readonly to: AsOf;
}
