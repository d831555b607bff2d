/** A legal case's document: all its persons, each with their own part in it. */
import { nameOf } from '../naming.js';
import type { CaseView, PersonInCase } from '../shapes.js';
import { joinedCases, type Subject } from '../subject.js';
import { Build, type BuildInput } from './build.js';
import type { Built } from './built.js';
import { actsOnSubject, alternativesElsewhere } from './lists.js';
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
    timeline: build.timeline(),
    acts: actsOnSubject(build),
    alternativesElsewhere: alternativesElsewhere(build),
    inconsistencies: subject.inconsistencies(),
  });
}

function personsOf(build: Build, joined: readonly string[]): readonly PersonInCase[] {
  const persons = new Map<string, Subject>();
  const add = (id: string): void => {
    const person = build.find('person', id);
    if (person !== undefined) persons.set(id, person);
  };
  for (const id of joined) {
    const legalCase = build.find('case', id);
    for (const { of } of legalCase?.concerning() ?? []) if (of.kind === 'person') add(of.id);
    for (const { kind, id: other } of legalCase?.mentions() ?? []) if (kind === 'person') add(other);
  }
  return [...persons]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([id, person]) => {
      const answers = build.answers(person);
      // Joined cases go by one of their ids; a person whose facts were all withdrawn or moved has no part any more.
      const inCase = answers.cases().find((one) => joined.includes(one));
      if (inCase === undefined) return [];
      return [{ person: build.pointer('person', id), liberty: answers.one('liberty'), ...answers.ofCase(inCase) }];
    });
}
