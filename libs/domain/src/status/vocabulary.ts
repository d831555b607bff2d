/**
 * The axes, their values and what is said about values, as data: the engine, the table of effects, the schema and the
 * documentation all read them here, so that a new value is one line.
 */
import type { Axis, SubjectKind } from './types.js';

/** Holds that deprive of liberty, strictest first; also the first five values of liberty. */
export const DEPRIVED: readonly string[] = [
  'imprisoned',
  'pretrial-detention',
  'police-custody',
  'detained-unspecified',
  'house-arrest',
];

/** Liberty by strictness: the strictest over all cases is the person's. `unknown` is what is left if nothing is known. */
export const LIBERTY_BY_STRICTNESS: readonly string[] = [
  ...DEPRIVED,
  'sentence-not-enforced',
  'wanted',
  'conditional-release',
  'free',
];

/** From these states, and no others, support collected moves a group's registration to `collecting`. */
export const COLLECTING_FROM: readonly string[] = [
  'unknown',
  'announced',
  'notified',
  'acknowledged',
  'formation-permitted',
];

/** Sentences that are still to be served or being served, and those that are over. */
export const SENTENCE_OVER: readonly string[] = ['served', 'pardoned', 'annulled'];

/** How long a value stays certain if nothing more is heard. */
export interface Horizon {
  readonly value: string;
  /**
   * `term`: the end of the case's custodial term (term less its suspended part), counted from the day the court gives
   * credit from, else from the earliest day on which the present deprivation may have begun. `until`: the day that
   * the fact names. Where there is neither, the value stays certain.
   */
  readonly ends: 'term' | 'until';
}

