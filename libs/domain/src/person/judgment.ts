/** Judgments on a person, and what becomes of them: verdict, sentence, appeal, pardon, amnesty. */
import { fact } from '../catalogue/definition.js';
import { Actor, Fact } from '../facts/fact.js';
import { type Effect, PROCEDURAL_RANKS as RANK } from '../status/index.js';
import { ListOf, Nested, NestedList, Optional, Personal, Value } from '../validation/fields.js';
import { duration, edtf, line, oneOf } from '../validation/scalars.js';
import { Count, PRESENCES, type Presence } from './counts.js';
import { reduced, sameLength, termChanged, termFromHorizon } from './effects.js';

class PersonConvicted extends Fact {
  @Optional()
  @Value(line(300))
  court?: string;

  @Value(oneOf(PRESENCES))
  presence!: Presence;

  @NestedList(Count, { min: 1, max: 100 })
  counts!: Count[];

  @Optional()
  @NestedList(Count, {
    min: 1,
    max: 100,
    description: 'Counts of which the same judgment acquits: the verdict is mixed.',
  })
  acquittedOf?: Count[];
}

class PersonAcquitted extends Fact {
  @Optional()
  @Value(line(300))
  court?: string;

  @Value(oneOf(PRESENCES))
  presence!: Presence;

  @Optional()
  @NestedList(Count, { min: 1, max: 100 })
  counts?: Count[];
}

const PENALTIES = ['custodial', 'life', 'death', 'fine', 'other'] as const;
const DEPRIVING_PENALTIES: readonly string[] = ['custodial', 'life', 'death'];

class SentenceHanded extends Fact {
  @Optional()
  @Value(line(300))
  court?: string;

  @Value(oneOf(PRESENCES))
  presence!: Presence;

  @NestedList(Count, { min: 1, max: 100 })
  counts!: Count[];

  @Value(oneOf(PENALTIES))
  penalty!: (typeof PENALTIES)[number];

  @Optional()
  @Value(duration(), { description: 'Its whole length, the suspended part included.' })
  term?: string;

  @Optional()
  @Value(duration(), { description: 'How much of the term is suspended; all of it, where both are equal.' })
  suspendedPart?: string;

  @Optional()
  @Value(line(100), { description: 'Amount and currency, as the source gives them.' })
  fine?: string;

  @Optional()
  @Value(edtf(), { description: 'From when time already spent in detention counts.' })
  creditFrom?: string;

  @Optional()
  @Value(oneOf(['concurrent', 'consecutive']))
  runs?: 'concurrent' | 'consecutive';
}

function sentenceEffects(data: SentenceHanded): readonly Effect[] {
  const depriving = DEPRIVING_PENALTIES.includes(data.penalty);
  const suspension = suspensionOf(data);
  // A part that is not suspended is still to be served: it makes a fugitive of whoever was sentenced in absentia.
  const absent = depriving && data.presence === 'in-absentia' && suspension !== 'suspended';
  const value = absent ? 'unserved' : (suspension ?? 'imposed');
  const effects: Effect[] = [
    { axis: 'stage', set: 'decided' },
    ...convictedOrMixed(data.presence),
    { axis: 'finality', set: 'appealable' },
    {
      axis: 'sentence',
      set: value,
      detail: {
        penalty: data.penalty,
        ...(data.term !== undefined && { term: data.term }),
        ...(data.suspendedPart !== undefined && { suspendedPart: data.suspendedPart }),
      },
      ...termFromHorizon(data.creditFrom),
    },
  ];
  if (depriving && suspension !== 'suspended') {
    effects.push({
      axis: 'hold',
      set: 'imprisoned',
      onlyFrom: ['police-custody', 'pretrial-detention', 'detained-unspecified'],
      ...termFromHorizon(data.creditFrom),
    });
  }
  return effects;
}

/** A sentence tells of a conviction; where the same judgment acquitted of some counts, the verdict stays mixed. */
function convictedOrMixed(presence: Presence): readonly Effect[] {
  const detail = { presence };
  return [
    { axis: 'verdict', set: 'convicted', detail, notFrom: ['mixed'] },
    { axis: 'verdict', set: 'mixed', detail, onlyFrom: ['mixed'] },
  ];
}

