/** A log in a file of SQLite, sealed, then changed behind everybody's back: what was done to it is found and named. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { EventStore } from '#event-store';
import { LOG_FILE, openSqliteLog } from '#event-store-sqlite';
import { randomId } from '#kernel';
import {
  CHAIN_START,
  createEventCodec,
  ensureLogStarted,
  LOG_SEALED,
  LOG_STARTED,
  SEAL_STREAM,
  settledAppend,
  type StoredForm,
} from '#log-format';
import { openViewsReader, runViews } from '#projections';
import { allEvents, realClock, realRandomness } from '../../../test/support/real.js';
import { type Checkpoint, readUnproven } from './checkpoint.js';
import { readVerifierKey } from './note.js';
import { readSeals, sealLog, sealSigner } from './sealing.js';
import type { LogFault } from './log-fault.js';
import { verifyLog, type VerifyLogOptions } from './verify-log.js';

const NOTED: StoredForm = { type: 'Noted', schemaVersion: 1, personal: [] };
const codec = createEventCodec([NOTED, LOG_STARTED], realRandomness);
const SECRET = new Uint8Array(32).fill(1);

let folder: string;
let sealed: string;
let logId: string;
let kept: Checkpoint[];
const verifiers = () => [readVerifierKey(sealSigner(logId, SECRET).verifierKey)!];

/** Notes in three streams, in turns: four, a seal, six, a seal, one more. */
async function tell(store: EventStore, id: string, words: (n: number) => string): Promise<void> {
  const heads = new Map<string, typeof CHAIN_START>();
  const at = mkdtempSync(join(folder, 'views-'));
  const reader = openViewsReader({ folder: at, clock: realClock });
  const views = runViews({
    eventStore: store,
    keyStore: { find: () => Promise.resolve(new Map()) },
    folder: at,
    clock: realClock,
    post: (message) => {
      reader.notify(message);
    },
  });
  try {
    for (let n = 0; n < 11; n++) {
      if (n === 4 || n === 10) await seal(n === 4 ? 5 : 12);
      const stream = `habeasNote-${n % 3}`;
      const head = heads.get(stream) ?? CHAIN_START;
      const encoded = codec.encode([{ id: randomId(realRandomness), type: 'Noted', data: { n: words(n) } }], {
        logId: id,
        stream,
        head,
        recordedAt: realClock.now(),
        recordedBy: 'key:1',
        correlationId: 'c',
        visibility: 'internal',
      });
      const expected = head.revision < 0 ? 'no-stream' : head.revision;
      await settledAppend(store, stream, encoded.events, expected, realRandomness);
      heads.set(stream, encoded.head);
    }
  } finally {
    await views.close();
    reader.close();
  }

  async function seal(size: number): Promise<void> {
    while (reader.health().seq < size) await new Promise((resolve) => setTimeout(resolve, 5));
    const done = await sealLog({
      store,
      signer: sealSigner(id, SECRET),
      tree: (work) => reader.tree(work),
      clock: realClock,
      randomness: realRandomness,
    });
    expect(done).toMatchObject({ ok: true, value: { size } });
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'habeas-verify-'));
  sealed = join(folder, 'sealed.db');
  const store = await openSqliteLog({ folder: join(folder, 'log'), mode: 'own' });
  logId = await ensureLogStarted(store, realClock, realRandomness);
  await tell(store, logId, (n) => `note ${n}`);
  kept = (await readSeals(store)).map(({ checkpoint }) => {
    const read = readUnproven(checkpoint);
    if (!read.ok) throw new Error(read.error);
    return read.value;
  });
  await store.close();
  copyFileSync(join(folder, 'log', LOG_FILE), sealed);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Judges a copy of the log to which something was done; positions are seqs in it. */
async function after(
  change: (db: DatabaseSync) => void,
  options: Omit<VerifyLogOptions, 'store'> = { verifiers: verifiers() },
) {
  const file = join(folder, `${randomId(realRandomness)}.db`);
  copyFileSync(sealed, file);
  const db = new DatabaseSync(file);
  change(db);
  db.close();
  return judged(file, options);
}

async function judged(file: string, options: Omit<VerifyLogOptions, 'store'>) {
  const store = await openSqliteLog({ file, mode: 'read' });
  try {
    return await verifyLog({ store, ...options });
  } finally {
    await store.close();
  }
}

const said = (faults: readonly LogFault[]) =>
  faults.map(({ code, at, among }) => [code, ...(at ? [at.seq] : []), ...(among ? [among.from, among.to] : [])]);

test('a log that nobody touched is whole', async () => {
  const found = await after(() => undefined, { verifiers: verifiers(), kept });
  expect(found).toMatchObject({
    logId,
    faults: [],
    streams: 5,
    head: { size: 14 },
    seals: { count: 2, size: 12 },
    last: { stream: 'habeasNote-1', revision: 3 },
  });
});

