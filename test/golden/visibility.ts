/**
 * Who may see what each event records where nobody says so, as a table for the eye: test/fixtures/visibility.txt is the reviewed
 * copy. The table is made from the catalogue, so a changed default shows as a changed line of it. To renew it after a review,
 * delete the file and run `npm run golden`.
 */
import { join } from 'node:path';
import { type Data, type EventDefinition, type OfficeVisibility, recordable, visibilityByDefault } from '#domain';
import { jsonSchemas } from '#domain/schemas';
import { withFields } from './effects.js';

/** In the sources, also for what runs from dist. */
export const VISIBILITY_FILE = join(import.meta.dirname, '../../../test/fixtures/visibility.txt');

const LEGEND = `Who may see what an event records, where nobody says so. Made by test/golden/visibility.ts; compared with the catalogue by
visibility.spec.ts.

In an office whose default is internal (HABEAS_VISIBILITY, unless set): everything is internal. In one whose default is public:
what this table says. "internal if it says": only where the event has one of these fields, or the field has one of these values.
Whatever is recorded of a person who by a birth date on record is or may be under 18 is internal too, that birth date included;
and a person whom everybody may see is drawn back to internal when such a birth date is recorded.
`;

const OFFICE: OfficeVisibility = 'public';

interface Schema {
  readonly properties?: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
  readonly required?: readonly string[];
}

export function visibilityTable(): string {
  const rows = recordable.map((definition) => [definition.type, ...cellsOf(definition)]);
  const header = ['event', 'default', 'internal if it says'];
  const widths = [0, 1].map((column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' | ')
      .trimEnd();
  const rule = [...widths, 40].map((width) => '-'.repeat(width)).join('-+-');
  return [LEGEND, [header, ...rows].map(line).toSpliced(1, 0, rule).join('\n'), ''].join('\n');
}

function cellsOf(definition: EventDefinition): readonly [byDefault: string, unless: string] {
  const { type } = definition;
  const { properties = {}, required = [] } = jsonSchemas()[type] as Schema;
  const optional = Object.keys(properties).filter((field) => !required.includes(field));
  const bare = { ...Object.fromEntries(optional.map((field) => [field, undefined])), ...harmlessInside(definition) };
  const visibility = (fields: Data): string => byDefault(type, { ...bare, ...fields });
  const words = (field: string): readonly string[] => properties[field]?.enum ?? [];
  const conditions = Object.keys(definition.embedded === undefined ? properties : {}).flatMap((field): string[] => {
    const values = words(field);
    const withheld = values.filter((value) => visibility({ [field]: value }) !== OFFICE);
    if (values.length > 0 && withheld.length < values.length)
      return withheld.length > 0 ? [`${field} ${withheld.join(', ')}`] : [];
    return optional.includes(field) && visibility({ [field]: 'something' }) !== OFFICE ? [field] : [];
  });
  // A field that must be there and is of a vocabulary decides by what it says, not by being there.
  const least = Object.fromEntries(
    required.flatMap((field) => {
      const harmless = words(field).find((value) => visibility({ [field]: value }) === OFFICE);
      return harmless === undefined ? [] : [[field, harmless]];
    }),
  );
  if (visibility(least) !== OFFICE) return [visibility(least), ''];
  const embedded = definition.embedded === undefined ? [] : ['a payload of which this table says so'];
  return [OFFICE, [...conditions, ...embedded].join(', ')];
}

/** What a correction or a dispute holds, with nothing in it that would keep it inside. */
function harmlessInside({ type, embedded }: EventDefinition): Data {
  if (embedded === undefined) return {};
  const inside = type === 'FactCorrected' ? { data: {} } : { alternative: { data: {} } };
  return { ...inside, factType: { type: 'BailRevoked', schemaVersion: 1 } };
}

/** When nobody of the examples is under age. */
const NOW = new Date('2100-01-01');

function byDefault(type: string, fields: Data): string {
  return visibilityByDefault(OFFICE, undefined, [{ id: '', type, data: withFields(type, fields) }], NOW);
}
