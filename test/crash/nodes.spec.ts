/**
 * Three servers, each a process with a data folder of its own, on one log and one key store, under load from clients that write to any and read
 * from another: one is killed meanwhile, one is stopped and wakes up. All of them show the same record; what each acknowledged is in the log once.
 *
 * HABEAS_NODES_COMMANDS: how many commands (1,000 in CI).
 */
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openPostgresKeyStore } from '#access';
import { openEventStoreDb } from '#event-store-eventstoredb';
import { realRandomness } from '../support/real.js';
import { kill, killAll, ready, run, runServer, stop, type Run } from '../support/server-process.js';
import {
  expectAsFolded,
  expectCounted,
  expectNothingElse,
  expectRecorded,
  expectSameViews,
  readLog,
} from './test-support/examine.js';
import type { LogUnderTest } from './test-support/logs.js';
import { ADMIN_KEY, Office } from './test-support/office.js';
import { randomOf } from './test-support/random.js';
import { until } from '../support/until.js';

const COMMANDS = Number(process.env.HABEAS_NODES_COMMANDS ?? 300);
const CLIENTS = 6;
/** For how long a node is stopped, and after how long a client gives up on one; in milliseconds. */
const STOPPED = 4_000;
const IMPATIENT = 2_000;

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A program of ours in a process of its own, and what it says it listens on. */
async function start(path: string): Promise<{ readonly process: ChildProcess; readonly listensOn: string }> {
  const child = fork(program(path), { execArgv: [] });
  const [listensOn] = (await once(child, 'message')) as [string];
  return { process: child, listensOn };
}

class Node {
  readonly folder = mkdtempSync(join(tmpdir(), 'habeas-node-'));
  run: Run | undefined;
  url = '';

  constructor(private readonly environment: Readonly<Record<string, string>>) {}

  async start(): Promise<void> {
    this.run = runServer(this.folder, { environment: this.environment });
    this.url = await ready(this.run);
  }

  async killAndStart(): Promise<void> {
    await kill(this.run!);
    await this.start();
  }

  async stopAndWake(milliseconds: number): Promise<void> {
    this.run!.process.kill('SIGSTOP');
    await delay(milliseconds);
    this.run!.process.kill('SIGCONT');
  }
}

let simulator: ChildProcess;
let postgres: ChildProcess;
let connectionString: string;
let record: LogUnderTest;
let nodes: Node[];
let office: Office;

beforeAll(async () => {
  const [log, keys] = await Promise.all([
    start('../eventstoredb-simulator/simulator-process.js'),
    start('../support/postgres-process.js'),
  ]);
  ({ process: simulator, listensOn: connectionString } = log);
  postgres = keys.process;
  const namespace = `${randomUUID()}-`;
  const masterKey = randomBytes(32).toString('hex');
  const randomness = realRandomness;
  record = {
    environment: {
      HABEAS_ADMIN_KEY: ADMIN_KEY,
      HABEAS_LOG: connectionString,
      HABEAS_LOG_NAMESPACE: namespace,
      HABEAS_KEYS: keys.listensOn,
      HABEAS_MASTER_KEY: masterKey,
    },
    open: () => openEventStoreDb({ connectionString, namespace, randomness }),
    openKeys: (folder) =>
      openPostgresKeyStore({ folder, masterKey, mode: 'read', connectionString: keys.listensOn, randomness }),
  };
  nodes = [1, 2, 3].map(() => new Node(record.environment));
  // All at once, on a log and a key store that are empty: one of them begins both.
  await Promise.all(nodes.map((node) => node.start()));
  office = new Office(randomOf(3));
  await office.prepare(nodes[0]!.url);
}, 120_000);

afterAll(async () => {
  await killAll();
  simulator.kill('SIGKILL');
  postgres.kill('SIGKILL');
  for (const { folder } of nodes) rmSync(folder, { recursive: true, force: true });
});

const authorization = (key = ADMIN_KEY): Record<string, string> => ({ authorization: `Bearer ${key}` });

/** Whether a node's history of a subject holds an event, once the node has come to a position; undefined: it did not answer. */
async function shows(node: Node, path: string, event: string, position: string): Promise<boolean | undefined> {
  try {
    const response = await fetch(`${node.url}${path}/history?limit=200&minPosition=${position}`, {
      headers: authorization(),
      signal: AbortSignal.timeout(IMPATIENT),
    });
    const text = await response.text();
    return response.status === 503 ? undefined : text.includes(event);
  } catch {
    return undefined;
  }
}