function suspensionOf({ term, suspendedPart }: SentenceHanded): 'suspended' | 'part-suspended' | undefined {
  if (suspendedPart === undefined) return undefined;
  return term !== undefined && sameLength(term, suspendedPart) ? 'suspended' : 'part-suspended';
}

class ImprisonmentStarted extends Fact {
  @Optional()
  @Personal()
  @Value(line(300))
  facility?: string;
}

class SentenceCompleted extends Fact {
  @Optional()
  @Personal()
  @Value(line(300))
  facility?: string;
}

class SentenceChanged extends Fact {
  @Value(oneOf(['reduced', 'increased', 'commuted']))
  kind!: 'reduced' | 'increased' | 'commuted';

  @Value(duration(), { description: 'The whole new length.' })
  term!: string;
}

const APPEAL_KINDS = ['appeal', 'cassation', 'opposition', 'review'] as const;

class AppealFiled extends Fact {
  @Value(oneOf(['defence', 'prosecution', 'civil-party', 'other', 'unknown']))
  by!: 'defence' | 'prosecution' | 'civil-party' | 'other' | 'unknown';

  @Value(oneOf(APPEAL_KINDS))
  kind!: (typeof APPEAL_KINDS)[number];

  @Optional()
  @Value(line(300))
  court?: string;
}

const APPEAL_OUTCOMES = [
  'upheld',
  'varied',
  'quashed',
  'remitted',
  'acquitted',
  'convicted',
  'inadmissible',
  'withdrawn',
  'admitted',
] as const;

class AppealDecided extends Fact {
  @Value(oneOf(APPEAL_KINDS))
  kind!: (typeof APPEAL_KINDS)[number];

  @Optional()
  @Value(line(300))
  court?: string;

  @Value(oneOf(APPEAL_OUTCOMES), {
    description:
      'Of the judgment appealed against; upheld: it stays. admitted: an opposition sets a judgment in absentia aside and the trial begins anew.',
  })
  outcome!: (typeof APPEAL_OUTCOMES)[number];

  @Optional()
  @Value(duration(), { description: 'The whole new length, where the decision changes it.' })
  term?: string;

  @Optional()
  @NestedList(Count, {
    min: 1,
    max: 100,
    description: 'Counts of which the decision acquits where others stay (varied, convicted): the verdict is mixed.',
  })
  acquittedOf?: Count[];
}

const APPEALABLE: Effect = { axis: 'finality', set: 'appealable' };
const ANNULLED: Effect = { axis: 'sentence', set: 'annulled' };
const SET_ASIDE: readonly Effect[] = [
  APPEALABLE,
  { axis: 'verdict', set: 'set-aside' },
  ANNULLED,
  { axis: 'stage', set: 'on-trial' },
];

function appealEffects({ kind, outcome, term, acquittedOf }: AppealDecided): readonly Effect[] {
  switch (outcome) {
    case 'upheld':
    case 'inadmissible':
    case 'withdrawn':
      return [APPEALABLE];
    case 'varied':
      return [
        APPEALABLE,
        ...(acquittedOf === undefined ? [] : [{ axis: 'verdict', set: 'mixed' } as const]),
        ...termChanged(term),
      ];
    case 'convicted':
      return [
        APPEALABLE,
        { axis: 'stage', set: 'decided' },
        { axis: 'verdict', set: acquittedOf === undefined ? 'convicted' : 'mixed' },
        ...(term === undefined ? [] : [{ axis: 'sentence', set: 'imposed', detail: { term } } as const]),
      ];
    case 'quashed':
      if (kind === 'opposition') return SET_ASIDE;
      return [APPEALABLE, { axis: 'verdict', set: 'quashed' }, ANNULLED, { axis: 'hold', set: 'none' }];
    case 'acquitted':
      return [APPEALABLE, { axis: 'verdict', set: 'acquitted' }, ANNULLED, { axis: 'hold', set: 'none' }];
    case 'remitted':
    case 'admitted':
      return SET_ASIDE;
  }
}

class JudgmentBecameFinal extends Fact {}

const PARDON_KINDS = ['full', 'partial', 'reduction'] as const;

class PardonRequested extends Fact {
  @Nested(Actor)
  by!: Actor;

  @Optional()
  @Value(oneOf(PARDON_KINDS))
  kind?: (typeof PARDON_KINDS)[number];
}

