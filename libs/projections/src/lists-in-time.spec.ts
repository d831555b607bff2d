/** A list at any moment says what every single read of that moment says, and what the list itself said then. */
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { AXES, type AxisVocabulary } from '#domain';
import { derivedId } from '#kernel';
import type { ListQuery, Moment, ViewsReader } from './ports.js';
import type { AnswerView, GroupView, ListPage, PersonView } from './shapes.js';
import { caughtUp, documentOf, type Said, TestRecord } from './test-support/record.js';
import { servedFile } from './test-support/rows.js';
import { stories } from './test-support/stories.js';

let record: TestRecord;
beforeEach(async () => {
  record = await TestRecord.create();
});
afterEach(() => record.close());

type Kind = 'person' | 'group';

function list(reader: ViewsReader, kind: Kind, query: ListQuery = {}): ListPage {
  const page = reader.list(kind, { limit: 200, ...query });
  if (!page.ok) throw new Error(`${page.error.code} ${page.error.pointer ?? ''}`);
  return page.value;
}

type Document = PersonView | GroupView;

/** Every answer of a document, wherever it stands. */
function answersOf(document: Document): readonly AnswerView[] {
  const answers: AnswerView[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('axis' in value && 'possible' in value) answers.push(value as AnswerView);
    else for (const part of Object.values(value)) look(part);
  };
  look(document.axes);
  if (document.kind === 'person') look(document.cases);
  return answers;
}

/** Persons who were judged to be one are listed once, as the one who was entered first. */
function eachOnce(documents: readonly Document[]): readonly Document[] {
  const judged = (one: Document): readonly { readonly id: string }[] => (one.kind === 'person' ? one.judgedSame : []);
  return documents.filter(
    (one, at) => !documents.slice(0, at).some((earlier) => judged(earlier).some(({ id }) => id === one.id)),
  );
}

const moments = fc.array(
  fc.record({
    seq: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
    validAt: fc.constantFrom(
      undefined,
      '2017-05-03',
      '2017-05',
      '2018-11-20',
      '2017/2019',
      '2019~',
      '2026-11-23',
      '2027',
      '..',
    ),
  }),
  { minLength: 1, maxLength: 5 },
);

test('whoever a list finds answers so in the document of that moment, and nobody else does', async () => {
  await fc.assert(
    fc.asyncProperty(stories(25), fc.nat({ max: 25 }), moments, async (story, cut, asked) => {
      const reader = await begin();
      for await (const seq of telling(reader, story, cut)) {
        // Looked at in between, so that what is new is taken in, and not all read anew.
        if (seq % 3 === 0) for (const kind of KINDS) list(reader, kind, { validAt: '2017', facets: facetsOf(kind) });
      }
      for (const { seq, validAt } of asked) {
        const moment = {
          ...(seq !== undefined && { knownAt: String(Math.min(seq, story.length + 1)) }),
          ...(validAt !== undefined && { validAt }),
        };
        for (const kind of KINDS) if (seq !== undefined || validAt !== undefined) compare(reader, kind, moment, story);
      }
    }),
    { numRuns: 20 },
  );
});

test('what was known at an event is what the list answered then', async () => {
  await fc.assert(
    fc.asyncProperty(stories(20), fc.nat({ max: 20 }), async (story, cut) => {
      const reader = await begin();
      const ids = (kind: Kind | 'case'): readonly string[] =>
        story.flatMap((said) => (said.kind === kind && said.type.endsWith('Entered') ? [said.subject] : []));
      const queries: readonly (readonly [Kind, ListQuery])[] = [
        ...KINDS.map((kind): [Kind, ListQuery] => [kind, { facets: facetsOf(kind) }]),
        ['person', { filters: { role: ['Spokesman'] } }],
        ...[...ids('group'), 'group 0', 'a new name'].map((organisation): [Kind, ListQuery] => [
          'person',
          { filters: { organisation: [organisation], role: ['spokesman', 'other'] } },
        ]),
        ...ids('case').flatMap((id): [Kind, ListQuery][] => [
          ['person', { filters: { case: [id] }, sort: '-entered' }],
          ['person', { filters: { case: [id], hold: ['deprived', 'none'] }, facets: ['stage', 'hold'] }],
        ]),
        ['person', { filters: { liberty: ['deprived'], asylum: ['DK:granted', 'FR'] }, facets: ['liberty', 'asylum'] }],
        ['person', { filters: { liberty: ['deprived', 'free'] }, certainty: 'possible' }],
        ['group', { filters: { groupKind: ['movement'], registration: ['registered', 'unknown'] } }],
      ];
      const answers = (moment: Moment): unknown =>
        queries.map(([kind, query]) => withoutMoment(list(reader, kind, { ...query, ...moment })));
      const then = new Map<number, unknown>();
      for await (const seq of telling(reader, story, cut)) then.set(seq, answers({}));
      for (const [seq, answered] of then) expect([seq, answers({ knownAt: String(seq) })]).toEqual([seq, answered]);
      expect(answers({ validAt: '2026-11-24' })).toEqual(answers({}));
    }),
    { numRuns: 12 },
  );
});