test('seals stand where they were made, each over all that came before', async () => {
  const store = await openSqliteLog({ file: sealed, mode: 'read' });
  const events = await allEvents(store);
  expect(events.flatMap(({ stream }, index) => (stream === SEAL_STREAM ? [index + 1] : []))).toEqual([6, 13]);
  expect((await readSeals(store)).map(({ size }) => size)).toEqual([5, 12]);
  await store.close();
});

const set = (sql: string) => (db: DatabaseSync) => {
  expect(Number(db.prepare(sql).run().changes)).toBeGreaterThan(0);
};
const BYTE = `UPDATE events SET data = replace(data, 'note 1', 'note I') WHERE position = 3`;
const CUT_IN_STREAM = 'DELETE FROM events WHERE position = 3';
const RENUMBERED = `UPDATE events SET revision = revision - 1 WHERE sid = (SELECT sid FROM streams WHERE name = 'habeasNote-1') AND revision > 0`;

test.each<[string, (db: DatabaseSync) => void, unknown[]]>([
  [
    'an edited byte',
    set(BYTE),
    [
      ['hash-mismatch', 3],
      ['root-mismatch', 1, 5],
      ['root-mismatch', 1, 12],
    ],
  ],
  [
    'an edited byte in the metadata',
    set(`UPDATE events SET metadata = replace(metadata, 'key:1', 'key:2') WHERE position = 4`),
    [
      ['hash-mismatch', 4],
      ['root-mismatch', 1, 5],
      ['root-mismatch', 1, 12],
    ],
  ],
  [
    'an edited byte behind the first seal',
    set(`UPDATE events SET data = replace(data, 'note 6', 'note G') WHERE position = 9`),
    [
      ['hash-mismatch', 9],
      ['root-mismatch', 6, 12],
    ],
  ],
  [
    'another id',
    set(`UPDATE events SET id = '0195f3c0-0000-7000-8000-000000000001' WHERE position = 4`),
    [
      ['hash-mismatch', 4],
      ['root-mismatch', 1, 5],
      ['root-mismatch', 1, 12],
    ],
  ],
  [
    'two swapped ids',
    (db) => {
      const ids = db.prepare('SELECT position, id FROM events WHERE position IN (3, 4)').all() as { id: string }[];
      db.prepare('UPDATE events SET id = ? WHERE position = 3').run(ids[1]!.id);
      db.prepare('UPDATE events SET id = ? WHERE position = 4').run(ids[0]!.id);
    },
    [
      ['hash-mismatch', 3],
      ['hash-mismatch', 4],
      ['root-mismatch', 1, 5],
      ['root-mismatch', 1, 12],
    ],
  ],
  [
    'two swapped events of one stream',
    (db) => {
      const places = db
        .prepare(
          'SELECT position FROM events WHERE sid = (SELECT sid FROM events WHERE position = 3) ORDER BY revision',
        )
        .all();
      const [a, b] = places.map(({ position }) => Number(position)) as [number, number];
      swap(db, 'revision', a, b);
    },
    [
      ['revision-gap', 3],
      ['revision-gap', 7],
      ['revision-gap', 10],
      ['root-mismatch', 1, 5],
      ['root-mismatch', 1, 12],
    ],
  ],
  [
    'two events of different streams that changed places',
    (db) => {
      db.exec(
        'UPDATE events SET position = -1 WHERE position = 3; UPDATE events SET position = 3 WHERE position = 4; UPDATE events SET position = 4 WHERE position = -1;',
      );
    },
    [
      ['root-mismatch', 1, 5],
      ['root-mismatch', 1, 12],
    ],
  ],
  [
    'a missing event',
    set(CUT_IN_STREAM),
    // What was sealed at the sixth place says now of more events than come before it.
    [
      ['sealed-ahead', 5],
      ['root-mismatch', 1, 5],
      ['revision-gap', 6],
      ['sealed-ahead', 12],
      ['root-mismatch', 1, 12],
    ],
  ],
  [
    'a missing event, those behind it renumbered',
    (db) => {
      set(CUT_IN_STREAM)(db);
      set(RENUMBERED)(db);
    },
    [
      ['sealed-ahead', 5],
      ['root-mismatch', 1, 5],
      ['prev-mismatch', 6],
      ['hash-mismatch', 9],
      ['sealed-ahead', 12],
      ['root-mismatch', 1, 12],
      ['hash-mismatch', 13],
    ],
  ],
  [
    'an event put in between',
    (db) => {
      db.exec(
        'UPDATE events SET position = position + 100 WHERE position > 8; UPDATE events SET position = position - 99 WHERE position > 100;',
      );
      db.exec(`INSERT INTO events SELECT 9, sid, 99, tid, id, data, metadata FROM events WHERE position = 3`);
    },
    [
      ['revision-gap', 9],
      ['revision-gap', 11],
      ['root-mismatch', 6, 12],
    ],
  ],
])('%s is found and named', async (_, change, faults) => {
  const found = await after(change);
  expect(said(found.faults)).toEqual(expect.arrayContaining(faults));
  expect(found.faults.length).toBe(faults.length);
  expect(found.seals.count).toBeLessThan(2);
});

