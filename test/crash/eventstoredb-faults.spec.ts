/**
 * An EventStoreDB that fails while a server has its log there: it is gone, silent, has a new leader, or was restored from an older copy.
 * Reads go on from the views for ten seconds, and then nobody comes in, as their keys might have been revoked; writes are refused with
 * what to do; and once it is back everything that was acknowledged is there, once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { kill, ready, stop } from '../support/server-process.js';
import { expectAsFolded, expectCounted, readLog } from './test-support/examine.js';
import { logOn } from './test-support/logs.js';
import { until } from '../support/until.js';
import { eachOnItsOwn, expectRefusal, get, PATIENT } from './test-support/scene.js';

let simulator: Simulator;

beforeEach(async () => {
  simulator = await Simulator.start({ nodes: 3 });
});

const here = eachOnItsOwn(() => logOn(simulator, 'gossipTimeout=1&maxDiscoverAttempts=3'));

afterEach(() => simulator.stop());

/** Looks whether writes are refused with 503, and everything else goes on; in the end nobody comes in any more. */
async function expectReadOnly(url: string): Promise<void> {
  const { office } = here.scene;
  const read = async (): Promise<number> => (await get(url, `/v1/persons/${office.persons[0] ?? ''}`)).status;
  const writing = Promise.all([office.say(url, office.fact()), office.say(url, office.enterPerson())]);
  expect(await read()).toBe(200);
  for (const answer of await writing) expect(answer).toMatchObject({ kind: 'refused', status: 503 });
  await until(async () => (await read()) === 503, 12_000);
}

test(
  'gone while serving, and back: with other connections, the same record',
  async () => {
    const { run, url } = await here.scene.served();
    simulator.refuse(true);
    simulator.drop();
    await expectReadOnly(url);
    simulator.refuse(false);
    await until(async () => (await here.scene.office.say(url, here.scene.office.fact())).kind === 'recorded');
    await here.scene.expectWholeAt(url);
    expect([await stop(run), run.errors()]).toEqual([0, '']);
    await here.scene.expectWhole();
  },
  PATIENT,
);

test(
  'silent for longer than a call may take',
  async () => {
    const { run, url } = await here.scene.served();
    simulator.silence(true);
    await expectReadOnly(url);
    simulator.silence(false);
    await until(async () => (await here.scene.office.say(url, here.scene.office.fact())).kind === 'recorded', 30_000);
    await here.scene.expectWholeAt(url);
    expect([await stop(run), run.errors()]).toEqual([0, '']);
  },
  PATIENT * 2,
);

test(
  'new leaders under load: whoever is told that the outcome is open sends the same again, and it is there once',
  async () => {
    const { run, url } = await here.scene.served();
    const { office } = here.scene;
    let over = false;
    const elect = async (): Promise<void> => {
      while (!over) {
        await delay(100);
        simulator.elect();
        if (simulator.faults.random() < 0.3) simulator.drop();
      }
    };
    const client = async (): Promise<void> => {
      for (let n = 0; n < 25; n++) {
        const command = office.next();
        await until(async () => (await office.say(url, command)).kind === 'recorded', 20_000);
      }
    };
    const electing = elect();
    await Promise.all([1, 2, 3, 4].map(client));
    over = true;
    await electing;
    await here.scene.expectWholeAt(url);
    expect([await stop(run), run.errors()]).toEqual([0, '']);
  },
  PATIENT * 2,
);

test(
  'gone at the start: one sentence, and the data folder as it was; the server killed meanwhile is whole afterwards',
  async () => {
    const { run } = await here.scene.served();
    await kill(run);
    simulator.refuse(true);
    const before = here.scene.contents();
    await expectRefusal(here.scene.server(), /^The EventStoreDB of HABEAS_LOG does not answer/);
    expect(here.scene.contents()).toEqual(before);
    simulator.refuse(false);
    await here.scene.expectWhole();
  },
  PATIENT,
);

test(
  'restored from an older copy: what is there is served, by views folded from it anew',
  async () => {
    const { run } = await here.scene.served();
    const before = await readLog(here.scene.folder, here.scene.log);
    await expectCounted(here.scene.folder, before);
    await kill(run);
    simulator.log.truncate(simulator.log.all.length - 5);
    const again = here.scene.server();
    await ready(again);
    const left = await readLog(here.scene.folder, here.scene.log);
    expect(left.length).toBeLessThan(before.length);
    expect(left).toEqual(before.slice(0, left.length));
    await expectCounted(here.scene.folder, left);
    await expectAsFolded(here.scene.folder, left, here.scene.log);
    expect([await stop(again), again.errors()]).toEqual([0, '']);
  },
  PATIENT,
);
