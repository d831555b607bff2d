/** Status changes, and which of them somebody wants. */
import type { Axis } from '#domain';
import type { CitationView, DaysView, SubjectPointer } from './common.js';

/** Why an answer changed; `history`: only an answer about the past did. */
export const CHANGE_KINDS = [
  'new',
  'backdated',
  'correction',
  'retraction',
  'dispute',
  'visibility',
  'erasure',
  'history',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What an axis answered, as far as a status change speaks of it. */
export interface ChangedAnswer {
  readonly value: string;
  readonly detail?: Readonly<Record<string, string>>;
  readonly since?: string;
  readonly certain: boolean;
  readonly disputed: boolean;
  readonly orderUncertain: boolean;
}

/** An axis's present answer differs before and after an event (or, for `history`, only a past answer does). */
export interface StatusChange {
  /** `f<fold>-<seq>.<n>`: the same on every node and after every rebuild. */
  readonly id: string;
  readonly seq: number;
  readonly subject: { readonly kind: 'person' | 'group'; readonly id: string };
  readonly axis: Axis;
  readonly case?: string;
  readonly key?: string;
  readonly from: ChangedAnswer;
  readonly to: ChangedAnswer;
  readonly since?: string;
  readonly kind: ChangeKind;
  /** `event` is left out where those who are told of the change may not see it: the kind is `visibility` then. */
  readonly cause: { readonly event?: string; readonly type: string };
  /** Where only answers about the past differ: the first and last day on which they do. */
  readonly days?: DaysView;
  /** The id of the change that this one corrects. */
  readonly corrects?: string;
}

/** A place in the order of status changes: behind the change `n` of the event at `seq`. `{seq: 0, n: 0}` is before all. */
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
  /**
   * Groups by their ids: changes of persons who held, before or after, a role in one on the day on which the change became
   * known, certainly or possibly; and changes of such a role, whenever it was held.
   */
  readonly organisation?: readonly string[];
  /**
   * ISO 3166-1 alpha-2 codes: changes of persons who had, before or after, protection of the country on that day, certain or
   * possible; and changes of such a protection, whenever it was.
   */
  readonly country?: readonly string[];
}

/** A change, and what else is told of it: all of it as of the event that caused it, so that it is the same whenever it is told. */
export interface FedChange {
  readonly change: StatusChange;
  /** When its cause was recorded (ISO 8601 in UTC). */
  readonly recordedAt: string;
  /** What filters ask for beside the change itself; sorted. */
  readonly organisations: readonly string[];
  readonly countries: readonly string[];
}

/** What is shown beside a change, as it is now. */
export interface ShownChange {
  /** The subject of the change, with its name. */
  readonly subject: SubjectPointer;
  /** Of its cause, with their words. */
  readonly citations: readonly CitationView[];
}

export interface ChangePage {
  readonly items: readonly FedChange[];
  /** Behind everything that was looked at, whether or not it matched: where the next page begins. */
  readonly next: ChangePlace;
  /** There was nothing more when it was read. */
  readonly atHead: boolean;
}

/** A page, and the record that it was read from. */
export interface ChangesRead extends ChangePage {
  readonly logId: string;
  /** The last seq that the views hold. */
  readonly head: number;
}
