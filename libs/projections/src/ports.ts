/** The two faces of this room: what writes the views, and what reads them. */
import type { OwnLens } from '#domain';
import type { EventStore, StoredEvent } from '#event-store';
import type { Clock, Result, Refusal, Visibility } from '#kernel';
import type { Opening, Subtrees } from '#log-format';
import type {
  BuildProgress,
  ChangeFilter,
  ChangePlace,
  ChangesRead,
  CitationsPage,
  DifferenceView,
  FedChange,
  HistoryPage,
  ListPage,
  SearchField,
  SearchPage,
  ShownChange,
  SubjectCategory,
  ViewsHealth,
  ViewsMessage,
} from './shapes.js';

export interface ViewsOptions {
  readonly eventStore: EventStore;
  readonly keyStore: Opening;
  /** The folder in which the view files lie; made if it is not there. */
  readonly folder: string;
  /** Of those who are to read them; left out: they may see everything. One folder holds views of one ceiling. */
  readonly ceiling?: Visibility;
  /** Only facts count that somebody else than their recorder has verified. A file that was made otherwise is folded again. */
  readonly fourEyes?: boolean;
  readonly clock: Clock;
  /** Called after each commit and on every change of state, in order. Must not throw. */
  readonly post: (message: ViewsMessage) => void;
  /** Called when live events are taken up; what it gives is called when they are committed. Must not throw. */
  readonly applying?: (events: readonly StoredEvent[]) => (() => void) | undefined;
  /**
   * Builds a file that is to replace the served one in another place, such as a process of its own, and lets go of it when it
   * is nearly up to date. Left out: it is built here, and what is served waits for each step of that.
   */
  readonly build?: (order: BuildOrder) => Promise<void>;
}

export interface BuildOrder {
  /** The file to make. */
  readonly path: string;
  /** Of those who are to read it. */
  readonly ceiling: Visibility;
  /** Which facts count. */
  readonly lens: OwnLens;
  /** Events to pass over. */
  readonly skip: ReadonlySet<string>;
  readonly onProgress: (progress: BuildProgress) => void;
  /** Aborted where the file is not wanted any more; nothing touches it once the promise is settled. */
  readonly signal: AbortSignal;
}

/** The running projection. */
export interface Views {
  health(): ViewsHealth;
  /**
   * Folds the whole log again into a new file, while the present one is served and kept up to date; then swaps. Where a file
   * is being built, for whatever reason, that is the one.
   */
  rebuild(): void;
  /**
   * The same, by a file that is begun after this call, whatever is being built. Resolves true when that is served and all others are
   * deleted; false: it could not be built, or was given up. Never rejects.
   */
  refold(): Promise<boolean>;
  /**
   * Goes on behind the poison event that stopped the projection. Refused (`not-stopped-there`) if it did not stop at
   * this event. The skip is kept in the file.
   */
  skip(event: string): Result<void, Refusal>;
  /** Commits what is applied, checkpoint included, and lets go of log and file. Idempotent. */
  close(): Promise<void>;
}

/** A moment to answer for; both left out: the present. */
export interface Moment {
  /** EDTF: answers what was so in the world over that span. */
  readonly validAt?: string;
  /** An instant (ISO 8601 with Z or an offset) or a seq in decimal digits: answers from what was recorded by then. */
  readonly knownAt?: string;
}

/** What a document is to say. */
export interface DocumentQuery extends Moment {
  /** Which facts are to count, one of LENSES; left out: those that count in the record. */
  readonly lens?: string;
}

/** Two moments of knowledge, each as {@link Moment.knownAt}. */
export interface Between {
  readonly from: string;
  /** Left out: the present. */
  readonly to?: string;
}

export interface DocumentAnswer {
  /** JSON in UTF-8. Never changed: others may be given the same bytes. */
  readonly json: Buffer;
  /** Of the latest event of the subject's stream that the views hold: what an ETag of the present document names. */
  readonly revision: number;
  /** As {@link ViewsReader.confidential} has it. */
  readonly confidential: boolean;
}

