/** Roles and memberships; and what others say of somebody, or somebody means to do, which sets no status. */
import { fact } from '../catalogue/definition.js';
import { Actor, Fact, Organisation } from '../facts/fact.js';
import type { Effect } from '../status/index.js';
import { ListOf, Nested, Optional, Personal, Value } from '../validation/fields.js';
import { edtf, line, oneOf, text, uuid } from '../validation/scalars.js';

abstract class OfRole extends Fact {
  @Value(line(200))
  role!: string;

  @Nested(Organisation)
  organisation!: Organisation;
}

class RoleHeld extends OfRole {
  @Optional()
  @Nested(Actor)
  appointedBy?: Actor;
}

class RoleEnded extends OfRole {
  @Optional()
  @Value(oneOf(['resigned', 'dismissed', 'term-ended', 'replaced', 'abolished', 'died', 'other', 'unknown']))
  reason?: string;
}

abstract class OfMembership extends Fact {
  @Value(uuid(), { reference: 'group' })
  group!: string;
}

class MembershipHeld extends OfMembership {}
class MembershipEnded extends OfMembership {}

/** A role is known by its name, in whatever case it is written, and its organisation. */
function roleKey(role: string, { group, name }: Pick<Organisation, 'group' | 'name'>): string {
  return `${folded(role)}@${group ?? folded(name ?? '')}`;
}

function folded(words: string): string {
  return words.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase();
}

function roleEffects(set: 'held' | 'ended'): (data: OfRole) => readonly Effect[] {
  return ({ role, organisation }) => {
    const { group, name } = organisation;
    const of = { ...(group !== undefined && { group }), ...(name !== undefined && { name }) };
    return [{ axis: 'role', key: roleKey(role, organisation), set, detail: { role, ...of } }];
  };
}

function membershipEffects(set: 'held' | 'ended'): (data: OfMembership) => readonly Effect[] {
  return ({ group }) => [{ axis: 'role', key: roleKey('member', { group }), set, detail: { role: 'member', group } }];
}

class LabelApplied extends Fact {
  @Personal()
  @Value(line(500))
  label!: string;

  @Optional()
  @Nested(Actor, { description: 'Whose word it is. Left out: the source does not say.' })
  by?: Actor;
}

class IntentionAnnounced extends Fact {
  @Personal()
  @Value(text(2_000))
  what!: string;

  @Optional()
  @Value(edtf(), { description: 'For when it is planned; may lie ahead.' })
  plannedFor?: string;

  @Optional()
  @Personal()
  @ListOf(line(1_000), { max: 50 })
  conditions?: string[];
}

export const roleEvents = [
  fact(RoleHeld, 'person', {
    route: 'roles',
    summary: 'A person holds a role in an organisation; observed, for "is president".',
    effects: roleEffects('held'),
    rank: 40,
  }),
  fact(RoleEnded, 'person', {
    route: 'role-endings',
    summary: 'A person no longer holds a role.',
    effects: roleEffects('ended'),
    rank: 60,
  }),
  fact(MembershipHeld, 'person', {
    route: 'memberships',
    summary: 'A person is a member of a group.',
    effects: membershipEffects('held'),
    sensitive: true,
    rank: 40,
  }),
  fact(MembershipEnded, 'person', {
    route: 'membership-endings',
    summary: 'A person is no longer a member of a group.',
    effects: membershipEffects('ended'),
    sensitive: true,
    rank: 60,
  }),
];

export const wordEvents = [
  fact(LabelApplied, ['person', 'group'], {
    route: 'labels',
    summary: "Somebody's word for a person or group: a claim, never a status.",
  }),
  fact(IntentionAnnounced, ['person', 'group'], {
    route: 'intentions',
    summary: 'Somebody said what they mean to do. Nothing has happened by that.',
  }),
];
