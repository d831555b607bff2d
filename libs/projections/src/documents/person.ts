/** A person's document. */
import { byBounds, compare } from '../days.js';
import { nameOf, namesOf } from '../naming.js';
import type { CaseOfPerson, IdentityView, PersonView } from '../shapes.js';
import type { Subject } from '../subject.js';
import { boundsOf, Build, type BuildInput, stands } from './build.js';
import { actsOnSubject, alternativesElsewhere, intentions, labels, ofType } from './lists.js';
import { objects, optional, text } from './read.js';
import { rolesOf } from './roles.js';
import { statementsOf } from './statements.js';
import { personSummary } from './summary.js';
import type { Built } from './built.js';

export function buildPerson(input: BuildInput): Built<PersonView> {
  const build = new Build(input);
  const { subject } = build;
  const answers = build.answers(subject);
  const axes = {
    liberty: answers.one('liberty'),
    life: answers.one('life'),
    whereabouts: answers.one('whereabouts'),
    location: answers.one('location'),
    civicRights: answers.one('civicRights'),
    asylum: answers.many('asylum'),
    extradition: answers.many('extradition'),
  };
  const cases = casesOf(build);
  const roles = rolesOf(subject, build);
  return build.finish({
    kind: 'person',
    id: subject.id,
    // Also of moments before that: nothing of it can be read any more.
    ...([...subject.events()].some(({ opened }) => !opened) && { erased: true as const }),
    ...optional('name', nameOf(subject)),
    summary: personSummary(answers.all, roles),
    visibility: subject.visibility(),
    names: build.selves.flatMap(namesOf),
    identifiers: identifiers(build),
    attributes: ofType(build, 'AttributeAsserted').map((fact) => ({
      attribute: text(fact.data.attribute) ?? '',
      value: text(fact.data.value) ?? '',
      event: fact.id,
      disputed: fact.disputed,
    })),
    axes,
    cases,
    roles,
    labels: labels(build),
    intentions: intentions(build, 'IntentionAnnounced'),
    statements: statementsOf(subject, build),
    identities: identities(build),
    judgedSame: build.selves.slice(1).map(({ id }) => build.pointer('person', id)),
    timeline: build.timeline(),
    acts: actsOnSubject(build),
    alternativesElsewhere: alternativesElsewhere(build),
    inconsistencies: subject.inconsistencies(),
  });
}

/** The cases in which a person has a part, by their first facts. */
function casesOf(build: Build): readonly CaseOfPerson[] {
  const { subject } = build;
  const answers = build.answers(subject);
  const ids = answers.cases();
  const facts = build.facts().filter(stands);
  // A fact without a case belongs to the only one.
  const inCase = ids.map((id) => ({
    id,
    facts: facts.filter((fact) => (subject.caseOf(fact) ?? (ids.length === 1 ? id : undefined)) === id),
  }));
  return inCase
    .sort((a, b) => {
      const [first, other] = [a.facts[0], b.facts[0]];
      const byFirst =
        first === undefined || other === undefined ? 0 : byBounds(boundsOf(subject, first), boundsOf(subject, other));
      return byFirst || compare(a.id, b.id);
    })
    .map(({ id, facts: own }) => ({
      ...(id !== 'only' && { id, ...optional('title', build.pointer('case', id).name) }),
      ...answers.ofCase(id),
      offences: [
        ...new Set(own.flatMap((fact) => objects(fact.data.counts).flatMap(({ offence }) => text(offence) ?? []))),
      ],
    }));
}

function identifiers(build: Build): PersonView['identifiers'] {
  return build.selves
    .flatMap((one) => one.records())
    .filter(({ type }) => type === 'IdentifierAssigned')
    .map(({ id, data }) => ({ scheme: text(data.scheme) ?? '', value: text(data.value) ?? '', event: id }))
    .sort((a, b) => compare(a.scheme, b.scheme) || compare(a.value, b.value));
}

/** Judgements that this person and another are one, or are not; recorded here or at the other, each once. */
function identities(build: Build): readonly IdentityView[] {
  const all = build.selves.flatMap((one) => identitiesOf(one, build));
  const byEvent = new Map(all.toReversed().map((identity) => [identity.event, identity]));
  return [...byEvent.values()].sort((a, b) => compare(a.event, b.event));
}

function identitiesOf(subject: Subject, build: Build): readonly IdentityView[] {
  const here = [...subject.events()].flatMap((row) => {
    const person = text(row.data.person);
    return row.type === 'IdentityJudged' && person !== undefined ? [{ row, person, at: subject }] : [];
  });
  const there = subject.concerning().flatMap(({ row, of }) => {
    const at = row.type === 'IdentityJudged' ? build.find(of.kind, of.id) : undefined;
    return at === undefined ? [] : [{ row, person: of.id, at }];
  });
  return [...here, ...there]
    .filter(({ row, at }) => at.stands(row.id))
    .map(({ row, person }) => ({
      event: row.id,
      person: build.pointer('person', person),
      verdict: text(row.data.verdict) ?? '',
      ...optional('reason', text(row.data.reason)),
      citations: build.citations(row.data.citations),
    }));
}
