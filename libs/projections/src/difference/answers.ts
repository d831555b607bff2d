/** Which answers the record gives differently at two moments: about the present of each, and about which days. */
import type { AxisAnswer, AxisRef, Segment } from '#domain';
import { answerOn, asChanged, axisKey } from '../changes.js';
import { answerView, unknownAnswer } from '../documents/answers.js';
import type { Build } from '../documents/build.js';
import { daysView } from '../days.js';
import type { AnswerDifference, DayAnswer } from '../shapes.js';
import type { Subject } from '../subject.js';

/** A subject at one moment, with the document that shows its answers. */
export interface Answering {
  readonly build: Build;
  readonly subject: Subject;
}

export function answerDifferences(
  before: Answering | undefined,
  after: Answering | undefined,
): readonly AnswerDifference[] {
  const [was, is] = [presentOf(before), presentOf(after)];
  const [had, has] = [axesOf(before), axesOf(after)];
  const keys = new Map<string, AxisRef>();
  for (const answer of [...was.values(), ...is.values()]) keys.set(axisKey(answer), answer);
  return [...keys]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, { axis, case: inCase, key: of }]) => {
      const ref = { axis, ...(inCase !== undefined && { case: inCase }), ...(of !== undefined && { key: of }) };
      const [then, now] = [was.get(key), is.get(key)];
      const days = daysThatDiffer(had.get(key) ?? [], has.get(key) ?? []);
      if (days.length === 0 && said(then) === said(now)) return [];
      const view = (answer: AxisAnswer | undefined): AnswerDifference['before'] =>
        answer === undefined ? { ...unknownAnswer(axis), ...ref } : answerView(answer);
      return [{ ...ref, before: view(then), after: view(now), days }];
    });
}

function presentOf(side: Answering | undefined): ReadonlyMap<string, AxisAnswer> {
  return new Map(side?.build.answers(side.subject).all.map((answer) => [axisKey(answer), answer]));
}

function axesOf(side: Answering | undefined): ReadonlyMap<string, readonly Segment[]> {
  const axes = new Map<string, readonly Segment[]>();
  for (const list of side?.subject.axes() ?? []) if (list[0] !== undefined) axes.set(axisKey(list[0]), list);
  return axes;
}

/** What an answer says; which facts it rests on is told by the facts. */
function said(answer: AxisAnswer | undefined): string {
  if (answer === undefined || (answer.value === 'unknown' && answer.possible.length === 0 && !answer.disputed))
    return '';
  const { value, detail, since, sinceBounds, reason, laterQuashed, otherReadings } = answer;
  const { certain, possible, disputed, orderUncertain } = answer;
  return JSON.stringify([
    ...[value, detail, since, daysView(sinceBounds), reason, laterQuashed, otherReadings],
    ...[certain, possible, disputed, orderUncertain],
  ]);
}

function daysThatDiffer(before: readonly Segment[], after: readonly Segment[]): AnswerDifference['days'] {
  const starts = [...new Set([...before, ...after].map(({ from }) => from))].sort((a, b) => a - b);
  const runs: { from: number; to: number; key: string; before: DayAnswer; after: DayAnswer }[] = [];
  for (const [index, from] of starts.entries()) {
    const to = (starts[index + 1] ?? Infinity) - 1;
    const [was, is] = [on(before, from), on(after, from)];
    const [wasSaid, isSaid] = [JSON.stringify(was), JSON.stringify(is)];
    if (wasSaid === isSaid) continue;
    const key = `${wasSaid} ${isSaid}`;
    const last = runs.at(-1);
    if (last?.key === key && last.to === from - 1) last.to = to;
    else runs.push({ from, to, key, before: was, after: is });
  }
  return runs.map(({ from, to, before: was, after: is }) => ({
    ...daysView({ earliest: from, latest: to }),
    before: was,
    after: is,
  }));
}

function on(segments: readonly Segment[], day: number): DayAnswer {
  const found = answerOn(segments, day);
  return { ...asChanged(found), possible: found?.possible ?? [] };
}
