/** Roles that a person holds or held, from the answers on the role axis. */
import type { Segment } from '#domain';
import { compare } from '../days.js';
import type { GroupView, RoleView } from '../shapes.js';
import type { Subject } from '../subject.js';
import type { Build } from './build.js';
import { eachOnce } from './parties.js';
import { optional } from './read.js';

/** By role and organisation; roles that ended too. */
export function rolesOf(person: Subject, build: Build): readonly RoleView[] {
  return build
    .answers(person)
    .many('role')
    .flatMap((answer) => {
      const { role, group, name } = answer.detail ?? {};
      if (role === undefined) return [];
      const ended = answer.value === 'ended';
      const held = ended ? lastHeld(person, answer.key) : answer;
      return [
        {
          role,
          organisation: build.organisation({ group, name }),
          value: answer.value,
          ...optional('since', held?.since),
          sinceBounds: held === answer ? answer.sinceBounds : {},
          ...optional('until', ended ? (answer.since ?? '..') : undefined),
          certain: answer.certain,
          disputed: answer.disputed,
          restsOn: answer.restsOn,
        },
      ];
    });
}

function lastHeld(person: Subject, key: string | undefined): Segment | undefined {
  return person
    .segments()
    .findLast((segment) => segment.axis === 'role' && segment.key === key && segment.value === 'held');
}

/** As many as a document shows: of a party with thousands of members each would have to be read for it. The others are listed. */
const MOST_HOLDERS = 100;

/** Who holds or held roles of a group; of many, those of whom the record heard first. */
export function holdersOf(group: Subject, build: Build): Pick<GroupView, 'holders' | 'holdersMore'> {
  const persons: Subject[] = [];
  let count = 0;
  for (const id of new Set(group.concerning().flatMap(({ of }) => (of.kind === 'person' ? [of.id] : [])))) {
    const person = build.find('person', id);
    const roles = person === undefined ? [] : rolesIn(group, person, build);
    if (person === undefined || roles.length === 0) continue;
    count += roles.length;
    // Of one more it is only known that there are more.
    if (count - roles.length >= MOST_HOLDERS) break;
    persons.push(person);
  }
  const holders = eachOnce(
    persons.sort((a, b) => compare(a.id, b.id)),
    build.find,
  ).flatMap((person) =>
    rolesIn(group, person, build).map(({ organisation: _, ...role }) => ({
      holder: build.pointer('person', person.id),
      ...role,
    })),
  );
  return { holders: holders.slice(0, MOST_HOLDERS), ...(count > MOST_HOLDERS && { holdersMore: true }) };
}

function rolesIn(group: Subject, person: Subject, build: Build): readonly RoleView[] {
  return rolesOf(person, build).filter(({ organisation }) => organisation.id === group.id);
}
