/** What every event that tells something shows of itself. */
import type { CitationView, SubjectPointer } from './common.js';

export interface Told {
  /** The subjects that `data` names by id. */
  readonly mentions: readonly (SubjectPointer & { readonly pointer: string })[];
  readonly citations: readonly CitationView[];
  readonly basis?: string;
  readonly confidence?: string;
  readonly note?: string;
}
