/** Roles that a person holds or held, from the answers on the role axis. */
import type { Segment } from '#domain';
import type { HolderView, RoleView } from '../shapes.js';
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

/** Who holds or held roles of a group. */
export function holdersOf(group: Subject, build: Build): readonly HolderView[] {
  const persons = new Set(group.concerning().flatMap(({ of }) => (of.kind === 'person' ? [of.id] : [])));
  const found = [...persons].sort().flatMap((id) => build.find('person', id) ?? []);
  return eachOnce(found, build.find)
    .flatMap((person) => rolesOf(person, build).map((role) => ({ id: person.id, role })))
    .filter(({ role }) => role.organisation.id === group.id)
    .map(({ id, role: { organisation: _, ...role } }) => ({ holder: build.pointer('person', id), ...role }));
}
