/** A subject's answers on its axes, on one day or over a span, as the documents show them. */
import type { Axis, AxisAnswer } from '#domain';
import type { Day, DayBounds } from '#kernel';
import { daysView } from '../days.js';
import type { AnswerView } from '../shapes.js';
import type { Subject } from '../subject.js';

export type CaseAxes = 'hold' | 'stage' | 'verdict' | 'finality' | 'sentence';

export class Answers {
  private constructor(
    /** As the domain gives them. */
    readonly all: readonly AxisAnswer[],
    /** The last day on which the answers stay as they are. */
    readonly until: Day,
  ) {}

  static of(subject: Subject, day: Day, span: DayBounds | undefined): Answers {
    const status = subject.status();
    if (status === undefined) return new Answers([], Infinity);
    if (span !== undefined) return new Answers(status.at(span.earliest, span.latest), Infinity);
    let until = Infinity;
    for (const { from, to } of subject.segments()) if (from <= day && day <= to) until = Math.min(until, to);
    return new Answers(status.current(day), until);
  }

  one(axis: Axis): AnswerView {
    const found = this.all.find((answer) => answer.axis === axis);
    return found === undefined ? unknownAnswer(axis) : answerView(found);
  }

  many(axis: Axis): readonly AnswerView[] {
    return this.all.filter((answer) => answer.axis === axis).map(answerView);
  }

  /** The cases of which anything is known, in no order. */
  cases(): readonly string[] {
    return [
      ...new Set(this.all.flatMap((answer) => (answer.case !== undefined && isKnown(answer) ? [answer.case] : []))),
    ];
  }

  ofCase(id: string): Readonly<Record<CaseAxes, AnswerView>> {
    const one = (axis: CaseAxes): AnswerView => {
      const found = this.all.find((answer) => answer.axis === axis && answer.case === id);
      return found === undefined ? { ...unknownAnswer(axis), case: id } : answerView(found);
    };
    return {
      hold: one('hold'),
      stage: one('stage'),
      verdict: one('verdict'),
      finality: one('finality'),
      sentence: one('sentence'),
    };
  }
}

function isKnown(answer: AxisAnswer): boolean {
  return answer.value !== 'unknown' || answer.possible.length > 0;
}

export function unknownAnswer(axis: Axis): AnswerView {
  return {
    axis,
    value: 'unknown',
    sinceBounds: {},
    certain: false,
    possible: [],
    groups: {},
    disputed: false,
    orderUncertain: false,
    otherReadings: [],
    restsOn: [],
  };
}

export function answerView({ sinceBounds, ...answer }: AxisAnswer): AnswerView {
  return { ...answer, sinceBounds: daysView(sinceBounds) };
}
