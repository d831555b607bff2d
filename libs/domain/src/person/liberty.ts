/** The end of deprivation, and what else becomes of a person: release, transfer, escape, disappearance, death, rights. */
import { fact } from '../catalogue/definition.js';
import { Actor, Fact } from '../facts/fact.js';
import { type Effect, PROCEDURAL_RANKS as RANK } from '../status/index.js';
import { ListOf, Nested, Optional, Personal, Value } from '../validation/fields.js';
import { edtf, flag, line, oneOf } from '../validation/scalars.js';
import { ATTESTS_DEPRIVATION, DEPRIVATION_ENDED, RELEASED_CONDITIONALLY, untilHorizon } from './effects.js';

const RELEASE_REASONS = [
  'bail',
  'acquittal',
  'served',
  'pardon',
  'amnesty',
  'dropped',
  'sentence-suspended',
  'provisional',
  'annulled',
  'humanitarian',
  'deported',
  'unknown',
] as const;
type ReleaseReason = (typeof RELEASE_REASONS)[number];

class ReleaseOrdered extends Fact {
  @Optional()
  @Nested(Actor)
  by?: Actor;

  @Optional()
  @Value(oneOf(RELEASE_REASONS))
  reason?: ReleaseReason;
}

class PersonReleased extends Fact {
  @Value(oneOf(RELEASE_REASONS))
  reason!: ReleaseReason;

  @Optional()
  @Personal()
  @Value(line(300))
  place?: string;
}

function releaseEffects({ reason }: PersonReleased): readonly Effect[] {
  if (reason === 'bail' || reason === 'provisional') return RELEASED_CONDITIONALLY;
  if (reason === 'served') return [...DEPRIVATION_ENDED, { axis: 'sentence', set: 'served' }];
  return DEPRIVATION_ENDED;
}

class PersonTransferred extends Fact {
  @Personal()
  @Value(line(300))
  facility!: string;
}

class PersonEscaped extends Fact {
  @Optional()
  @Personal()
  @Value(line(300))
  place?: string;
}

const DISAPPEARANCE_KINDS = ['missing', 'undisclosed', 'enforced-disappearance-alleged'] as const;

class PersonDisappeared extends Fact {
  @Optional()
  @Value(oneOf(DISAPPEARANCE_KINDS), {
    description:
      'missing (unless said); undisclosed: held, and it is not told where; enforced-disappearance-alleged: taken, and it is denied.',
  })
  kind?: (typeof DISAPPEARANCE_KINDS)[number];

  @Optional()
  @Nested(Actor)
  by?: Actor;

  @Optional()
  @Personal()
  @Value(line(300))
  place?: string;
}

class PersonLocated extends Fact {
  @Optional()
  @Personal()
  @Value(line(300))
  place?: string;

  @Value(oneOf(['alive', 'dead']))
  state!: 'alive' | 'dead';
}

class PersonDied extends Fact {
  @Optional()
  @Personal()
  @Value(line(300))
  place?: string;

  @Optional()
  @Value(flag(), { description: 'Died while deprived of liberty.' })
  inCustody?: boolean;
}

class RightsSuspended extends Fact {
  @Personal()
  @ListOf(line(300), { min: 1, max: 50 })
  rights!: string[];

  @Value(line(500))
  legalGround!: string;

  @Optional()
  @Value(edtf())
  until?: string;
}

class RightsRestored extends Fact {
  @Personal()
  @ListOf(line(300), { min: 1, max: 50 })
  rights!: string[];

  @Optional()
  @Value(line(500))
  legalGround?: string;
}

export const libertyEvents = [
  fact(ReleaseOrdered, 'person', {
    route: 'release-orders',
    summary: 'The release of a person was ordered.',
    effects: [{ axis: 'hold', set: 'none' }],
    rank: RANK.releaseOrder,
  }),
  fact(PersonReleased, 'person', {
    route: 'releases',
    summary: 'A person was released.',
    effects: releaseEffects,
    presupposes: ({ reason }) => (reason === 'served' || reason === 'pardon' ? ['sentence'] : []),
    attests: ATTESTS_DEPRIVATION,
    rank: RANK.release,
  }),
  fact(PersonTransferred, 'person', {
    route: 'transfers',
    summary: 'A person was transferred to another place of detention.',
    rank: RANK.custody,
  }),
  fact(PersonEscaped, 'person', {
    route: 'escapes',
    summary: 'A person escaped.',
    effects: [...DEPRIVATION_ENDED, { axis: 'liberty', set: 'sentence-not-enforced' }],
    attests: ATTESTS_DEPRIVATION,
    rank: RANK.escape,
  }),
  fact(PersonDisappeared, 'person', {
    route: 'disappearances',
    summary: 'A person disappeared, or is held where nobody tells.',
    effects: ({ kind }) => [{ axis: 'whereabouts', set: kind ?? 'missing' }],
    rank: RANK.disappearance,
    // Accuses somebody.
    sensitive: ({ by }) => by !== undefined,
  }),
  fact(PersonLocated, 'person', {
    route: 'locations',
    summary: 'It became known where a person is, alive or dead.',
    effects: ({ state }) => [
      { axis: 'whereabouts', set: 'known' },
      { axis: 'life', set: state },
    ],
    rank: RANK.custody,
  }),
  fact(PersonDied, 'person', {
    route: 'deaths',
    summary: 'A person died.',
    effects: [{ axis: 'life', set: 'dead' }],
    attests: ({ inCustody }) => (inCustody === true ? ATTESTS_DEPRIVATION : []),
    rank: RANK.death,
  }),
  fact(RightsSuspended, 'person', {
    route: 'rights-suspensions',
    summary: 'Civic rights of a person were suspended.',
    effects: ({ until }) => [
      {
        axis: 'civicRights',
        set: 'suspended',
        ...(until !== undefined && { detail: { until } }),
        ...untilHorizon(until),
      },
    ],
  }),
  fact(RightsRestored, 'person', {
    route: 'rights-restorations',
    summary: 'Civic rights of a person were restored.',
    effects: [{ axis: 'civicRights', set: 'restored' }],
  }),
];
