/** Parts of documents that persons and groups share: labels, intentions, what disputes elsewhere say of them. */
import { definitionOf, type StandingFact } from '#domain';
import type { ActView, AlternativeElsewhere, IntentionView, LabelView } from '../shapes.js';
import type { Concerning, Subject } from '../subject.js';
import { type Build, stands } from './build.js';
import { type Data, object, optional, text, texts } from './read.js';

export function labels(build: Build): readonly LabelView[] {
  return ofType(build, 'LabelApplied').flatMap((fact) => {
    const label = text(fact.data.label);
    if (label === undefined) return [];
    return [
      {
        event: fact.id,
        label,
        ...optional('by', build.named(fact.data.by)),
        ...optional('occurred', fact.occurred),
        standing: build.standing(fact),
        disputed: fact.disputed,
        citations: build.citations(fact.data.citations),
      },
    ];
  });
}

export function intentions(build: Build, type: string): readonly IntentionView[] {
  return ofType(build, type).map((fact) => ({
    event: fact.id,
    type: fact.type,
    ...optional('what', text(fact.data.what)),
    ...optional('authority', build.named(fact.data.authority)),
    ...optional('plannedFor', text(fact.data.plannedFor)),
    conditions: texts(fact.data.conditions),
    ...optional('occurred', fact.occurred),
    disputed: fact.disputed,
    citations: build.citations(fact.data.citations),
  }));
}

/** Facts of one type that stand, in the order in which they happened. */
export function ofType(build: Build, type: string): readonly StandingFact[] {
  return build.facts().filter((fact) => fact.type === type && stands(fact));
}

/** Disputes of other subjects' facts whose other reading names this subject. */
export function alternativesElsewhere(build: Build): readonly AlternativeElsewhere[] {
  const found = concerningAny(build).flatMap(({ row, of, self }) => {
    const alternative = object(row.data.alternative);
    if (row.type !== 'FactDisputed' || object(alternative.subject)[self.kind] !== self.id) return [];
    const other = build.find(of.kind, of.id);
    const fact = other?.everyFact().find(({ id }) => id === row.data.fact);
    if (other === undefined || fact === undefined) return [];
    const dispute = build.disputes(other, fact).find(({ event }) => event === row.id);
    if (dispute === undefined) return [];
    return [
      {
        subject: build.pointer(of.kind, of.id),
        fact: fact.id,
        type: fact.type,
        dispute: row.id,
        kind: dispute.kind,
        open: dispute.open,
        ...optional('reason', dispute.reason),
        data: dispute.alternative?.data ?? {},
      },
    ];
  });
  return found.sort((a, b) => (a.dispute < b.dispute ? -1 : 1));
}

/** Events of others that concern the subject, or a person who is one with it. */
function concerningAny({ selves }: Build): readonly (Concerning & { readonly self: Subject })[] {
  return selves.flatMap((self) => self.concerning().map((event) => ({ ...event, self })));
}

/** Acts that concern the subject as a whole, in the order in which they were recorded. */
export function actsOnSubject(build: Build): readonly ActView[] {
  const { subject } = build;
  const found = [...subject.events()].filter(
    ({ id, type, data }) => definitionOf(type)?.role === 'act' && !speaksOfAct(data) && subject.stands(id),
  );
  return found.map((row) => build.act(subject, row));
}

/** It speaks of one event of the subject, and stands beside that one. */
function speaksOfAct({ fact, facts, judgement, person, event }: Data): boolean {
  // An assignment names a fact of somebody else.
  const ofFact = fact !== undefined && person === undefined;
  return ofFact || facts !== undefined || judgement !== undefined || event !== undefined;
}
