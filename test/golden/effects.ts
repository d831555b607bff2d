/**
 * What every event does to a status, as a table for the eye: test/fixtures/effects.txt is the reviewed copy. One row for
 * each event and each way in which its fields decide what it does; one column for each axis.
 *
 * The table is made from the catalogue, so a changed effect shows as a changed line of it. To renew it after a review,
 * delete the file and run `npm run golden`.
 */
import { join } from 'node:path';
import {
  AXES,
  type Axis,
  catalogue,
  COLLECTING_FROM,
  type Data,
  DEPRIVED,
  type EventDefinition,
  examples,
} from '#domain';

type Effect = ReturnType<EventDefinition['effects']>[number];

/** In the sources, also for what runs from dist. */
export const EFFECTS_FILE = join(import.meta.dirname, '../../../test/fixtures/effects.txt');

/** A way in which an event's fields decide what it does: in words, and an example (undefined: the field is left out). */
export interface Variant {
  readonly when: string;
  readonly fields: Data;
}

const ALWAYS: readonly Variant[] = [{ when: '', fields: {} }];
const COUNTS = [{ offence: 'Offence B' }];
const WHOLE = { suspendedPart: undefined };

/** Events that do different things by their fields. All others have one row. */
const VARIANTS: Readonly<Record<string, readonly Variant[]>> = {
  PersonSummoned: [
    { when: 'as suspect, accused', fields: { as: 'suspect' } },
    { when: 'as witness, unknown', fields: { as: 'witness' } },
  ],
  CustodyReported: [
    ...DEPRIVED.map((kind) => ({
      when: kind === 'detained-unspecified' ? `kind ${kind}, or none` : `kind ${kind}`,
      fields: { kind },
    })),
  ],
  ChargesDropped: [
    { when: 'counts: some of them', fields: { counts: COUNTS } },
    { when: 'no counts: all of them', fields: { counts: undefined } },
  ],
  PersonConvicted: [
    { when: '', fields: {} },
    { when: 'acquittedOf', fields: { acquittedOf: COUNTS } },
  ],
  SentenceHanded: [
    { when: 'custodial, life, death', fields: { penalty: 'custodial', ...WHOLE } },
    { when: 'the same, in absentia', fields: { penalty: 'custodial', presence: 'in-absentia', ...WHOLE } },
    { when: 'the same, a part suspended', fields: { penalty: 'custodial' } },
    { when: 'the same, a part suspended, in absentia', fields: { penalty: 'custodial', presence: 'in-absentia' } },
    { when: 'any penalty, wholly suspended', fields: { term: 'P18M', suspendedPart: 'P1Y6M' } },
    { when: 'fine, other', fields: { penalty: 'fine', ...WHOLE } },
    { when: 'fine, other, a part suspended', fields: { penalty: 'fine' } },
  ],
  SentenceChanged: [
    { when: 'reduced, commuted', fields: { kind: 'reduced' } },
    { when: 'increased', fields: { kind: 'increased' } },
  ],
  AppealDecided: [
    { when: 'upheld, inadmissible, withdrawn; varied, no term', fields: { outcome: 'upheld' } },
    { when: 'varied, term', fields: { outcome: 'varied' } },
    { when: 'varied, acquittedOf', fields: { outcome: 'varied', term: undefined, acquittedOf: COUNTS } },
    { when: 'varied, acquittedOf, term', fields: { outcome: 'varied', acquittedOf: COUNTS } },
    { when: 'convicted', fields: { outcome: 'convicted', term: undefined } },
    { when: 'convicted, term', fields: { outcome: 'convicted' } },
    { when: 'convicted, acquittedOf', fields: { outcome: 'convicted', term: undefined, acquittedOf: COUNTS } },
    { when: 'convicted, acquittedOf, term', fields: { outcome: 'convicted', acquittedOf: COUNTS } },
    { when: 'acquitted', fields: { outcome: 'acquitted' } },
    { when: 'quashed (not of an opposition)', fields: { outcome: 'quashed' } },
    { when: 'quashed, of an opposition; admitted; remitted', fields: { outcome: 'admitted', kind: 'opposition' } },
  ],
  PardonGranted: [
    { when: 'full', fields: { kind: 'full' } },
    { when: 'partial, reduction; term', fields: { kind: 'partial' } },
    { when: 'partial, reduction; no term', fields: { kind: 'partial', term: undefined } },
  ],
  PersonReleased: [
    { when: 'bail, provisional', fields: { reason: 'bail' } },
    { when: 'served', fields: { reason: 'served' } },
    { when: 'pardon', fields: { reason: 'pardon' } },
    { when: 'any other reason', fields: { reason: 'unknown' } },
  ],
  PersonDisappeared: [
    { when: 'missing, no kind', fields: { kind: undefined } },
    { when: 'undisclosed', fields: { kind: 'undisclosed' } },
    { when: 'enforced-disappearance-alleged', fields: { kind: 'enforced-disappearance-alleged' } },
  ],
  PersonLocated: [
    { when: 'alive', fields: { state: 'alive' } },
    { when: 'dead', fields: { state: 'dead' } },
  ],
  PersonDied: [
    { when: 'inCustody', fields: { inCustody: true } },
    { when: 'not said to be in custody', fields: { inCustody: undefined } },
  ],
  RightsSuspended: [
    { when: 'until', fields: { until: '2023' } },
    { when: 'no until', fields: { until: undefined } },
  ],
  PersonDeported: [
    { when: 'home', fields: { direction: 'home' } },
    { when: 'out, elsewhere', fields: { direction: 'out' } },
  ],
  ExtraditionDecided: ['granted', 'refused', 'surrendered', 'withdrawn'].map((outcome) => ({
    when: outcome,
    fields: { outcome },
  })),
  SupportCollected: [
    { when: 'claimed', fields: { as: 'claimed' } },
    { when: 'submitted, verified, rejected', fields: { as: 'verified' } },
  ],
  PartyRegistered: [
    { when: 'provisional, until', fields: { level: 'provisional' } },
    { when: 'provisional, no until', fields: { level: 'provisional', until: undefined } },
    { when: 'full', fields: { level: 'full' } },
  ],
  RegistrationRestored: [
    { when: 'state', fields: { state: 'registered' } },
    { when: 'no state', fields: { state: undefined } },
  ],
  RegistrationAppealDecided: [
    { when: 'result', fields: { result: 'registered' } },
    { when: 'no result', fields: { result: undefined } },
  ],
  PartySuspended: [
    { when: 'until', fields: { until: '2030' } },
    { when: 'no until', fields: { until: undefined } },
  ],
  ElectionEntryDecided: ['accepted', 'refused', 'withdrawn'].map((outcome) => ({ when: outcome, fields: { outcome } })),
};

