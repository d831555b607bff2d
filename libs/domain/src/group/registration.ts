/** The registration of a group: from its founding to its end, as authorities decide and sources tell. */
import { type Data, fact } from '../catalogue/definition.js';
import { Actor, Fact, Organisation } from '../facts/fact.js';
import { untilHorizon } from '../person/effects.js';
import { COLLECTING_FROM, type Effect, PROCEDURAL_RANKS as RANK, vocabularyOf } from '../status/index.js';
import { ListOf, Nested, NestedList, Optional, Personal, Value } from '../validation/fields.js';
import { edtf, integer, line, oneOf, text } from '../validation/scalars.js';
import { ByAuthority, Decision, Ground, Quantity } from './parts.js';

const REGISTRATION_STATES = vocabularyOf('registration').values;
const ENDED = vocabularyOf('registration').groups.ended ?? [];

function registration(set: string): Effect {
  return { axis: 'registration', set };
}

/** A state that holds until a day, where one is given. */
function registrationUntil(set: string, until: string | undefined): Effect {
  return {
    axis: 'registration',
    set,
    ...(until !== undefined && { detail: { until } }),
    ...untilHorizon(until),
  };
}

class GroupFounded extends Fact {
  @Optional()
  @Personal()
  @Value(line(300))
  place?: string;
}

class FormationAnnounced extends Fact {
  @Optional()
  @Personal()
  @Value(line(300))
  place?: string;
}

class NameReserved extends Decision {
  @Optional()
  @Personal()
  @Value(line(300), { description: 'The name that is reserved.' })
  reservedName?: string;
}

class FormationNotified extends Decision {}
class NotificationAcknowledged extends Decision {}
class FormationPermitted extends Decision {}
class FormationRefused extends Decision {}

const SUPPORT_KINDS = ['thumbprint', 'signature', 'declaration', 'member'] as const;
const SUPPORT_STANDINGS = ['claimed', 'submitted', 'verified', 'rejected'] as const;

/** Support is counted, never listed: there is no field for who gave it. */
class SupportCollected extends Fact {
  @NestedList(Quantity, { min: 1, max: 100 })
  quantities!: Quantity[];

  @Value(oneOf(SUPPORT_KINDS))
  kind!: (typeof SUPPORT_KINDS)[number];

  @Value(oneOf(SUPPORT_STANDINGS))
  as!: (typeof SUPPORT_STANDINGS)[number];
}

class PartyRegistrationIntended extends Fact {
  @Optional()
  @Nested(Organisation)
  authority?: Organisation;

  @Optional()
  @Value(edtf(), { description: 'For when it is planned; may lie ahead.' })
  plannedFor?: string;

  @Optional()
  @Personal()
  @ListOf(line(1_000), { max: 50 })
  conditions?: string[];
}

class PartyRegistrationSubmitted extends ByAuthority {
  @Optional()
  @Value(integer(1, 1_000), { description: 'Which attempt it is, counted from 1.' })
  attempt?: number;

  @Optional()
  @ListOf(line(300), { max: 100 })
  documents?: string[];

  @Optional()
  @NestedList(Quantity, { max: 100 })
  quantities?: Quantity[];
}

class DeficiencyNotified extends ByAuthority {
  @Optional()
  @Value(edtf(), { description: 'Until when it is to be cured; may lie ahead.' })
  cureBy?: string;

  @Personal()
  @ListOf(line(1_000), { min: 1, max: 100 })
  items!: string[];
}

class RegistrationReviewOpened extends ByAuthority {}

class ObjectionFiled extends ByAuthority {
  @Nested(Actor, { description: 'Who objects.' })
  by!: Actor;

  @Optional()
  @NestedList(Ground, { max: 50 })
  grounds?: Ground[];
}

class PartyRegistered extends ByAuthority {
  @Value(oneOf(['provisional', 'full']))
  level!: 'provisional' | 'full';

  @Optional()
  @Value(line(100))
  number?: string;

