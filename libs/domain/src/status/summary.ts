/**
 * Answers in words, for one line that people read: "Convicted in absentia in 2014, 9 years, not enforced; asylum in
 * Denmark, 2011". Says less rather than more than the answers do: what is not certain is "possibly", what is disputed
 * is "disputed", and an axis of which nothing is known is not mentioned. What somebody calls a person or a group is no
 * answer, so no label can get in here.
 */
import { formatEdtf } from '#kernel';
import type { AxisAnswer, SubjectKind } from './types.js';

/** What of an answer the words are made from. */
export type AnswerInWords = Pick<
  AxisAnswer,
  'axis' | 'case' | 'key' | 'value' | 'detail' | 'since' | 'certain' | 'possible' | 'groups' | 'disputed'
>;

/** Phrases in the order of the line, lower case, to be joined by semicolons (`summaryLine`); none where nothing is known. */
export function summaryPhrases(kind: SubjectKind, answers: readonly AnswerInWords[]): readonly string[] {
  return (kind === 'person' ? personPhrases(answers) : groupPhrases(answers)).filter((phrase) => phrase !== undefined);
}

/** One line of phrases, with a capital; `otherwise` where there are none. */
export function summaryLine(phrases: readonly string[], otherwise = ''): string {
  const line = phrases.join('; ') || otherwise;
  return line.charAt(0).toUpperCase() + line.slice(1);
}

function personPhrases(answers: readonly AnswerInWords[]): (string | undefined)[] {
  const ofAxis = (axis: AxisAnswer['axis']): readonly AnswerInWords[] =>
    answers.filter((answer) => answer.axis === axis);
  const cases = ofAxis('stage').flatMap(
    ({ case: id }) => casePhrase(answers.filter((answer) => answer.case === id)) ?? [],
  );
  return [
    ...ofAxis('life').map((life) =>
      life.value === 'dead' ? `${maybe(life)}died${when(life)}${dispute(life)}` : undefined,
    ),
    ...ofAxis('whereabouts').map(whereaboutsPhrase),
    ...ofAxis('liberty').map((liberty) => libertyPhrase(liberty, cases.length > 0)),
    ...cases,
    ...ofAxis('asylum').map(asylumPhrase),
    ...ofAxis('extradition').map(extraditionPhrase),
    ...ofAxis('civicRights').map(rightsPhrase),
  ];
}

function whereaboutsPhrase(whereabouts: AnswerInWords): string | undefined {
  switch (whereabouts.value) {
    case 'missing':
      return `${maybe(whereabouts)}missing${sinceWhen(whereabouts)}${dispute(whereabouts)}`;
    case 'undisclosed':
      return `held at an undisclosed place${sinceWhen(whereabouts)}${dispute(whereabouts)}`;
    case 'enforced-disappearance-alleged':
      return `enforced disappearance alleged${when(whereabouts)}${dispute(whereabouts)}`;
    default:
      return undefined;
  }
}

const LIBERTY: Readonly<Record<string, string>> = {
  imprisoned: 'imprisoned',
  'pretrial-detention': 'in pretrial detention',
  'police-custody': 'in police custody',
  'detained-unspecified': 'detained',
  'house-arrest': 'under house arrest',
  wanted: 'wanted',
  'conditional-release': 'conditionally released',
  free: 'free',
};

function libertyPhrase(liberty: AnswerInWords, casesTell: boolean): string | undefined {
  const { value, certain, possible, groups } = liberty;
  // A sentence that is not enforced is told with the case that it belongs to.
  if (value === 'sentence-not-enforced') return casesTell ? undefined : `${maybe(liberty)}sentence not enforced`;
  const words = LIBERTY[value];
  if (words === undefined) return undefined;
  if (!certain && groups.deprived?.certain === true && possible.length > 1) {
    return `deprived of liberty (${possible.map((one) => LIBERTY[one] ?? one).join(' or ')})`;
  }
  return `${maybe(liberty)}${words}${sinceWhen(liberty)}${dispute(liberty)}`;
}

const PRESENCE: Readonly<Record<string, string>> = {
  'in-absentia': ' in absentia',
  represented: ' in absence, represented',
};

const STAGE: Readonly<Record<string, string>> = {
  investigated: 'under investigation',
  charged: 'charged',
  'on-trial': 'on trial',
  ended: 'proceedings ended',
};

function casePhrase(inCase: readonly AnswerInWords[]): string | undefined {
  const one = (axis: AxisAnswer['axis']): AnswerInWords | undefined => inCase.find((answer) => answer.axis === axis);
  const verdict = one('verdict');
  const stage = one('stage');
  switch (verdict?.value) {
    case 'convicted':
    case 'mixed': {
      const presence = PRESENCE[verdict.detail?.presence ?? ''] ?? '';
      const partly = verdict.value === 'mixed' ? 'partly ' : '';
      const conviction = `${maybe(verdict)}${partly}convicted${presence}${when(verdict)}`;
      return [conviction, ...sentenceWords(one('sentence'))].join(', ') + dispute(verdict);
    }
    case 'acquitted':
      return `${maybe(verdict)}acquitted${when(verdict)}${dispute(verdict)}`;
    case 'set-aside':
      return `${maybe(verdict)}judgment set aside${when(verdict)}${dispute(verdict)}`;
    case 'quashed':
      return `${maybe(verdict)}conviction quashed${when(verdict)}${dispute(verdict)}`;
    default: {
      const words = STAGE[stage?.value ?? ''];
      return stage === undefined || words === undefined
        ? undefined
        : `${maybe(stage)}${words}${when(stage)}${dispute(stage)}`;
    }
  }
}

