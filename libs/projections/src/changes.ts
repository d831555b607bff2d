/**
 * From a subject's answers before and after one event to its status changes. Both are judged on the same day, the one
 * on which the event became known: certainty that fades with time is no change.
 */
import { AXES, type AxisRef, type Segment } from '#domain';
import type { Day } from '#kernel';
import type { ChangeKind, ChangedAnswer } from './shapes.js';

/** A status change before it has an id and a cause. */
export interface AxisChange {
  readonly ref: AxisRef;
  readonly from: ChangedAnswer;
  readonly to: ChangedAnswer;
  /** Latest day on which what is now answered may have begun. */
  readonly sinceLatest: Day;
  /** Only answers about the past differ; these are the first and last days on which they do. */
  readonly past?: { readonly from: Day; readonly to: Day };
}

const AXIS_ORDER = new Map(AXES.map(({ axis }, index) => [axis, String(index).padStart(2, '0')]));

/** What identifies an axis of a subject, and sorts axes in the order of the vocabulary. */
export function axisKey({ axis, case: inCase, key }: AxisRef): string {
  return `${AXIS_ORDER.get(axis) ?? ''}|${inCase ?? ''}|${key ?? ''}`;
}

/**
 * The change between the answers on one axis, all segments of which are given in the order of their days; days without
 * a segment answer `unknown`. Undefined where they differ in nothing that counts as a change.
 */
export function axisChange(before: readonly Segment[], after: readonly Segment[], day: Day): AxisChange | undefined {
  const some = after[0] ?? before[0];
  if (some === undefined) return undefined;
  const ref = {
    axis: some.axis,
    ...(some.case !== undefined && { case: some.case }),
    ...(some.key !== undefined && { key: some.key }),
  };
  const was = answerOn(before, day);
  const is = answerOn(after, day);
  if (differs(was, is)) {
    return { ref, from: asChanged(was), to: asChanged(is), sinceLatest: is?.sinceBounds.latest ?? Infinity };
  }
  const spans = differingSpans(before, after, day);
  const [first, last] = [spans[0], spans.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return {
    ref,
    from: asChanged(answerOn(before, last.to)),
    to: asChanged(answerOn(after, last.to)),
    sinceLatest: answerOn(after, last.to)?.sinceBounds.latest ?? Infinity,
    past: { from: first.from, to: last.to },
  };
}

/** Runs of days before `day` on which the two answer differently. */
function differingSpans(before: readonly Segment[], after: readonly Segment[], day: Day): { from: Day; to: Day }[] {
  const starts = [...new Set([-Infinity, ...before.map(({ from }) => from), ...after.map(({ from }) => from)])]
    .filter((start) => start < day)
    .sort((a, b) => a - b);
  return starts.flatMap((from, index) => {
    const to = (starts[index + 1] ?? day) - 1;
    return differs(answerOn(before, to), answerOn(after, to)) ? [{ from, to }] : [];
  });
}

function differs(a: Segment | undefined, b: Segment | undefined): boolean {
  if (a === b) return false;
  return (
    (a?.value ?? 'unknown') !== (b?.value ?? 'unknown') ||
    a?.since !== b?.since ||
    (a?.disputed ?? false) !== (b?.disputed ?? false) ||
    (a?.orderUncertain ?? false) !== (b?.orderUncertain ?? false)
  );
}

/** The answer that holds on a day; none where nothing is known of it. */
export function answerOn(segments: readonly Segment[], day: Day): Segment | undefined {
  return segments.find(({ from, to }) => from <= day && day <= to);
}

/** What status changes and differences tell of an answer. */
export function asChanged(answer: Segment | undefined): ChangedAnswer {
  if (answer === undefined) return { value: 'unknown', certain: false, disputed: false, orderUncertain: false };
  const { value, detail, since, certain, disputed, orderUncertain } = answer;
  return {
    value,
    ...(detail !== undefined && { detail }),
    ...(since !== undefined && { since }),
    certain,
    disputed,
    orderUncertain,
  };
}

/** Everything that the segments say is the same. */
export function sameAnswers(some: readonly Segment[], others: readonly Segment[]): boolean {
  return some === others || sameLists(some, others, sameAnswer);
}

export function sameAnswer(a: Segment, b: Segment): boolean {
  return (
    a === b ||
    (a.from === b.from &&
      a.to === b.to &&
      a.value === b.value &&
      a.since === b.since &&
      a.certain === b.certain &&
      a.disputed === b.disputed &&
      a.orderUncertain === b.orderUncertain &&
      a.reason === b.reason &&
      a.laterQuashed === b.laterQuashed &&
      a.sinceBounds.earliest === b.sinceBounds.earliest &&
      a.sinceBounds.latest === b.sinceBounds.latest &&
      sameLists(a.restsOn, b.restsOn) &&
      sameLists(a.possible, b.possible) &&
      sameLists(a.otherReadings, b.otherReadings) &&
      sameRecords(a.detail, b.detail, Object.is) &&
      sameRecords(a.groups, b.groups, (one, other) => one.certain === other.certain && one.possible === other.possible))
  );
}

function sameLists<T>(some: readonly T[], others: readonly T[], same: (a: T, b: T) => boolean = Object.is): boolean {
  if (some === others) return true;
  return some.length === others.length && some.every((one, index) => same(one, others[index] as T));
}

/** In whatever order their fields are. */
function sameRecords<T>(
  some: Readonly<Record<string, T>> | undefined,
  others: Readonly<Record<string, T>> | undefined,
  same: (a: T, b: T) => boolean,
): boolean {
  if (some === others) return true;
  if (some === undefined || others === undefined) return false;
  const names = Object.keys(some);
  if (names.length !== Object.keys(others).length) return false;
  return names.every((name) => Object.hasOwn(others, name) && same(some[name] as T, others[name] as T));
}

const KIND_BY_ACT: Readonly<Record<string, ChangeKind>> = {
  FactCorrected: 'correction',
  AccountAdded: 'correction',
  FactsJudgedSame: 'correction',
  FactsJudgementRevoked: 'correction',
  FactAssignedToCase: 'correction',
  CasesJoined: 'correction',
  IdentityJudged: 'correction',
  IdentityJudgementRevoked: 'correction',
  FactRetracted: 'retraction',
  FactMoved: 'retraction',
  FactDisputed: 'dispute',
  DisputeSettled: 'dispute',
};

/**
 * Why the answer changed. A fact is `backdated` if what it says had begun before the day on which the record began to
 * give the answer that it replaces, and that day is past: the record was wrong in between. What is entered in one go, on
 * one day, is `new`, however long ago it was; and so is what replaces no answer.
 *
 * @param known the day on which the event became known
 * @param replaced the day on which the answer that it replaces became known
 */
export function changeKind(change: AxisChange, cause: string, known: Day, replaced: Day | undefined): ChangeKind {
  if (change.past !== undefined) return 'history';
  const byAct = KIND_BY_ACT[cause];
  if (byAct !== undefined) return byAct;
  const wasWrong = replaced !== undefined && replaced < known && change.sinceLatest < replaced;
  return wasWrong && change.from.value !== 'unknown' ? 'backdated' : 'new';
}
