/** Events as the fold takes them: plain data, personal fields open (or missing, where they were erased). */
import type { Visibility } from '#kernel';
import type { SubjectId } from '../catalogue/category.js';
import type { Data } from '../catalogue/definition.js';

export interface DomainEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Data;
  /** UTC, with milliseconds and Z. */
  readonly recordedAt: string;
  /** The id of a principal. */
  readonly recordedBy: string;
  readonly visibility: Visibility;
  /** The subject in whose stream it stands; left out: the one whose state takes it. */
  readonly subject?: SubjectId;
}