function swap(db: DatabaseSync, column: string, a: number, b: number): void {
  const at = (position: number) =>
    db.prepare(`SELECT ${column} AS value FROM events WHERE position = ?`).get(position)!.value!;
  const [x, y] = [at(a), at(b)];
  const put = db.prepare(`UPDATE events SET ${column} = ? WHERE position = ?`);
  put.run(-1, a);
  put.run(x, b);
  put.run(y, a);
}

describe('against a seal kept elsewhere', () => {
  const cut = (db: DatabaseSync) => {
    db.exec('DELETE FROM events WHERE position > 10');
    db.exec('UPDATE streams SET head = (SELECT ifnull(max(revision), -1) FROM events WHERE sid = streams.sid)');
  };

  test('a tail that was cut without care is found by the log itself', async () => {
    const found = await after((db) => {
      db.exec('DELETE FROM events WHERE position > 10');
    });
    expect(said(found.faults)).toEqual([['seals-missing']]);
  });

  test('a cut tail is found, which the log itself does not tell', async () => {
    expect((await after(cut)).faults).toEqual([]);
    const found = await after(cut, { verifiers: verifiers(), kept });
    expect(said(found.faults)).toEqual([['log-cut', 11, 12]]);
  });

  test('a log that was rewritten with its own key is found', async () => {
    const store = await openSqliteLog({ folder: join(folder, 'rewritten'), mode: 'own' });
    const first = (await openedFirst())!;
    await store.append(first.stream, [first], 'no-stream');
    await tell(store, logId, (n) => (n === 2 ? 'another past' : `note ${n}`));
    await store.close();
    const file = join(folder, 'rewritten', LOG_FILE);
    expect((await judged(file, { verifiers: verifiers() })).faults).toEqual([]);
    const found = await judged(file, { verifiers: verifiers(), kept });
    expect(said(found.faults)).toEqual([
      ['kept-root-mismatch', 1, 5],
      ['kept-root-mismatch', 1, 12],
    ]);
  });

  test('another log is told apart', async () => {
    const other = { ...kept[0]!, logId: randomId(realRandomness) };
    expect(said((await after(() => undefined, { kept: [other] })).faults)).toEqual([['kept-other-log']]);
  });

  async function openedFirst() {
    const store = await openSqliteLog({ file: sealed, mode: 'read' });
    const [first] = await allEvents(store);
    await store.close();
    return first;
  }
});

describe('a seal that is none', () => {
  test('is told of where the key is not the one that is known', async () => {
    const stranger = [readVerifierKey(sealSigner(logId, new Uint8Array(32).fill(2)).verifierKey)!];
    expect(said((await after(() => undefined, { verifiers: stranger })).faults)).toEqual([
      ['unknown-signer', 6],
      ['unknown-signer', 13],
    ]);
  });

  test.each([
    [
      'another log',
      (size: number) => ({ logId: randomId(realRandomness), size, root: new Uint8Array(32) }),
      'other-log',
    ],
    ['events to come', (size: number) => ({ logId, size: size + 100, root: new Uint8Array(32) }), 'sealed-ahead'],
  ])('%s', async (_, claim, code) => {
    expect(await sealedWith(claim)).toContainEqual([code, 15]);
  });

  /** Appends a seal that says what nobody should say. */
  async function sealedWith(claim: (size: number) => Checkpoint) {
    const { writeCheckpoint } = await import('./checkpoint.js');
    const at = join(folder, `forged-${randomId(realRandomness)}`);
    const file = join(at, LOG_FILE);
    await (await openSqliteLog({ folder: at, mode: 'own' })).close();
    copyFileSync(sealed, file);
    const store = await openSqliteLog({ folder: at, mode: 'own' });
    const seals = await allEvents(store, SEAL_STREAM);
    const signer = sealSigner(logId, SECRET);
    const said14 = claim(14);
    const forger = sealSigner(said14.logId, SECRET);
    const encoded = createEventCodec([LOG_SEALED], realRandomness).encode(
      [
        {
          id: randomId(realRandomness),
          type: LOG_SEALED.type,
          data: {
            checkpoint: writeCheckpoint(said14, said14.logId === logId ? signer : forger),
            verifierKey: (said14.logId === logId ? signer : forger).verifierKey,
          },
        },
      ],
      {
        logId,
        stream: SEAL_STREAM,
        head: { revision: 1, hash: JSON.parse(seals[1]!.metadata).hash },
        recordedAt: realClock.now(),
        recordedBy: 'system',
        correlationId: 'c',
        visibility: 'public',
      },
    );
    await store.append(SEAL_STREAM, encoded.events, 1);
    const found = await verifyLog({ store });
    await store.close();
    return said(found.faults);
  }
});

test('a log of nothing is no log', async () => {
  const store = await openSqliteLog({ folder: join(folder, 'empty'), mode: 'own' });
  expect(said((await verifyLog({ store })).faults)).toEqual([['log-without-start']]);
  await store.close();
});
