/** What the record says of a subject at two moments of knowledge, compared: what came, what became of it, what follows. */
import type { Day } from '#kernel';
import { Build } from '../documents/build.js';
import { eachOnce, partiesOf } from '../documents/parties.js';
import type { Knowledge } from '../knowledge.js';
import type { AnswerDifference, DifferenceView } from '../shapes.js';
import type { SubjectRow } from '../records.js';
import { joinedCases, type Subject } from '../subject.js';
import { answerDifferences } from './answers.js';
import { actDifferences, actsSince, concerningSince, factDifferences, recordDifferences, type Sides } from './facts.js';

/** What was known at a moment. */
export interface Known {
  readonly seq: number;
  /** The day that `present` means then. */
  readonly day: Day;
  readonly knowledge: Knowledge;
}

/** @param row of a subject that was on record at the second moment */
export function differenceOf(
  { sid, kind, id }: SubjectRow,
  from: Known,
  to: Known,
): Omit<DifferenceView, 'from' | 'to'> {
  const before = from.knowledge.bySid(sid);
  const after = to.knowledge.bySid(sid);
  if (after === undefined) throw new RangeError('A subject that was found has no row.');
  const sides: Sides = {
    before: before && new Build({ subject: before, find: from.knowledge.find, day: from.day }),
    after: new Build({ subject: after, find: to.knowledge.find, day: to.day }),
    since: from.seq,
  };
  const acts = actsSince(sides);
  return {
    ...sides.after.pointer(kind, id),
    ...(before === undefined && { entered: true }),
    facts: factDifferences(sides, acts),
    records: recordDifferences(sides, acts),
    acts: actDifferences(sides),
    concerning: concerningSince(sides),
    answers: kind === 'case' ? ofParties(sides) : ofSubject(sides),
  };
}

/** Whether there is any. */
export function differs({ facts, records, acts, concerning, answers }: Omit<DifferenceView, 'from' | 'to'>): boolean {
  return [facts, records, acts, concerning, answers].some((list) => list.length > 0);
}

function ofSubject({ before, after }: Sides): readonly AnswerDifference[] {
  return answerDifferences(before && { build: before, subject: before.subject }, {
    build: after,
    subject: after.subject,
  });
}

/** What persons are answered to be in a case, by joined cases as by one. */
function ofParties({ before, after }: Sides): readonly AnswerDifference[] {
  const [were, are] = [partiesIn(before), partiesIn(after)];
  return [...new Set([...are.keys(), ...were.keys()])].flatMap((id) => {
    const [was, is] = [were.get(id), are.get(id)];
    const answers = answerDifferences(
      was && before && { build: before, subject: was },
      is && { build: after, subject: is },
    );
    const cases = new Set([...casesOf(before), ...casesOf(after)]);
    return answers
      .filter((answer) => answer.case !== undefined && cases.has(answer.case))
      .map((answer) => ({ ...answer, person: after.pointer('person', id) }));
  });
}

function casesOf(build: Build | undefined): readonly string[] {
  return build === undefined ? [] : [...joinedCases(build.subject.id, build.find)].sort();
}

function partiesIn(build: Build | undefined): ReadonlyMap<string, Subject> {
  if (build === undefined) return new Map();
  const parties = eachOnce(partiesOf('person', casesOf(build), build.find), build.find);
  return new Map(parties.map((person) => [person.id, person]));
}
