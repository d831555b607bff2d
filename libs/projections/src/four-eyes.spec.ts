/** Four eyes: what one person alone recorded is shown as proposed, and counts nowhere until somebody else verified it. */
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { isVerified } from '#domain';
import { streamName } from '#kernel';
import { checkViews } from './compare/check-views.js';
import { filtersOf } from './filters.js';
import type { ViewsReader } from './ports.js';
import { openViewsReader } from './reader.js';
import { replayViews } from './replay.js';
import { FOLD_VERSION } from './schema.js';
import type { PersonView, StatusChange } from './shapes.js';
import { counted, leftOut } from './test-support/counted.js';
import { idOf } from './test-support/first-case.js';
import { caughtUp, documentOf, type Said, TestRecord } from './test-support/record.js';
import { rowsOf, servedFile } from './test-support/rows.js';
import { stories } from './test-support/stories.js';

let record: TestRecord;
let other: TestRecord;
beforeEach(async () => {
  [record, other] = [await TestRecord.create(), await TestRecord.create()];
});
afterEach(async () => {
  await record.close();
  await other.close();
});

const viewsOf = (of: TestRecord, fourEyes: boolean, folder = of.folder): ReturnType<TestRecord['views']> =>
  of.views(folder, of.keys, 'confidential', fourEyes);

/** All persons and groups with what they are counted by. */
function listed(reader: ViewsReader): unknown {
  const lists = (['person', 'group'] as const).map((kind) => {
    const facets = filtersOf(kind).flatMap(({ name, facet }) => (facet ? [name] : []));
    const page = reader.list(kind, { facets });
    return page.ok && { ...page.value, asOf: undefined };
  });
  return JSON.parse(JSON.stringify(lists));
}

test('what counts is what a record without the proposed facts would answer; as followed, and as built anew', async () => {
  await fc.assert(
    fc.asyncProperty(stories(40), async (story) => {
      await record.close();
      await other.close();
      [record, other] = [await TestRecord.create(), await TestRecord.create()];
      const { reader } = viewsOf(record, true, record.subfolder('live'));
      await caughtUp(reader, 1);
      await record.say(...story);
      const left = leftOut(story, isVerified);
      await other.sayWithGaps(story, ({ id, visibility }) => (left.has(id) ? undefined : (visibility ?? 'internal')));
      const { reader: plain } = viewsOf(other, false);
      await caughtUp(reader, story.length + 1);
      await caughtUp(plain, story.length + 1);
      expect(counted(reader, story)).toEqual(counted(plain, story));
      expect(listed(reader)).toEqual(listed(plain));
      const { reader: late } = viewsOf(record, true, record.subfolder('late'));
      await caughtUp(late, story.length + 1);
      expect(rowsOf(servedFile(record.subfolder('late')))).toEqual(rowsOf(servedFile(record.subfolder('live'))));
    }),
    { numRuns: 15, endOnFailure: true },
  );
}, 120_000);

describe('of one person', () => {
  const subject = idOf('somebody');
  const evidence = { basis: 'reported', confidence: 'medium', citations: [] };
  let reader: ViewsReader;
  let count = 0;

  beforeEach(async () => {
    ({ reader } = viewsOf(record, true));
    await caughtUp(reader, 1);
    await tell('PersonEntered', { names: [{ text: 'A', kind: 'legal' }], citations: [] });
  });

  async function tell(
    type: string,
    data: object,
    by = 'recorder',
  ): Promise<{ id: string; changes: readonly StatusChange[] }> {
    const id = idOf(`event ${count++}`);
    const from = record.messages.length;
    await record.say({ kind: 'person', subject, id, type, data: data as Said['data'], by });
    await reader.waitFor(streamName('person', subject), record.revision('person', subject), 5000);
    const told = record.messages.slice(from);
    return { id, changes: told.flatMap((message) => (message.kind === 'advanced' ? message.changes : [])) };
  }
  const verify = (fact: string) => tell('FactVerified', { fact, method: 'compared' }, 'reviewer');
  const person = (): PersonView => documentOf(reader, 'person', subject);
  const liberty = (): string => person().axes.liberty.value;
  const inCustody = (): number => {
    const page = reader.list('person', { filters: { liberty: ['police-custody'] } });
    return page.ok ? page.value.items.length : -1;
  };

  test('a fact is proposed, then counts, then is proposed again when it is corrected; it is withdrawn at once', async () => {
    const arrest = await tell('PersonArrested', { occurred: '2026-11-20', ...evidence });
    expect(arrest.changes).toEqual([]);
    expect([liberty(), inCustody()]).toEqual(['unknown', 0]);
    expect(person().timeline).toMatchObject([{ event: arrest.id, standing: 'proposed', counts: false }]);
    expect(person().asOf.lens).toBe('verified');

    const { changes } = await verify(arrest.id);
    expect(changes.find(({ axis }) => axis === 'liberty')).toMatchObject({
      kind: 'new',
      to: { value: 'police-custody', since: '2026-11-20' },
      cause: { type: 'FactVerified' },
      id: expect.stringMatching(new RegExp(`^f${FOLD_VERSION}v-4\\.\\d$`)) as string,
    });
    expect([liberty(), inCustody()]).toEqual(['police-custody', 1]);
    expect(person().timeline[0]).toMatchObject({ standing: 'standing' });
    expect(person().timeline[0]).not.toHaveProperty('counts');

    const data = { occurred: '2026-11-21', ...evidence };
    const factType = { type: 'PersonArrested', schemaVersion: 1 };
    const corrected = await tell('FactCorrected', { fact: arrest.id, factType, data, reason: 'r', citations: [] });
    expect(corrected.changes.find(({ axis }) => axis === 'liberty')).toMatchObject({
      kind: 'correction',
      to: { value: 'unknown' },
      corrects: changes.find(({ axis }) => axis === 'liberty')?.id,
    });
    expect(person().timeline).toMatchObject([{ standing: 'proposed', counts: false, occurred: '2026-11-21' }]);

    await verify(arrest.id);
    expect([liberty(), person().timeline[0]?.standing]).toEqual(['police-custody', 'corrected']);
    expect((await tell('FactRetracted', { fact: arrest.id, reason: 'r' })).changes).not.toEqual([]);
    expect([liberty(), inCustody(), person().timeline[0]?.standing]).toEqual(['unknown', 0, 'withdrawn']);
    expect(person().timeline[0]).not.toHaveProperty('counts');
  });

  test('of what it is called, what it was entered with counts, and another name once it is verified', async () => {
    const name = await tell('NameAsserted', { name: { text: 'B', kind: 'alias' }, ...evidence });
    const names = (): readonly string[] => person().names.map(({ text }) => text);
    const found = (): number => {
      const page = reader.list('person', { q: 'b' });
      return page.ok ? page.value.items.length : -1;
    };
    expect([names(), found()]).toEqual([['A'], 0]);
    await verify(name.id);
    expect([names(), found()]).toEqual([['A', 'B'], 1]);
  });

  test('a statement is shown as proposed by itself, and not with who made it', async () => {
    const statement = idOf('a statement');
    const fact = idOf('said');
    const made = {
      speaker: { person: subject },
      form: 'direct',
      lang: 'en',
      words: 'So it is.',
      about: [],
      stance: 'none',
    };
    const say = (id: string, type: string, data: object, by: string): Promise<void> =>
      record.say({ kind: 'statement', subject: statement, id, type, data: data as Said['data'], by });
    const lists = (): unknown => {
      const page = reader.list('statement', { filters: { speaker: [subject] } });
      return [page.ok && page.value.items.length, person().statements.by.length];
    };
    await say(fact, 'StatementMade', { ...made, ...evidence }, 'recorder');
    await reader.waitFor(streamName('statement', statement), 0, 5000);
    expect(documentOf(reader, 'statement', statement)).toMatchObject({
      words: 'So it is.',
      timeline: [{ standing: 'proposed' }],
    });
    expect(lists()).toEqual([0, 0]);
    await say(idOf('seen'), 'FactVerified', { fact, method: 'compared' }, 'reviewer');
    await reader.waitFor(streamName('statement', statement), 1, 5000);
    expect(lists()).toEqual([1, 1]);
  });
});

