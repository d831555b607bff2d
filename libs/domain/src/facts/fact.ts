/** What every fact carries: when, in which case, on what evidence. */
import { ExactlyOne, ListOf, Nested, NestedList, Optional, Personal, ServerSet, Value } from '../validation/fields.js';
import { edtf, line, oneOf, text, uuid } from '../validation/scalars.js';
import { Citation } from './citation.js';

const ASPECTS = ['began', 'observed'] as const;
const BASES = ['official-record', 'reported', 'self-declared', 'inferred'] as const;
const CONFIDENCES = ['high', 'medium', 'low'] as const;

export const MOST_CITATIONS = 50;

/** A person or a group, by id. */
@ExactlyOne('person', 'group')
export class Subject {
  @Optional()
  @Value(uuid(), { reference: 'person' })
  person?: string;

  @Optional()
  @Value(uuid(), { reference: 'group' })
  group?: string;
}

/** An organisation: a group of the record, or by its name. Part of what a role is known by, so never sealed. */
@ExactlyOne('group', 'name')
export class Organisation {
  @Optional()
  @Value(uuid(), { reference: 'group' })
  group?: string;

  @Optional()
  @Value(line(300))
  name?: string;
}

/** Who did or said something: a person or a group of the record, or by name. */
@ExactlyOne('person', 'group', 'name')
export class Actor {
  @Optional()
  @Value(uuid(), { reference: 'person' })
  person?: string;

  @Optional()
  @Value(uuid(), { reference: 'group' })
  group?: string;

  @Optional()
  @Personal()
  @Value(line(300))
  name?: string;
}

/** Where a fact was recorded before it was moved here. */
@ExactlyOne('person', 'group')
export class FormerPlace {
  @Optional()
  @Value(uuid())
  person?: string;

  @Optional()
  @Value(uuid())
  group?: string;

  @Value(uuid())
  fact!: string;
}

export abstract class Fact {
  @Optional()
  @Value(edtf(), { description: 'When, in EDTF, as imprecise as the source is. Left out: unknown.' })
  occurred?: string;

  @Optional()
  @Value(oneOf(ASPECTS), {
    description:
      'began (unless said): it began to be so then; observed: it was so then, and began at some time before.',
  })
  aspect?: (typeof ASPECTS)[number];

  @Optional()
  @ListOf(uuid(), { max: 50, unique: true, description: 'Facts (event ids) that came before this one.' })
  after?: string[];

  @Optional()
  @Value(uuid(), {
    reference: 'case',
    description: "The legal case that it is part of. Left out: the person's only case.",
  })
  case?: string;

  @Optional()
  @Value(uuid(), { description: 'One judgment or decree behind several facts, also of several persons.' })
  decisionId?: string;

  @NestedList(Citation, { min: 1, max: MOST_CITATIONS })
  citations!: Citation[];

  @Value(oneOf(BASES))
  basis!: (typeof BASES)[number];

  @Value(oneOf(CONFIDENCES))
  confidence!: (typeof CONFIDENCES)[number];

  @Optional()
  @Personal()
  @Value(text(5_000))
  note?: string;

  @ServerSet()
  @Nested(FormerPlace)
  movedFrom?: FormerPlace;
}
