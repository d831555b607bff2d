/**
 * The lines that lists show of persons and groups at another moment than the present: their name and their summary, word for
 * word as the single read gives them, but from the rows of their answers, so that nothing is worked out anew.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  answerOver,
  AXES,
  type AxisAnswer,
  type AxisRef,
  type AxisVocabulary,
  blankSegment,
  type Segment,
} from '#domain';
import type { Day } from '#kernel';
import type { DaysAsKnown } from './axis-in-time.js';
import { compare } from './days.js';
import { Build } from './documents/build.js';
import { prospectsOf } from './documents/group.js';
import { optional } from './documents/read.js';
import { groupSummary, type HeldRole, personSummary } from './documents/summary.js';
import type { Records, SubjectRow } from './records.js';
import type { SaidThen } from './said-then.js';
import { SEGMENT, type SegmentColumns, segmentOf, unbounded } from './segment-columns.js';
import type { ListItem } from './shapes.js';

export type LineStatements = Readonly<Record<'answers', StatementSync>>;

export function lineStatements(db: DatabaseSync): LineStatements {
  return {
    answers: db.prepare(
      `SELECT ${SEGMENT} FROM segments
       WHERE sid = ? AND known_to > ? AND known_from <= ? AND valid_from <= ? AND valid_to >= ? ORDER BY valid_from`,
    ),
  };
}

export class Lines {
  constructor(
    private readonly statements: LineStatements,
    private readonly records: Records,
    private readonly said: SaidThen,
    private readonly asked: DaysAsKnown,
  ) {}

  of(row: SubjectRow): ListItem {
    const { kind, id } = row;
    const answers = this.answersOf(row);
    const summary = kind === 'group' ? this.groupSummary(row, answers) : personSummary(answers, this.rolesIn(answers));
    return { kind, id, ...optional('name', this.said.nameOf(row)), summary };
  }

  private groupSummary(row: SubjectRow, answers: readonly AxisAnswer[]): string {
    const build = new Build({ subject: this.said.subject(row), find: () => undefined, day: this.asked.to });
    return groupSummary(answers, prospectsOf(build));
  }

  private rolesIn(answers: readonly AxisAnswer[]): readonly HeldRole[] {
    return answers.flatMap(({ axis, value, certain, detail: { role, group, name } = {} }) => {
      if (axis !== 'role' || value !== 'held' || role === undefined) return [];
      return [
        { role, value, certain, organisation: optional('name', group === undefined ? name : this.groupName(group)) },
      ];
    });
  }

  private groupName(id: string): string | undefined {
    const row = this.records.subject('group', id);
    return row === undefined || row.entered > this.asked.seq ? undefined : this.said.nameOf(row);
  }

  /** Of whatever anything is known, in the order of the vocabulary. */
  private answersOf({ sid, kind }: SubjectRow): readonly AxisAnswer[] {
    const { from, to, seq } = this.asked;
    const rows = this.statements.answers.all(sid, seq, seq, to, from) as unknown as SegmentColumns[];
    const byPlace = Map.groupBy(
      rows.map((row) => segmentOf(row, String)),
      placeOf,
    );
    const cases = [...new Set(rows.flatMap(({ case_id: id }) => id ?? []))].sort();
    const days = { from: unbounded(from), to: unbounded(to) };
    return AXES.filter(({ subject }) => subject === kind).flatMap((vocabulary) =>
      refsIn(vocabulary, byPlace.values(), cases).map((ref) => {
        const blank = blankSegment(ref, vocabulary);
        return answerOver(withoutGaps(byPlace.get(placeOf(ref)) ?? [], blank, days));
      }),
    );
  }
}

function placeOf({ axis, case: inCase, key }: AxisRef): string {
  return `${axis} ${inCase ?? key ?? ''}`;
}

/** Of a case all axes, so that each stands beside the others; of other axes what anything is known of. */
function refsIn(
  { axis, per }: AxisVocabulary,
  places: Iterable<readonly Segment[]>,
  cases: readonly string[],
): readonly AxisRef[] {
  if (per === 'case') return cases.map((id) => ({ axis, case: id }));
  const known = [...places].flatMap(([segment]) => (segment?.axis === axis ? segment : []));
  return known
    .map(({ key }) => (key === undefined ? { axis } : { axis, key }))
    .sort((a, b) => compare(a.key ?? '', b.key ?? ''));
}

/** Answers on all days of a span, where there are none on which nothing is known. */
function withoutGaps(
  segments: readonly Segment[],
  blank: Segment,
  { from, to }: { readonly from: Day; readonly to: Day },
): readonly Segment[] {
  const all: Segment[] = [];
  let until = from - 1;
  for (const segment of segments) {
    if (segment.from > until + 1) all.push(blank);
    all.push(segment);
    until = segment.to;
  }
  return until < to ? [...all, blank] : all;
}
