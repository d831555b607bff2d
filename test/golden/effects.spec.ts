import { readFileSync } from 'node:fs';
import { catalogue, type Data, type EventDefinition, examples } from '#domain';
import { jsonSchemas } from '#domain/schemas';
import { acting, bare, effectTable, EFFECTS_FILE, variantsOf, withFields } from './effects.js';

test('every event does to a status what the reviewed table says', () => {
  expect(effectTable()).toBe(readFileSync(EFFECTS_FILE, 'utf8'));
});

const events = catalogue.filter(({ isFact }) => isFact);

test.each(events.map((definition) => [definition.type, definition] as const))(
  '%s does nothing else, whatever its fields say',
  (type, definition) => {
    const rows = variantsOf(definition).map(({ fields }) => bare(acting(definition, withFields(type, fields))));
    for (const fields of combinations(choicesOf(definition))) {
      const cells = bare(acting(definition, withFields(type, fields)));
      expect(rows.map((row) => JSON.stringify(row))).toContain(JSON.stringify(cells));
    }
    // And every row is there for a reason: what it says differs from the others, be it in what belongs to a value.
    const shown = variantsOf(definition).map(({ fields }) =>
      JSON.stringify(acting(definition, withFields(type, fields))),
    );
    expect(new Set(shown).size).toBe(shown.length);
  },
);

type Choice = readonly [field: string, values: readonly unknown[]];

/** What a client may choose: each word of a vocabulary, and to leave out every field that may be left out. */
function choicesOf({ type }: EventDefinition): readonly Choice[] {
  const { properties = {}, required = [] } = jsonSchemas()[type] as {
    properties?: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
    required?: readonly string[];
  };
  const example = examples[type] as Data;
  return Object.entries(properties).flatMap(([field, { enum: words }]): Choice[] => {
    if (OF_EVERY_FACT.has(field)) return [];
    const values = OTHERS[`${type}.${field}`] ?? words ?? (field in example ? [example[field]] : []);
    return [[field, required.includes(field) ? values : [...values, undefined]]];
  });
}

const OF_EVERY_FACT = new Set(
  Object.keys((jsonSchemas().BailRevoked as { properties: Readonly<Record<string, unknown>> }).properties),
);

/** Where the example alone does not show what may be said. */
const OTHERS: Readonly<Record<string, readonly unknown[]>> = {
  'PersonConvicted.acquittedOf': [[{ offence: 'Offence B' }]],
  'AppealDecided.acquittedOf': [[{ offence: 'Offence B' }]],
  'SentenceHanded.suspendedPart': ['P6M', 'P18M', 'P1Y6M'],
};

function combinations(choices: readonly Choice[]): readonly Data[] {
  return choices.reduce<readonly Data[]>(
    (all, [field, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [field]: value }))),
    [{}],
  );
}
