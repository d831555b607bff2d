/** What streams and webhooks stand on: status changes in the order of the log, from any place on, and word of new ones. */
import type { Refusal, Result } from '#kernel';
import type { ChangeFilter, ChangePage, ChangePlace } from '#projections';
import type { Observable } from 'rxjs';

export type { ChangeFilter, ChangePage, ChangePlace, FedChange } from '#projections';

export interface ChangeSource {
  /** By what the changes are told, as it stands in their ids. */
  readonly fold: string;
  /**
   * Changes behind a place, in the order of the log, the same on every node. Looks through a bounded number of them, so a
   * page may hold few or none and still not be at the head. Refusals: `views-not-ready`.
   */
  page(filter: ChangeFilter, after: ChangePlace, limit: number): Result<ChangePage, Refusal>;
  /** Tells, after they can be read, that there are events up to this seq. Completes when the server closes. */
  readonly advanced: Observable<number>;
}
