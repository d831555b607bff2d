/**
 * A record moved to an EventStoreDB and back by `habeas copy-log`, as a process that is killed again and again: what arrives is the
 * same record. The EventStoreDB is the simulated one.
 */
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import type { EventStore, StoredEvent } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import { ensureFoldAdopted, ensureLogStarted } from '#log-format';
import { makeBackup } from '../../apps/api/src/backup/make-backup.js';
import { copyRecord } from '../../apps/api/src/copy/copy.js';
import { openLog } from '../../apps/api/src/log.js';
import { readSettings } from '../../apps/api/src/settings.js';
import { enterCase, type Entered } from '../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../apps/cli/src/demo/first-case.js';
import { expectAsFolded, expectCounted, readLog } from '../crash/test-support/examine.js';
import { embeddedLog } from '../crash/test-support/logs.js';
import { randomOf } from '../crash/test-support/random.js';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { allEvents, realClock, realRandomness } from '../support/real.js';
import { kill, killAll, ready, run, runServer, stop, type Run } from '../support/server-process.js';
import { ADMIN_KEY, startServer, temporaryFolder, type Elsewhere, type TestServer } from './test-support/server.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));
const KILLS = 4;
const random = randomOf(Number(process.env.HABEAS_CRASH_SEED ?? 1));

const folders: string[] = [];
let simulator: Simulator;
/** The record that is moved: its data folder, which no server uses any more. */
let home: string;
let entered: Entered;
let events: readonly StoredEvent[];

function folder(): string {
  const made = join(temporaryFolder(), 'data');
  folders.push(join(made, '..'));
  return made;
}

