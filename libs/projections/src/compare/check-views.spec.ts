/** What is served held against the log: alike while it is written to, and every spoilt row is found and named. */
import { closeSync, cpSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { derivedId } from '#kernel';
import type { Views } from '../ports.js';
import { eventOf, firstCase, idOf } from '../test-support/first-case.js';
import { caughtUp, TestRecord, until } from '../test-support/record.js';
import { servedFile } from '../test-support/rows.js';
import { stories } from '../test-support/stories.js';
import { type CheckedViews, type CheckStep, type CheckViews, checkViews, type ViewsDifference } from './check-views.js';
import { comparedTables } from './tables.js';

let record: TestRecord;
let views: Views;
beforeEach(async () => {
  record = await TestRecord.create();
  ({ views } = record.views());
  await record.say(...firstCase.map(eventOf));
  await caughtUp(views, firstCase.length + 1);
  await until(() => inFile((db) => db.prepare('SELECT count(*) AS n FROM stale').get()?.n === 0));
});
afterEach(() => record.close());

function inFile<T>(work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(servedFile(record.folder));
  try {
    return work(db);
  } finally {
    db.close();
  }
}

const steps = new Set<CheckStep>();
async function check(
  eventStore: CheckViews['eventStore'] = record.store,
): Promise<{ readonly checked: CheckedViews; readonly found: readonly ViewsDifference[] }> {
  const found: ViewsDifference[] = [];
  const { folder, keys: keyStore, clock } = record;
  const checked = await checkViews({
    ...{ folder, eventStore, keyStore, clock, patience: 500 },
    onProgress: (step) => steps.add(step),
    onDifference: (difference) => found.push(difference),
  });
  expect(readdirSync(folder).filter((name) => name.startsWith('.check'))).toEqual([]);
  if (!checked.ok) throw new Error(checked.error.code);
  expect(checked.value.differences).toBe(found.length);
  return { checked: checked.value, found };
}

test('what is served is what the log says, while it is written to, and after corrections', async () => {
  const fact = idOf('vy-arrest');
  const retraction = { fact, reason: 'by mistake' };
  await record.say({ kind: 'person', subject: idOf('vy'), id: idOf('oops'), type: 'FactRetracted', data: retraction });
  await until(() => views.health().seq === firstCase.length + 2);
  const stop = new AbortController();
  const writing = (async () => {
    for (let n = 0; !stop.signal.aborted; n++) {
      const id = derivedId('spec', 'source', n);
      const data = { type: 'post', title: `title ${n}`, lang: 'en' };
      await record.say({ kind: 'source', subject: id, id, type: 'SourceEntered', data });
    }
  })();
  try {
    for (let n = 0; n < 3; n++) {
      const { checked, found } = await check();
      expect(found).toEqual([]);
      expect(checked).toMatchObject({ differences: 0, documentsNotReady: 0, searchBehind: false });
      expect(checked.seq).toBeGreaterThanOrEqual(firstCase.length + 2);
      expect(checked.rows).toBeGreaterThan(checked.seq);
    }
    expect([...steps]).toEqual(expect.arrayContaining(['comparing']));
  } finally {
    stop.abort();
    await writing;
  }
});

test('any story, in however many commits it was taken in, gives no difference', async () => {
  await fc.assert(
    fc.asyncProperty(stories(30), fc.nat({ max: 30 }), async (story, cut) => {
      const other = await TestRecord.create();
      try {
        await other.say(...story.slice(0, cut));
        const { views: running } = other.views();
        await until(() => running.health().state === 'live');
        await other.say(...story.slice(cut));
        await caughtUp(running, story.length + 1);
        const found: ViewsDifference[] = [];
        const { folder, store: eventStore, keys: keyStore, clock } = other;
        const options = { folder, eventStore, keyStore, clock };
        const checked = await checkViews({ ...options, onDifference: (difference) => found.push(difference) });
        expect([found, checked]).toMatchObject([[], { value: { documentsNotReady: 0, searchBehind: false } }]);
      } finally {
        await other.close();
      }
    }),
    { numRuns: 15 },
  );
}, 60_000);

const vy = { kind: 'person', id: idOf('vy') };
const OF_VY = `(SELECT sid FROM subjects WHERE id = '${vy.id}')`;

test.each<[string, string, Partial<ViewsDifference>]>([
  [
    'an answer',
    `UPDATE segments SET value = 'free' WHERE row = (SELECT max(row) FROM segments WHERE axis = 'liberty' AND value = 'imprisoned')`,
    { table: 'segments', finding: 'differs', columns: ['value'], subject: { ...vy, kind: 'person' } },
  ],
  [
    'an answer that is gone',
    `DELETE FROM segments WHERE row = (SELECT max(row) FROM segments WHERE sid = ${OF_VY})`,
    { table: 'segments', finding: 'missing', columns: [], subject: { ...vy, kind: 'person' } },
  ],
  [
    'an answer that nobody gave',
    `INSERT INTO segments SELECT NULL, sid, 'life', NULL, NULL, 0, 1, 2, 3, 'dead', NULL, NULL, 0, 0, 1, NULL, NULL, 0, 0, NULL, NULL, NULL, '[1]' FROM subjects WHERE id = '${vy.id}'`,
    { table: 'segments', finding: 'extra', columns: [], subject: { ...vy, kind: 'person' } },
  ],
  [
    'a document',
    `UPDATE documents SET document = replace(document, 'convicted', 'acquitted') WHERE sid = ${OF_VY}`,
    { table: 'documents', finding: 'differs', columns: ['document'], subject: { ...vy, kind: 'person' } },
  ],
  [
    'what an event says',
    `UPDATE events SET data = replace(data, '2017-05', '2016-05') WHERE id = '${idOf('vy-arrest')}'`,
    { table: 'events', finding: 'differs', columns: ['data'], subject: { ...vy, kind: 'person' } },
  ],
  [
    'a status change',
    `DELETE FROM changes WHERE sid = ${OF_VY} AND axis = 'verdict' AND seq = (SELECT min(seq) FROM changes WHERE sid = ${OF_VY} AND axis = 'verdict')`,
    { table: 'changes', finding: 'missing', subject: { ...vy, kind: 'person' } },
  ],
  [
    'a name',
    `UPDATE subjects SET name = 'Somebody else' WHERE sid = ${OF_VY}`,
    { table: 'subjects', finding: 'differs', columns: ['name'], subject: { ...vy, kind: 'person' } },
  ],
  [
    'what lists find by',
    `DELETE FROM traits WHERE sid = ${OF_VY} AND field = 'verdict'`,
    { table: 'traits', finding: 'missing', subject: { ...vy, kind: 'person' } },
  ],
  [
    'a text that is searched',
    `UPDATE search_texts SET text = 'other words' WHERE row = (SELECT max(row) FROM search_texts WHERE sid = ${OF_VY})`,
    { table: 'search_texts', finding: 'differs', columns: ['text'], subject: { ...vy, kind: 'person' } },
  ],
  [
    'a text that is not found',
    `INSERT INTO search_index_1 (search_index_1, rowid, folded) SELECT 'delete', row, folded FROM search_texts
     WHERE row / ${2 ** 49} = 1 AND sid = ${OF_VY}`,
    { table: 'search_index_1', finding: 'missing', subject: { ...vy, kind: 'person' } },
  ],
  ['the tree', 'UPDATE tree SET hashes = zeroblob(length(hashes))', { table: 'tree', finding: 'differs' }],
  ['a checkpoint', "UPDATE checkpoint SET hash = 'x'", { table: 'checkpoint', finding: 'differs', columns: ['hash'] }],
  ['a stream', `UPDATE streams SET revision = 0 WHERE sid = ${OF_VY}`, { table: 'streams', columns: ['revision'] }],
  ['what concerns somebody', 'DELETE FROM subject_events', { table: 'subject_events', finding: 'missing' }],
])('a spoilt row is named, and nothing of what it says: %s', async (_, spoil, expected) => {
  await views.close();
  const changed = inFile((db) => {
    db.exec(spoil);
    return Number(db.prepare('SELECT changes() AS n').get()?.n);
  });
  expect(changed).toBeGreaterThan(0);
  const { found } = await check();
  expect(found).toContainEqual(expect.objectContaining(expected));
  expect(new Set(found.map(({ table }) => table))).toEqual(new Set([expected.table]));
  for (const difference of found)
    expect(
      Object.keys(difference).filter((name) => !['table', 'finding', 'columns', 'subject', 'seq'].includes(name)),
    ).toEqual([]);
});

test('every table is compared but those that are named', () => {
  const left = inFile((db) => {
    const compared = new Set(comparedTables(db, true).map(({ name }) => name));
    const all = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map(({ name }) => String(name));
    return all.filter((name) => !compared.has(name) && !name.startsWith('search_index_'));
  });
  expect(left.sort()).toEqual(['document_reads', 'search_progress', 'stale']);
});

test('documents that are not ready, and search that is behind, are told and not taken for differences', async () => {
  await views.close();
  inFile((db) => {
    db.exec(
      `DELETE FROM documents WHERE sid = ${OF_VY}; INSERT INTO stale SELECT ${OF_VY}; UPDATE search_progress SET seq = 5`,
    );
    db.exec('DELETE FROM search_texts');
  });
  const { checked, found } = await check();
  expect(found).toEqual([]);
  expect(checked).toMatchObject({ documentsNotReady: 1, searchBehind: true });
});

test('a check that was ended is gone on with: with what was folded, for the served file as it is then', async () => {
  const { folder, store: eventStore, keys: keyStore, clock } = record;
  const endedAt = async (place: string): Promise<void> => {
    const stop = new AbortController();
    const options = { folder: place, eventStore, keyStore, clock, patience: 500, signal: stop.signal };
    const ended = checkViews({
      ...options,
      onDifference: () => undefined,
      onProgress: (step) => {
        if (step === 'comparing') stop.abort(new Error('ended'));
      },
    });
    await expect(ended).rejects.toThrow('ended');
    expect(readdirSync(place)).toContain('.check');
  };
  const fact = idOf('vy-arrest');
  const retraction = { fact, reason: 'by mistake' };
  const seq = firstCase.length + 1;
  const earlier = record.subfolder('earlier');
  const { views: ofEarlier } = record.views(earlier);
  await caughtUp(ofEarlier, seq);
  await ofEarlier.close();
  await endedAt(folder);
  await record.say({ kind: 'person', subject: idOf('vy'), id: idOf('oops'), type: 'FactRetracted', data: retraction });
  await caughtUp(views, seq + 1);
  expect(await check()).toMatchObject({ found: [], checked: { seq: seq + 1, from: seq, differences: 0 } });
  expect((await check()).checked.from).toBe(0);
  // What was folded for views that had come further says nothing of these.
  await endedAt(folder);
  cpSync(join(folder, '.check'), join(earlier, '.check'), { recursive: true });
  expect((await check()).checked.from).toBe(seq + 1);
  const found: ViewsDifference[] = [];
  const options = { folder: earlier, eventStore, keyStore, clock, patience: 500 };
  const checked = await checkViews({ ...options, onDifference: (difference) => found.push(difference) });
  expect([found, checked]).toMatchObject([[], { value: { seq, from: 0, differences: 0 } }]);
});

test('one that was ended before keys were destroyed is begun anew: it holds what they opened', async () => {
  const { folder, store: eventStore, keys: keyStore, clock } = record;
  const stop = new AbortController();
  const options = { folder, eventStore, keyStore, clock, patience: 500, onDifference: () => undefined };
  const ended = checkViews({
    ...options,
    signal: stop.signal,
    onProgress: (step) => {
      if (step === 'comparing') stop.abort(new Error('ended'));
    },
  });
  await expect(ended).rejects.toThrow('ended');
  expect(await checkViews({ ...options, epoch: 1 })).toMatchObject({ ok: true, value: { from: 0, differences: 0 } });
});

test('what cannot be compared: no views, views of another fold, a broken file, a log that stops', async () => {
  const { folder, store: eventStore, keys: keyStore, clock } = record;
  const options = { eventStore, keyStore, clock, patience: 500, onDifference: () => undefined };
  expect(await checkViews({ ...options, folder: record.subfolder('nowhere') })).toMatchObject({
    error: { code: 'views-not-ready' },
  });
  const stop = new AbortController();
  stop.abort(new Error('stopped'));
  await expect(checkViews({ ...options, folder, signal: stop.signal })).rejects.toThrow('stopped');
  await views.close();
  const without = {
    ...options,
    folder,
    keyStore: { find: () => Promise.reject(new Error('no keys')) },
  };
  await expect(checkViews(without)).rejects.toMatchObject({ name: 'BuildFailedError' });
  // The keys may be there the next time.
  expect(readdirSync(folder)).toContain('.check');
  const spoilt = await check({
    readStream: (...parameters) => eventStore.readStream(...parameters),
    subscribeToAll: (...parameters) => {
      const whole = eventStore.subscribeToAll(...parameters);
      return {
        close: () => whole.close(),
        async *[Symbol.asyncIterator]() {
          for await (const message of whole) {
            if (message.kind !== 'events') yield message;
            else yield { kind: 'events', events: message.events.map((event) => ({ ...event, metadata: '{}' })) };
          }
        },
      };
    },
  });
  expect(spoilt).toMatchObject({ found: [], checked: { rows: 0, poison: { reason: 'undecodable', seq: 1 } } });
  const { page, size } = inFile((db) => ({
    page: Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'changes'").get()?.rootpage),
    size: Number(db.prepare('PRAGMA page_size').get()?.page_size),
  }));
  const handle = openSync(servedFile(folder), 'r+');
  writeSync(handle, Buffer.alloc(size), 0, size, (page - 1) * size);
  closeSync(handle);
  expect((await check()).checked).toMatchObject({ damaged: true });
  inFile((db) => {
    db.exec("UPDATE meta SET value = '0' WHERE key = 'fold'");
  });
  expect(await checkViews({ ...options, folder })).toMatchObject({ error: { code: 'views-outdated' } });
  writeFileSync(servedFile(folder), '');
  expect(await checkViews({ ...options, folder })).toMatchObject({ error: { code: 'views-not-ready' } });
}, 60_000);
