/**
 * A server that is killed with SIGKILL while it forgets somebody: after each step of it, and at any moment. Started again it goes on, and
 * in the end there is nothing left of them, whatever was left half done.
 *
 * HABEAS_CRASH_SEED: what chance begins with; moments still depend on the machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ErasureInfo, openSqliteKeyStore } from '#access';
import { openSqliteLog } from '#event-store-sqlite';
import type { PersonView } from '#projections';
import { Client } from '../../apps/cli/src/client.js';
import { erasure, erasePerson, ERASED, recordPerson, reviewOpen, type Told } from '../e2e/test-support/erasing.js';
import { allEvents, realRandomness } from '../support/real.js';
import { kill, killAll, ready, run, runServer, stop, type Run } from '../support/server-process.js';
import { until } from '../support/until.js';
import { wordsInFiles } from '../support/words-in-files.js';
import { ADMIN_KEY } from './test-support/office.js';
import { randomOf } from './test-support/random.js';

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));
const SEED = Number(process.env.HABEAS_CRASH_SEED ?? 1);

let folder: string;
let server: Run;
let client: Client;
let told: Told;
let before: PersonView;
/** The erasure, once somebody was told of it. */
let id: string | undefined;
let asking: Promise<void>;
let over: AbortController;

async function start(): Promise<void> {
  server = runServer(folder, { environment: { HABEAS_ADMIN_KEY: ADMIN_KEY } });
  client = new Client(await ready(server), ADMIN_KEY);
}

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'habeas-erasing-')), 'data');
  id = undefined;
  await start();
  // So that there are views of all ceilings.
  for (const ceiling of ['public', 'internal'])
    await client.request('/v1/keys', { method: 'POST', body: { name: ceiling, scopes: ['read'], ceiling } });
  told = await recordPerson(client);
  before = (await client.request<PersonView>(`/v1/persons/${told.person}?minPosition=${told.position}`)).body;
  over = new AbortController();
  asking = ask(over.signal);
}, 60_000);

afterEach(async () => {
  over.abort();
  await asking;
  await killAll();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

/** An admin and a reviewer who try again whenever the server is gone, and never say twice what was accepted. */
async function ask(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      id ??= await askOnce();
      if ((await erasure(client, id)).state === 'certified') return;
      await reviewOpen(client, id);
    } catch {
      // It is down, or busy with it.
    }
    await delay(20);
  }
}

/** Its answer may have been lost: then it is among those that there are. */
async function askOnce(): Promise<string> {
  const { items } = (await client.request<{ items: ErasureInfo[] }>('/v1/erasures')).body;
  return items.find(({ person }) => person === told.person)?.id ?? (await erasePerson(client, told.person)).id;
}

/** How many events of each type the log has. */
async function counted(): Promise<ReadonlyMap<string, number>> {
  const log = await openSqliteLog({ folder, mode: 'read' });
  try {
    const types = (await allEvents(log)).map(({ type }) => type);
    return new Map(types.map((type) => [type, types.filter((one) => one === type).length]));
  } finally {
    await log.close();
  }
}

async function expectForgotten(): Promise<void> {
  await until(async () => id !== undefined && (await erasure(client, id)).state === 'certified', 40_000);
  expect(wordsInFiles(folder, ERASED)).toEqual([]);
  const { body } = await client.request<PersonView>(`/v1/persons/${told.person}`);
  expect(body).toMatchObject({ erased: true, names: [], axes: before.axes });
  for (const { path, title } of [
    { path: `sources/${told.source}`, title: /^On █+$/ },
    { path: `persons/${told.other}`, title: /^Ada Miller$/ },
  ]) {
    const { title: shown, name = shown } = (await client.request<{ title?: string; name?: string }>(`/v1/${path}`))
      .body;
    expect(name).toMatch(title);
  }
  expect(server.errors()).toBe('');
  expect(await stop(server)).toBe(0);
  expect(wordsInFiles(folder, ERASED)).toEqual([]);
  for (const command of ['verify', 'check']) {
    const done = run(CLI, [command], { environment: { HABEAS_DATA: folder } });
    expect([command, await done.ended, done.errors()]).toEqual([command, 0, '']);
  }
  const log = await openSqliteLog({ folder, mode: 'read' });
  const condemned = (await allEvents(log)).flatMap(({ type, data }) =>
    type === 'KeysCondemned' ? (JSON.parse(data) as { keys: string[] }).keys : [],
  );
  await log.close();
  const keys = await openSqliteKeyStore({ folder, mode: 'read', randomness: realRandomness });
  expect((await keys.find(condemned)).size).toBe(0);
  await keys.close();
}

test('killed after each step', async () => {
  const steps: readonly (readonly [type: string, count: number])[] = [
    ['ErasureAsked', 1],
    ['PersonalDataErased', 1],
    ['KeysCondemned', 1],
    ['NodeForgot', 1],
    ['MentionsListed', 1],
    ['PersonalDataRedacted', 1],
    ['KeysCondemned', 2],
    ['PersonalDataRedacted', 3],
    ['NodeForgot', 2],
    ['ErasureCertified', 1],
  ];
  for (const [type, count] of steps) {
    await until(async () => ((await counted()).get(type) ?? 0) >= count, 30_000);
    await kill(server);
    await start();
  }
  await expectForgotten();
  const [asked, erased, certified] = ['ErasureAsked', 'PersonalDataErased', 'ErasureCertified'].map(async (type) =>
    (await counted()).get(type),
  );
  expect(await Promise.all([asked, erased, certified])).toEqual([1, 1, 1]);
}, 90_000);

test('killed at any moment, while it starts too', async () => {
  const random = randomOf(SEED);
  for (let kills = 0; kills < 8; kills++) {
    await delay(random.below(700));
    await kill(server);
    if (kills % 3 === 2) {
      const starting = runServer(folder, { environment: { HABEAS_ADMIN_KEY: ADMIN_KEY } });
      await delay(random.below(600));
      await kill(starting);
    }
    await start();
  }
  await expectForgotten();
}, 90_000);