  @Optional()
  @Value(edtf(), { description: 'Until when, where it is provisional; may lie ahead.' })
  until?: string;
}

class PartyRegistrationRejected extends Decision {}

abstract class WithReason extends Fact {
  @Optional()
  @Personal()
  @Value(text(5_000))
  reason?: string;
}

/** Version 1 had `grounds`, each with its words and perhaps an article; where the words were erased, articles alone. */
function reasonOfGrounds({ grounds, ...rest }: Data): Data {
  if (!Array.isArray(grounds)) return rest;
  const said = (grounds as Partial<Ground>[]).map((ground) =>
    [ground.article, ground.text].filter((part) => part !== undefined).join(': '),
  );
  const reason = said.filter((one) => one !== '').join('\n');
  return reason === '' ? rest : { ...rest, reason };
}

const WITH_REASON = { schemaVersion: 2, upcasters: { 1: reasonOfGrounds } };

class RegistrationWithdrawn extends WithReason {}
class RegistrationLapsed extends WithReason {}

class RegistrationRestored extends WithReason {
  @Optional()
  @Value(oneOf(REGISTRATION_STATES), { description: 'The state that is restored. Left out: the one before it ended.' })
  state?: string;
}

class RegistrationAppealFiled extends Fact {
  @Nested(Organisation, { description: 'Who is to decide.' })
  body!: Organisation;
}

class RegistrationAppealDecided extends Fact {
  @Nested(Organisation)
  body!: Organisation;

  @Value(oneOf(['upheld', 'varied', 'quashed', 'remitted', 'inadmissible', 'withdrawn']), {
    description: 'Of the decision appealed against; upheld: it stays.',
  })
  outcome!: string;

  @Optional()
  @Value(oneOf(REGISTRATION_STATES), { description: 'The state that the decision orders.' })
  result?: string;
}

class PartySuspended extends Decision {
  @Optional()
  @Value(edtf(), { description: 'The last day of the suspension; may lie ahead.' })
  until?: string;
}

class SuspensionLifted extends Decision {}
class PartyDissolved extends Decision {}
class PartyDeregistered extends Decision {}

