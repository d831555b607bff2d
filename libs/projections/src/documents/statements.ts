/** Statements: the fact that makes one, who speaks in it, and its line on the pages of others. */
import type { StandingFact } from '#domain';
import { byBounds, compare } from '../days.js';
import type { SpeakerView, StatementLine, StatementsView, SubjectPointer } from '../shapes.js';
import type { Subject } from '../subject.js';
import { boundsOf, type Build, stands } from './build.js';
import { object, objects, optional, text, texts } from './read.js';

/** What was said, if it counts. */
export function statementFact(statement: Subject): StandingFact | undefined {
  return statement.facts().find(isStatement);
}

export function isStatement({ type }: StandingFact): boolean {
  return type === 'StatementMade';
}

export function speakerOf(fact: StandingFact, build: Build): SpeakerView {
  const { speaker, roleAsAttributed, onBehalfOf } = fact.data;
  const { person, role, organisation } = object(speaker);
  const attributed = text(roleAsAttributed);
  const held = typeof person === 'string' ? rolesHeld(person, fact, build) : undefined;
  return {
    ...optional('subject', build.pointed(speaker)),
    ...optional('role', text(role)),
    ...optional('organisation', organisation === undefined ? undefined : build.organisation(organisation)),
    ...optional('roleAsAttributed', attributed),
    ...optional('rolesHeld', held),
    ...optional(
      'roleAgrees',
      attributed === undefined || held === undefined
        ? undefined
        : held.some((one) => attributed.toLowerCase().includes(one.role.toLowerCase())),
    ),
    ...optional('onBehalfOf', build.named(onBehalfOf)),
  };
}

/** The roles that a person held, certainly or possibly, when a statement was made. */
function rolesHeld(person: string, fact: StandingFact, build: Build): NonNullable<SpeakerView['rolesHeld']> {
  const { earliest, latest } = fact.bounds;
  const answers = build.find('person', person)?.status()?.at(earliest, latest) ?? [];
  return answers.flatMap(({ axis, value, certain, possible, detail }) => {
    const role = detail?.role;
    if (axis !== 'role' || role === undefined || !possible.includes('held')) return [];
    return [{ role, organisation: build.organisation(detail), certain: certain && value === 'held' }];
  });
}

export function aboutOf(fact: StandingFact, build: Build): readonly SubjectPointer[] {
  return objects(fact.data.about).flatMap((one) => build.pointed(one) ?? []);
}

const REACTIONS: Readonly<Record<string, string>> = {
  SpeakerDeniedStatement: 'denied',
  SpeakerCorrectedStatement: 'corrected',
  SpeakerRetractedStatement: 'retracted',
};

/** What the speaker did with the statement since. */
export function speakerSince(statement: Subject): readonly string[] {
  const found = statement.facts().flatMap((fact) => (stands(fact) ? (REACTIONS[fact.type] ?? []) : []));
  return [...new Set(found)].sort();
}

/** As many as a document shows: with each, its speaker is read. The others are listed. */
const MOST_STATEMENTS = 100;

/** The statements that a subject made, or that were made on its behalf, and those that speak of it; of many, those recorded last. */
export function statementsOf(subject: Subject, build: Build): StatementsView {
  const concerning = build.selves.flatMap((one) => one.concerning());
  const bySeq = build.selves.length > 1 ? concerning.sort((a, b) => a.row.seq - b.row.seq) : concerning;
  const ids = [...new Set(bySeq.flatMap(({ of }) => (of.kind === 'statement' ? [of.id] : [])))];
  const selves = new Set(build.selves.map(({ id }) => id));
  const made = ids
    .slice(-MOST_STATEMENTS)
    .flatMap((id) => {
      const statement = build.find('statement', id);
      const fact = statement === undefined ? undefined : statementFact(statement);
      return statement === undefined || fact === undefined ? [] : [{ statement, fact }];
    })
    .sort(
      (a, b) =>
        byBounds(boundsOf(a.statement, a.fact), boundsOf(b.statement, b.fact)) ||
        compare(a.fact.contentHash, b.fact.contentHash) ||
        compare(a.fact.id, b.fact.id),
    );
  const isSubject = (value: unknown): boolean => {
    const named = object(value)[subject.kind];
    return typeof named === 'string' && selves.has(named);
  };
  const lines = (wanted: (fact: StandingFact) => boolean): readonly StatementLine[] =>
    made.filter(({ fact }) => wanted(fact)).map(({ statement, fact }) => lineOf(statement, fact, build));
  return {
    by: lines(({ data }) => isSubject(data.speaker) || isSubject(data.onBehalfOf)),
    about: lines(({ data }) => objects(data.about).some(isSubject)),
    ...(ids.length > MOST_STATEMENTS && { more: true }),
  };
}

function lineOf(statement: Subject, fact: StandingFact, build: Build): StatementLine {
  const { form, stance, words, lang, conditions, citations } = fact.data;
  return {
    id: statement.id,
    speaker: speakerOf(fact, build),
    ...optional('occurred', fact.occurred),
    ...optional('form', text(form)),
    ...optional('stance', text(stance)),
    ...optional('words', text(words)),
    ...optional('lang', text(lang)),
    conditions: texts(conditions),
    about: aboutOf(fact, build),
    standing: build.standing(fact, statement),
    disputed: fact.disputed,
    speakerSince: speakerSince(statement),
    citations: build.citations(citations),
  };
}
