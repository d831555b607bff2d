/** Reading status changes: in the order of the log, from any place on, and the same whenever and wherever they are read. */
import fc from 'fast-check';
import type { ViewsReader } from './ports.js';
import type { ChangeFilter, ChangePlace, ChangesRead, FedChange } from './shapes.js';
import { FOLD_VERSION } from './schema.js';
import { eventOf, firstCase, idOf } from './test-support/first-case.js';
import { TestRecord, until } from './test-support/record.js';
import { servedFile } from './test-support/rows.js';
import { stories } from './test-support/stories.js';
import { DatabaseSync } from 'node:sqlite';

const BEGINNING: ChangePlace = { seq: 0, n: 0 };

let record: TestRecord;
beforeEach(async () => {
  record = await TestRecord.create();
});
afterEach(() => record.close());

function page(reader: ViewsReader, filter: ChangeFilter, after: ChangePlace, limit: number): ChangesRead {
  const read = reader.changes(filter, after, limit);
  if (!read.ok) throw new Error(read.error.code);
  return read.value;
}

/** All of them, page by page. */
function all(reader: ViewsReader, filter: ChangeFilter = {}, limit = 100): readonly FedChange[] {
  const found: FedChange[] = [];
  for (let after = BEGINNING; ;) {
    const { items, next, atHead } = page(reader, filter, after, limit);
    found.push(...items);
    after = next;
    if (atHead) return found;
  }
}

function placeOf({ change }: FedChange): ChangePlace {
  const [, seq, n] = new RegExp(`^f${FOLD_VERSION}-(\\d+)\\.(\\d+)$`).exec(change.id) ?? [];
  expect(Number(seq)).toBe(change.seq);
  return { seq: change.seq, n: Number(n) };
}

async function following(folder?: string): Promise<ViewsReader> {
  const { reader } = record.views(folder);
  await until(() => reader.health().state === 'live');
  return reader;
}

const caughtUp = (reader: ViewsReader, seq: number): Promise<void> => until(() => reader.health().seq === seq);

test('what live gave is what is read later, in pages of any size, from another file, and after a rebuild', async () => {
  await fc.assert(
    fc.asyncProperty(stories(25), fc.integer({ min: 1, max: 7 }), async (story, limit) => {
      await record.close();
      record = await TestRecord.create();
      const { views, reader } = record.views();
      await until(() => reader.health().state === 'live');
      const live: FedChange[] = [];
      let place = BEGINNING;
      for (const [index, said] of story.entries()) {
        await record.say(said);
        await caughtUp(reader, index + 2);
        const read = page(reader, {}, place, 1000);
        expect(read).toMatchObject({ atHead: true, head: index + 2, next: { seq: index + 2, n: Infinity } });
        live.push(...read.items);
        place = read.next;
      }
      expect(live).toEqual([...live].sort((a, b) => a.change.seq - b.change.seq || placeOf(a).n - placeOf(b).n));
      expect(all(reader, {}, limit)).toEqual(live);
      const other = await following(record.subfolder('other'));
      await caughtUp(other, story.length + 1);
      expect(all(other)).toEqual(live);
      views.rebuild();
      await until(
        () => record.messages.some(({ kind }) => kind === 'swapped') && reader.health().rebuilding === undefined,
      );
      expect(all(reader, {}, limit)).toEqual(live);
      for (const from of live) {
        const behind = live.slice(live.indexOf(from) + 1);
        expect(page(reader, {}, placeOf(from), 1000).items).toEqual(behind);
      }
    }),
    { numRuns: 8, endOnFailure: true },
  );
});