const id = (name: string): string => derivedId('in time', name, 0);
const cited = { citations: [{ sourceId: id('source'), locator: 'p. 1' }] };
const evidence = { ...cited, basis: 'reported', confidence: 'high' };
const say = (kind: Said['kind'], name: string, event: string, type: string, data: object): Said => ({
  kind,
  subject: id(name),
  id: id(event),
  type,
  data: { ...data },
});
const SOURCE = say('source', 'source', 'source entered', 'SourceEntered', {
  type: 'report',
  title: 'A report',
  lang: 'en',
});
const enter = (name: string): Said =>
  say('person', name, `${name} entered`, 'PersonEntered', { names: [{ text: name, kind: 'legal' }], ...cited });
const asEntered = (name: string, kind: string): object => ({ names: [{ text: name, kind: 'legal' }], kind, ...cited });

test('groups are found by what they were called, and what kind they were said to be, by then', async () => {
  const { reader } = record.views();
  const correct = (event: string, data: object): Said =>
    say('group', 'G', event, 'FactCorrected', {
      fact: id('G entered'),
      reason: 'A mistake.',
      data,
      factType: { type: 'GroupEntered', schemaVersion: 1 },
      ...cited,
    });
  await record.say(
    SOURCE,
    say('group', 'G', 'G entered', 'GroupEntered', asEntered('First Name', 'movement')),
    say('group', 'H', 'H entered', 'GroupEntered', asEntered('Other', 'party')),
    enter('P'),
    say('person', 'P', 'P role', 'RoleHeld', {
      role: 'Speaker',
      organisation: { group: id('G') },
      occurred: '2020',
      ...evidence,
    }),
    correct('correction', asEntered('Second Name', 'party')),
    say('group', 'G', 'renaming', 'GroupRenamed', {
      name: { text: 'Third Name', kind: 'legal' },
      occurred: '2021',
      ...evidence,
    }),
    say('group', 'H', 'H renaming', 'GroupRenamed', {
      name: { text: 'First Name', kind: 'legal' },
      occurred: '2021',
      ...evidence,
    }),
  );
  await caughtUp(reader, 9);
  const seqs = [5, 6, 7, 8, 9].map(String);
  const found = (kind: Kind, filters: NonNullable<ListQuery['filters']>): unknown =>
    seqs.map((knownAt) => list(reader, kind, { filters, knownAt }).items.map(({ name }) => name));
  expect(found('person', { organisation: ['first name'] })).toEqual([[], ['P'], [], [], []]);
  expect(found('person', { organisation: ['second name'] })).toEqual([[], [], ['P'], [], []]);
  expect(found('person', { organisation: ['THIRD name'] })).toEqual([[], [], [], ['P'], ['P']]);
  expect(found('person', { organisation: [id('G')] })).toEqual([[], ['P'], ['P'], ['P'], ['P']]);
  expect(found('group', { groupKind: ['movement'] })).toEqual([['First Name'], ['First Name'], [], [], []]);
  const parties = seqs.map(
    (knownAt) => list(reader, 'group', { facets: ['groupKind'], knownAt }).facets?.groupKind?.values,
  );
  expect(parties.map((values) => values?.map(({ certain }) => certain))).toEqual([[1, 1], [1, 1], [2], [2], [2]]);
  expect(list(reader, 'person', { knownAt: '7' }).items).toMatchObject([{ summary: 'Speaker, Second Name' }]);
});

test('a line is that of the document, also where of a case a verdict alone is known', async () => {
  const { reader } = record.views();
  const story = [
    SOURCE,
    enter('P'),
    say('person', 'P', 'appeal', 'AppealDecided', {
      kind: 'appeal',
      outcome: 'quashed',
      occurred: '2020',
      ...evidence,
    }),
  ];
  await record.say(...story);
  await caughtUp(reader, 4);
  expect(list(reader, 'person', { validAt: '2021' }).items).toMatchObject([
    { summary: 'Free since 2020; conviction quashed in 2020' },
  ]);
  for (const moment of [{ validAt: '2021' }, { validAt: '2020' }, { knownAt: '4' }, { knownAt: '3' }])
    compare(reader, 'person', moment, story);
});

