/** A status change as the columns of its row, and back: what its cause and its subject are stands in their own rows. */
import type { Segment } from '#domain';
import type { Day } from '#kernel';
import type { AxisChange } from './changes.js';
import { daysView } from './days.js';
import { bounded, type Column, type Flag, type RefColumns, refOf, unbounded } from './segment-columns.js';
import type { ChangedAnswer, ChangeKind, StatusChange } from './shapes.js';

/** Which change of the record it is, and of what kind. */
export interface ChangeRef {
  readonly seq: number;
  readonly n: number;
  readonly sid: number;
  readonly kind: ChangeKind;
  /** On which it became known (UTC). */
  readonly day: Day;
  /** The id of the change that it corrects. */
  readonly corrects: string | null;
}

export interface ChangeColumns extends ChangeRef, RefColumns {
  readonly was: string;
  readonly was_detail: string | null;
  readonly was_since: string | null;
  readonly was_certain: Flag;
  readonly was_disputed: Flag;
  readonly was_order_uncertain: Flag;
  readonly became: string;
  readonly became_detail: string | null;
  readonly became_since: string | null;
  readonly became_certain: Flag;
  readonly became_disputed: Flag;
  readonly became_order_uncertain: Flag;
  readonly first_day: Day | null;
  readonly last_day: Day | null;
}

/** With what stands in the rows of its subject and its cause. */
export interface ToldChange extends ChangeColumns {
  readonly subject_kind: StatusChange['subject']['kind'];
  readonly subject_id: string;
  /** Null where readers of the file may not see it. */
  readonly cause: string | null;
  readonly cause_type: string | null;
}

/** @param fold of {@link foldOf} */
export function changeId({ seq, n }: Pick<ChangeRef, 'seq' | 'n'>, fold: string): string {
  return `f${fold}-${seq}.${n}`;
}

/** In the order of the table. */
export function changeColumns({ ref, from, to, past }: AxisChange, place: ChangeRef): Column[] {
  const { seq, n, sid, kind, day, corrects } = place;
  return [
    seq,
    n,
    sid,
    ref.axis,
    ref.case ?? null,
    ref.key ?? null,
    kind,
    day,
    from.value,
    detailText(from),
    from.since ?? null,
    from.certain ? 1 : 0,
    from.disputed ? 1 : 0,
    from.orderUncertain ? 1 : 0,
    to.value,
    detailText(to),
    to.since ?? null,
    to.certain ? 1 : 0,
    to.disputed ? 1 : 0,
    to.orderUncertain ? 1 : 0,
    past === undefined ? null : bounded(past.from),
    past === undefined ? null : bounded(past.to),
    corrects,
  ];
}

/** Something was shown or hidden: by which event is not for everybody. */
const HIDDEN_CAUSE = { type: 'VisibilityChanged' };

export function toldChange(row: ToldChange, fold: string): StatusChange {
  const { first_day: earliest, last_day: latest } = row;
  return {
    id: changeId(row, fold),
    seq: row.seq,
    subject: { kind: row.subject_kind, id: row.subject_id },
    ...refOf(row),
    from: answer(row.was, row.was_detail, row.was_since, row.was_certain, row.was_disputed, row.was_order_uncertain),
    to: answer(
      row.became,
      row.became_detail,
      row.became_since,
      row.became_certain,
      row.became_disputed,
      row.became_order_uncertain,
    ),
    ...(row.became_since !== null && { since: row.became_since }),
    kind: row.kind,
    cause: row.cause === null || row.cause_type === null ? HIDDEN_CAUSE : { event: row.cause, type: row.cause_type },
    ...(row.corrects !== null && { corrects: row.corrects }),
    ...(earliest !== null &&
      latest !== null && { days: daysView({ earliest: unbounded(earliest), latest: unbounded(latest) }) }),
  };
}

function detailText({ detail }: ChangedAnswer): string | null {
  return detail === undefined ? null : JSON.stringify(detail);
}

function answer(
  value: string,
  detail: string | null,
  since: string | null,
  certain: Flag,
  disputed: Flag,
  orderUncertain: Flag,
): ChangedAnswer {
  return {
    value,
    ...(detail !== null && { detail: JSON.parse(detail) as NonNullable<Segment['detail']> }),
    ...(since !== null && { since }),
    certain: certain === 1,
    disputed: disputed === 1,
    orderUncertain: orderUncertain === 1,
  };
}