test('organisations and countries are those of the lists of that moment: before the change or after it', async () => {
  await fc.assert(
    fc.asyncProperty(stories(25), async (story) => {
      await record.close();
      record = await TestRecord.create();
      const reader = await following();
      await record.say(...story);
      await caughtUp(reader, story.length + 1);
      const groups = story.flatMap(({ type, subject }) => (type === 'GroupEntered' ? [subject] : []));
      // Those who are judged to be one are listed as one of them.
      const isListed = (id: string): boolean =>
        !story.some(({ type, data, subject }) => type === 'IdentityJudged' && (subject === id || data.person === id));
      for (const { change, recordedAt, organisations, countries } of all(reader)) {
        const { id, kind } = change.subject;
        if (kind === 'group') expect([...organisations, ...countries]).toEqual([]);
        if (kind === 'group' || !isListed(id)) continue;
        // By noon the day is the same everywhere.
        const validAt = recordedAt.slice(0, 10);
        const meets = (filters: Record<string, readonly string[]>): boolean =>
          [change.seq - 1, change.seq].some((seq) => {
            const list = reader.list('person', { filters, validAt, knownAt: String(seq), limit: 200 });
            if (!list.ok) throw new Error(list.error.code);
            return list.value.items.some((item) => item.id === id);
          });
        const own = [change.from, change.to].flatMap(({ value, detail }) =>
          value === 'held' ? (detail?.group ?? []) : [],
        );
        expect(organisations).toEqual(
          groups.filter((group) => own.includes(group) || meets({ organisation: [group] })).sort(),
        );
        const granted = change.axis === 'asylum' && [change.from, change.to].some(({ value }) => value === 'granted');
        expect(countries).toEqual(granted || meets({ asylum: ['DK:granted'] }) ? ['DK'] : []);
      }
    }),
    { numRuns: 8, endOnFailure: true },
  );
});

test('who was judged to be one with somebody, and is not any more, is told of for the last time', async () => {
  const reader = await following();
  const [member, other, union] = ['member', 'other', 'union'].map(idOf) as [string, string, string];
  const evidence = { basis: 'reported', confidence: 'medium', citations: [] };
  const judged = { person: other, verdict: 'same', reason: 'r', citations: [] };
  const say = (subject: string, id: string, type: string, data: object): Promise<void> =>
    record.say({ kind: subject === union ? 'group' : 'person', subject, id: idOf(id), type, data: { ...data } });
  await say(union, 'e1', 'GroupEntered', { names: [{ text: 'U', kind: 'legal' }], kind: 'movement', citations: [] });
  await say(member, 'e2', 'PersonEntered', { names: [{ text: 'A', kind: 'legal' }], citations: [] });
  await say(other, 'e3', 'PersonEntered', { names: [{ text: 'B', kind: 'legal' }], citations: [] });
  await say(member, 'role', 'RoleHeld', {
    ...evidence,
    occurred: '2020',
    role: 'clerk',
    organisation: { group: union },
  });
  await say(member, 'arrest', 'PersonArrested', { ...evidence, occurred: '2021' });
  await say(member, 'judgement', 'IdentityJudged', judged);
  await say(member, 'revocation', 'IdentityJudgementRevoked', { judgement: idOf('judgement'), reason: 'r' });
  await caughtUp(reader, 8);
  // By then it is known of the other neither that there was an arrest nor a role: both were before.
  const left = all(reader, { organisation: [union], person: [other] }).filter(({ change }) => change.seq === 8);
  expect(left.map(({ change: { axis, to } }) => [axis, to.value])).toContainEqual(['liberty', 'unknown']);
});