const SENTENCE: Readonly<Record<string, string>> = {
  unserved: 'not enforced',
  serving: 'being served',
  suspended: 'suspended',
  'part-suspended': 'partly suspended',
  served: 'served',
  reduced: 'reduced',
  pardoned: 'pardoned',
  annulled: 'annulled',
};

const PENALTY: Readonly<Record<string, string>> = { life: 'life', death: 'death', fine: 'fine' };

function sentenceWords(sentence: AnswerInWords | undefined): string[] {
  if (sentence === undefined || sentence.value === 'unknown') return [];
  const { term, penalty } = sentence.detail ?? {};
  const length = term === undefined ? PENALTY[penalty ?? ''] : durationWords(term);
  const standing = SENTENCE[sentence.value];
  return [length, standing && `${maybe(sentence)}${standing}`].filter((words) => words !== undefined);
}

const UNITS = [
  ['Y', 'year'],
  ['M', 'month'],
  ['W', 'week'],
  ['D', 'day'],
] as const;

/** `P1Y6M` as `1 year 6 months`. */
function durationWords(duration: string): string {
  return UNITS.flatMap(([unit, word]) => {
    const count = new RegExp(`(\\d+)${unit}`).exec(duration)?.[1];
    return count === undefined ? [] : [`${count} ${word}${count === '1' ? '' : 's'}`];
  }).join(' ');
}

/** Made at the first country: loading their names takes a noticeable part of a start. */
let countries: Intl.DisplayNames | undefined;

function countryName(code: string): string {
  // What is not two letters is no country's code, and `of` throws at it.
  if (!/^[A-Z]{2}$/.test(code)) return code;
  countries ??= new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });
  return countries.of(code) ?? code;
}

function asylumPhrase(asylum: AnswerInWords): string | undefined {
  if (asylum.value === 'unknown') return undefined;
  const country = asylum.key === undefined || asylum.key === '' ? 'a country' : countryName(asylum.key);
  const standing = asylum.value === 'granted' ? '' : ` ${asylum.value}`;
  const date = asylum.since === undefined ? '' : `, ${formatEdtf(asylum.since)}`;
  return `${maybe(asylum)}asylum${standing} in ${country}${date}${dispute(asylum)}`;
}

function extraditionPhrase(extradition: AnswerInWords): string | undefined {
  if (extradition.value === 'unknown') return undefined;
  const words = extradition.value === 'surrendered' ? 'extradited' : `extradition ${extradition.value}`;
  return `${maybe(extradition)}${words}${when(extradition)}${dispute(extradition)}`;
}

function rightsPhrase(rights: AnswerInWords): string | undefined {
  if (rights.value !== 'suspended' && rights.value !== 'restored') return undefined;
  const date = rights.value === 'suspended' ? sinceWhen(rights) : when(rights);
  return `civic rights ${maybe(rights)}${rights.value}${date}${dispute(rights)}`;
}

const REGISTRATION: Readonly<Record<string, string>> = {
  announced: 'formation announced',
  notified: 'formation notified',
  acknowledged: 'notification acknowledged',
  'formation-permitted': 'formation permitted',
  collecting: 'collecting support for registration',
  submitted: 'registration submitted',
  deficient: 'registration found deficient',
  'under-review': 'registration under review',
  'formation-refused': 'formation refused',
  'provisionally-registered': 'provisionally registered',
  rejected: 'registration rejected',
  withdrawn: 'registration withdrawn',
  lapsed: 'registration lapsed',
};

function groupPhrases(answers: readonly AnswerInWords[]): (string | undefined)[] {
  return answers.map((answer) => {
    const { axis, value } = answer;
    if (axis === 'registration' && value !== 'unknown') {
      return `${maybe(answer)}${REGISTRATION[value] ?? value}${when(answer)}${dispute(answer)}`;
    }
    if (axis === 'activity' && value === 'halted')
      return `${maybe(answer)}activity halted${when(answer)}${dispute(answer)}`;
    if (axis === 'appeal' && value === 'pending')
      return `${maybe(answer)}appeal pending${sinceWhen(answer)}${dispute(answer)}`;
    if (axis === 'electionEntry' && value !== 'unknown') {
      const election = answer.detail?.election ?? answer.key ?? '';
      return `entry for ${election} ${maybe(answer)}${value}${when(answer)}${dispute(answer)}`;
    }
    return undefined;
  });
}

/** What is disputed is said to be so, which tells more than that it may be otherwise. */
function maybe({ certain, disputed }: AnswerInWords): string {
  return certain || disputed ? '' : 'possibly ';
}

function dispute({ disputed }: AnswerInWords): string {
  return disputed ? ', disputed' : '';
}

function when({ since }: AnswerInWords): string {
  return since === undefined ? '' : ` ${formatEdtf(since, { preposition: true })}`;
}

function sinceWhen({ since }: AnswerInWords): string {
  if (since === undefined) return '';
  // "since on or before" is no English.
  return since.startsWith('[..') || since.startsWith('/') || since.startsWith('..')
    ? `, ${formatEdtf(since)}`
    : ` since ${formatEdtf(since)}`;
}
