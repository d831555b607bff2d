/** One line for people: what the answers say, in the domain's words, and what stands beside them. */
import { type AxisAnswer, summaryLine, summaryPhrases } from '#domain';
import { formatEdtf } from '#kernel';
import type { GroupView, PersonInCase, RoleView, SpeakerView, SupportEntry } from '../shapes.js';

/** What of a role is told in words. */
export type HeldRole = Pick<RoleView, 'role' | 'value' | 'certain'> & {
  readonly organisation: { readonly name?: string };
};

export function personSummary(answers: readonly AxisAnswer[], roles: readonly HeldRole[]): string {
  const phrases = summaryPhrases('person', answers);
  if (phrases.length > 0) return summaryLine(phrases);
  const held = roles.filter(({ value }) => value === 'held').map(roleWords);
  return summaryLine(held, 'Nothing is recorded about their status');
}

function roleWords({ role, organisation, certain }: HeldRole): string {
  return `${certain ? '' : 'possibly '}${role}${organisation.name === undefined ? '' : `, ${organisation.name}`}`;
}

/** Made at the first number: Intl takes a noticeable part of a start to load. */
let numbers: Intl.NumberFormat | undefined;

const QUALIFIER: Readonly<Record<string, string>> = {
  about: 'about ',
  'more-than': 'more than ',
  'at-least': 'at least ',
  'up-to': 'up to ',
};

export function groupSummary(
  answers: readonly AxisAnswer[],
  { support, plans }: Pick<GroupView, 'support' | 'plans'>,
): string {
  const latest = support.at(-1);
  const beside = [
    latest === undefined ? undefined : supportWords(latest),
    plans.some(({ submitted }) => !submitted) ? 'submission planned' : undefined,
  ].filter((words) => words !== undefined);
  return summaryLine([...summaryPhrases('group', answers), ...beside], 'Nothing is recorded about its registration');
}

function supportWords({ qualifier, value, kind, as }: SupportEntry): string {
  numbers ??= new Intl.NumberFormat('en');
  return `${QUALIFIER[qualifier] ?? ''}${numbers.format(value)} ${kind}${value === 1 ? '' : 's'} ${as}`;
}

export function caseSummary(persons: readonly PersonInCase[]): string {
  const count = persons.length === 1 ? '1 person' : `${persons.length} persons`;
  const convicted = persons.filter(({ verdict }) => verdict.value === 'convicted' || verdict.value === 'mixed').length;
  return summaryLine([count, ...(convicted === 0 ? [] : [`${convicted} convicted`])]);
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
  return summaryLine(
    [type, publisher, date].filter((part) => part !== undefined),
    'Source',
  );
}
