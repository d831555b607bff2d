/** Views of an earlier moment: what was known then, and nothing else, in one file. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { ReadLog } from './log-prefix.js';
import type { KnownMoment } from './moment.js';
import { replayViews, type ReplayedViews } from './replay.js';
import type { SubjectCategory } from './shapes.js';
import { eventOf, firstCase, idOf } from './test-support/first-case.js';
import { caughtUp, documentOf, TestRecord, until } from './test-support/record.js';
import type { Told } from './test-support/replaying.js';
import { rowsOf, servedFile } from './test-support/rows.js';
import { stories } from './test-support/stories.js';

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
  expect(await replay({ seq: 2 }, into('nowhere/then.db'))).toMatchObject({ error: { code: 'not-writable' } });
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

describe('a replay that was ended', () => {
  /** Of the log so many events, and then nothing more. @param then called when those are taken in */
  const stalledAfter = (count: number, then: () => void): ReadLog => ({
    readStream: (...parameters) => record.store.readStream(...parameters),
    subscribeToAll: (options) => {
      const whole = record.store.subscribeToAll(options);
      let left = count;
      return {
        close: () => whole.close(),
        async *[Symbol.asyncIterator]() {
          for await (const message of whole) {
            if (message.kind !== 'events' || left === 0) continue;
            const events = message.events.slice(0, left);
            left -= events.length;
            yield { kind: 'events', events };
            if (left === 0) then();
          }
        },
      };
    },
  });

  async function endedAfter(count: number, knownAt: KnownMoment): Promise<void> {
    const stop = new AbortController();
    const eventStore = stalledAfter(count, () => {
      stop.abort(new Error('ended'));
    });
    const order = { eventStore, keyStore: record.keys, out: into('then.db'), knownAt, signal: stop.signal };
    await expect(replayViews(order)).rejects.toThrow('ended');
    expect(readdirSync(record.folder)).toContain('.then.db.partial');
  }

  const begunFiles = (): string[] => readdirSync(record.folder).filter((name) => name.includes('partial'));

  test('is gone on with, to the same rows', async () => {
    await record.say(...THE_CASE);
    const { file } = await replayed({ seq: COUNT }, into('at-once.db'));
    await endedAfter(12, { seq: COUNT });
    await endedAfter(9, { seq: COUNT });
    expect(await replayed({ seq: COUNT })).toMatchObject({ seq: COUNT, from: 21 });
    expect(rowsOf(into('then.db'))).toEqual(rowsOf(file));
    expect(begunFiles()).toEqual([]);
  });

  test('is begun anew where keys were destroyed since: it holds what they opened', async () => {
    await record.say(...THE_CASE);
    const order = { eventStore: record.store, keyStore: record.keys, out: into('then.db'), knownAt: { seq: COUNT } };
    await endedAfter(12, { seq: COUNT });
    expect(await replayViews({ ...order, epoch: 1 })).toMatchObject({ ok: true, value: { seq: COUNT, from: 0 } });
    rmSync(into('then.db'));
    await endedAfter(12, { seq: COUNT });
    expect(await replayViews({ ...order, epoch: 0 })).toMatchObject({ ok: true, value: { seq: COUNT, from: 12 } });
  });

  test('is begun anew where it is of another moment or another log, or damaged', async () => {
    await record.say(...THE_CASE);
    await endedAfter(12, { seq: COUNT });
    expect(await replayed({ seq: 20 })).toMatchObject({ seq: 20, from: 0 });
    rmSync(into('then.db'));
    await endedAfter(12, { seq: 20 });
    const partial = into('.then.db.partial');
    const [views = ''] = readdirSync(partial).filter((name) => name.endsWith('.db'));
    writeFileSync(join(partial, views), 'no views');
    expect(await replayed({ seq: 20 })).toMatchObject({ seq: 20, from: 0 });
    rmSync(into('then.db'));
    await endedAfter(12, { seq: 20 });
    const other = await TestRecord.create();
    await other.say(...THE_CASE);
    const order = { eventStore: other.store, keyStore: other.keys, out: into('then.db'), knownAt: { seq: 20 } };
    expect(await replayViews(order)).toMatchObject({ ok: true, value: { seq: 20, from: 0 } });
    await other.close();
    expect(begunFiles()).toEqual([]);
  });

  test('is not gone on with by two at once', async () => {
    await record.say(...THE_CASE);
    const [one, other] = await Promise.all([replay({ seq: 20 }), replay({ seq: 20 })]);
    expect([one, other]).toMatchObject([{ ok: true }, { ok: false, error: { code: 'under-way' } }]);
  });

  test('is gone on with from what was committed, whenever it was killed', async () => {
    const [story = []] = fc.sample(stories(150), { numRuns: 1, seed: 7 });
    await record.say(...story);
    const seq = story.length + 1;
    const { file } = await replayed({ seq }, into('at-once.db'));
    let [committed, kills] = [0, 0];
    for (;;) {
      const replaying = await killedAfter(10 + kills * 5, seq);
      expect(replaying.from).toBeGreaterThanOrEqual(committed);
      committed = replaying.committed;
      if (replaying.isDone) break;
      kills++;
    }
    // How often depends on how fast the machine is.
    expect(kills).toBeGreaterThan(2);
    expect(rowsOf(into('then.db'))).toEqual(rowsOf(file));
    expect(begunFiles()).toEqual([]);
  }, 120_000);

  interface Killed {
    /** What the file held when it was opened, and at least what it held at the end. */
    readonly from: number;
    readonly committed: number;
    readonly isDone: boolean;
  }

  /** @param milliseconds since it began */
  async function killedAfter(milliseconds: number, seq: number): Promise<Killed> {
    const program = fileURLToPath(new URL('./test-support/replaying.js', import.meta.url));
    const child = fork(program, [record.folder, into('then.db'), String(seq)], { execArgv: [] });
    const told: number[] = [];
    let isDone = false;
    child.on('message', (message: Told) => {
      if (message === 'done') isDone = true;
      else if (told.push(message) === 1) setTimeout(() => child.kill('SIGKILL'), milliseconds);
    });
    await once(child, 'close');
    return { from: told[0] ?? 0, committed: told.at(-1) ?? 0, isDone };
  }
});