beforeAll(async () => {
  simulator = await Simulator.start();
  const server = await startServer(folder());
  home = server.folder;
  entered = await enterCase(server.client, firstCase);
  const lines = Array.from({ length: 800 }, (_, n) => [
    { path: '/v1/sources', key: `source-${n}`, body: { type: 'report', title: `Report ${n}`, lang: 'en' } },
    {
      path: '/v1/persons',
      key: `person-${n}`,
      body: { names: [{ text: `Somebody ${n}`, kind: 'legal' }], citations: [{ sourceId: `{id:source-${n}}` }] },
    },
  ]).flat();
  const answer = await fetch(`${server.url}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/jsonl' },
    body: lines.map((line) => JSON.stringify(line)).join('\n'),
  });
  expect(await answer.text()).not.toMatch(/"status":4/);
  await server.stop();
  events = await readLog(home);
  expect(events.length).toBeGreaterThan(1_600);
}, 120_000);

afterAll(async () => {
  await killAll();
  await simulator.stop();
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

/** A log of its own on the simulated server. */
function place(): { readonly log: Elsewhere; readonly environment: Readonly<Record<string, string>> } {
  const [log, logNamespace] = [simulator.connectionString(), `${randomUUID()}-`];
  return { log: { log, logNamespace }, environment: { HABEAS_LOG: log, HABEAS_LOG_NAMESPACE: logNamespace } };
}

const openAt = ({ log, logNamespace }: Elsewhere): Promise<EventStore> =>
  openLog({ data: '', log, logNamespace }, { mode: 'read', randomness: realRandomness });

async function eventsAt(log: Elsewhere): Promise<readonly StoredEvent[]> {
  const store = await openAt(log);
  try {
    return await allEvents(store);
  } finally {
    await store.close();
  }
}

/** How many events of this log the simulated server holds. */
const heldAt = ({ logNamespace = '' }: Elsewhere): number =>
  simulator.log.all.filter(({ stream }) => stream.startsWith(`${logNamespace}habeas`)).length;

const esdb = ({ log = '', logNamespace = '' }: Elsewhere) => ({ connectionString: log, namespace: logNamespace });

const placeless = (list: readonly StoredEvent[]) => list.map(({ position: _, ...event }) => event);

interface Done {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

const copying = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Run =>
  run(CLI, ['copy-log', ...args], { environment });

async function copyLog(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Done> {
  const done = copying(args, environment);
  const code = await done.ended;
  return { code, output: done.output(), errors: done.errors().trim() };
}

/** The keys of the record beside a log that was copied. */
function bringKeys(to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of ['keys.db', 'master.key']) cpSync(join(home, name), join(to, name));
}

interface Said {
  readonly etag: string | null;
  readonly body: unknown;
}

/** What a server on the record says of the subjects of the first case, when its views hold all of the record. */
async function documents(data: string, log: Elsewhere = {}): Promise<Readonly<Record<string, Said>>> {
  const server = await startServer(data, log);
  try {
    return await documentsOf(server, log);
  } finally {
    await server.stop();
  }
}

async function documentsOf(server: TestServer, { log }: Elsewhere): Promise<Readonly<Record<string, Said>>> {
  const said: Record<string, Said> = {};
  const search = new URLSearchParams({ minPosition: entered.last });
  for (const { name, path } of firstCase) {
    if (!/^\/v1\/[a-z]+$/.test(path)) continue;
    const answer = await server.client.request(`${path}/${entered.ids.get(name) ?? ''}?${search.toString()}`);
    said[name] = { etag: answer.headers.get('etag'), body: answer.body };
  }
  await expectCounted(server.folder, events);
  // Folded from the log that was copied, wherever the server has its own.
  const copied = { ...embeddedLog, open: () => openSqliteLog({ folder: home, mode: 'read' }) };
  await expectAsFolded(server.folder, events, copied, log !== undefined);
  return said;
}

test('to an EventStoreDB and back, killed again and again on the way: the same record, and the same answers', async () => {
  const there = place();
  const held = (): number => heldAt(there.log);
  let killedInside = 0;
  for (let n = 0; n < KILLS; n++) {
    const before = held();
    const process = copying(['--from', home], there.environment);
    while (held() === before && process.process.exitCode === null) await delay(5);
    await delay(random.below(250));
    await kill(process);
    const now = await eventsAt(there.log);
    expect(placeless(now)).toEqual(placeless(events.slice(0, now.length)));
    if (now.length > 0 && now.length < events.length) killedInside++;
  }
  expect(killedInside).toBeGreaterThan(0);
  const data = folder();
  bringKeys(data);
  const refused = runServer(data, { environment: there.environment });
  expect(await refused.ended).toBe(1);
  expect(refused.errors()).toMatch(/^The log is a copy that is not whole yet\. Run habeas copy-log, or/);
  const done = await copyLog(['--from', home], there.environment);
  expect([done.code, done.errors]).toEqual([0, '']);
  expect(done.output).toContain(`${events.length.toLocaleString('en-US')} events of`);
  expect(done.output + done.errors).not.toContain(simulator.connectionString());
  expect(placeless(await eventsAt(there.log))).toEqual(placeless(events));

  const back = folder();
  const mark = join(back, 'copy-unfinished');
  killedInside = 0;
  for (let n = 0; n < KILLS; n++) {
    const process = copying(['--to', back], there.environment);
    while (!existsSync(mark) && process.process.exitCode === null) await delay(1);
    await delay(random.below(60));
    await kill(process);
    if (!existsSync(mark)) continue;
    killedInside++;
    const now = await readLog(back).catch(() => []);
    expect(now).toEqual(events.slice(0, now.length));
  }
  expect(killedInside).toBeGreaterThan(0);
  const returned = await copyLog(['--to', back], there.environment);
  expect([returned.code, returned.errors]).toEqual([0, '']);
  expect(existsSync(mark)).toBe(false);
  // To the row.
  expect(await readLog(back)).toEqual(events);

  const said = await documents(home);
  expect(await documents(data, there.log)).toEqual(said);
  bringKeys(back);
  expect(await documents(back)).toEqual(said);
}, 300_000);

describe('is refused', () => {
  const refuses = async (
    why: RegExp,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const done = await copyLog(args, environment);
    expect(done.errors).toMatch(why);
    expect(done.errors.split('\n')).toHaveLength(1);
    expect([done.code, done.output]).toEqual([1, '']);
  };

  test('without a place, with a folder that holds no log, and onto itself', async () => {
    await refuses(/Say --from <place> or --to/, []);
    await refuses(/Say --to <data folder or esdb/, ['--from', home]);
    const nothing = folder();
    await refuses(/There is no log \(log\.db\) in/, ['--from', nothing, '--to', folder()]);
    expect(existsSync(nothing)).toBe(false);
    await refuses(/the same place/, ['--from', home, '--to', `${home}/.`]);
    await refuses(/--to-namespace is of an EventStoreDB/, ['--from', home, '--to', folder(), '--to-namespace', 'a']);
  }, 60_000);

  test('while a server runs on either', async () => {
    const data = folder();
    const server = runServer(data, { environment: { HABEAS_ADMIN_KEY: ADMIN_KEY } });
    await ready(server);
    const running = /in use by process \d+\. Stop that first/;
    await refuses(running, ['--from', data, '--to', folder()]);
    await refuses(running, ['--from', home, '--to', data]);
    expect(await stop(server)).toBe(0);
    await refuses(/another record/, ['--from', home, '--to', data]);
    // What was refused is still a record that a server starts on.
    const again = runServer(data);
    await ready(again);
    expect(await stop(again)).toBe(0);
  }, 60_000);

  test('where nobody answers, and where the string is none: said without it', async () => {
    const secret = 'hush-hush';
    for (const [string, why] of [
      [
        `esdb://admin:${secret}@127.0.0.1:9?tls=false`,
        /The target cannot be opened\. EventStoreDB could not be read: there is no/,
      ],
      [`esdb://admin:${secret}@127.0.0.1:9?tsl=false`, /string of the target cannot be used\. It has an option/],
    ] as const) {
      for (const [args, environment] of [
        [['--from', home, '--to', string], {}],
        [['--from', home], { HABEAS_LOG: string }],
      ] as const) {
        const done = await copyLog(args, environment);
        expect(done.errors).toMatch(why);
        expect([done.code, done.output]).toEqual([1, '']);
        expect(done.errors).not.toContain(secret);
      }
    }
  }, 60_000);

  test('a source that was changed by hand: nothing is written', async () => {
    const damaged = folder();
    mkdirSync(damaged, { recursive: true });
    cpSync(join(home, 'log.db'), join(damaged, 'log.db'));
    const db = new DatabaseSync(join(damaged, 'log.db'));
    db.exec(`UPDATE events SET data = replace(data, '"lang":"en"', '"lang":"km"') WHERE position IN (1000, 1001)`);
    db.close();
    const there = place();
    await refuses(
      /^The source is damaged.*revision 0 of habeas\w+-[-0-9a-f]+: hash-mismatch/,
      ['--from', damaged],
      there.environment,
    );
    expect(await eventsAt(there.log)).toEqual([]);
  }, 60_000);
});