export const registrationEvents = [
  fact(GroupFounded, 'group', {
    route: 'foundings',
    summary: 'A group was founded.',
    effects: [{ axis: 'activity', set: 'active' }],
    rank: RANK.founding,
  }),
  fact(FormationAnnounced, 'group', {
    route: 'announcements',
    summary: 'The formation of a party was announced.',
    effects: [registration('announced')],
    rank: RANK.announcement,
  }),
  fact(NameReserved, 'group', {
    route: 'name-reservations',
    summary: 'An authority reserved a name for the group.',
    rank: RANK.announcement,
  }),
  fact(FormationNotified, 'group', {
    route: 'notifications',
    summary: 'An authority was notified of the formation.',
    effects: [registration('notified')],
    rank: RANK.notification,
  }),
  fact(NotificationAcknowledged, 'group', {
    route: 'acknowledgements',
    summary: 'An authority acknowledged the notification.',
    effects: [registration('acknowledged')],
    rank: RANK.notification + 1,
  }),
  fact(FormationPermitted, 'group', {
    route: 'permissions',
    summary: 'An authority permitted the formation.',
    effects: [registration('formation-permitted')],
    rank: RANK.notification + 2,
  }),
  fact(FormationRefused, 'group', {
    route: 'formation-refusals',
    summary: 'An authority refused the formation.',
    effects: [registration('formation-refused')],
    rank: RANK.notification + 2,
  }),
  fact(SupportCollected, 'group', {
    route: 'support',
    summary: 'Support was collected: thumbprints, signatures, declarations, members. Counted, never listed.',
    effects: ({ as }) =>
      as === 'claimed' ? [{ axis: 'registration', set: 'collecting', onlyFrom: COLLECTING_FROM }] : [],
    rank: RANK.support,
  }),
  fact(PartyRegistrationIntended, 'group', {
    route: 'registration-intentions',
    summary: 'The group said that it means to register. Nothing was submitted by that.',
    rank: RANK.announcement,
  }),
  fact(PartyRegistrationSubmitted, 'group', {
    route: 'registration-submissions',
    summary: 'The group submitted its registration.',
    effects: [registration('submitted')],
    rank: RANK.submission,
  }),
  fact(DeficiencyNotified, 'group', {
    route: 'deficiencies',
    summary: 'An authority found that something is missing.',
    effects: [registration('deficient')],
    rank: RANK.deficiency,
  }),
  fact(RegistrationReviewOpened, 'group', {
    route: 'reviews',
    summary: 'An authority began to review the registration.',
    effects: [registration('under-review')],
    rank: RANK.review,
  }),
  fact(ObjectionFiled, 'group', {
    route: 'registration-objections',
    summary: 'Somebody objected to the registration.',
    rank: RANK.review,
  }),
  fact(PartyRegistered, 'group', {
    route: 'registrations',
    summary: 'The group was registered as a party.',
    effects: ({ level, until }) => [
      level === 'provisional' ? registrationUntil('provisionally-registered', until) : registration('registered'),
    ],
    rank: RANK.registrationDecision,
  }),
  fact(PartyRegistrationRejected, 'group', {
    route: 'registration-rejections',
    summary: 'The registration was rejected.',
    effects: [registration('rejected')],
    rank: RANK.registrationDecision,
  }),
  fact(RegistrationWithdrawn, 'group', {
    route: 'withdrawals',
    summary: 'The group withdrew its registration.',
    ...WITH_REASON,
    effects: [registration('withdrawn')],
    rank: RANK.registrationEnd,
  }),
  fact(RegistrationLapsed, 'group', {
    route: 'lapses',
    summary: 'The registration lapsed.',
    ...WITH_REASON,
    effects: [registration('lapsed')],
    rank: RANK.registrationEnd,
  }),
  fact(RegistrationRestored, 'group', {
    route: 'restorations',
    summary: 'A registration that had ended was restored.',
    ...WITH_REASON,
    effects: ({ state }) => [
      state === undefined ? { axis: 'registration', set: { previous: true }, onlyFrom: ENDED } : registration(state),
    ],
    rank: RANK.registrationEnd + 1,
  }),
  fact(RegistrationAppealFiled, 'group', {
    route: 'registration-appeals',
    summary: 'A decision about the registration was appealed against.',
    effects: [{ axis: 'appeal', set: 'pending' }],
    rank: RANK.registrationAppeal,
  }),
  fact(RegistrationAppealDecided, 'group', {
    route: 'registration-appeal-decisions',
    summary: 'An appeal about the registration was decided.',
    effects: ({ result }) => [
      { axis: 'appeal', set: 'decided' },
      ...(result === undefined ? [] : [registration(result)]),
    ],
    rank: RANK.registrationAppealDecision,
  }),
  fact(PartySuspended, 'group', {
    route: 'suspensions',
    summary: 'The party was suspended.',
    effects: ({ until }) => [registrationUntil('suspended', until)],
    rank: RANK.suspension,
  }),
  fact(SuspensionLifted, 'group', {
    route: 'suspension-liftings',
    summary: 'A suspension was lifted: the state before it holds again.',
    effects: [{ axis: 'registration', set: { previous: true }, onlyFrom: ['suspended'] }],
    rank: RANK.suspensionLifting,
  }),
  fact(PartyDissolved, 'group', {
    route: 'dissolutions',
    summary: 'The party was dissolved.',
    effects: [registration('dissolved')],
    rank: RANK.registrationEnd,
  }),
  fact(PartyDeregistered, 'group', {
    route: 'deregistrations',
    summary: 'The party was struck from the register.',
    effects: [registration('deregistered')],
    rank: RANK.registrationEnd,
  }),
];
