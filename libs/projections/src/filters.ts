/**
 * By what lists may be filtered, counted and sorted: read from the vocabularies of the domain, so that a new axis or a
 * new value is a filter without a line here.
 */
import { AXES, type Axis, type AxisVocabulary, vocabularies } from '#domain';
import type { SubjectCategory } from './shapes.js';

export interface ListFilter {
  readonly name: string;
  /**
   * `answer`: a value or a named group of values of an axis, or `unknown`; `word`: one of `words`; `text`: any text,
   * whatever its letter case and accents; `id`: of a subject; `id-or-text`: of a subject, or a name; `period`: EDTF.
   */
  readonly takes: 'answer' | 'word' | 'text' | 'id' | 'id-or-text' | 'period';
  /** For `answer` and `word`: what may be given. */
  readonly words: readonly string[];
  /** Of `words`: the names of groups of values. */
  readonly groups: readonly string[];
  /** For `answer`: each subject may have several answers, each in a legal case, or under a key that may be given too. */
  readonly per?: AxisVocabulary['per'];
  /** For `answer` per key: what a key looks like. */
  readonly key?: { readonly pattern: RegExp; readonly like: string };
  /** Its values can be counted. */
  readonly facet: boolean;
  readonly about: string;
}

const COUNTRY = { pattern: /^[A-Z]{2}$/, like: 'DK' };
const ANY_KEY = { pattern: /\S/, like: 'the name that the record has for it' };

/** Countries can be told from misspelt words; a name can not. */
const KEYS: Readonly<Partial<Record<Axis, NonNullable<ListFilter['key']>>>> = {
  asylum: COUNTRY,
  extradition: { pattern: /^[A-Z]{2}-[A-Z]{2}$/, like: 'KH-DK' },
};

function ofAxis({ axis, values, groups, per }: AxisVocabulary): ListFilter {
  const names = Object.keys(groups);
  const key = per === 'key' ? { key: KEYS[axis] ?? ANY_KEY } : {};
  return {
    name: axis,
    takes: 'answer',
    words: [...values, ...names, 'unknown'],
    groups: names,
    per,
    ...key,
    facet: true,
    about:
      per === 'case'
        ? 'The answer on this axis in any legal case; with `case`, in that one.'
        : per === 'key'
          ? `The answer on this axis: a word, a key (${(key.key ?? ANY_KEY).like}), or key:word.`
          : 'The answer on this axis.',
  };
}

function other(
  name: string,
  takes: ListFilter['takes'],
  about: string,
  { words = [], facet = takes === 'word' || takes === 'text' }: { words?: readonly string[]; facet?: boolean } = {},
): ListFilter {
  return { name, takes, words, groups: [], facet, about };
}

function wordsOf(field: string): readonly string[] {
  const words = vocabularies[field];
  if (words === undefined) throw new RangeError(`The domain has no vocabulary ${field}.`);
  return words;
}

/** Roles are asked for by their names. */
const axes = (kind: 'person' | 'group'): readonly ListFilter[] =>
  AXES.filter(({ subject, axis }) => subject === kind && axis !== 'role').map(ofAxis);

const PERIOD = 'EDTF: it may have been then.';

const FILTERS: Readonly<Record<SubjectCategory, readonly ListFilter[]>> = {
  person: [
    ...axes('person'),
    other('role', 'text', 'Holds a role of this name; with `organisation`, in that one.'),
    other(
      'organisation',
      'id-or-text',
      'Holds a role in this group of the record, or in an organisation of this name.',
    ),
    other('case', 'id', 'Has a part in this legal case, or in one that was joined to it.'),
  ],
  group: [
    ...axes('group'),
    other('groupKind', 'word', 'What kind of group it is.', { words: wordsOf('GroupEntered.kind') }),
  ],
  case: [
    other('person', 'id', 'This person has a part in it.'),
    other('court', 'text', 'The court, as it was entered.'),
  ],
  statement: [
    other('speaker', 'id-or-text', 'The person or group that speaks, or the role of a speaker who is not named.'),
    other('onBehalfOf', 'id-or-text', 'On whose behalf it was made.'),
    other('about', 'id', 'A person or group that it speaks of.'),
    other('stance', 'word', 'The stance that it takes.', { words: wordsOf('StatementMade.stance') }),
    other('form', 'word', 'In which form it is told.', { words: wordsOf('StatementMade.form') }),
    other('lang', 'text', 'The language of its words.'),
    other('period', 'period', PERIOD),
  ],
  source: [
    other('type', 'word', 'What kind of source it is.', { words: wordsOf('SourceEntered.type') }),
    other('publisher', 'text', 'Who published it.'),
    other('lang', 'text', 'Its language.'),
    other('period', 'period', PERIOD),
  ],
};

const SORTS: Readonly<Record<SubjectCategory, readonly string[]>> = {
  person: ['entered', 'name', 'updated'],
  group: ['entered', 'name', 'updated'],
  case: ['entered', 'name', 'updated'],
  statement: ['entered', 'updated', 'date'],
  source: ['entered', 'name', 'updated', 'date'],
};

/** The filters of a kind of subject. */
export function filtersOf(kind: SubjectCategory): readonly ListFilter[] {
  return FILTERS[kind];
}

/** The orders in which a kind of subject can be listed; the first one unless another is asked for. */
export function sortsOf(kind: SubjectCategory): readonly string[] {
  return SORTS[kind];
}

/** Whether a kind of subject has answers, which can be asked for at any moment. */
export function isListedInTime(kind: SubjectCategory): boolean {
  return AXES.some(({ subject }) => subject === kind);
}