test('Ctrl-C ends it so that it can go on; a half copy is neither served, nor backed up, nor copied', async () => {
  const there = place();
  const process = copying(['--from', home], there.environment);
  while (heldAt(there.log) < 50) await delay(2);
  expect(await stop(process, 'SIGINT')).toBe(130);
  expect(process.errors()).toBe('Stopped. What was copied stays: run it again, and it goes on.\n');
  expect((await eventsAt(there.log)).length).toBeLessThan(events.length);
  const refused = await copyLog(['--to', folder()], there.environment);
  expect([refused.code, refused.errors]).toEqual([
    1,
    expect.stringMatching(/^The source is a copy that is not whole yet/),
  ]);
  expect((await copyLog(['--from', home], there.environment)).code).toBe(0);

  const data = folder();
  const stopped = new AbortController();
  const half = copyRecord({
    from: { folder: home },
    to: { folder: data },
    signal: stopped.signal,
    onProgress: (step) => {
      if (step === 'copying') stopped.abort();
    },
  });
  await expect(half).rejects.toMatchObject({ name: 'AbortError' });
  bringKeys(data);
  const settings = readSettings({ HABEAS_DATA: data });
  const target = join(data, '..', 'backup');
  await expect(makeBackup({ settings, target, withMasterKey: false })).rejects.toThrow(/copy that is not whole yet/);
  await expect(startServer(data)).rejects.toThrow(/copy that is not whole yet/);
  await copyRecord({ from: { folder: home }, to: { folder: data } });
  await makeBackup({ settings, target, withMasterKey: false });
}, 120_000);

test('a copy of a backup, and then what came since: the server is stopped for the second alone', async () => {
  const data = folder();
  const server = await startServer(data);
  const backup = join(data, '..', 'backup');
  await server.record('sources', { type: 'report', title: 'One', lang: 'en' });
  await makeBackup({ settings: readSettings({ HABEAS_DATA: data }), target: backup, withMasterKey: false });
  const there = place();
  expect((await copyLog(['--from', backup], there.environment)).code).toBe(0);
  const manifest = readFileSync(join(backup, 'backup.json'), 'utf8');
  await server.record('sources', { type: 'report', title: 'Two', lang: 'en' });
  await server.stop();
  const rest = await copyLog(['--from', data], there.environment);
  expect([rest.code, rest.errors]).toEqual([0, '']);
  expect(rest.output).toContain(', 1 of them copied now');
  expect(manifest).toBe(readFileSync(join(backup, 'backup.json'), 'utf8'));
  expect(placeless(await eventsAt(there.log))).toEqual(placeless(await readLog(data)));
  // Between two records of one EventStoreDB as well.
  const other = place();
  const namespaces = ['--from-namespace', there.log.logNamespace ?? '', '--to-namespace', other.log.logNamespace ?? ''];
  const both = await copyLog(['--from', there.log.log ?? '', '--to', other.log.log ?? '', ...namespaces]);
  expect([both.code, both.errors]).toEqual([0, '']);
  expect(placeless(await eventsAt(other.log))).toEqual(placeless(await readLog(data)));
}, 120_000);

test('a source that is written to meanwhile is told, and no server starts on the copy until the rest is there', async () => {
  const there = place();
  await copyRecord({ from: { folder: home }, to: esdb(there.log) });
  const data = folder();
  let written: Promise<unknown> | undefined;
  const addFold = async (): Promise<void> => {
    const store = await openAt(there.log);
    await ensureFoldAdopted(
      store,
      await ensureLogStarted(store, realClock, realRandomness),
      1_000,
      realClock,
      realRandomness,
    );
    await store.close();
  };
  const moved = await copyRecord({
    from: esdb(there.log),
    to: { folder: data },
    onProgress: (step) => {
      if (step === 'copying') written ??= addFold();
    },
  });
  await written;
  expect(moved).toMatchObject({ moved: true, head: { size: events.length } });
  bringKeys(data);
  await expect(startServer(data)).rejects.toThrow(/copy that is not whole yet/);
  expect(await copyRecord({ from: esdb(there.log), to: { folder: data } })).toMatchObject({ moved: false, copied: 1 });
  await (await startServer(data)).stop();
}, 120_000);
