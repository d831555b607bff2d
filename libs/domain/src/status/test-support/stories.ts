/** Random stories for the property tests: few facts on few days, with every kind of effect that the engine knows. */
import fc from 'fast-check';
import type { Effect, ProceduralKind, StatusFact } from '../types.js';
import { COLLECTING_FROM, DEPRIVED } from '../vocabulary.js';

export const FIRST_DAY = 0;
export const LAST_DAY = 4;

type Kind = Pick<StatusFact, 'effects' | 'kind' | 'presupposes' | 'attests'>;

function kind(
  effects: readonly Effect[],
  own: ProceduralKind = 'other',
  presupposes: readonly ProceduralKind[] = [],
): Kind {
  return { effects, kind: own, presupposes };
}

const released: readonly Effect[] = [
  { axis: 'hold', set: 'none' },
  { axis: 'hold', set: 'none', allCases: true, onlyFrom: DEPRIVED },
];

const bailed: readonly Effect[] = [
  { axis: 'hold', set: 'none', allCases: 'if-unassigned', onlyFrom: DEPRIVED },
  { axis: 'hold', set: 'conditional-release' },
];

const PERSON_KINDS: readonly Kind[] = [
  kind([{ axis: 'hold', set: 'police-custody' }]),
  kind([{ axis: 'hold', set: 'pretrial-detention' }]),
  kind([{ axis: 'hold', set: 'wanted', notFrom: DEPRIVED }]),
  kind([{ axis: 'hold', set: 'none', onlyFrom: ['wanted'] }]),
  kind([{ axis: 'stage', set: 'charged' }], 'charge'),
  kind([{ axis: 'stage', set: 'on-trial' }], 'trial', ['charge']),
  kind(
    [
      { axis: 'stage', set: 'decided' },
      { axis: 'verdict', set: 'convicted', detail: { presence: 'present' } },
      { axis: 'sentence', set: 'imposed' },
      { axis: 'hold', set: 'imprisoned', onlyFrom: ['police-custody', 'pretrial-detention', 'detained-unspecified'] },
    ],
    'sentence',
  ),
  kind(
    [
      { axis: 'verdict', set: 'convicted' },
      { axis: 'sentence', set: 'unserved' },
    ],
    'sentence',
  ),
  kind(
    [
      { axis: 'verdict', set: 'quashed' },
      { axis: 'sentence', set: 'annulled' },
      { axis: 'hold', set: 'none' },
    ],
    'appeal-decision',
    ['sentence'],
  ),
  kind([{ axis: 'sentence', set: 'pardoned' }], 'pardon', ['sentence']),
  kind([...released, { axis: 'sentence', set: 'served' }], 'other', ['sentence']),
  kind(released),
  kind(bailed),
  kind([
    { axis: 'hold', set: 'none' },
    { axis: 'hold', set: 'none', allCases: true, onlyFrom: DEPRIVED },
    { axis: 'liberty', set: 'sentence-not-enforced' },
  ]),
  kind([{ axis: 'stage', set: 'ended', guardAxis: 'verdict', onlyFrom: ['quashed'] }]),
  kind([{ axis: 'asylum', key: 'DK', set: 'sought' }]),
  kind([
    { axis: 'asylum', key: 'DK', set: 'granted', onlyFrom: ['sought', 'unknown'] },
    { axis: 'location', set: 'abroad' },
  ]),
];

/** Holds alone: so few kinds that guards, escapes and several cases meet each other often. */
const HOLD_KINDS: readonly Kind[] = [
  kind([{ axis: 'hold', set: 'police-custody' }]),
  kind([{ axis: 'hold', set: 'wanted', notFrom: DEPRIVED }]),
  kind([{ axis: 'hold', set: 'none', onlyFrom: ['wanted'] }]),
  kind([{ axis: 'hold', set: 'imprisoned', onlyFrom: ['police-custody'] }]),
  kind([{ axis: 'hold', set: 'none' }]),
  kind(released),
  kind(bailed),
  kind([...released, { axis: 'liberty', set: 'sentence-not-enforced' }]),
  kind([{ axis: 'sentence', set: 'served' }]),
];