/** Which subject. */
export interface SubjectRef {
  readonly kind: SubjectCategory;
  readonly id: string;
}

export interface ListQuery extends Moment {
  /** Part of a name, a title or of words; letter case and diacritics do not matter. */
  readonly q?: string;
  /** By the names that {@link filtersOf} gives: any of the values of each, and all of the filters. */
  readonly filters?: Readonly<Record<string, readonly string[]>>;
  /** `certain`: only who certainly meets the filters; `possible`: only who may and may not. Left out: both. */
  readonly certainty?: string;
  /** One of {@link sortsOf}; with `-` before it, the last ones first. */
  readonly sort?: string;
  /** The filters whose values are to be counted. */
  readonly facets?: readonly string[];
  /** `next` of the page before; the rest of the query must be the same, but for `limit` and `facets`. */
  readonly cursor?: string;
  /** 1 to 200; 50 unless said. */
  readonly limit?: number;
}

/** Which page of something that comes in pages. */
export interface PageQuery {
  readonly cursor?: string;
  /** 1 to 200; 50 unless said. */
  readonly limit?: number;
}

export interface SearchQuery {
  /** Part of a name, a title or words: one character or more, at most 200. Nothing in it is an operator. */
  readonly q: string;
  /** Everywhere unless said. */
  readonly in?: readonly SearchField[];
  /** Only subjects of this kind. */
  readonly category?: SubjectCategory;
  readonly cursor?: string;
  /** 1 to 100; 20 unless said. */
  readonly limit?: number;
}

/** Search is filled behind the other views. */
export type ViewName = 'documents' | 'search';

/**
 * Reads the views. Synchronous, over connections of its own; safe while the writer writes and swaps.
 *
 * Refusal codes: `not-found`, `views-not-ready` (nothing can be read yet), `invalid-date` (pointer `/validAt`),
 * `invalid-moment`, `moment-ahead` (pointer `/knownAt`), `invalid-lens` (pointer `/lens`), `invalid-cursor`, `log-changed` (a cursor of another log),
 * `other-list` (a cursor of another query), `invalid-limit`, `invalid-filter`, `invalid-facet`, `invalid-sort`,
 * `present-only` (what a list at another moment cannot be asked).
 * Of differences also `moments-reversed`, and the pointers `/from` and `/to` in place of `/knownAt`.
 * Of searches also `empty-query`, `query-too-long` (pointer `/q`), `unknown-search-field` (`/in`).
 */
