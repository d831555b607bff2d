/** A legal case's document: all its persons and groups, each with their own part in it. */
import { nameOf } from '../naming.js';
import type { CaseView, GroupInCase, PersonInCase } from '../shapes.js';
import { joinedCases } from '../subject.js';
import { Build, type BuildInput } from './build.js';
import type { Built } from './built.js';
import { actsOnSubject, alternativesElsewhere } from './lists.js';
import { eachOnce, partiesOf } from './parties.js';
import { optional, text, texts } from './read.js';
import { caseSummary } from './summary.js';

export function buildCase(input: BuildInput): Built<CaseView> {
  const build = new Build(input);
  const { subject } = build;
  const { court, numbers } = subject.entry()?.data ?? {};
  const joined = [...joinedCases(subject.id, build.find)].sort();
  const persons = personsOf(build, joined);
  return build.finish({
    kind: 'case',
    id: subject.id,
    ...optional('title', nameOf(subject)),
    summary: caseSummary(persons),
    visibility: subject.visibility(),
    ...optional('court', text(court)),
    numbers: texts(numbers),
    joined: joined.filter((id) => id !== subject.id).map((id) => build.pointer('case', id)),
    persons,
    groups: groupsOf(build, joined),
    timeline: build.timeline(),
    acts: actsOnSubject(build),
    alternativesElsewhere: alternativesElsewhere(build),
    inconsistencies: subject.inconsistencies(),
  });
}

function personsOf(build: Build, joined: readonly string[]): readonly PersonInCase[] {
  return eachOnce(partiesOf('person', joined, build.find), build.find).map((person) => {
    const answers = build.answers(person);
    // Joined cases go by one of their ids; where nothing is known of the person in it, by any.
    const inCase = answers.cases().find((one) => joined.includes(one)) ?? joined[0] ?? build.subject.id;
    return { person: build.pointer('person', person.id), liberty: answers.one('liberty'), ...answers.ofCase(inCase) };
  });
}

function groupsOf(build: Build, joined: readonly string[]): readonly GroupInCase[] {
  return partiesOf('group', joined, build.find).map((group) => {
    const answers = build.answers(group);
    return {
      group: build.pointer('group', group.id),
      registration: answers.one('registration'),
      activity: answers.one('activity'),
      appeal: answers.one('appeal'),
    };
  });
}