export function variantsOf({ type }: EventDefinition): readonly Variant[] {
  return VARIANTS[type] ?? ALWAYS;
}

/** The example of an event with other fields; one that is undefined is left out. */
export function withFields(type: string, fields: Data): Data {
  const all = Object.entries({ ...examples[type], ...fields });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

/** All that an event does and presupposes, in words that say nothing of the values of the example. */
export function acting(definition: EventDefinition, data: Data): Readonly<Record<string, string>> {
  const cells: Record<string, string> = {};
  for (const effect of merged(definition.effects(data))) {
    const before = cells[effect.axis];
    const now = words(effect, data);
    cells[effect.axis] = before === undefined ? now : `${before}; ${now}`;
  }
  const after = definition.presupposes(data).join(', ');
  const attests = definition.attests(data).map(({ axis, values }) => `${axis} ${named(values)}`);
  return {
    ...cells,
    ...(after !== '' && { after }),
    ...(attests.length > 0 && { attests: attests.join(', ') }),
  };
}

/** Effects that leave several values what they are, and only add to them, as one. */
function merged(effects: readonly Effect[]): readonly Effect[] {
  const stays = ({ set, onlyFrom }: Effect): boolean => onlyFrom?.join() === set;
  const staying = effects.filter(stays);
  const [first] = staying;
  if (first === undefined || staying.length < 2) return effects;
  const all = { ...first, set: AS_IT_IS, onlyFrom: staying.flatMap(({ onlyFrom = [] }) => onlyFrom) };
  return [...effects.filter((effect) => !stays(effect)), all];
}

const AS_IT_IS = 'as it is';

function words({ axis, set, key, detail, onlyFrom, notFrom, allCases, horizon }: Effect, data: Data): string {
  const isGiven = axis === 'registration' && (set === data.state || set === data.result);
  const value = typeof set === 'string' ? (isGiven ? 'the state given' : set) : 'the value before';
  const given = Object.keys(detail ?? {}).filter(
    (name) => !(key !== undefined && ['role', 'group', 'name', 'election'].includes(name)),
  );
  const days = Object.keys(horizon ?? {}).map((name) => (name === 'until' ? 'fades' : 'credit'));
  const beside = [...given, ...days];
  return [
    allCases === undefined ? '' : allCases === true ? 'in all cases: ' : 'in all cases, if it belongs to none: ',
    value,
    beside.length === 0 ? '' : ` (${beside.join(', ')})`,
    onlyFrom === undefined ? '' : ` if ${named(onlyFrom)}`,
    notFrom === undefined ? '' : ` unless ${named(notFrom)}`,
  ].join('');
}

/** Without what belongs to the values: that depends on which fields are given. */
export function bare(cells: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(cells).map(([axis, cell]) => [axis, cell.replaceAll(/ \([^)]*\)/g, '')]));
}

function named(values: readonly string[]): string {
  const groups: [string, readonly string[]][] = [
    ['deprived', DEPRIVED],
    ['not yet submitted*', COLLECTING_FROM],
    ['running**', ['imposed', 'unserved', 'serving', 'suspended', 'part-suspended', 'reduced']],
    ['ended', AXES.find(({ axis }) => axis === 'registration')?.groups.ended ?? []],
  ];
  const group = groups.find(([, members]) => members.join() === values.join());
  return group?.[0] ?? values.join(' or ');
}

interface Row {
  readonly event: string;
  readonly when: string;
  readonly cells: Readonly<Record<string, string>>;
}