export interface ViewsReader {
  /** By what changes are told, as it stands in their ids. */
  readonly fold: string;
  /** What may be seen: what is above it is as if it were not there. */
  readonly ceiling: Visibility;
  /** The subject's document. The present one comes ready-made; others are computed. */
  document(kind: SubjectCategory, id: string, query?: DocumentQuery): Result<DocumentAnswer, Refusal>;
  /** Subjects of one kind: as they are at present, today and as known now; persons and groups also as at any moment. */
  list(kind: SubjectCategory, query?: ListQuery): Result<ListPage, Refusal>;
  /**
   * Reads what such a list is answered from, a little at a time between other work, so that the answer comes at once. Without
   * it the first answer of its kind reads it all, which holds up others.
   */
  readAhead(kind: SubjectCategory, query: ListQuery): Promise<void>;
  /** Every event of the subject and every other that concerns it or changed its answers, in the order of the log. */
  history(kind: SubjectCategory, id: string, query?: PageQuery): Result<HistoryPage, Refusal>;
  /** What is said of a subject as known at a seq, and the events up to it that prove it, both at once. */
  evidence(kind: SubjectCategory, id: string, seq: number): Result<Evidence, Refusal>;
  /** Those among these ids that are of events or subjects above the ceiling: to be given to nobody. Others may be anything's. */
  hidden(ids: Iterable<string>): Result<ReadonlySet<string>, Refusal>;
  /** What the record says of a subject at two moments, compared. */
  difference(kind: SubjectCategory, id: string, between: Between): Result<DifferenceView, Refusal>;
  /**
   * The same of every subject that differs, in the order in which they were first named; a refusal ends it. Nothing of the file
   * is held between one and the next.
   * @param onProgress how many streams of the record were looked at, of how many
   */
  differences(
    between: Between,
    onProgress?: (done: number, of: number) => void,
  ): Iterable<Result<DifferenceView, Refusal>>;
  /** The facts that rest on a source, as they are now. */
  citations(source: string, query?: PageQuery): Result<CitationsPage, Refusal>;
  /**
   * Status changes behind a place, in the order of the log: the same on every node, after every rebuild, and whenever they are
   * read. Looks through a bounded number of them, so a page may hold few or none and still not be at the head.
   * @param limit how many at most, from 1
   */
  changes(filter: ChangeFilter, after: ChangePlace, limit: number): Result<ChangesRead, Refusal>;
  /** What is shown beside each of these changes. */
  shown(changes: readonly FedChange[]): Result<readonly ShownChange[], Refusal>;
  /** Subjects whose names, titles, words or notes hold a text, the best first. Present texts only, never withdrawn ones. */
  search(query: SearchQuery): Result<SearchPage, Refusal>;
  /**
   * Those of these subjects of which something is confidential, at present: their own, or recorded of others and shown with them,
   * whether or not an answer showed it.
   */
  confidential<T extends SubjectRef>(subjects: readonly T[]): Result<readonly T[], Refusal>;
  /** Which prefix of the log a moment stands for, and whether anything recorded later can still belong to it. */
  resolveKnownAt(knownAt: string): Result<{ readonly seq: number; readonly settled: boolean }, Refusal>;
  /** Resolves true as soon as the views hold the stream's event of this revision, false after `timeout` milliseconds. */
  waitFor(stream: string, revision: number, timeout: number, view?: ViewName): Promise<boolean>;
  /** The revision of the stream's latest event that the views hold. Undefined: none is held. */
  revisionOf(stream: string): number | undefined;
  /** What `work` makes at once of the Merkle tree over all events that the views hold: it does not move meanwhile. */
  tree<T>(work: (tree: LogTree) => Result<T, Refusal>): Result<T, Refusal>;
  health(): ViewsHealth;
  /** To be called with everything the writer posts. */
  notify(message: ViewsMessage): void;
  /** Ends waits (with false) and closes the connections. Idempotent. */
  close(): void;
}

/** Events that together prove something. */
export interface Evidence {
  /** What the record says of the subject: JSON in UTF-8. Left out: it was entered later. */
  readonly document?: Buffer;
  /** The subject's own come first, behind the start of the log. None: it was entered later. */
  readonly streams: readonly EvidenceStream[];
  /** The ids of all sources that any of the events names. */
  readonly sources: readonly string[];
  /** How many events of the subject's history came after the seq. */
  readonly later: number;
}

export interface EvidenceStream {
  readonly stream: string;
  /** All of its events up to the seq are there that may be seen. */
  readonly whole: boolean;
  /** In their order. */
  readonly events: readonly { readonly seq: number; readonly revision: number }[];
}

/** Of the log that the views are folded from: its tree, and where its events stand. */
export interface LogTree {
  readonly logId: string;
  /** How many events it has: the last one's seq. */
  readonly size: number;
  readonly subtrees: Subtrees;
  /** The seq of an event; undefined if the views do not hold it. */
  seqOf(event: string): number | undefined;
  /** The event of a seq; undefined if the views do not hold it. */
  placeOf(seq: number): { readonly stream: string; readonly revision: number } | undefined;
  /** A stream's events from one seq to another, both inclusive: the first ones, at most `limit`. */
  placesIn(
    stream: string,
    from: number,
    to: number,
    limit: number,
  ): readonly { readonly seq: number; readonly revision: number }[];
}

export interface ReaderOptions {
  readonly folder: string;
  /** As it was given to who writes them. Left out: everything may be read. */
  readonly ceiling?: Visibility;
  /** As it was given to who writes them: until a file of that kind is there, changes are refused. */
  readonly fourEyes?: boolean;
  readonly clock: Clock;
}
