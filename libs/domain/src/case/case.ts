/** Legal cases: one case, one or many persons. */
import { act, entry } from '../catalogue/definition.js';
import { Citation } from '../facts/citation.js';
import { MOST_CITATIONS } from '../facts/fact.js';
import { ListOf, NestedList, Optional, Personal, Value } from '../validation/fields.js';
import { line, text, uuid } from '../validation/scalars.js';

class CaseEntered {
  @Optional()
  @Personal()
  @Value(line(300))
  title?: string;

  @Optional()
  @Value(line(300))
  court?: string;

  @Optional()
  @ListOf(line(100), { max: 50, unique: true, description: 'The numbers under which courts and prosecutors know it.' })
  numbers?: string[];

  @NestedList(Citation, { min: 1, max: MOST_CITATIONS })
  citations!: Citation[];
}

class CasesJoined {
  @Value(uuid(), { reference: 'case', description: 'The other case: from now on both are one.' })
  other!: string;

  @Optional()
  @Personal()
  @Value(text(5_000))
  reason?: string;

  @Optional()
  @NestedList(Citation, { max: MOST_CITATIONS })
  citations?: Citation[];
}

class FactAssignedToCase {
  @Value(uuid(), { reference: 'person' })
  person!: string;

  @Value(uuid(), { description: 'The event id of a fact of that person.' })
  fact!: string;

  @Optional()
  @Personal()
  @Value(text(5_000))
  reason?: string;

  @Optional()
  @NestedList(Citation, { max: MOST_CITATIONS })
  citations?: Citation[];
}

export const caseEvents = [
  entry(CaseEntered, 'case', { summary: 'A legal case was entered in the record.' }),
  act(CasesJoined, 'case', { route: 'joins', summary: 'Two cases of the record are one.' }),
  act(FactAssignedToCase, 'case', { route: 'assignments', summary: 'A fact of a person belongs to this case.' }),
];

export type { CasesJoined, FactAssignedToCase };
