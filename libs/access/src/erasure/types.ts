/** Erasing what is personal of a person, as the apps see it. */
import type { Category } from '#domain';
import type { Refusal, Result } from '#kernel';
import type { ErasureCertificate, MentionReason } from './events.js';
import type { ShownSpan, Span } from './texts.js';

/** Who asks, and by which request. */
export interface AskedBy {
  /** The principal. */
  readonly id: string;
  /** The id of the request. */
  readonly correlationId: string;
}

/**
 * `forgetting`: a node that is up has not reported yet that it has forgotten what was destroyed so far. `in-review`: all have, and
 * mentions of the person are looked for, or wait for a reviewer. `certified`: it is done.
 */
export type ErasureState = 'forgetting' | 'in-review' | 'certified';

export interface ErasingNode {
  readonly id: string;
  readonly name: string;
  /** It is up. One that is not forgets before it serves again. */
  readonly live: boolean;
  readonly forgot: boolean;
  /** The event at which its views stand: it cannot forget until somebody skips it. */
  readonly stoppedAt?: string;
}

export interface ErasureInfo {
  readonly id: string;
  readonly person: string;
  readonly askedAt: string;
  readonly askedBy: string;
  readonly state: ErasureState;
  readonly nodes: readonly ErasingNode[];
  readonly mentions: {
    /** The whole record was looked through. */
    readonly complete: boolean;
    /** Those that a reviewer decides on, and how. */
    readonly open: number;
    readonly redacted: number;
    readonly kept: number;
    /** Subjects that cite a source which holds the words: there to be looked at, no more. */
    readonly citing: number;
    /** Subjects that hold them in the clear. */
    readonly inTheClear: number;
  };
  readonly certificate?: ErasureCertificate & { readonly at: string };
}

/** `open`: a reviewer is to decide. `clear`, `cites`: nobody has to. */
export type MentionState = 'open' | 'redacted' | 'kept' | 'clear' | 'cites';

/** A subject that tells of the person. */
export interface MentionInfo {
  readonly kind: Category;
  readonly id: string;
  readonly because: MentionReason;
  readonly state: MentionState;
  /** Where the words stand now; not after the certificate, when nobody knows them any more. */
  readonly spans: readonly ShownSpan[];
  /** How many spans there are besides. */
  readonly more?: number;
  /** Where they stand in fields that were never sealed: nobody can take them away. Some of them. */
  readonly inTheClear?: readonly ShownSpan[];
}

export interface AskedRedaction {
  readonly kind: Category;
  readonly id: string;
  /** Further words that are to be blanked in this subject, beside those by which the person is looked for. */
  readonly words?: readonly string[];
  /** These places and no others, unless words are given too. */
  readonly spans?: readonly Span[];
  /** All sealed texts of the subject. */
  readonly everything?: boolean;
  readonly reason?: string;
}

export interface Erasures {
  /**
   * Erases a person: nothing more is recorded on them from the moment at which this is answered, and their key is gone from the key
   * store. What nodes hold in memory and files is gone when all have reported. Asked again, it is found done. Refusal codes:
   * `not-found`, `conflict`.
   * @throws EventStoreError, KeyStoreError
   */
  ask(person: string, reason: string, by: AskedBy): Promise<Result<ErasureInfo, readonly Refusal[]>>;
  /**
   * Whether nodes that are up have still to forget a person's own key; undefined: nobody asked for their erasure.
   * @throws EventStoreError
   */
  isForgotten(person: string): Promise<boolean | undefined>;
  /** @throws EventStoreError */
  get(id: string): Promise<ErasureInfo | undefined>;
  /**
   * In the order of asking.
   * @throws EventStoreError
   */
  all(): Promise<readonly ErasureInfo[]>;
  /**
   * Some mentions, in the order in which they were found. Refusal code: `not-found`.
   * @param from how many come before
   * @throws EventStoreError, KeyStoreError
   */
  mentions(id: string, from: number, limit: number): Promise<Result<readonly MentionInfo[], readonly Refusal[]>>;
  /**
   * Blanks words in a subject for good: what stood there cannot be read any more by anybody. Refusal codes: `not-found`,
   * `erasure-over`, `nothing-to-redact`, `invalid-span`, `erased`, `conflict`.
   * @throws as {@link ask} does
   */
  redact(id: string, asked: AskedRedaction, by: AskedBy): Promise<Result<MentionInfo, readonly Refusal[]>>;
  /** A mention stays as it is. Refusal codes: `not-found`, `erasure-over`, `conflict`. */
  keep(
    id: string,
    asked: { readonly kind: Category; readonly id: string; readonly reason: string },
    by: AskedBy,
  ): Promise<Result<MentionInfo, readonly Refusal[]>>;
  /** Waits for the step under way. Idempotent. */
  close(): Promise<void>;
}
