/** The vocabularies of payload fields, as data, for clients and documentation: read from the payload classes. */
import { fieldsOf, type PayloadClass } from '../validation/fields.js';
import { catalogue } from './catalogue.js';

/** Words by class and field: `PersonReleased.reason`, `Name.kind`, `Fact.basis`. */
export const vocabularies: Readonly<Record<string, readonly string[]>> = collect();

function collect(): Readonly<Record<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  const seen = new Set<PayloadClass>();
  const visit = (payload: PayloadClass): void => {
    if (seen.has(payload)) return;
    seen.add(payload);
    for (const { name, owner, rules, items, nested } of fieldsOf(payload).values()) {
      for (const rule of items ?? rules) {
        const words = rule.schema.enum as readonly string[] | undefined;
        if (words !== undefined) found.set(`${owner}.${name}`, words);
      }
      if (nested !== undefined) visit(nested);
    }
  };
  for (const { payload } of catalogue) visit(payload);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
