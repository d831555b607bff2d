/**
 * What subjects are listed by: their answers, and what they say of themselves. Each is a field with a value on a run of
 * days, certain or only possible. Lists filter by them and count them.
 */
import type { DayBounds } from '#kernel';
import { parseEdtf } from '#kernel';
import { object, objects, text } from './documents/read.js';
import { stands } from './documents/build.js';
import { statementFact } from './documents/statements.js';
import { foldText } from './fold-text.js';
import { OPEN_END, OPEN_START } from './schema.js';
import type { AnswerOnDays } from './segment-columns.js';
import type { Subject } from './subject.js';

export interface Trait {
  /** The axis, or what else it is that the value says: `stance`, `publisher`. */
  readonly field: string;
  readonly value: string;
  /** For axes of a case the case, for keyed ones the key, for roles the organisation; else empty. */
  readonly place: string;
  /** The first and last day on which it is so, see schema.ts. */
  readonly from: number;
  readonly to: number;
  /** So in every world that the facts allow; else in some. */
  readonly certain: boolean;
}

/** Of persons whom somebody judged to be the same as another, or not: lists ask who is, and show each once. */
export const JUDGED: Trait = { field: 'judged', value: '', place: '', from: OPEN_START, to: OPEN_END, certain: true };
const PERSON: readonly Trait[] = [];
const JUDGED_PERSON = [JUDGED];

export function traitsOfAnswer(answer: AnswerOnDays, from: number, to: number): Trait[] {
  // Who certainly answers something can answer nothing else.
  const { axis, possible, certain, groups, detail } = answer;
  const days = { from, to };
  if (axis === 'role') {
    if (!possible.includes('held') || detail?.role === undefined) return [];
    const place = organisationPlace(detail);
    return [{ field: 'role', value: foldedWords(detail.role), place, ...days, certain }];
  }
  const place = answer.case ?? answer.key ?? '';
  const values = possible.map((one) => ({ field: axis, value: one, place, ...days, certain }));
  const named = Object.entries(groups).filter(([, group]) => group.possible);
  return [
    ...values,
    ...named.map(([name, group]) => ({ field: axis, value: name, place, ...days, certain: group.certain })),
  ];
}

/** A group of the record by its id, any other by its name. */
function organisationPlace({ group, name }: Readonly<Record<string, string>>): string {
  return group ?? byName(name ?? '');
}

/** Where an id may stand as well: no id begins with this mark. */
export function byName(name: string): string {
  return `~${foldedWords(name)}`;
}

export function foldedWords(words: string): string {
  return foldText(words).trim().replace(/\s+/g, ' ');
}

/** What a subject says of itself, on all days. A person says nothing but by its answers. */
export function ownTraits(subject: Subject): readonly Trait[] {
  switch (subject.kind) {
    case 'person':
      return subject.isJudged ? JUDGED_PERSON : PERSON;
    case 'group':
      return always('groupKind', [text(subject.entry()?.data.kind)]);
    case 'case':
      return always('court', [text(subject.entry()?.data.court)]);
    case 'source': {
      const { type, publisher, lang } = subject.source() ?? {};
      return [...always('type', [type]), ...always('publisher', [publisher]), ...always('lang', [lang])];
    }
    case 'statement':
      return traitsOfStatement(subject);
  }
}

function traitsOfStatement(statement: Subject): Trait[] {
  const fact = statementFact(statement);
  if (fact === undefined || !stands(fact)) return [];
  const { form, stance, lang, speaker, onBehalfOf, about } = fact.data;
  const certain = !fact.disputed;
  return [
    ...always('form', [text(form)], certain),
    ...always('stance', [text(stance)], certain),
    ...always('lang', [text(lang)], certain),
    ...always('speaker', [named(speaker)], certain),
    ...always('onBehalfOf', [named(onBehalfOf)], certain),
    ...always('about', objects(about).map(named), certain),
  ];
}

/** Whom `{person}`, `{group}`, `{role}` or `{name}` in event data names. */
function named(value: unknown): string | undefined {
  const { person, group, role, name } = object(value);
  const words = text(role) ?? text(name);
  return text(person) ?? text(group) ?? (words === undefined ? undefined : byName(words));
}

function always(field: string, values: readonly (string | undefined)[], certain = true): Trait[] {
  const given = [...new Set(values.filter((value) => value !== undefined))];
  return given.map((value) => ({ field, value, place: '', from: OPEN_START, to: OPEN_END, certain }));
}

/** When a statement was made, or a source published; undefined for what has no date of its own. */
export function datesOf(subject: Subject): DayBounds | undefined {
  if (subject.kind === 'statement') return statementFact(subject)?.bounds;
  if (subject.kind !== 'source') return undefined;
  const published = subject.source()?.published;
  const parsed = published === undefined ? undefined : parseEdtf(published);
  return parsed?.ok === true ? parsed.value.bounds : { earliest: -Infinity, latest: Infinity };
}