test('turned on or off, the file is folded again; what is served meanwhile says what counted', async () => {
  const said = (id: string, type: string, data: object): Said => ({
    kind: 'person',
    subject: idOf('somebody'),
    id: idOf(id),
    type,
    data: { citations: [], ...data },
  });
  await record.say(said('entered', 'PersonEntered', { names: [{ text: 'A', kind: 'legal' }] }));
  await record.say(said('arrest', 'PersonArrested', { basis: 'reported', confidence: 'medium' }));
  const { folder, store: eventStore, keys: keyStore, clock } = record;
  const checked = () => checkViews({ folder, eventStore, keyStore, clock, onDifference: () => undefined });
  const answers: unknown[] = [];
  for (const fourEyes of [false, true, true, false]) {
    const from = record.messages.length;
    const { views, reader } = viewsOf(record, fourEyes);
    await caughtUp(reader, 3);
    const { axes, asOf } = documentOf(reader, 'person', idOf('somebody'));
    const swaps = record.messages
      .slice(from)
      .flatMap((message) => (message.kind === 'swapped' ? [message.reason] : []));
    answers.push([swaps, axes.liberty.value, asOf.lens, asOf.foldVersion]);
    expect(await checked()).toMatchObject({ ok: true, value: { differences: 0 } });
    await views.close();
    // Of whoever counts otherwise, documents are answered from it as they are, and changes are not told.
    const other = openViewsReader({ folder, clock, fourEyes: !fourEyes });
    expect(documentOf(other, 'person', idOf('somebody')).asOf.lens).toBe(asOf.lens);
    expect(other.changes({}, { seq: 0, n: 0 }, 10)).toMatchObject({ ok: false, error: { code: 'views-not-ready' } });
    other.close();
  }
  expect(answers).toEqual([
    [['first'], 'police-custody', 'all', FOLD_VERSION],
    [['four-eyes'], 'unknown', 'verified', FOLD_VERSION],
    [[], 'unknown', 'verified', FOLD_VERSION],
    [['four-eyes'], 'police-custody', 'all', FOLD_VERSION],
  ]);
});

test('a replay counts as it is told to', async () => {
  const said = { kind: 'person', subject: idOf('somebody') } as const;
  const names = [{ text: 'A', kind: 'legal' }];
  await record.say({ ...said, id: idOf('entered'), type: 'PersonEntered', data: { names, citations: [] } });
  const data = { basis: 'reported', confidence: 'medium', citations: [] };
  await record.say({ ...said, id: idOf('arrest'), type: 'PersonArrested', data });
  const { store: eventStore, keys: keyStore } = record;
  for (const [lens, count] of [
    ['all', 4],
    ['verified', 0],
  ] as const) {
    const out = `${record.folder}/${lens}.db`;
    const replayed = await replayViews({ eventStore, keyStore, out, knownAt: { seq: 3 }, lens });
    expect(replayed).toMatchObject({ ok: true });
    const db = new DatabaseSync(out, { readOnly: true });
    expect(db.prepare('SELECT count(*) AS count FROM segments').get()).toEqual({ count });
    db.close();
  }
});