const ATTESTS = [{ axis: 'hold', values: DEPRIVED }] as const;

/** Imprisonment for a day or two, and what may tell that it lasted longer. */
const TERM_KINDS: readonly Kind[] = [
  kind([{ axis: 'hold', set: 'police-custody' }]),
  kind([{ axis: 'hold', set: 'imprisoned' }]),
  ...['P1D', 'P2D'].map((term) =>
    kind([
      { axis: 'sentence', set: 'imposed', detail: { term, penalty: 'custodial' } },
      { axis: 'hold', set: 'imprisoned', onlyFrom: ['police-custody'] },
    ]),
  ),
  kind([{ axis: 'sentence', set: 'reduced', detail: { term: 'P1D' } }]),
  kind([{ axis: 'hold', set: 'none' }]),
  { ...kind(released), attests: ATTESTS },
  { ...kind([]), attests: ATTESTS },
];

const GROUP_KINDS: readonly Kind[] = [
  kind([{ axis: 'registration', set: 'announced' }]),
  kind([{ axis: 'registration', set: 'collecting', onlyFrom: COLLECTING_FROM }]),
  kind([{ axis: 'registration', set: 'submitted' }]),
  kind([{ axis: 'registration', set: 'registered' }]),
  kind([{ axis: 'registration', set: 'suspended' }]),
  kind([{ axis: 'registration', set: { previous: true }, onlyFrom: ['suspended'] }]),
  kind([{ axis: 'registration', set: 'lapsed' }]),
  kind([{ axis: 'registration', set: { previous: true }, onlyFrom: ['lapsed'] }]),
  kind([{ axis: 'activity', set: 'halted' }]),
];

interface Shape {
  readonly from: number;
  readonly length: number;
  readonly open: 'none' | 'past' | 'future' | 'both';
  readonly what: number;
  readonly case: string | undefined;
  readonly disputed: boolean;
  readonly after: readonly number[];
}

/** Facts with ids `f0`, `f1` … in the order of the array, which says nothing about their order in time. */
export function stories(
  subject: 'person' | 'holds' | 'terms' | 'group',
  most: number,
): fc.Arbitrary<readonly StatusFact[]> {
  const kinds = { person: PERSON_KINDS, holds: HOLD_KINDS, terms: TERM_KINDS, group: GROUP_KINDS }[subject];
  const shape = fc.record<Shape>({
    from: fc.integer({ min: FIRST_DAY, max: LAST_DAY }),
    length: fc.oneof(
      { weight: 2, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) },
    ),
    open: fc.oneof(
      { weight: 6, arbitrary: fc.constant('none' as const) },
      { weight: 1, arbitrary: fc.constantFrom('past' as const, 'future' as const, 'both' as const) },
    ),
    what: fc.nat(kinds.length - 1),
    case:
      subject === 'group'
        ? fc.constant(undefined)
        : fc.oneof(
            { weight: subject === 'holds' ? 2 : 5, arbitrary: fc.constant(undefined) },
            { weight: 1, arbitrary: fc.constantFrom('c1', 'c2') },
          ),
    disputed: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    after: fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.nat(most), { maxLength: 2 }) },
    ),
  });
  return fc
    .array(shape, { minLength: 1, maxLength: most })
    .map((shapes) => shapes.map((one, index) => toFact(one, index, kinds)));
}

function toFact(shape: Shape, index: number, kinds: readonly Kind[]): StatusFact {
  const earliest = shape.open === 'past' || shape.open === 'both' ? -Infinity : shape.from;
  const latest =
    shape.open === 'future' || shape.open === 'both' ? Infinity : Math.min(shape.from + shape.length, LAST_DAY);
  return {
    id: `f${String(index)}`,
    occurred: `${String(earliest)}..${String(latest)}`,
    stated: { earliest, latest },
    bounds: { earliest, latest },
    aspect: 'began',
    after: shape.after.map((other) => `f${String(other)}`),
    ...(shape.case !== undefined && { case: shape.case }),
    ...kinds[shape.what]!,
    rank: shape.what,
    contentHash: `${String(shape.what)}-${String(index)}`,
    disputed: shape.disputed,
  };
}
