/** What is to be said of an axis where one value alone is possible, and of its groups: the same objects for every subject. */
import type { AxisAnswer } from './types.js';
import type { AxisVocabulary } from './vocabulary.js';

export type Groups = AxisAnswer['groups'];

/** One value alone. */
export interface Alone {
  readonly values: readonly string[];
  /** Nothing where the value is unknown. */
  readonly possible: readonly string[];
  readonly groups: Groups;
}

export const NO_VALUES: readonly string[] = [];

const alone = new Map<AxisVocabulary, Map<string, Alone>>();

export function aloneOf(vocabulary: AxisVocabulary, value: string): Alone {
  let ofAxis = alone.get(vocabulary);
  if (ofAxis === undefined) alone.set(vocabulary, (ofAxis = new Map<string, Alone>()));
  let found = ofAxis.get(value);
  if (found === undefined) {
    const possible = value === 'unknown' ? NO_VALUES : [value];
    const groups = groupsOf(vocabulary, possible, (wanted) => wanted(value));
    ofAxis.set(value, (found = { values: [value], possible, groups }));
  }
  return found;
}

const answers = new Map<AxisVocabulary, Map<string, Groups>>();
const NO_GROUPS: Groups = {};

/** @param isCertain whether all that is possible is as wanted, and held to be */
export function groupsOf(
  vocabulary: AxisVocabulary,
  possible: readonly string[],
  isCertain: (wanted: (one: string) => boolean) => boolean,
): Groups {
  if (!vocabulary.hasGroups) return NO_GROUPS;
  let answer = '';
  for (const members of Object.values(vocabulary.groups)) {
    const isMember = (one: string): boolean => members.includes(one);
    answer += `${isCertain(isMember) ? 'c' : '-'}${possible.some(isMember) ? 'p' : '-'}`;
  }
  let known = answers.get(vocabulary);
  if (known === undefined) answers.set(vocabulary, (known = new Map<string, Groups>()));
  let groups = known.get(answer);
  if (groups === undefined) {
    const names = Object.keys(vocabulary.groups);
    groups = Object.fromEntries(
      names.map((name, at) => [name, { certain: answer[2 * at] === 'c', possible: answer[2 * at + 1] === 'p' }]),
    );
    known.set(answer, groups);
  }
  return groups;
}
