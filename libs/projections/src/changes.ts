/**
 * From a subject's answers before and after one event to its status changes. Both are judged on the same day, the one
 * on which the event became known: certainty that fades with time is no change.
 */
import { AXES, type AxisAnswer, type Segment } from '#domain';
import type { Day } from '#kernel';
import type { ChangeKind, ChangedAnswer } from './shapes.js';

/** A status change before it has an id and a cause. */
export interface AxisChange {
  readonly ref: Pick<AxisAnswer, 'axis' | 'case' | 'key'>;
  readonly from: ChangedAnswer;
  readonly to: ChangedAnswer;
  /** Latest day on which what is now answered may have begun. */
  readonly sinceLatest: Day;
  /** Only answers about the past differ; these are the first and last days on which they do. */
  readonly past?: { readonly from: Day; readonly to: Day };
}

const AXIS_ORDER = new Map(AXES.map(({ axis }, index) => [axis, index]));

/** What identifies an axis of a subject, and sorts axes in the order of the vocabulary. */
export function axisKey({ axis, case: inCase, key }: Pick<AxisAnswer, 'axis' | 'case' | 'key'>): string {
  return `${String(AXIS_ORDER.get(axis) ?? 99).padStart(2, '0')}|${inCase ?? ''}|${key ?? ''}`;
}

/** The differences, one for each axis that has one, always in the same order. */
export function axisChanges(before: readonly Segment[], after: readonly Segment[], day: Day): readonly AxisChange[] {
  const old = byAxis(before);
  const now = byAxis(after);
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort();
  return keys.flatMap((key) => changeOf(old.get(key) ?? [], now.get(key) ?? [], day) ?? []);
}

function changeOf(before: readonly Segment[], after: readonly Segment[], day: Day): AxisChange | undefined {
  const some = after[0] ?? before[0];
  if (some === undefined) return undefined;
  const ref = {
    axis: some.axis,
    ...(some.case !== undefined && { case: some.case }),
    ...(some.key !== undefined && { key: some.key }),
  };
  const was = on(before, day);
  const is = on(after, day);
  if (differs(was, is)) {
    return { ref, from: asChanged(was), to: asChanged(is), sinceLatest: is?.sinceBounds.latest ?? Infinity };
  }
  const spans = differingSpans(before, after, day);
  const [first, last] = [spans[0], spans.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return {
    ref,
    from: asChanged(on(before, last.to)),
    to: asChanged(on(after, last.to)),
    sinceLatest: on(after, last.to)?.sinceBounds.latest ?? Infinity,
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
    return differs(on(before, to), on(after, to)) ? [{ from, to }] : [];
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

function on(segments: readonly Segment[], day: Day): Segment | undefined {
  return segments.find(({ from, to }) => from <= day && day <= to);
}

function asChanged(answer: Segment | undefined): ChangedAnswer {
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

function byAxis(segments: readonly Segment[]): Map<string, Segment[]> {
  const groups = new Map<string, Segment[]>();
  for (const segment of segments) {
    const key = axisKey(segment);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [segment]);
    else group.push(segment);
  }
  return groups;
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
  VisibilityChanged: 'visibility',
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
