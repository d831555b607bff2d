/**
 * Commands from 16 clients to a server whose log is in a simulated cluster of EventStoreDB where everything fails now and then:
 * connections, acknowledgements, leaders, subscriptions, and the server itself. Afterwards: every acknowledged command is in the log once, nothing else
 * is, every chain is whole, and the views are what a fresh fold gives.
 *
 * HABEAS_SOAK_COMMANDS: how many (10,000 in CI). HABEAS_SOAK_SEED: what chance begins with; moments still depend on the machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultRates } from '../eventstoredb-simulator/faults.js';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { kill, killAll, ready, runServer, stop } from '../support/server-process.js';
import { expectAsFolded, expectCounted, expectNothingElse, expectRecorded, readLog } from './test-support/examine.js';
import { logOn } from './test-support/logs.js';
import { ADMIN_KEY, Office } from './test-support/office.js';
import { randomOf } from './test-support/random.js';

const COMMANDS = Number(process.env.HABEAS_SOAK_COMMANDS ?? 1_000);
const SEED = Number(process.env.HABEAS_SOAK_SEED ?? 1);
const CLIENTS = 16;
/** How often the server itself is killed meanwhile, and started again. */
const KILLS = 2;

const RATES: FaultRates = {
  append: {
    'drop-before': 0.004,
    'drop-after': 0.004,
    'lose-answer': 0.000_3,
    lose: 0.000_3,
    timeout: 0.005,
    'timeout-committed': 0.005,
    'not-leader': 0.003,
    'not-leader-committed': 0.003,
    slow: 0.02,
    busy: 0.005,
  },
  subscription: { end: 0.002, error: 0.002, drop: 0.001, unavailable: 0.000_5 },
};

afterAll(killAll);

test(`${COMMANDS} commands under faults (seed ${SEED})`, async () => {
  const simulator = await Simulator.start({ nodes: 3, seed: SEED, rates: RATES });
  const log = logOn(simulator, 'gossipTimeout=1');
  const parent = mkdtempSync(join(tmpdir(), 'habeas-soak-'));
  const folder = join(parent, 'data');
  simulator.faults.enabled = false;
  const environment = { HABEAS_ADMIN_KEY: ADMIN_KEY, ...log.environment };
  let server = runServer(folder, { environment });
  let url = await ready(server);
  const office = new Office(randomOf(SEED));
  await office.prepare(url);

  simulator.faults.enabled = true;
  let left = COMMANDS;
  const unanswered = new Map<string, number>();
  const killSometimes = async (): Promise<void> => {
    for (let n = 1; n <= KILLS; n++) {
      while (left > COMMANDS - (COMMANDS * n) / (KILLS + 1)) await delay(5);
      await kill(server);
      server = runServer(folder, { environment });
      url = await ready(server);
    }
  };
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const command = office.next();
      for (;;) {
        const answer = await office.say(url, command);
        if (answer.kind === 'recorded') break;
        const said = answer.kind === 'none' ? 'none' : `${answer.status} ${answer.code}`;
        unanswered.set(said, (unanswered.get(said) ?? 0) + 1);
        if (said !== 'none' && !said.startsWith('503')) throw new Error(`${command.path}: ${said}`);
        await delay(20);
      }
    }
  };
  const begun = performance.now();
  await Promise.all([killSometimes(), ...Array.from({ length: CLIENTS }, client)]);
  const seconds = (performance.now() - begun) / 1_000;
  simulator.faults.enabled = false;
  const befallen = Object.fromEntries([...simulator.faults.befallen].sort());
  console.log(
    `${office.recorded.size} recorded in ${seconds.toFixed(1)} s. Befell: ${JSON.stringify(befallen)}. Sent again: ${JSON.stringify([...unanswered])}.`,
  );

  const events = await readLog(folder, log);
  expectRecorded(office, events);
  expectNothingElse(office, events);
  await expectCounted(folder, events);
  await expectAsFolded(folder, events, log);
  expect(await stop(server)).toBe(0);
  expect(server.errors()).toBe('');
  await simulator.stop();
  rmSync(parent, { recursive: true });
}, 900_000);
