/** What streams and webhooks stand on: status changes in the order of the log, from any place on, and word of new ones. */
import type { Axis } from '#domain';
import type { Refusal, Result } from '#kernel';
import type { ChangeKind, StatusChange } from '#projections';
import type { Observable } from 'rxjs';

/** A place in the feed: behind the `n`th change of the event at `seq`. `{seq: 0, n: 0}` is before all. */
export interface ChangePlace {
  readonly seq: number;
  /** Infinity: behind all changes of that event. */
  readonly n: number;
}

/** Which changes somebody wants: any of the values of each field, and all of the fields that are there. */
export interface ChangeFilter {
  /** Ids of persons, and of groups, whose own changes are meant. Either of the two suffices where both are there. */
  readonly person?: readonly string[];
  readonly group?: readonly string[];
  readonly axis?: readonly Axis[];
  /** Values of the axis before, and after. */
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  readonly kind?: readonly ChangeKind[];
  /** Groups by their ids: changes of persons who held, before or after, a role in one on the day on which the change became known. */
  readonly organisation?: readonly string[];
  /** ISO 3166-1 alpha-2 codes: changes of persons who had, before or after, protection of the country, certain or possible. */
  readonly country?: readonly string[];
}

/** A change, and what else is told of it: all of it as of the event that caused it, so that it is the same whenever it is told. */
export interface FedChange {
  readonly change: StatusChange;
  /** When its cause was recorded (ISO 8601 in UTC). */
  readonly recordedAt: string;
  /** What filters ask for beside the change itself. */
  readonly organisations: readonly string[];
  readonly countries: readonly string[];
}

export interface ChangePage {
  readonly items: readonly FedChange[];
  /** Behind everything that was looked at, whether or not it matched: where the next page begins. */
  readonly next: ChangePlace;
  /** There was nothing more when it was read. */
  readonly atHead: boolean;
}

export interface ChangeSource {
  /**
   * Changes behind a place, in the order of the log, the same on every node. Looks through a bounded number of them, so a
   * page may hold few or none and still not be at the head. Refusals: `views-not-ready`.
   */
  page(filter: ChangeFilter, after: ChangePlace, limit: number): Result<ChangePage, Refusal>;
  /** Tells, after they can be read, that there are events up to this seq. Completes when the server closes. */
  readonly advanced: Observable<number>;
}