const PARTS: readonly {
  readonly title: string;
  readonly subject: 'person' | 'group';
  readonly columns: readonly string[];
}[] = [
  {
    title: 'Persons, in a case',
    subject: 'person',
    columns: ['hold', 'stage', 'verdict', 'finality', 'sentence', 'liberty', 'after', 'attests'],
  },
  {
    title: 'Persons, over all cases',
    subject: 'person',
    columns: ['life', 'whereabouts', 'location', 'asylum', 'extradition', 'civicRights', 'role'],
  },
  { title: 'Groups', subject: 'group', columns: ['registration', 'activity', 'appeal', 'electionEntry'] },
];

const LEGEND = `What each event does to a status. Made by test/golden/effects.ts; compared with the catalogue by effects.spec.ts.

An empty cell: the axis stays as it is. "x if y": only where the axis is y before; "x unless y": but not where it is y. In
brackets: what belongs to the value and is shown with it; "fades": certain until the day that the event names; "credit":
the term counts from the day that it names. Asylum is kept for each country, extradition for each request, roles for each
role and organisation, election entries for each election. "after": what it presupposes to have happened in its case.
"attests": what must have been so until then. Liberty follows from the holds and the sentences of all cases; an escape
alone acts on it by itself.
*  unknown, announced, notified, acknowledged or formation-permitted
** imposed, unserved, serving, suspended, part-suspended or reduced
`;

export function effectTable(): string {
  const events = catalogue.filter(({ isFact }) => isFact);
  const parts = PARTS.map(({ title, subject, columns }) => {
    const axes = AXES.filter((one) => one.subject === subject).map(({ axis }): Axis => axis);
    const shown = events
      .filter((definition) => definition.categories[0] === subject)
      .flatMap((definition) => rowsOf(definition, columns));
    const left = PARTS.filter((part) => part.subject === subject).flatMap((part) => part.columns);
    const missing = axes.filter((axis) => !left.includes(axis));
    if (missing.length > 0) throw new Error(`No column for ${missing.join()}.`);
    return `${title}\n\n${grid(shown, columns)}`;
  });
  const every = PARTS.flatMap(({ columns }) => columns);
  const silent = events.filter((definition) => rowsOf(definition, every).length === 0);
  const nothing = [
    ...silent.map(({ type }) => type),
    'and every entry and act, but by the facts that it corrects, withdraws, moves, disputes, assigns or judges the same',
  ];
  return [LEGEND, ...parts, `Set nothing\n\n${wrap(nothing.join(', '), 118).join('\n')}\n`].join('\n\n');
}

/** One row for each variant; one for all where they do the same in these columns, none where that is nothing. */
function rowsOf(definition: EventDefinition, columns: readonly string[]): readonly Row[] {
  const { type: event } = definition;
  const rows = variantsOf(definition).map(({ when, fields }): Row => {
    const cells = Object.entries(acting(definition, withFields(event, fields)));
    return { event, when, cells: Object.fromEntries(cells.filter(([column]) => columns.includes(column))) };
  });
  const [first, ...others] = rows;
  if (first === undefined || rows.every(({ cells }) => Object.keys(cells).length === 0)) return [];
  return others.every(({ cells }) => JSON.stringify(cells) === JSON.stringify(first.cells))
    ? [{ ...first, when: '' }]
    : rows;
}

const WIDTH = 25;

function grid(rows: readonly Row[], columns: readonly string[]): string {
  const widths = columns.map((column) =>
    Math.max(
      column.length,
      ...rows.flatMap(({ cells }) => wrap(cells[column] ?? '', WIDTH).map((line) => line.length)),
    ),
  );
  const first = Math.max(...rows.map(({ event }) => event.length));
  const second = Math.max(...rows.flatMap(({ when }) => wrap(when, WIDTH).map((line) => line.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd([first, second, ...widths][index] ?? 0))
      .join(' | ')
      .trimEnd();
  const blank = line(['', '', ...columns.map(() => '')]);
  const rule = [first, second, ...widths].map((width) => '-'.repeat(width)).join('-+-');
  const body = [...Map.groupBy(rows, ({ event }) => event).entries()].flatMap(([event, variants]) => {
    const lines = variants.flatMap(({ when, cells }, index) => {
      const wrapped = [
        [index === 0 ? event : ''],
        ...[when, ...columns.map((column) => cells[column] ?? '')].map((cell) => wrap(cell, WIDTH)),
      ];
      const height = Math.max(...wrapped.map(({ length }) => length));
      return Array.from({ length: height }, (_, n) => line(wrapped.map((cell) => cell[n] ?? '')));
    });
    return [lines];
  });
  // Air around what takes more than one line.
  const spaced = body.flatMap((lines, index) => {
    const before = body[index - 1];
    return before !== undefined && (before.length > 1 || lines.length > 1) ? [blank, ...lines] : lines;
  });
  return [line(['event', 'where', ...columns]), rule, ...spaced, ''].join('\n');
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const part of text.split('; ').map((one, index, all) => (index < all.length - 1 ? `${one};` : one))) {
    let line = '';
    for (const word of part.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}
