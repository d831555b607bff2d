/**
 * Webhooks of servers that are killed in the middle of deliveries: whoever goes on, the same server started again or another node,
 * has everything delivered.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HookReceiver } from '../support/hook-receiver.js';
import { kill, killAll, ready, runServer, stop, type Run } from '../support/server-process.js';
import { ADMIN_KEY, Office } from './test-support/office.js';
import { randomOf } from './test-support/random.js';
import { until } from '../support/until.js';

const SEED = Number(process.env.HABEAS_CRASH_SEED ?? 1);
/** Kills of a server alone. */
const KILLS = 5;
/** Commands between two kills. */
const COMMANDS = 30;
/** How long a receiver takes over each delivery, so that a kill comes in the middle, in milliseconds. */
const SLOWLY = 5;

const receivers: HookReceiver[] = [];
const folders: string[] = [];

afterAll(async () => {
  await killAll();
  for (const receiver of receivers) await receiver.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'habeas-hooks-'));
  folders.push(folder);
  return join(folder, 'data');
}

async function hooked(url: string): Promise<HookReceiver> {
  const receiver = await HookReceiver.start();
  receivers.push(receiver);
  const response = await fetch(`${url}/v1/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: receiver.url, after: 0 }),
  });
  receiver.secret = ((await response.json()) as { secret: string }).secret;
  return receiver;
}

/** Waits until nothing has come for a while. */
async function settled(receiver: HookReceiver, quiet = 1_000): Promise<void> {
  for (let before = -1; before !== receiver.received.length;) {
    before = receiver.received.length;
    await delay(quiet);
  }
}

/** What a receiver is sent that asks for everything when all is over. */
async function everything(url: string): Promise<ReadonlySet<string>> {
  const receiver = await hooked(url);
  await until(() => Promise.resolve(receiver.received.length > 0), 30_000);
  await settled(receiver);
  return new Set(receiver.ids);
}

test(`a server that is killed ${KILLS} times in the middle of deliveries delivers everything`, async () => {
  const folder = newFolder();
  const random = randomOf(SEED);
  const office = new Office(random);
  const environment = { HABEAS_ADMIN_KEY: ADMIN_KEY, HABEAS_WEBHOOKS_INSIDE: '127.0.0.1' };
  const start = async (): Promise<{ run: Run; url: string }> => {
    const run = runServer(folder, { environment });
    return { run, url: await ready(run) };
  };
  let server = await start();
  await office.prepare(server.url);
  const receiver = await hooked(server.url);
  let seen = 0;
  for (let round = 0; round < KILLS; round++) {
    for (let n = 0; n < COMMANDS; n++) await office.mustRecord(server.url, office.fact());
    // Somewhere in the middle of what is under way.
    const enough = seen + 1 + random.below(COMMANDS / 2);
    await until(() => Promise.resolve(receiver.received.length >= enough), 20_000);
    await kill(server.run);
    seen = receiver.received.length;
    server = await start();
  }
  const told = await everything(server.url);
  await until(() => Promise.resolve([...told].every((id) => receiver.ids.includes(id))), 30_000);
  const again = receiver.received.length - new Set(receiver.ids).size;
  console.info(`${told.size} changes, ${again} came again after ${KILLS} kills.`);
  expect(told.size).toBeGreaterThan(COMMANDS);
  expect(new Set(receiver.ids)).toEqual(told);
  expect(receiver.faults).toEqual([]);
  expect([await stop(server.run), server.run.errors()]).toEqual([0, '']);
}, 180_000);

test('of two nodes one delivers; when it is killed the other goes on, and nothing is missed', async () => {
  const program = async (path: string): Promise<{ readonly process: ChildProcess; readonly listensOn: string }> => {
    const child = fork(fileURLToPath(new URL(path, import.meta.url)), { execArgv: [] });
    const [listensOn] = (await once(child, 'message')) as [string];
    return { process: child, listensOn };
  };
  const log = await program('../eventstoredb-simulator/simulator-process.js');
  const keys = await program('../support/postgres-process.js');
  try {
    const environment = {
      HABEAS_ADMIN_KEY: ADMIN_KEY,
      HABEAS_LOG: log.listensOn,
      HABEAS_LOG_NAMESPACE: `${randomUUID()}-`,
      HABEAS_KEYS: keys.listensOn,
      HABEAS_MASTER_KEY: randomBytes(32).toString('hex'),
      HABEAS_WEBHOOKS_INSIDE: '127.0.0.0/8',
    };
    const start = async (folder: string): Promise<{ folder: string; run: Run; url: string }> => {
      const run = runServer(folder, { environment });
      return { folder, run, url: await ready(run) };
    };
    const office = new Office(randomOf(SEED));
    let [one, other] = [await start(newFolder()), await start(newFolder())];
    await office.prepare(one.url);
    const receiver = await hooked(one.url);
    const slow = await hooked(other.url);
    slow.answer = () => 'hang';
    // Each is killed once: one of the two is the one that delivers.
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < COMMANDS; n++) await office.mustRecord(one.url, office.fact());
      await delay(SLOWLY * COMMANDS);
      await kill(one.run);
      const before = receiver.received.length;
      for (let n = 0; n < COMMANDS; n++) await office.mustRecord(other.url, office.fact());
      await until(() => Promise.resolve(receiver.received.length > before), 40_000);
      [one, other] = [other, await start(one.folder)];
    }
    const told = await everything(one.url);
    await until(() => Promise.resolve([...told].every((id) => receiver.ids.includes(id))), 40_000);
    console.info(`${told.size} changes, ${receiver.received.length - told.size} came again after two kills.`);
    expect(new Set(receiver.ids)).toEqual(told);
    for (const { run } of [one, other]) expect([await stop(run), run.errors()]).toEqual([0, '']);
  } finally {
    log.process.kill('SIGKILL');
    keys.process.kill('SIGKILL');
  }
}, 240_000);
