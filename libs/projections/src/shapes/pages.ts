/** What comes in pages: lists, histories, what rests on a source, what was searched for. */
import type { Visibility } from '#kernel';
import type { How } from '../search/folded-words.js';
import type { StatusChange } from './changes.js';
import type { AsOf, SubjectCategory, SubjectPointer } from './common.js';
import type { CitingFact } from './documents.js';
import type { Told } from './told.js';

export interface ListItem {
  readonly kind: SubjectCategory;
  readonly id: string;
  readonly name?: string;
  readonly summary: string;
  /** Where filters were given: it meets them all in every world that the facts allow, or only in some. */
  readonly certainty?: 'certain' | 'possible';
}

/** How many have a value: certainly, and only possibly. Who may have one of several values counts for each. */
export interface FacetValue {
  readonly value: string;
  readonly certain: number;
  readonly possible: number;
}

export interface FacetView {
  /** Values that nobody has are left out. In the order of the vocabulary; where there is none, the most frequent first. */
  readonly values: readonly FacetValue[];
  /** Named groups of values, such as `deprived`. */
  readonly groups?: readonly FacetValue[];
  /** Of how many nothing is known. */
  readonly unknown: number;
  /** How many values more there are. */
  readonly more?: number;
}

export interface ListPage {
  readonly items: readonly ListItem[];
  /** Left out on the last page. Opaque. */
  readonly next?: string;
  /** On all pages together. */
  readonly total: number;
  /** Of the total, where filters were given. */
  readonly counts?: { readonly certain: number; readonly possible: number };
  /** By the names that were asked for; each under all filters but its own. */
  readonly facets?: Readonly<Record<string, FacetView>>;
  readonly asOf: AsOf;
}

/** One event of a subject's history: what was recorded, as it was recorded, whatever came of it since. */
export interface HistoryEntry extends Told {
  readonly seq: number;
  readonly event: string;
  readonly type: string;
  /** In whose stream it was recorded: another subject's, where it only concerns this one. */
  readonly subject: SubjectPointer;
  readonly recordedAt: string;
  readonly recordedBy: string;
  readonly visibility: Visibility;
  readonly occurred?: string;
  readonly aspect?: string;
  /** Event ids of facts that it is said to have followed. */
  readonly after: readonly string[];
  readonly case?: SubjectPointer;
  /** What the event itself says, without the fields that stand beside this. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly reason?: string;
  /** Its personal fields were erased. */
  readonly erased?: true;
  /** The status changes that it caused: of a person or group, its own; of other subjects, everybody's. */
  readonly changes: readonly StatusChange[];
}

/** In the order of the log. */
export interface HistoryPage {
  readonly items: readonly HistoryEntry[];
  /** Left out on the last page. Opaque. */
  readonly next?: string;
  readonly asOf: AsOf;
}

/** Facts that rest on a source: by the subjects that they are recorded of, then in the order of the log. */
export interface CitationsPage {
  readonly items: readonly CitingFact[];
  /** Left out on the last page. Opaque. */
  readonly next?: string;
  readonly asOf: AsOf;
}

/** Where one may search: names, statements, sources, and everything else that somebody wrote. */
export type SearchField = 'names' | 'statements' | 'sources' | 'notes';

/** A text that holds what was searched for. */
export interface SearchMatch {
  readonly in: SearchField;
  /** JSON pointer into the payload of the event, such as `/note`. */
  readonly field: string;
  /** It is what was searched for; begins with it; has a word that begins with it; has it somewhere. */
  readonly how: How;
  /** The fact, entry or act in which it stands. */
  readonly event: string;
  readonly type: string;
  /** The text or, of a long one, a part of it. */
  readonly text: string;
  /** Where `text` begins in the whole field (of a source: in its whole text), in code points. */
  readonly start: number;
  /** Where in `text` the words stand, in code points; `end` is the first one behind. */
  readonly highlights: readonly { readonly start: number; readonly end: number }[];
}

/** Another name of somebody who is called just what was searched for. */
export interface OtherSpelling {
  readonly text: string;
  readonly of: SubjectPointer;
}

/** A subject with texts that were found, the best first. */
export interface SearchHit extends Omit<ListItem, 'certainty'> {
  /** At most three. */
  readonly matches: readonly SearchMatch[];
  /** How many of its texts were found. */
  readonly matchCount: number;
  /** Only this was found, not what was searched for itself. */
  readonly spelling?: OtherSpelling;
}

export interface SearchPage {
  readonly items: readonly SearchHit[];
  /** What was searched for besides. */
  readonly spellings: readonly OtherSpelling[];
  readonly asOf: {
    /** Every text up to this event of the log was looked through. */
    readonly seq: number;
    /** Nothing that the views hold is missing. False while search is being filled. */
    readonly complete: boolean;
  };
  /** Left out on the last page. Opaque. */
  readonly next?: string;
}
