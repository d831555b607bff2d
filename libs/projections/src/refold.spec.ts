/** Folding again because keys were destroyed: when it is done, and that nothing of the files before is left. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { derivedId, streamName } from '#kernel';
import type { Opening } from '#log-format';
import { BuildFailedError, buildViews } from './build-views.js';
import { deleteViews } from './folder.js';
import { openViewsReader } from './reader.js';
import { eventOf, firstCase, idOf } from './test-support/first-case.js';
import { caughtUp, TestRecord, until } from './test-support/record.js';
import { servedFile } from './test-support/rows.js';
import { runViews } from './views.js';

let record: TestRecord;
beforeEach(async () => {
  record = await TestRecord.create();
});
afterEach(() => record.close());

const THE_CASE = firstCase.map(eventOf);

const start = (build?: NonNullable<Parameters<typeof runViews>[0]['build']>, keys: Opening = record.keys) =>
  runViews({
    eventStore: record.store,
    keyStore: keys,
    folder: record.folder,
    clock: record.clock,
    ...(build !== undefined && { build }),
    post: () => undefined,
  });

const isViewFile = (name: string): boolean => /^views-.*\.db$/.test(name);

const bytes = (): string =>
  readdirSync(record.folder)
    .filter((name) => name.startsWith('views-'))
    .map((name) => readFileSync(`${record.folder}/${name}`, 'utf8'))
    .join('\n');

test('gives up what is being built, and ends when a file that was begun later is served and all others are gone', async () => {
  await record.say(...THE_CASE);
  const hidden = new Set<string>();
  const keys: Opening = {
    find: async (ids) => new Map([...(await record.keys.find(ids))].filter(([id]) => !hidden.has(id))),
  };
  const views = start(undefined, keys);
  await until(() => views.health().state === 'live');
  expect(bytes()).toContain('Thuy Vy');
  const first = views.health().file;
  // Who still reads it keeps what lies beside it from being tidied away.
  const reading = new DatabaseSync(servedFile(record.folder), { readOnly: true });
  reading.prepare('SELECT * FROM subjects').all();
  views.rebuild();
  hidden.add((await record.keys.obtain(streamName('person', idOf('vy')))).keyId);
  hidden.add((await record.keys.obtain(streamName('source', idOf('article')))).keyId);
  hidden.add((await record.keys.obtain(streamName('statement', idOf('vy-statement')))).keyId);
  expect(await views.refold()).toBe(true);
  expect(views.health().file).not.toBe(first);
  expect(views.health().rebuilding).toBeUndefined();
  expect(readdirSync(record.folder).filter(isViewFile)).toEqual([views.health().file]);
  expect(readdirSync(record.folder).filter((name) => name.startsWith(first ?? '?'))).toEqual([]);
  expect(bytes()).not.toContain('Thuy Vy');
  reading.close();
  await views.close();
});

test('says so where it fails, where it is overtaken by another, and where the views are closed', async () => {
  await record.say(...THE_CASE);
  let tries = 0;
  const views = start(({ path, signal }) => {
    writeFileSync(path, 'half of it');
    if (++tries === 1) return Promise.reject(new BuildFailedError('disk-full'));
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });
  });
  await until(() => views.health().state === 'live');
  const { file } = views.health();
  expect(await views.refold()).toBe(false);
  const overtaken = views.refold();
  await until(() => tries === 2);
  const last = views.refold();
  expect(await overtaken).toBe(false);
  await until(() => tries === 3);
  expect(views.health()).toMatchObject({ file, rebuilding: { reason: 'asked' } });
  await views.close();
  expect(await last).toBe(false);
  expect(await views.refold()).toBe(false);
  expect(readdirSync(record.folder).filter(isViewFile)).toEqual([file]);
});

describe('where the views stand at an event that cannot be taken in', () => {
  const NOISE = { id: derivedId('spec', 'noise', 0), type: 'PersonArrested', data: '{"basis":', metadata: '{}' };
  const elsewhere: NonNullable<Parameters<typeof runViews>[0]['build']> = async ({ onProgress: _, ...order }) => {
    await buildViews({ ...order, eventStore: record.store, keyStore: record.keys });
  };

  test.each([
    ['here', undefined],
    ['elsewhere', elsewhere],
  ])('a new file that is built %s and stands there too takes its place, as ready as that was', async (_, build) => {
    const views = start(build);
    await record.say(...THE_CASE);
    await until(() => views.health().state === 'live');
    await record.sayRaw('person', idOf('vy'), NOISE);
    await until(() => views.health().state === 'stopped');
    const first = views.health().file;
    expect(await views.refold()).toBe(true);
    expect(readdirSync(record.folder).filter(isViewFile)).toEqual([views.health().file]);
    expect(views.health()).toMatchObject({ state: 'stopped', poison: { event: NOISE.id }, seq: THE_CASE.length + 1 });
    expect(views.health().file).not.toBe(first);
    expect(views.health().rebuilding).toBeUndefined();
    const reader = openViewsReader({ folder: record.folder, clock: record.clock });
    const found = reader.search({ q: 'Thuy Vy' });
    reader.close();
    expect(found.ok && found.value.items.length).toBeGreaterThan(0);
    expect(views.skip(NOISE.id).ok).toBe(true);
    await until(() => views.health().state === 'live');
    await views.close();
  });
});

test('views are deleted whoever made them, and nothing else is', async () => {
  await record.say(...THE_CASE);
  const { reader, views } = record.views();
  await caughtUp(reader, THE_CASE.length + 1);
  expect(servedFile(record.folder)).toContain('views-');
  const others = ['views-1-4.db', 'views-1-4.db-journal', 'views-1.current', 'views-9.current.new'];
  for (const name of others) writeFileSync(join(record.folder, name), 'Thuy Vy');
  mkdirSync(join(record.folder, 'views-internal'));
  await views.close();
  const before = readdirSync(record.folder);
  expect(deleteViews(record.folder)).toBe(true);
  const gone = before.filter((name) => !readdirSync(record.folder).includes(name));
  expect(gone).toEqual(expect.arrayContaining(others));
  expect(readdirSync(record.folder)).toEqual(before.filter((name) => !/^views-\d/.test(name)));
  expect(deleteViews(join(record.folder, 'nowhere'))).toBe(true);
  // What cannot be deleted is not passed over in silence.
  mkdirSync(join(record.folder, 'views-1-4.db'));
  expect(deleteViews(record.folder)).toBe(false);
});
