/** A group's document. */
import { nameOf, namesOf } from '../naming.js';
import type { GroupView, SizeEntry, SupportEntry } from '../shapes.js';
import { Build, type BuildInput } from './build.js';
import type { Built } from './built.js';
import { actsOnSubject, alternativesElsewhere, intentions, labels, ofType } from './lists.js';
import { object, objects, optional, text } from './read.js';
import { holdersOf } from './roles.js';
import { statementsOf } from './statements.js';
import { groupSummary } from './summary.js';

export function buildGroup(input: BuildInput): Built<GroupView> {
  const build = new Build(input);
  const { subject } = build;
  const answers = build.answers(subject);
  const axes = {
    registration: answers.one('registration'),
    activity: answers.one('activity'),
    appeal: answers.one('appeal'),
    electionEntries: answers.many('electionEntry'),
  };
  const prospects = prospectsOf(build);
  return build.finish({
    kind: 'group',
    id: subject.id,
    ...optional('name', nameOf(subject)),
    summary: groupSummary(answers.all, prospects),
    visibility: subject.visibility(),
    names: namesOf(subject),
    ...optional('groupKind', text(subject.entry()?.data.kind)),
    axes,
    ...prospects,
    intentions: intentions(build, 'IntentionAnnounced'),
    sizes: sizesOf(build),
    ...holdersOf(subject, build),
    labels: labels(build),
    statements: statementsOf(subject, build),
    timeline: build.timeline(),
    acts: actsOnSubject(build),
    alternativesElsewhere: alternativesElsewhere(build),
    inconsistencies: subject.inconsistencies(),
  });
}

/** What it has of support, and what it means to do about its registration. */
export function prospectsOf(build: Build): Pick<GroupView, 'support' | 'plans'> {
  const submitted = ofType(build, 'PartyRegistrationSubmitted').length > 0;
  const plans = intentions(build, 'PartyRegistrationIntended').map((plan) => ({ ...plan, submitted }));
  return { support: supportOf(build), plans };
}

function supportOf(build: Build): readonly SupportEntry[] {
  return ofType(build, 'SupportCollected').flatMap((fact) => {
    const citations = build.citations(fact.data.citations);
    return objects(fact.data.quantities).map((quantity) => ({
      event: fact.id,
      kind: text(fact.data.kind) ?? '',
      as: text(fact.data.as) ?? '',
      ...optional('area', text(quantity.area)),
      qualifier: text(quantity.qualifier) ?? 'exactly',
      value: Number(quantity.value ?? 0),
      ...optional('occurred', fact.occurred),
      standing: build.standing(fact),
      disputed: fact.disputed,
      citations,
    }));
  });
}

function sizesOf(build: Build): readonly SizeEntry[] {
  return ofType(build, 'SizeReported').map((fact) => {
    const quantity = object(fact.data.quantity);
    return {
      event: fact.id,
      of: text(fact.data.of) ?? '',
      ...optional('qualifier', text(quantity.qualifier)),
      value: Number(quantity.value ?? 0),
      ...optional('occurred', fact.occurred),
      disputed: fact.disputed,
      citations: build.citations(fact.data.citations),
    };
  });
}