class PardonGranted extends Fact {
  @Optional()
  @Nested(Actor)
  by?: Actor;

  @Value(oneOf(PARDON_KINDS))
  kind!: (typeof PARDON_KINDS)[number];

  @Optional()
  @Value(line(300), { description: 'The decree, as the source names it.' })
  instrument?: string;

  @Optional()
  @Personal()
  @ListOf(line(1_000), { max: 50 })
  conditions?: string[];

  @Optional()
  @Value(duration(), { description: 'The whole new length, where it is reduced.' })
  term?: string;
}

class AmnestyGranted extends Fact {
  @Value(line(300), { description: 'The law or decree, as the source names it.' })
  instrument!: string;
}

export const judgmentEvents = [
  fact(PersonConvicted, 'person', {
    route: 'convictions',
    summary: 'A court found a person guilty.',
    effects: ({ presence, acquittedOf }) => [
      { axis: 'stage', set: 'decided' },
      { axis: 'verdict', set: acquittedOf === undefined ? 'convicted' : 'mixed', detail: { presence } },
      APPEALABLE,
    ],
    rank: RANK.verdict,
  }),
  fact(PersonAcquitted, 'person', {
    route: 'acquittals',
    summary: 'A court acquitted a person.',
    effects: ({ presence }) => [
      { axis: 'stage', set: 'decided' },
      { axis: 'verdict', set: 'acquitted', detail: { presence } },
      APPEALABLE,
      { axis: 'hold', set: 'none' },
    ],
    rank: RANK.verdict,
  }),
  fact(SentenceHanded, 'person', {
    route: 'sentences',
    summary: 'A person was sentenced.',
    effects: sentenceEffects,
    kind: 'sentence',
    rank: RANK.sentence,
  }),
  fact(ImprisonmentStarted, 'person', {
    route: 'imprisonments',
    summary: 'A person began to serve a sentence in prison.',
    effects: [
      { axis: 'hold', set: 'imprisoned' },
      { axis: 'sentence', set: 'serving' },
    ],
    rank: RANK.imprisonment,
  }),
  fact(SentenceCompleted, 'person', {
    route: 'sentence-completions',
    summary: 'A sentence was served to its end.',
    effects: [{ axis: 'sentence', set: 'served' }],
    rank: RANK.sentenceCompletion,
  }),
  fact(SentenceChanged, 'person', {
    route: 'sentence-changes',
    summary: 'A sentence was reduced, increased or commuted.',
    effects: ({ kind, term }) => (kind === 'increased' ? termChanged(term) : reduced(term)),
    rank: RANK.sentenceChange,
  }),
  fact(AppealFiled, 'person', {
    route: 'appeals',
    summary: 'An appeal was filed.',
    effects: [{ axis: 'finality', set: 'under-appeal' }],
    kind: 'appeal',
    presupposes: ['sentence'],
    rank: RANK.appeal,
  }),
  fact(AppealDecided, 'person', {
    route: 'appeal-decisions',
    summary: 'An appeal was decided.',
    effects: appealEffects,
    kind: 'appeal-decision',
    presupposes: ['sentence'],
    rank: RANK.appealDecision,
  }),
  fact(JudgmentBecameFinal, 'person', {
    route: 'final-judgments',
    summary: 'A judgment can no longer be appealed against.',
    effects: [{ axis: 'finality', set: 'final' }],
    rank: RANK.finality,
  }),
  fact(PardonRequested, 'person', {
    route: 'pardon-requests',
    summary: 'A pardon was asked for.',
    rank: RANK.pardonRequest,
  }),
  fact(PardonGranted, 'person', {
    route: 'pardons',
    summary: 'A pardon was granted; the release is a fact of its own.',
    effects: ({ kind, term }) => (kind === 'full' ? [{ axis: 'sentence', set: 'pardoned' }] : reduced(term)),
    kind: 'pardon',
    presupposes: ['sentence'],
    rank: RANK.pardon,
  }),
  fact(AmnestyGranted, 'person', {
    route: 'amnesties',
    summary: 'An amnesty covers a person.',
    effects: [{ axis: 'stage', set: 'ended' }, ANNULLED],
    rank: RANK.amnesty,
  }),
];
