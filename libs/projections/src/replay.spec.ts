/** Views of an earlier moment: what was known then, and nothing else, in one file. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KnownMoment } from './moment.js';
import { replayViews, type ReplayedViews } from './replay.js';
import type { SubjectCategory } from './shapes.js';
import { eventOf, firstCase, idOf } from './test-support/first-case.js';
import { caughtUp, documentOf, TestRecord, until } from './test-support/record.js';
import { rowsOf, servedFile } from './test-support/rows.js';

let record: TestRecord;
beforeEach(async () => {
  record = await TestRecord.create();
});
afterEach(() => record.close());

const THE_CASE = firstCase.map(eventOf);
const COUNT = THE_CASE.length + 1;

const into = (name: string): string => join(record.folder, name);

const replay = (knownAt: KnownMoment, out = into('then.db'), signal?: AbortSignal): ReturnType<typeof replayViews> =>
  replayViews({ eventStore: record.store, keyStore: record.keys, out, knownAt, ...(signal && { signal }) });

async function replayed(knownAt: KnownMoment, out?: string): Promise<ReplayedViews> {
  const found = await replay(knownAt, out);
  if (!found.ok) throw new Error(found.error.code);
  return found.value;
}

async function settled(folder: string, seq: number): Promise<void> {
  await until(() => {
    const db = new DatabaseSync(servedFile(folder), { readOnly: true });
    try {
      const one = (sql: string): unknown => Object.values(db.prepare(sql).get() ?? {})[0];
      return one('SELECT seq FROM search_progress') === seq && one('SELECT count(*) FROM stale') === 0;
    } finally {
      db.close();
    }
  });
}

test('holds what views held then that were kept as it was recorded, row by row', async () => {
  const { views } = record.views();
  await record.say(...THE_CASE.slice(0, 20));
  await caughtUp(views, 21);
  await settled(record.folder, 21);
  const then = rowsOf(servedFile(record.folder));
  await record.say(...THE_CASE.slice(20));
  expect(rowsOf((await replayed({ seq: 21 })).file)).toEqual(then);
});

test('gives every document as it is answered for that moment, by its seq and by an instant', async () => {
  await record.say(...THE_CASE);
  const { views, reader } = record.views();
  await caughtUp(views, COUNT);
  for (const seq of [0, 1, 12, 25, COUNT]) {
    const at = replayed({ seq }, into(`seq-${seq}.db`));
    const { file, known } = await at;
    const db = new DatabaseSync(file, { readOnly: true });
    const found = db.prepare('SELECT kind, id, document FROM documents JOIN subjects USING (sid)').all();
    // The log begins with an event of its own.
    const recorded = THE_CASE.slice(0, Math.max(0, seq - 1));
    expect(found).toHaveLength(new Set(recorded.map(({ subject }) => subject)).size);
    for (const { kind, id, document } of found as { kind: SubjectCategory; id: string; document: string }[]) {
      const { asOf: _, ...expected } = documentOf(reader, kind, id, { knownAt: String(seq) });
      expect(JSON.parse(document)).toEqual(expected);
    }
    db.close();
    if (known === undefined) continue;
    // Just before the next event is recorded, nothing of it is known.
    const text = new Date(known + 999).toISOString();
    const byInstant = await replayed({ instant: known + 999, text }, into(`instant-${seq}.db`));
    expect(byInstant).toMatchObject({ seq, known });
    expect(rowsOf(byInstant.file)).toEqual(rowsOf(file));
  }
});

test('is one file, which says of which moment it is', async () => {
  await record.say(...THE_CASE);
  const { file } = await replayed({ seq: 5 }, into('alone.db'));
  expect(readdirSync(record.folder).filter((name) => name.includes('alone'))).toEqual(['alone.db']);
  const db = new DatabaseSync(file);
  expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' });
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  expect(db.prepare("SELECT value FROM meta WHERE key = 'known_at'").get()).toEqual({ value: '5' });
  db.close();
});

test('writes over nothing, and leaves nothing behind where it cannot be done', async () => {
  await record.say(...THE_CASE.slice(0, 3));
  writeFileSync(into('there.db'), 'mine');
  expect(await replay({ seq: 2 }, into('there.db'))).toMatchObject({ ok: false, error: { code: 'file-exists' } });
  expect(await replay({ seq: 5 })).toMatchObject({ ok: false, error: { code: 'moment-ahead' } });
  const stop = new AbortController();
  stop.abort(new Error('stopped'));
  await expect(replay({ seq: 2 }, undefined, stop.signal)).rejects.toThrow('stopped');
  const late = new AbortController();
  const running = replay({ seq: 2 }, undefined, late.signal);
  late.abort(new Error('stopped later'));
  await expect(running).rejects.toThrow('stopped later');
  await expect(replay({ seq: 2 }, into('nowhere/then.db'))).rejects.toMatchObject({ code: 'ENOENT' });
  const event = { id: idOf('odd'), type: 'PersonArrested', data: '{}', metadata: '{}' };
  await record.sayRaw('person', idOf('vy'), event);
  expect(await replay({ seq: 5 })).toMatchObject({
    ok: false,
    error: { code: 'views-stopped', detail: expect.stringContaining(event.id) },
  });
  expect(await replay({ seq: 4 })).toMatchObject({ ok: true, value: { seq: 4 } });
  expect(existsSync(into('there.db'))).toBe(true);
  expect(readdirSync(record.folder).filter((name) => /partial|there|nowhere|then/.test(name))).toEqual([
    'then.db',
    'there.db',
  ]);
});