test('by instants and by seqs, as the single read takes them', async () => {
  const { reader } = record.views();
  await record.say(SOURCE, enter('P'));
  const then = record.clock.now().toISOString();
  record.clock.forward(86_400_000);
  await record.say(enter('Q'));
  await caughtUp(reader, 4);
  const now = record.clock.now().toISOString();
  for (const moment of [
    { knownAt: then },
    { knownAt: '3' },
    { knownAt: now },
    { validAt: '2020', knownAt: now },
    { validAt: '2020' },
  ]) {
    const page = list(reader, 'person', moment);
    expect(page.asOf).toEqual(documentOf(reader, 'person', id('P'), moment).asOf);
    expect(page.total).toBe('knownAt' in moment && moment.knownAt !== now ? 1 : 2);
  }
  expect(list(reader, 'person', { knownAt: '0' })).toMatchObject({ items: [], total: 0 });
});

test('pages go on by cursors of the same moment only; what is kept as it is now alone is refused', async () => {
  const { reader } = record.views();
  await record.say(SOURCE, enter('B'), enter('A'), enter('C'));
  await caughtUp(reader, 5);
  const names = (query: ListQuery): readonly unknown[] => list(reader, 'person', query).items.map(({ name }) => name);
  const { next = '' } = list(reader, 'person', { knownAt: '4', limit: 1 });
  await record.say(enter('D'));
  await caughtUp(reader, 6);
  expect(names({ knownAt: '4', cursor: next })).toEqual(['A']);
  expect(names({ validAt: '2020', q: 'a' })).toEqual(['A']);
  expect(names({ validAt: '2020', sort: 'name' })).toEqual(['A', 'B', 'C', 'D']);
  expect(names({ validAt: '2020', sort: '-updated', limit: 2 })).toEqual(['D', 'C']);
  const refused = (query: ListQuery, kind: Kind | 'case' = 'person'): unknown => {
    const page = reader.list(kind, query);
    return page.ok ? 'answered' : [page.error.code, page.error.pointer];
  };
  for (const other of [{}, { knownAt: '5' }, { knownAt: '4', validAt: '2020' }, { validAt: '2021' }])
    expect(refused({ ...other, cursor: next })).toEqual(['other-list', '/cursor']);
  expect(refused({ knownAt: '4', q: 'a' })).toEqual(['present-only', '/q']);
  expect(refused({ knownAt: '4', sort: 'name' })).toEqual(['present-only', '/sort']);
  expect(refused({ knownAt: '4', sort: '-updated' })).toEqual(['present-only', '/sort']);
  expect(refused({ validAt: '2020' }, 'case')).toEqual(['present-only', '/validAt']);
  expect(refused({ validAt: '2020-13' })).toEqual(['invalid-date', '/validAt']);
  expect(refused({ knownAt: 'then' })).toEqual(['invalid-moment', '/knownAt']);
  expect(refused({ knownAt: '7' })).toEqual(['moment-ahead', '/knownAt']);
});

test('what was read ahead is not read again', async () => {
  const { reader } = record.views();
  const arrest = say('person', 'P', 'arrest', 'PersonArrested', { occurred: '2020-03-01', ...evidence });
  await record.say(SOURCE, enter('P'), arrest);
  await caughtUp(reader, 4);
  const query = { validAt: '2021', filters: { hold: ['deprived'] }, facets: ['liberty'] };
  await reader.readAhead('person', query);
  for (const none of [{}, { validAt: 'someday' }, { knownAt: 'then' }]) await reader.readAhead('person', none);
  // Nobody reads from the file what is not there any more.
  const db = new DatabaseSync(servedFile(record.folder));
  db.exec('DELETE FROM segments');
  db.close();
  expect(list(reader, 'person', query)).toMatchObject({
    counts: { certain: 1 },
    facets: { liberty: { values: [{ value: 'police-custody', certain: 1 }] } },
  });
});

