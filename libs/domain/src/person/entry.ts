/** Persons: entering them, and what they are called and known by. */
import { act, entry, fact } from '../catalogue/definition.js';
import { Citation } from '../facts/citation.js';
import { Fact, MOST_CITATIONS } from '../facts/fact.js';
import { Nested, NestedList, Optional, Personal, Value } from '../validation/fields.js';
import { line, oneOf, text, uuid } from '../validation/scalars.js';
import { Name } from './names.js';

class PersonEntered {
  @NestedList(Name, { min: 1, max: 50 })
  names!: Name[];

  @NestedList(Citation, { min: 1, max: MOST_CITATIONS })
  citations!: Citation[];
}

class NameAsserted extends Fact {
  @Nested(Name)
  name!: Name;
}

const ATTRIBUTES = ['birth-date', 'gender', 'nationality'] as const;

class AttributeAsserted extends Fact {
  @Value(oneOf(ATTRIBUTES))
  attribute!: (typeof ATTRIBUTES)[number];

  @Personal()
  @Value(line(300))
  value!: string;
}

const IDENTIFIER_SCHEMES = ['wikidata', 'opensanctions', 'court', 'other'] as const;

class IdentifierAssigned {
  @Value(oneOf(IDENTIFIER_SCHEMES))
  scheme!: (typeof IDENTIFIER_SCHEMES)[number];

  @Personal()
  @Value(line(200))
  value!: string;

  @Optional()
  @NestedList(Citation, { max: MOST_CITATIONS })
  citations?: Citation[];
}

const IDENTITY_VERDICTS = ['same', 'different', 'unsure'] as const;

class IdentityJudged {
  @Value(uuid(), { reference: 'person', description: 'The other person.' })
  person!: string;

  @Value(oneOf(IDENTITY_VERDICTS))
  verdict!: (typeof IDENTITY_VERDICTS)[number];

  @Personal()
  @Value(text(5_000))
  reason!: string;

  @NestedList(Citation, { min: 1, max: MOST_CITATIONS })
  citations!: Citation[];
}

class IdentityJudgementRevoked {
  @Value(uuid(), { description: 'The event id of the judgement.' })
  judgement!: string;

  @Personal()
  @Value(text(5_000))
  reason!: string;
}

export const personEntries = [
  entry(PersonEntered, 'person', { summary: 'A person was entered in the record, by the names that a source gives.' }),
  fact(NameAsserted, 'person', { route: 'names', summary: 'A source gives the person another name.' }),
  fact(AttributeAsserted, 'person', {
    route: 'attributes',
    summary: 'A source tells a birth date, a gender or a nationality.',
  }),
  act(IdentifierAssigned, ['person', 'group'], {
    route: 'identifiers',
    summary: 'An identifier of another register was assigned.',
    // It may be the number of a passport.
    sensitive: ({ scheme }) => scheme === 'other',
    correctable: true,
  }),
  act(IdentityJudged, 'person', {
    route: 'identity-judgements',
    summary: 'Somebody judged whether two persons of the record are one.',
    // Tells whose a nom de guerre is.
    sensitive: true,
  }),
  act(IdentityJudgementRevoked, 'person', {
    route: 'identity-judgement-revocations',
    summary: 'A judgement about identity was revoked.',
    sensitive: true,
  }),
];
