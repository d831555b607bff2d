/** One line for people: what the answers say, in English. Says less rather than more than the answers do. */
import { formatEdtf } from '#kernel';
import type {
  AnswerView,
  CaseOfPerson,
  GroupView,
  PersonInCase,
  PersonView,
  RoleView,
  SpeakerView,
  SupportEntry,
} from '../shapes.js';

export function personSummary({ axes, cases, roles }: Pick<PersonView, 'axes' | 'cases' | 'roles'>): string {
  const inCases = cases.flatMap((one) => caseLine(one) ?? []);
  const parts = [
    lifeLine(axes.life),
    whereaboutsLine(axes.whereabouts),
    libertyLine(axes.liberty, inCases.length > 0),
    ...inCases,
    ...axes.asylum.map(asylumLine),
  ].filter((part) => part !== undefined);
  if (parts.length === 0) parts.push(...roles.filter(({ value }) => value === 'held').map(roleLine));
  return sentence(parts, 'Nothing is recorded about their status');
}

function lifeLine(life: AnswerView): string | undefined {
  return life.value === 'dead' ? `${maybe(life)}died${when(life)}` : undefined;
}

function whereaboutsLine(whereabouts: AnswerView): string | undefined {
  switch (whereabouts.value) {
    case 'missing':
      return `${maybe(whereabouts)}missing${sinceWhen(whereabouts)}`;
    case 'enforced-disappearance-alleged':
      return `enforced disappearance alleged${when(whereabouts)}`;
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

function libertyLine(liberty: AnswerView, casesTell: boolean): string | undefined {
  // A sentence that is not enforced is told with the case that it belongs to.
  if (liberty.value === 'sentence-not-enforced') return casesTell ? undefined : 'sentence not enforced';
  const words = LIBERTY[liberty.value];
  return words === undefined ? undefined : `${maybe(liberty)}${words}${sinceWhen(liberty)}${dispute(liberty)}`;
}

const PRESENCE: Readonly<Record<string, string>> = {
  'in-absentia': ' in absentia',
  represented: ' while represented',
};

function caseLine({ verdict, sentence: imposed, stage }: CaseOfPerson): string | undefined {
  switch (verdict.value) {
    case 'convicted':
    case 'mixed': {
      const presence = PRESENCE[verdict.detail?.presence ?? ''] ?? '';
      const partly = verdict.value === 'mixed' ? 'partly ' : '';
      const conviction = `${maybe(verdict)}${partly}convicted${presence}${when(verdict)}`;
      return [conviction, ...sentenceWords(imposed)].join(', ') + dispute(verdict);
    }
    case 'acquitted':
      return `${maybe(verdict)}acquitted${when(verdict)}${dispute(verdict)}`;
    case 'set-aside':
      return `conviction set aside${when(verdict)}${dispute(verdict)}`;
    case 'quashed':
      return `conviction quashed${when(verdict)}${dispute(verdict)}`;
    default:
      return stageLine(stage);
  }
}

const STAGE: Readonly<Record<string, string>> = {
  investigated: 'under investigation',
  charged: 'charged',
  'on-trial': 'on trial',
  ended: 'proceedings ended',
};

function stageLine(stage: AnswerView): string | undefined {
  const words = STAGE[stage.value];
  return words === undefined ? undefined : `${maybe(stage)}${words}${when(stage)}${dispute(stage)}`;
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

function sentenceWords(answer: AnswerView): readonly string[] {
  const { term, penalty } = answer.detail ?? {};
  const length =
    term === undefined ? (penalty === 'life' || penalty === 'death' ? penalty : undefined) : durationWords(term);
  return [length, SENTENCE[answer.value]].filter((words) => words !== undefined);
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

const NUMBERS = new Intl.NumberFormat('en');
const COUNTRIES = new Intl.DisplayNames(['en'], { type: 'region' });

function asylumLine(asylum: AnswerView): string {
  const country = asylum.key === undefined ? 'a country' : COUNTRIES.of(asylum.key);
  const standing = asylum.value === 'granted' ? '' : ` ${asylum.value}`;
  const since = asylum.since === undefined ? '' : `, ${formatEdtf(asylum.since)}`;
  return `${maybe(asylum)}asylum${standing} in ${country}${since}${dispute(asylum)}`;
}

function roleLine({ role, organisation, certain }: RoleView): string {
  return `${certain ? '' : 'possibly '}${role}${organisation.name === undefined ? '' : `, ${organisation.name}`}`;
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
  'provisionally-registered': 'provisionally registered',
  'formation-refused': 'formation refused',
  rejected: 'registration rejected',
  withdrawn: 'registration withdrawn',
  lapsed: 'registration lapsed',
};

const QUALIFIER: Readonly<Record<string, string>> = {
  about: 'about ',
  'more-than': 'more than ',
  'at-least': 'at least ',
  'up-to': 'up to ',
};

export function groupSummary({
  axes: { registration, activity },
  support,
  plans,
}: Pick<GroupView, 'axes' | 'support' | 'plans'>): string {
  const claimed = support.at(-1);
  const parts = [
    registration.value === 'unknown'
      ? undefined
      : `${maybe(registration)}${REGISTRATION[registration.value] ?? registration.value}${when(registration)}${dispute(registration)}`,
    claimed === undefined ? undefined : supportWords(claimed),
    plans.some(({ submitted }) => !submitted) ? 'submission planned' : undefined,
    activity.value === 'halted' ? `activity halted${when(activity)}` : undefined,
  ].filter((part) => part !== undefined);
  return sentence(parts, 'Nothing is recorded about its registration');
}

function supportWords({ qualifier, value, kind, as }: SupportEntry): string {
  return `${QUALIFIER[qualifier] ?? ''}${NUMBERS.format(value)} ${kind}${value === 1 ? '' : 's'} ${as}`;
}

export function caseSummary(persons: readonly PersonInCase[]): string {
  const count = persons.length === 1 ? '1 person' : `${persons.length} persons`;
  const convicted = persons.filter(({ verdict }) => verdict.value === 'convicted' || verdict.value === 'mixed').length;
  return sentence([count, ...(convicted === 0 ? [] : [`${convicted} convicted`])], '');
}

const LONGEST_WORDS = 120;

export function statementSummary(speaker: SpeakerView, stance: string | undefined, words: string | undefined): string {
  const who = speaker.subject?.name ?? speaker.role ?? 'Somebody';
  const how = stance === undefined || stance === 'none' ? '' : ` (${stance})`;
  const points = Array.from(words ?? '');
  const quoted = points.length > LONGEST_WORDS ? `${points.slice(0, LONGEST_WORDS).join('')}…` : points.join('');
  return `${who}${how}${quoted === '' ? '' : `: ${quoted}`}`;
}

export function sourceSummary(
  type: string | undefined,
  publisher: string | undefined,
  published: string | undefined,
): string {
  const date = published === undefined ? undefined : formatEdtf(published);
  return sentence(
    [type, publisher, date].filter((part) => part !== undefined),
    'Source',
  );
}

function sentence(parts: readonly string[], otherwise: string): string {
  const line = parts.join('; ') || otherwise;
  return line.charAt(0).toUpperCase() + line.slice(1);
}

/** What is disputed is said to be so, which tells more than that it may be otherwise. */
function maybe({ certain, disputed }: AnswerView): string {
  return certain || disputed ? '' : 'possibly ';
}

function dispute({ disputed }: AnswerView): string {
  return disputed ? ', disputed' : '';
}

function when({ since }: AnswerView): string {
  return since === undefined ? '' : ` ${formatEdtf(since, { preposition: true })}`;
}

function sinceWhen({ since }: AnswerView): string {
  return since === undefined ? '' : ` since ${formatEdtf(since)}`;
}
