/** What several events of a group are made of. */
import { Fact, Organisation } from '../facts/fact.js';
import { Nested, NestedList, Optional, Personal, Value } from '../validation/fields.js';
import { integer, line, oneOf, text } from '../validation/scalars.js';

const QUANTIFIERS = ['exactly', 'about', 'more-than', 'at-least', 'up-to'] as const;

/** A number as a source gives it. */
export class Quantity {
  @Value(integer(0, 1_000_000_000_000))
  value!: number;

  @Value(oneOf(QUANTIFIERS))
  qualifier!: (typeof QUANTIFIERS)[number];

  @Optional()
  @Value(line(300), { description: 'Of which area, where the source says.' })
  area?: string;
}

/** Why an authority decided as it did, as it says itself. */
export class Ground {
  @Optional()
  @Value(line(200))
  article?: string;

  @Personal()
  @Value(text(2_000))
  text!: string;
}

/** What an authority did about a group. */
export abstract class ByAuthority extends Fact {
  @Nested(Organisation)
  authority!: Organisation;
}

/** A decision that gives its grounds. */
export abstract class Decision extends ByAuthority {
  @Optional()
  @NestedList(Ground, { max: 50 })
  grounds?: Ground[];
}
