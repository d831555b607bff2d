/** Groups: entering them. */
import { entry } from '../catalogue/definition.js';
import { Citation } from '../facts/citation.js';
import { MOST_CITATIONS } from '../facts/fact.js';
import { Name } from '../person/names.js';
import { NestedList, Value } from '../validation/fields.js';
import { oneOf } from '../validation/scalars.js';

const GROUP_KINDS = ['movement', 'party', 'alliance', 'union', 'ministry', 'court', 'media', 'other'] as const;

class GroupEntered {
  @NestedList(Name, { min: 1, max: 50 })
  names!: Name[];

  @Value(oneOf(GROUP_KINDS))
  kind!: (typeof GROUP_KINDS)[number];

  @NestedList(Citation, { min: 1, max: MOST_CITATIONS })
  citations!: Citation[];
}

export const groupEntries = [
  entry(GroupEntered, 'group', { summary: 'A group was entered in the record, by the names that a source gives.' }),
];