describe('the first case', () => {
  let reader: ViewsReader;
  beforeEach(async () => {
    reader = await following();
    await record.say(...firstCase.map(eventOf));
    await caughtUp(reader, firstCase.length + 1);
  });

  test('each field asks for its part of the changes, also in combination; an unknown subject has none', () => {
    const changes = all(reader);
    const knlf = idOf('knlf');
    const asked = (filter: ChangeFilter, expected: (fed: FedChange) => boolean): void => {
      const found = changes.filter(expected);
      expect(all(reader, filter, 2)).toEqual(found);
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThan(changes.length);
    };
    asked({ group: [knlf] }, ({ change }) => change.subject.id === knlf);
    asked(
      { axis: ['liberty', 'registration'] },
      ({ change: { axis } }) => axis === 'liberty' || axis === 'registration',
    );
    asked({ to: ['collecting'] }, ({ change }) => change.to.value === 'collecting');
    asked(
      { from: ['unknown'], axis: ['liberty'] },
      ({ change }) => change.axis === 'liberty' && change.from.value === 'unknown',
    );
    asked({ kind: ['new'] }, ({ change }) => change.kind === 'new');
    asked({ organisation: [knlf] }, ({ organisations }) => organisations.includes(knlf));
    asked({ country: ['DK'] }, ({ countries }) => countries.includes('DK'));
    asked({ person: [idOf('nowhere')], group: [knlf] }, ({ change }) => change.subject.id === knlf);
    expect(all(reader, { person: [idOf('nowhere')] })).toEqual([]);
    expect(all(reader, { person: [knlf] })).toEqual([]);
  });

  test('names, and the words of the citations of causes, are shown as they are now', () => {
    const collecting = all(reader).filter(({ change }) => change.to.value === 'collecting');
    expect(collecting).toHaveLength(1);
    const shown = reader.shown(collecting);
    expect(shown).toMatchObject({
      value: [
        {
          subject: { kind: 'group', id: idOf('knlf'), name: expect.stringContaining('Khmer National') },
          citations: [{ source: { id: idOf('article'), name: expect.any(String) }, words: expect.any(String) }],
        },
      ],
    });
    const history = reader.history('group', idOf('knlf'));
    const entry = history.ok && history.value.items.find(({ seq }) => seq === collecting[0]?.change.seq);
    expect(shown.ok && shown.value[0]?.citations).toEqual(entry && entry.citations);
  });

  test('a page that looked through much says how far, and goes on there', () => {
    const { next, atHead } = page(reader, {}, BEGINNING, 1);
    expect(atHead).toBe(false);
    expect(page(reader, {}, next, 1).items).toEqual(all(reader).slice(1, 2));
    const head = { seq: firstCase.length + 1, n: Infinity };
    expect(page(reader, { country: ['FR'] }, BEGINNING, 1)).toMatchObject({ items: [], next: head, atHead: true });
    const ahead = { seq: 1000, n: 3 };
    expect(page(reader, {}, ahead, 10)).toMatchObject({ items: [], next: ahead, atHead: true });
  });

  test('what another fold made is not told as if it were of this one', () => {
    const db = new DatabaseSync(servedFile(record.folder));
    db.exec("UPDATE meta SET value = '1' WHERE key = 'fold'");
    db.close();
    reader.notify({ kind: 'swapped', file: servedFile(record.folder), reason: 'asked' });
    expect(reader.changes({}, BEGINNING, 1)).toMatchObject({ ok: false, error: { code: 'views-not-ready' } });
  });
});

test('a page looks through no more than some thousands, whatever it is asked for', async () => {
  const reader = await following();
  await record.say(...firstCase.map(eventOf));
  await caughtUp(reader, firstCase.length + 1);
  const served = servedFile(record.folder);
  const db = new DatabaseSync(served);
  const row = db.prepare('SELECT min(seq) AS seq FROM changes').get() as { seq: number };
  const columns = (db.prepare('PRAGMA table_info(changes)').all() as { name: string }[]).map(({ name }) => name);
  const others = columns.filter((name) => name !== 'n' && name !== 'seq').join(', ');
  db.exec(
    `WITH RECURSIVE numbers (i) AS (VALUES (1000) UNION ALL SELECT i + 1 FROM numbers WHERE i < 12000)
     INSERT INTO changes (seq, n, ${others})
     SELECT ${row.seq}, i, ${others} FROM numbers, (SELECT * FROM changes WHERE seq = ${row.seq} LIMIT 1)`,
  );
  db.close();
  const nothing = page(reader, { kind: ['erasure'] }, BEGINNING, 10);
  expect(nothing).toMatchObject({ items: [], atHead: false, next: { seq: row.seq } });
  expect(nothing.next.n).toBeGreaterThan(5000);
  expect(nothing.next.n).toBeLessThan(6500);
  const labelled = page(reader, { country: ['FR'] }, BEGINNING, 10);
  expect(labelled).toMatchObject({ items: [], atHead: false, next: { seq: row.seq } });
  expect(labelled.next.n).toBeLessThan(2000);
  expect(all(reader, { kind: ['erasure'] })).toEqual([]);
});
