/** What all answers share: whom and what they name, which record they are computed from, on what words they rest. */
import type { Lens } from '#domain';

export type SubjectCategory = 'person' | 'group' | 'case' | 'statement' | 'source';

/** The first and last day on which something may have been; an open side is left out. */
export interface DaysView {
  readonly earliest?: string;
  readonly latest?: string;
}

/** Another subject, by id, with its name or title as the record knows it (left out where unknown or erased). */
export interface SubjectPointer {
  readonly kind: SubjectCategory;
  readonly id: string;
  readonly name?: string;
}

/** Which record the answer was computed from. */
export interface AsOf {
  /** EDTF, as it was asked. */
  readonly validAt?: string;
  readonly knownAt: {
    /** Everything up to this event of the log was counted in. */
    readonly seq: number;
    /** As it was asked, where it was asked by an instant. */
    readonly instant?: string;
    /** Nothing that is recorded later can change which events this answer counts in. */
    readonly settled: boolean;
  };
  /** The day that `present` answers speak of. */
  readonly day: string;
  readonly foldVersion: number;
  /** Which facts counted. */
  readonly lens: Lens;
}

export interface CitationView {
  readonly source: SubjectPointer;
  /** The words that prove it: taken from the source's held text, or quoted where no text is held. */
  readonly words?: string;
  /** Where the words stand in the held text, in code points, and in which version of it. */
  readonly at?: { readonly start: number; readonly end: number; readonly version: number };
  readonly prefix?: string;
  readonly suffix?: string;
  readonly locator?: string;
  /** Latest day of the source's publication. */
  readonly published?: string;
}