test(`${COMMANDS} commands to any of three nodes; one is killed meanwhile, one stopped and woken`, async () => {
  const random = randomOf(5);
  const other = (than: Node): Node => random.pick(nodes.filter((node) => node !== than));
  let left = COMMANDS;
  let read = 0;
  let again = 0;
  const unseen: string[] = [];
  const refusals = new Set<string>();

  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const command = office.next();
      let node = random.pick(nodes);
      let answer = await office.say(node.url, command, AbortSignal.timeout(IMPATIENT));
      // Whoever gets no answer asks another node the same.
      while (answer.kind !== 'recorded') {
        if (answer.kind === 'refused' && answer.status !== 503) refusals.add(`${answer.status} ${answer.code}`);
        again++;
        await delay(20);
        node = other(node);
        answer = await office.say(node.url, command, AbortSignal.timeout(IMPATIENT));
      }
      if (!command.path.startsWith('/v1/persons')) continue;
      const { id, event, position } = answer.recorded;
      const seen = await shows(other(node), `/v1/persons/${id}`, event, position);
      if (seen === undefined) continue;
      read++;
      if (!seen) unseen.push(event);
    }
  };
  const disturb = async (): Promise<void> => {
    while (left > COMMANDS * 0.75) await delay(5);
    await nodes[1]!.killAndStart();
    while (left > COMMANDS * 0.5) await delay(5);
    await nodes[2]!.stopAndWake(STOPPED);
  };
  await Promise.all([disturb(), ...Array.from({ length: CLIENTS }, client)]);
  console.info(`${office.recorded.size} recorded, ${again} asked again of another node, ${read} read on another node.`);
  expect([...refusals]).toEqual([]);
  expect(unseen).toEqual([]);
  expect(read).toBeGreaterThan(COMMANDS / 3);

  const { folder } = nodes[0]!;
  const events = await readLog(folder, record);
  expectRecorded(office, events);
  expectNothingElse(office, events);
  for (const node of nodes) await expectCounted(node.folder, events);
  await expectAsFolded(folder, events, record);
  await expectSameViews(nodes.map((node) => node.folder));
}, 300_000);

test('the same command to all nodes at once is recorded once, and all are told the same', async () => {
  for (let n = 0; n < 20; n++) {
    const command = office.next();
    const answers = await Promise.all(nodes.map(({ url }) => office.say(url, command)));
    const [first] = answers;
    expect(first).toMatchObject({ kind: 'recorded' });
    expect(answers).toEqual([first, first, first]);
  }
  const events = await readLog(nodes[0]!.folder, record);
  expectRecorded(office, events);
  expectNothingElse(office, events);
}, 60_000);

test('a key that is made or revoked on one node is so on all within seconds', async () => {
  const statusAt = async (node: Node, key: string): Promise<number> => {
    const response = await fetch(`${node.url}/v1/persons`, { headers: authorization(key) });
    await response.arrayBuffer();
    return response.status;
  };
  const everywhere = (key: string, status: number): Promise<void> =>
    until(async () => {
      const found = await Promise.all(nodes.map((node) => statusAt(node, key)));
      return found.every((one) => one === status);
    }, 5_000);
  const made = await fetch(`${nodes[0]!.url}/v1/keys`, {
    method: 'POST',
    headers: { ...authorization(), 'content-type': 'application/json' },
    // With the ceiling of the views that are there: others would be built first.
    body: JSON.stringify({ name: 'reader', scopes: ['read'], ceiling: 'confidential' }),
  });
  const { id, key } = (await made.json()) as { id: string; key: string };
  await everywhere(key, 200);
  const revoked = await fetch(`${nodes[1]!.url}/v1/keys/${id}`, { method: 'DELETE', headers: authorization() });
  expect(revoked.status).toBe(200);
  await everywhere(key, 401);
}, 60_000);

test('nobody had anything to complain of, and all end as they are told', async () => {
  for (const node of nodes) expect([await stop(node.run!), node.run!.errors()]).toEqual([0, '']);
}, 60_000);

interface Said {
  readonly has?: number;
  readonly lost?: number;
  readonly wrote?: number;
  readonly revision?: number;
}

test('a lease moves on when its holder is stopped or killed, and who wakes up does not act on it any more', async () => {
  const TERM = 1_000;
  const namespace = `${randomUUID()}-`;
  const contenders = [1, 2, 3].map(() =>
    run(program('./test-support/lease-process.js'), [connectionString, namespace, String(TERM)]),
  );
  const said = (one: Run): Said[] =>
    one
      .output()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Said);
  const newest = (): number => Math.max(0, ...contenders.flatMap(said).map(({ has }) => has ?? -1));
  const holder = (): Run | undefined =>
    contenders.find((one) => said(one).some(({ has }) => has !== undefined && has === newest()));
  /** Resolves when somebody has it who had not. */
  const passesOn = async (from: number): Promise<void> => {
    const since = performance.now();
    await until(() => Promise.resolve(newest() > from), 10 * TERM);
    // Two terms, and time for a machine that does something else.
    expect(performance.now() - since).toBeLessThan(6 * TERM);
  };
  await until(() => Promise.resolve(contenders.some((one) => said(one).some(({ wrote }) => wrote !== undefined))));

  const paused = holder()!;
  const first = newest();
  paused.process.kill('SIGSTOP');
  await passesOn(first);
  const before = said(paused).length;
  paused.process.kill('SIGCONT');
  await until(() => Promise.resolve(said(paused).some(({ lost }) => lost === first)));
  expect(
    said(paused)
      .slice(before)
      .filter(({ wrote }) => wrote === first).length,
  ).toBeLessThanOrEqual(1);

  const second = newest();
  const killed = holder()!;
  await kill(killed);
  await passesOn(second);
  await until(() => Promise.resolve(contenders.some((one) => said(one).some(({ wrote }) => wrote === newest()))));
  for (const one of contenders) if (one !== killed) await kill(one);

  // In the order in which they came to be there, no token stands behind a larger one.
  const written = contenders.flatMap(said).filter(({ revision }) => revision !== undefined);
  const tokens = written.sort((a, b) => a.revision! - b.revision!).map(({ wrote }) => wrote!);
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  expect(new Set(tokens).size).toBeGreaterThanOrEqual(3);
}, 120_000);
