/** Whether a data folder holds what it must: read while its server runs, by connections that change nothing. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoredEvent } from '#event-store';
import { streamName } from '#kernel';
import { verifyChain } from '#log-format';
import { runViews, SCHEMA_VERSION, type ViewsHealth } from '#projections';
import { allEvents, realClock } from '../../support/real.js';
import { embeddedLog } from './logs.js';
import type { Office } from './office.js';

/** The whole log, with every stream's chain verified. */
export async function readLog(folder: string, log = embeddedLog): Promise<readonly StoredEvent[]> {
  const store = await log.open(folder);
  try {
    const events = await allEvents(store);
    const { logId } = JSON.parse(events[0]?.data ?? '{}') as { logId: string };
    const streams = Map.groupBy(events, ({ stream }) => stream);
    for (const stream of streams.values()) {
      const verified = verifyChain(stream, logId);
      if (!verified.ok) throw verified.error;
    }
    return events;
  } finally {
    await store.close();
  }
}

/** Every recorded command is in the log exactly once, where it was said to be. */
export function expectRecorded(office: Office, events: readonly StoredEvent[]): void {
  const byId = Map.groupBy(events, ({ id }) => id);
  const wrong: string[] = [];
  for (const [id, { command, recorded }] of office.recorded) {
    const found = byId.get(id) ?? [];
    const category = /^\/v1\/(\w+)s\b/.exec(command.path)?.[1] ?? '';
    const stream = streamName(category, recorded.id);
    const [event] = found;
    if (found.length !== 1 || event?.stream !== stream || event.type !== recorded.type) {
      wrong.push(`${recorded.type} ${id} of ${stream}: ${found.length} times in the log`);
    }
  }
  expect(wrong).toEqual([]);
}

/** Besides, the log holds its own start, the key, and the first half of each move: nothing that nobody asked for. */
export function expectNothingElse(office: Office, events: readonly StoredEvent[]): void {
  expect(office.open.size).toBe(0);
  const others = events.filter(({ id }) => !office.recorded.has(id));
  const causes = others.map(({ type, metadata }) => {
    const { causationId } = JSON.parse(metadata) as { causationId?: string };
    return causationId ?? type;
  });
  const moves = [...office.recorded.values()].filter(({ recorded }) => recorded.type === 'FactMoved');
  const expected = ['LogStarted', 'FoldAdopted', 'AccessKeyCreated', ...moves.map(({ recorded }) => recorded.event)];
  expect(causes.sort()).toEqual(expected.sort());
}

export function servedFile(folder: string): string {
  return join(folder, readFileSync(join(folder, `views-${SCHEMA_VERSION}.current`), 'utf8').trim());
}

/** Asks the served view file, until it can and the answer is the wanted one; the last answer after ten seconds. */
async function ask<T>(folder: string, question: (db: DatabaseSync) => T, enough: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + 10_000;
  for (;;) {
    const db = new DatabaseSync(servedFile(folder), { readOnly: true });
    try {
      const answer = question(db);
      if (enough(answer) || performance.now() > end) return answer;
    } finally {
      db.close();
    }
    await delay(10);
  }
}

const stateOf = (db: DatabaseSync): unknown =>
  db
    .prepare(
      `SELECT seq, (SELECT count(*) FROM stale) AS stale, (SELECT seq FROM search_progress) AS searched FROM checkpoint`,
    )
    .get();

/** The served views count every event of the log, in its order, without a gap, and search has taken in all of them. */
export async function expectCounted(folder: string, events: readonly StoredEvent[]): Promise<void> {
  const wanted = { seq: events.length, stale: 0, searched: events.length };
  const state = await ask(folder, stateOf, (found) => JSON.stringify(found) === JSON.stringify(wanted));
  expect(state).toEqual(wanted);
  const rows = await ask(
    folder,
    (db) => db.prepare('SELECT seq, id FROM events ORDER BY seq').all(),
    () => true,
  );
  expect(rows.map((row) => ({ ...row }))).toEqual(events.map(({ id }, index) => ({ seq: index + 1, id })));
}

/**
 * Of the file, not of the record: its name, when its documents were made and from what, the numbers of rows, and where
 * search looks first, which goes by those numbers and keeps what no text holds any more.
 */
const OF_THE_FILE: Readonly<Record<string, readonly string[] | 'all'>> = {
  // Up to where it was looked, which on a log that others write to as well lies behind the last event.
  checkpoint: ['position'],
  meta: 'all',
  document_reads: 'all',
  documents: ['seq', 'day', 'until'],
  segments: ['row'],
  changes: ['row'],
  search_texts: ['row'],
  search_trigrams: 'all',
  search_characters: 'all',
};

/** Every table that there is, so that one that is added is compared too; in no order, as rows name theirs. */
function rowsOf(db: DatabaseSync, ofTheFile = OF_THE_FILE): Readonly<Record<string, readonly string[]>> {
  const tables = db
    .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map(({ name }) => String(name));
  return Object.fromEntries(
    tables.flatMap((table) => {
      const leftOut = ofTheFile[table] ?? [];
      if (leftOut === 'all') return [];
      const rows = db.prepare(`SELECT * FROM ${table}`).all();
      return [[table, rows.map((row) => JSON.stringify({ ...row, ...blank(leftOut) })).sort()]];
    }),
  );
}

function blank(columns: readonly string[]): Readonly<Record<string, null>> {
  return Object.fromEntries(columns.map((column) => [column, null]));
}

/**
 * The served views, documents and all, are what a fold of the whole log into an empty folder gives.
 *
 * @param elsewhere `log` is a copy of the log that these views are of: what is where in each is its own affair
 */
export async function expectAsFolded(
  folder: string,
  events: readonly StoredEvent[],
  log = embeddedLog,
  elsewhere = false,
): Promise<void> {
  const fresh = mkdtempSync(join(tmpdir(), 'habeas-fresh-'));
  const store = await log.open(folder);
  const keys = await log.openKeys(folder);
  let health: ViewsHealth | undefined;
  const views = runViews({
    eventStore: store,
    keyStore: keys,
    folder: fresh,
    clock: realClock,
    post: (message) => {
      if (message.kind === 'health') ({ health } = message);
    },
  });
  try {
    const end = performance.now() + 20_000;
    while (health?.state !== 'live' && performance.now() < end) await delay(5);
    await expectCounted(fresh, events);
    const all = (): boolean => true;
    const rows = (db: DatabaseSync) =>
      rowsOf(db, elsewhere ? { ...OF_THE_FILE, checkpoint: ['position', 'last_position'] } : OF_THE_FILE);
    expect(await ask(folder, rows, all)).toEqual(await ask(fresh, rows, all));
  } finally {
    await views.close();
    await keys.close();
    await store.close();
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** All of these folders show the same record: seq, changes and their ids among it. */
export async function expectSameViews(folders: readonly string[]): Promise<void> {
  const all = (): boolean => true;
  const [first, ...others] = await Promise.all(
    folders.map((folder) => ask(folder, (db) => rowsOf(db, OF_THE_FILE), all)),
  );
  for (const other of others) expect(other).toEqual(first);
}
