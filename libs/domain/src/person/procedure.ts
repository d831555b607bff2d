/** What happens to a person before a judgment: summons, warrant, arrest, custody, charge, bail, trial. */
import { fact } from '../catalogue/definition.js';
import { Actor, Fact } from '../facts/fact.js';
import { DEPRIVED, PROCEDURAL_RANKS as RANK } from '../status/index.js';
import { ListOf, Nested, NestedList, Optional, Personal, Value } from '../validation/fields.js';
import { edtf, line, oneOf, text } from '../validation/scalars.js';
import { Count, PRESENCES, type Presence } from './counts.js';

const SUMMONED_AS = ['suspect', 'accused', 'witness', 'unknown'] as const;

class PersonSummoned extends Fact {
  @Value(oneOf(SUMMONED_AS))
  as!: (typeof SUMMONED_AS)[number];

  @Optional()
  @Nested(Actor)
  by?: Actor;
}

class WarrantIssued extends Fact {
  @Optional()
  @Nested(Actor)
  by?: Actor;
}

class WarrantWithdrawn extends Fact {
  @Optional()
  @Nested(Actor)
  by?: Actor;
}

class PersonArrested extends Fact {
  @Optional()
  @Personal()
  @Value(line(300))
  place?: string;

  @Optional()
  @Nested(Actor)
  by?: Actor;

  @Optional()
  @Personal()
  @Value(text(5_000))
  circumstances?: string;
}

class CustodyReported extends Fact {
  @Optional()
  @Personal()
  @Value(line(300))
  facility?: string;

  @Optional()
  @Value(oneOf(DEPRIVED), { description: 'Left out: the source does not say.' })
  kind?: string;
}

class CustodyExtended extends Fact {
  @Optional()
  @Value(edtf())
  until?: string;
}

class PersonCharged extends Fact {
  @NestedList(Count, { min: 1, max: 100 })
  counts!: Count[];
}

class ChargesDropped extends Fact {
  @Optional()
  @NestedList(Count, { min: 1, max: 100, description: 'The counts that were dropped. Left out: all of them.' })
  counts?: Count[];
}

class PretrialDetentionOrdered extends Fact {
  @Optional()
  @Personal()
  @Value(line(300))
  facility?: string;
}

class BailGranted extends Fact {
  @Optional()
  @Personal()
  @ListOf(line(1_000), { max: 50 })
  conditions?: string[];
}

class BailRevoked extends Fact {}

class TrialOpened extends Fact {
  @Optional()
  @Value(line(300))
  court?: string;

  @Value(oneOf(PRESENCES))
  presence!: Presence;
}

export const procedureEvents = [
  fact(PersonSummoned, 'person', {
    route: 'summonses',
    summary: 'A person was summoned.',
    effects: ({ as }) => (as === 'suspect' || as === 'accused' ? [{ axis: 'stage', set: 'investigated' }] : []),
    rank: RANK.summons,
  }),
  fact(WarrantIssued, 'person', {
    route: 'warrants',
    summary: 'A warrant for the arrest of a person was issued.',
    effects: [{ axis: 'hold', set: 'wanted', notFrom: DEPRIVED }],
    rank: RANK.warrant,
  }),
  fact(WarrantWithdrawn, 'person', {
    route: 'warrant-withdrawals',
    summary: 'A warrant for the arrest of a person was withdrawn.',
    effects: [{ axis: 'hold', set: 'none', onlyFrom: ['wanted'] }],
    rank: RANK.warrant,
  }),
  fact(PersonArrested, 'person', {
    route: 'arrests',
    summary: 'A person was arrested.',
    effects: [{ axis: 'hold', set: 'police-custody' }],
    rank: RANK.arrest,
    // Accuses somebody.
    sensitive: ({ by }) => by !== undefined,
  }),
  fact(CustodyReported, 'person', {
    route: 'custody-reports',
    summary: 'A source tells that a person is in custody.',
    effects: ({ kind }) => [
      { axis: 'hold', set: kind ?? 'detained-unspecified' },
      { axis: 'whereabouts', set: 'known' },
    ],
    rank: RANK.custody,
  }),
  fact(CustodyExtended, 'person', {
    route: 'custody-extensions',
    summary: 'The custody of a person was extended.',
    rank: RANK.custody,
  }),
  fact(PersonCharged, 'person', {
    route: 'charges',
    summary: 'A person was charged.',
    effects: [{ axis: 'stage', set: 'charged' }],
    kind: 'charge',
    rank: RANK.charge,
  }),
  fact(ChargesDropped, 'person', {
    route: 'dropped-charges',
    summary: 'Charges against a person were dropped.',
    effects: ({ counts }) => (counts === undefined ? [{ axis: 'stage', set: 'ended' }] : []),
    rank: RANK.verdict,
  }),
  fact(PretrialDetentionOrdered, 'person', {
    route: 'pretrial-detentions',
    summary: 'Pretrial detention of a person was ordered.',
    effects: [{ axis: 'hold', set: 'pretrial-detention' }],
    rank: RANK.pretrialDetention,
  }),
  fact(BailGranted, 'person', {
    route: 'bail',
    summary: 'Bail was granted; the release is a fact of its own.',
    rank: RANK.bail,
  }),
  fact(BailRevoked, 'person', {
    route: 'bail-revocations',
    summary: 'Bail was revoked.',
    effects: [{ axis: 'hold', set: 'wanted', onlyFrom: ['conditional-release'] }],
    rank: RANK.bail,
  }),
  fact(TrialOpened, 'person', {
    route: 'trials',
    summary: 'The trial of a person was opened.',
    effects: [{ axis: 'stage', set: 'on-trial' }],
    kind: 'trial',
    presupposes: ['charge'],
    rank: RANK.trial,
  }),
];