test('who is certainly so on every day of a span, one answer after the other', async () => {
  const { reader } = record.views();
  const held = (name: string, event: string, type: string, occurred: string): Said =>
    say('person', name, `${name} ${event}`, type, { occurred, ...evidence });
  await record.say(
    SOURCE,
    enter('P'),
    held('P', 'arrest', 'PersonArrested', '2020-03-01'),
    held('P', 'detention', 'PretrialDetentionOrdered', '2020-03-10'),
    enter('Q'),
    held('Q', 'arrest', 'PersonArrested', '2020-03-05'),
  );
  await caughtUp(reader, 7);
  const asked = (validAt: string, hold: string): unknown =>
    list(reader, 'person', { validAt, filters: { hold: [hold] } }).items.map(({ name, certainty }) => [
      name,
      certainty,
    ]);
  expect(asked('2020-03', 'deprived')).toEqual([
    ['P', 'certain'],
    ['Q', 'possible'],
  ]);
  expect(asked('2020-03', 'police-custody')).toEqual([
    ['P', 'possible'],
    ['Q', 'possible'],
  ]);
  expect(asked('2020-03-05/2020-03-20', 'deprived')).toEqual([
    ['P', 'certain'],
    ['Q', 'certain'],
  ]);
  expect(asked('2020-02', 'deprived')).toEqual([]);
  expect(asked('..', 'deprived')).toEqual([
    ['P', 'possible'],
    ['Q', 'possible'],
  ]);
  // Each part may be asked after the whole.
  expect(asked('2020-03-01', 'police-custody')).toEqual([['P', 'certain']]);
});

const KINDS: readonly Kind[] = ['person', 'group'];

async function begin(): Promise<ViewsReader> {
  await record.close();
  record = await TestRecord.create();
  return record.views().reader;
}

/** Tells all but the last events at once, then each of those by itself; gives what the views have come to. */
async function* telling(reader: ViewsReader, story: readonly Said[], last: number): AsyncGenerator<number> {
  const first = story.slice(0, Math.max(0, story.length - last));
  await record.say(...first);
  for (let told = first.length; told <= story.length; told++) {
    await caughtUp(reader, told + 1);
    yield told + 1;
    const next = story[told];
    if (next !== undefined) await record.say(next);
  }
}

function withoutMoment({ asOf: _, ...page }: ListPage): unknown {
  return page;
}

function facetsOf(kind: Kind): readonly string[] {
  return [
    ...AXES.filter(({ subject, axis }) => subject === kind && axis !== 'role').map(({ axis }) => axis),
    kind === 'person' ? 'role' : 'groupKind',
  ];
}

function compare(reader: ViewsReader, kind: Kind, moment: Moment, story: readonly Said[]): void {
  const documents = story
    .filter((said) => said.kind === kind && said.type.endsWith('Entered'))
    .flatMap(({ subject }) =>
      reader.document(kind, subject, moment).ok ? [documentOf(reader, kind, subject, moment)] : [],
    );
  const everyone = list(reader, kind, { ...moment, facets: facetsOf(kind) });
  expect(everyone.items).toEqual(eachOnce(documents).map(({ id, name, summary }) => ({ kind, id, name, summary })));
  if (documents[0] !== undefined) expect(everyone.asOf).toEqual(documents[0].asOf);
  for (const vocabulary of AXES.filter(({ subject, axis }) => subject === kind && axis !== 'role'))
    compareAxis(reader, kind, moment, documents, vocabulary, everyone.facets?.[vocabulary.axis]);
}

function compareAxis(
  reader: ViewsReader,
  kind: Kind,
  moment: Moment,
  documents: readonly Document[],
  { axis, values, groups }: AxisVocabulary,
  facet: NonNullable<ListPage['facets']>[string] | undefined,
): void {
  const mine = (document: Document): readonly AnswerView[] =>
    answersOf(document).filter((answer) => answer.axis === axis);
  for (const value of [...values, ...Object.keys(groups)]) {
    const possible = eachOnce(
      documents.filter((document) =>
        mine(document).some((answer) => answer.possible.includes(value) || answer.groups[value]?.possible === true),
      ),
    );
    const certain = possible.filter((document) =>
      mine(document).some(
        (answer) => (answer.certain && answer.value === value) || answer.groups[value]?.certain === true,
      ),
    );
    const page = list(reader, kind, { ...moment, filters: { [axis]: [value] } });
    expect([moment, axis, value, page.items]).toEqual([
      moment,
      axis,
      value,
      possible.map(({ id, name, summary }) => ({
        kind,
        id,
        name,
        summary,
        certainty: certain.some((one) => one.id === id) ? 'certain' : 'possible',
      })),
    ]);
    expect(page.counts).toEqual({ certain: certain.length, possible: possible.length - certain.length });
    const counted = [...(facet?.values ?? []), ...(facet?.groups ?? [])].find((one) => one.value === value);
    expect(counted).toEqual(possible.length === 0 ? undefined : { value, ...page.counts });
  }
  expect(list(reader, kind, { ...moment, filters: { [axis]: ['unknown'] } }).total).toBe(facet?.unknown);
}