export interface AxisVocabulary {
  readonly axis: Axis;
  readonly subject: SubjectKind;
  /** One answer per case, per subject, or per key that a fact names. */
  readonly per: 'case' | 'subject' | 'key';
  /** Without `unknown`, which every axis has and starts from. */
  readonly values: readonly string[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly hasGroups: boolean;
  readonly horizons: readonly Horizon[];
  /** Answers that a later fact may undo: while the axis has the key's value, a change to one of these marks them `laterQuashed`. */
  readonly undoneBy: Readonly<Record<string, readonly string[]>>;
  /** Details stay when the value changes, until an effect gives details that begin anew (see detailRestarts). */
  readonly keepsDetail: boolean;
  /** Whether these details replace all that was said before: a new sentence does, a change of its term does not. */
  detailRestarts(detail: Readonly<Record<string, string>>): boolean;
}

/** Who hands down a sentence says its penalty; who changes a term does not. */
function detailRestarts(detail: Readonly<Record<string, string>>): boolean {
  return detail.penalty !== undefined;
}

function axis(
  name: Axis,
  subject: SubjectKind,
  per: AxisVocabulary['per'],
  values: readonly string[],
  more: Partial<Pick<AxisVocabulary, 'groups' | 'horizons' | 'undoneBy' | 'keepsDetail'>> = {},
): AxisVocabulary {
  return {
    axis: name,
    subject,
    per,
    values,
    groups: {},
    hasGroups: more.groups !== undefined,
    horizons: [],
    undoneBy: {},
    keepsDetail: false,
    detailRestarts,
    ...more,
  };
}

const SENTENCES = [
  'none',
  'imposed',
  'unserved',
  'serving',
  'suspended',
  'part-suspended',
  'served',
  'reduced',
  'pardoned',
  'annulled',
];

/** Every axis, in the order in which answers are given. */
export const AXES: readonly AxisVocabulary[] = [
  axis('liberty', 'person', 'subject', LIBERTY_BY_STRICTNESS, { groups: { deprived: DEPRIVED } }),
  axis('life', 'person', 'subject', ['alive', 'dead']),
  axis('whereabouts', 'person', 'subject', ['known', 'undisclosed', 'missing', 'enforced-disappearance-alleged']),
  axis('location', 'person', 'subject', ['in-country', 'abroad']),
  axis('asylum', 'person', 'key', ['sought', 'granted', 'refused', 'ceased']),
  axis('extradition', 'person', 'key', ['requested', 'granted', 'refused', 'surrendered', 'withdrawn']),
  axis('civicRights', 'person', 'subject', ['full', 'suspended', 'restored'], {
    horizons: [{ value: 'suspended', ends: 'until' }],
  }),
  axis('role', 'person', 'key', ['held', 'ended']),
  axis('hold', 'person', 'case', [...DEPRIVED, 'wanted', 'conditional-release', 'none'], {
    groups: { deprived: DEPRIVED },
    horizons: [{ value: 'imprisoned', ends: 'term' }],
  }),
  axis('stage', 'person', 'case', ['investigated', 'charged', 'on-trial', 'decided', 'ended']),
  axis('verdict', 'person', 'case', ['none', 'convicted', 'acquitted', 'mixed', 'set-aside', 'quashed'], {
    undoneBy: {
      convicted: ['acquitted', 'set-aside', 'quashed'],
      mixed: ['acquitted', 'set-aside', 'quashed'],
      acquitted: ['set-aside', 'quashed'],
    },
  }),
  axis('finality', 'person', 'case', ['appealable', 'under-appeal', 'final']),
  axis('sentence', 'person', 'case', SENTENCES, {
    horizons: [{ value: 'serving', ends: 'term' }],
    undoneBy: Object.fromEntries(
      SENTENCES.filter((value) => value !== 'none' && value !== 'annulled').map((value) => [value, ['annulled']]),
    ),
    keepsDetail: true,
  }),
  axis(
    'registration',
    'group',
    'subject',
    [
      'announced',
      'notified',
      'acknowledged',
      'formation-permitted',
      'collecting',
      'submitted',
      'deficient',
      'under-review',
      'provisionally-registered',
      'registered',
      'suspended',
      'formation-refused',
      'rejected',
      'withdrawn',
      'lapsed',
      'deregistered',
      'dissolved',
      'merged',
    ],
    {
      groups: {
        ended: ['formation-refused', 'rejected', 'withdrawn', 'lapsed', 'deregistered', 'dissolved', 'merged'],
      },
      horizons: [
        { value: 'provisionally-registered', ends: 'until' },
        { value: 'suspended', ends: 'until' },
      ],
    },
  ),
  axis('activity', 'group', 'subject', ['active', 'halted']),
  axis('appeal', 'group', 'subject', ['none', 'pending', 'decided']),
  axis('electionEntry', 'group', 'key', ['filed', 'accepted', 'refused', 'withdrawn']),
];

const BY_AXIS = new Map(AXES.map((entry) => [entry.axis, entry]));

/** What is said about an axis. */
export function vocabularyOf(name: Axis): AxisVocabulary {
  const found = BY_AXIS.get(name);
  if (found === undefined) throw new Error(`there is no axis ${name}`);
  return found;
}

/**
 * The usual course of a procedure: orders facts of one day (or of unknown days) in the main reading. Gaps leave room.
 * A fact that is no step of a procedure has the rank of its nearest neighbour, or `other`.
 */
export const PROCEDURAL_RANKS = {
  entry: 0,
  disappearance: 5,
  summons: 10,
  warrant: 15,
  arrest: 20,
  custody: 25,
  charge: 30,
  pretrialDetention: 35,
  bail: 40,
  trial: 45,
  verdict: 50,
  sentence: 55,
  imprisonment: 60,
  appeal: 65,
  appealDecision: 70,
  finality: 75,
  pardonRequest: 80,
  sentenceChange: 82,
  pardon: 85,
  amnesty: 87,
  releaseOrder: 90,
  sentenceCompletion: 92,
  release: 95,
  escape: 97,
  death: 99,
  other: 50,
  founding: 5,
  announcement: 10,
  notification: 15,
  support: 25,
  submission: 30,
  deficiency: 35,
  review: 40,
  registrationDecision: 50,
  registrationAppeal: 60,
  registrationAppealDecision: 65,
  suspension: 70,
  suspensionLifting: 75,
  registrationEnd: 85,
} as const;
