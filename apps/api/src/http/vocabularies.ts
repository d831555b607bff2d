/** The words that fields take, collected from the schemas of the payload classes. */
import { jsonSchemas } from '#domain/schemas';

interface Node {
  readonly enum?: readonly string[];
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
}

/** Each enumeration in a schema, with the names of the fields that lead to it, joined by dots. */
function enumerations(node: Node, path: readonly string[] = []): (readonly [string, readonly string[]])[] {
  const own = node.enum === undefined ? [] : [[path.join('.'), node.enum] as const];
  const inside = Object.entries(node.properties ?? {}).flatMap(([name, child]) => enumerations(child, [...path, name]));
  return [...own, ...inside, ...(node.items === undefined ? [] : enumerations(node.items, path))];
}

/**
 * Vocabularies by the field that they are for. A field that takes the same words wherever it occurs stands once, by its
 * own name; one that does not stands with its schema (`PersonReleased.reason`).
 */
export function collectVocabularies(): Readonly<Record<string, readonly string[]>> {
  const byField = new Map<string, { readonly schema: string; readonly words: readonly string[] }[]>();
  for (const [name, schema] of Object.entries(jsonSchemas())) {
    for (const [field, words] of enumerations(schema)) {
      byField.set(field, [...(byField.get(field) ?? []), { schema: name, words }]);
    }
  }
  const found: [string, readonly string[]][] = [];
  for (const [field, uses] of byField) {
    const [first] = uses;
    if (first === undefined) continue;
    const same = uses.every(({ words }) => words.join() === first.words.join());
    if (same) found.push([field, first.words]);
    else found.push(...uses.map(({ schema, words }) => [`${schema}.${field}`, words] as [string, readonly string[]]));
  }
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
