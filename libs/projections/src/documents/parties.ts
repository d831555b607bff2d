/** Who has a part in a legal case: everyone of whom a fact that stands belongs to it, or to one that was joined to it. */
import type { Find, Subject } from '../subject.js';
import { stands } from './build.js';

/** The cases of a person or group; joined ones by the one id that they go by. */
export function casesOf(subject: Subject): ReadonlySet<string> {
  const cases = new Set<string>();
  for (const fact of subject.facts()) {
    const inCase = stands(fact) ? subject.caseOf(fact) : undefined;
    if (inCase !== undefined) cases.add(inCase);
  }
  return cases;
}

/** In the order of their ids. @param joined the ids of all cases that are one */
export function partiesOf(kind: 'person' | 'group', joined: readonly string[], find: Find): readonly Subject[] {
  const named = new Map<string, Subject>();
  const add = (one: string, id: string): void => {
    const subject = one === kind && !named.has(id) ? find(one, id) : undefined;
    if (subject !== undefined) named.set(id, subject);
  };
  for (const id of joined) {
    const legalCase = find('case', id);
    for (const { of } of legalCase?.concerning() ?? []) add(of.kind, of.id);
    for (const { kind: one, id: other } of legalCase?.mentions() ?? []) add(one, other);
  }
  // Of joined cases, the one that stands in facts is one of them; whoever only had a part has none any more.
  return [...named]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, subject]) => subject)
    .filter((subject) => joined.some((id) => casesOf(subject).has(id)));
}

/** Of persons who were judged to be one, the first alone: what is shown of one is known of all of them. */
export function eachOnce(persons: readonly Subject[], find: Find): readonly Subject[] {
  const seen = new Set<string>();
  return persons.filter((person) => {
    const isNew = !seen.has(person.id);
    if (isNew) for (const { id } of person.selves(find)) seen.add(id);
    return isNew;
  });
}
