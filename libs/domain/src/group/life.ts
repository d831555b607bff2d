/** The life of a group beside its registration: size, name, mergers, activity, elections. */
import { fact } from '../catalogue/definition.js';
import { Fact, Organisation } from '../facts/fact.js';
import { Name } from '../person/names.js';
import { type Effect, PROCEDURAL_RANKS as RANK } from '../status/index.js';
import { ListOf, Nested, NestedList, Optional, Personal, Value } from '../validation/fields.js';
import { line, oneOf, uuid } from '../validation/scalars.js';
import { Ground, Quantity } from './parts.js';

class SizeReported extends Fact {
  @Nested(Quantity)
  quantity!: Quantity;

  @Value(oneOf(['members', 'cabinet', 'branches']))
  of!: 'members' | 'cabinet' | 'branches';
}

class GroupRenamed extends Fact {
  @Nested(Name)
  name!: Name;
}

class GroupMerged extends Fact {
  @Value(uuid(), { reference: 'group', description: 'The group that it became part of.' })
  into!: string;
}

class GroupSplit extends Fact {
  @ListOf(uuid(), { min: 1, max: 50, unique: true, reference: 'group', description: 'The groups that came of it.' })
  into!: string[];
}

abstract class ActivityFact extends Fact {
  @Optional()
  @Personal()
  @ListOf(line(1_000), { max: 50 })
  conditions?: string[];
}

class ActivityHalted extends ActivityFact {}
class ActivityResumed extends ActivityFact {}

abstract class ElectionFact extends Fact {
  @Value(line(300), { description: 'The election, such as "National Assembly 2018".' })
  election!: string;
}

class ElectionEntryFiled extends ElectionFact {
  @Optional()
  @Nested(Organisation)
  authority?: Organisation;
}

class ElectionEntryDecided extends ElectionFact {
  @Value(oneOf(['accepted', 'refused', 'withdrawn']))
  outcome!: 'accepted' | 'refused' | 'withdrawn';

  @Optional()
  @NestedList(Ground, { max: 50 })
  grounds?: Ground[];
}

/** An election is known by its name, in whatever case it is written; shown as the source writes it. */
function entryEffect(name: string, set: string): Effect {
  const election = name.normalize('NFC').trim().replace(/\s+/g, ' ');
  return { axis: 'electionEntry', key: election.toLowerCase(), set, detail: { election } };
}

export const groupLifeEvents = [
  fact(SizeReported, 'group', {
    route: 'sizes',
    summary: 'A source tells how many members, ministers or branches the group has.',
  }),
  fact(GroupRenamed, 'group', { route: 'names', summary: 'The group took another name.' }),
  fact(GroupMerged, 'group', {
    route: 'mergers',
    summary: 'The group became part of another.',
    effects: [{ axis: 'registration', set: 'merged' }],
    rank: RANK.registrationEnd,
  }),
  fact(GroupSplit, 'group', { route: 'splits', summary: 'Other groups came of this one.' }),
  fact(ActivityHalted, 'group', {
    route: 'halts',
    summary: 'The group halted its activities.',
    effects: [{ axis: 'activity', set: 'halted' }],
  }),
  fact(ActivityResumed, 'group', {
    route: 'resumptions',
    summary: 'The group resumed its activities.',
    effects: [{ axis: 'activity', set: 'active' }],
  }),
  fact(ElectionEntryFiled, 'group', {
    route: 'election-entries',
    summary: 'The group filed to take part in an election.',
    effects: ({ election }) => [entryEffect(election, 'filed')],
    rank: RANK.submission,
  }),
  fact(ElectionEntryDecided, 'group', {
    route: 'election-entry-decisions',
    summary: 'An entry for an election was decided.',
    effects: ({ election, outcome }) => [entryEffect(election, outcome)],
    rank: RANK.registrationDecision,
  }),
];
