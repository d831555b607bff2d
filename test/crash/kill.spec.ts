/**
 * The server killed with SIGKILL, again and again: in the middle of load, while it shuts down, while it starts, while its
 * views are rebuilt, and in its very first start. After each kill: every acknowledged event is in the log exactly once,
 * what was not answered can be sent again and is there once, every chain is whole, seq has no gaps, the views are what a
 * fresh fold gives, and the restart was quick.
 *
 * With the log in EventStoreDB there is less on the node that a kill can leave half made, so it is killed less often there.
 *
 * HABEAS_CRASH_ROUNDS: how many kills (200 in CI). HABEAS_CRASH_SEED: what chance begins with; moments still depend on the machine.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { kill, killAll, ready, runServer, waitedForCore, type Run } from '../support/server-process.js';
import {
  expectAsFolded,
  expectCounted,
  expectNothingElse,
  expectRecorded,
  readLog,
  servedFile,
} from './test-support/examine.js';
import { embeddedLog, onEachLog, type LogUnderTest } from './test-support/logs.js';
import { ADMIN_KEY, Office } from './test-support/office.js';
import { randomOf, type Random } from './test-support/random.js';

const ROUNDS = Number(process.env.HABEAS_CRASH_ROUNDS ?? 20);
const SEED = Number(process.env.HABEAS_CRASH_SEED ?? 1);

/** A new folder after so many kills: records stay so small that all of each can be looked at after every kill. */
const KILLS_PER_FOLDER = 20;
/** Of them, in the first start. */
const FIRST_STARTS = 2;
const CLIENTS = 8;
/** A fold into an empty folder costs more than the other checks; what differs once differs still a few kills later. */
const FOLD_EVERY = 4;
/**
 * From the start of the process until it is ready, in milliseconds, after any kill; the median. Time for which its main
 * thread waited for a core does not count, so that it is the restart that is judged, and not what else the machine is doing.
 */
const QUICK = 1_000;
/** With the log in EventStoreDB, whose client has to be loaded, twice, and to find the server. */
const QUICK_ELSEWHERE = 2_000;

/** The share of the kills that a server has whose log is not in its folder. */
const ELSEWHERE = 0.25;

const HALF_MADE_LOG = [/^log\.db\.new/, /^log\.db$/, /^log\.db-wal$/, /^node\.db$/, /^node\.db-/];
const HALF_MADE = [
  /./,
  /^master\.key\./,
  /^master\.key$/,
  /^keys\.db\./,
  /^keys\.db$/,
  /^keys\.db-wal$/,
  /^views-.*\.db$/,
  /\.current$/,
];

/** What lies in a folder that is served. Drafts that a kill left behind are gone. */
const OURS =
  /^((log|keys|node|reads|views-\d+-\d+)\.db(-wal|-shm)?|(owner|node)\.json|owner\.lock|master\.key|views-\d+\.current)$/;

afterAll(killAll);

/** One folder and its office, from the first start on. */
class Life {
  kills = 0;
  /** Milliseconds from spawn to ready, after each kill, and how many of them went by waiting for a core. */
  readonly starts: { readonly took: number; readonly waited: number }[] = [];
  acknowledged = 0;
  unanswered = 0;
  landedUnanswered = 0;
  readonly folder = join(mkdtempSync(join(tmpdir(), 'habeas-crash-')), 'data');
  readonly #office: Office;
  #server: Run | undefined;
  #url = '';

  constructor(
    private readonly random: Random,
    private readonly log: LogUnderTest,
  ) {
    this.#office = new Office(random);
  }

  async run(kills: number): Promise<void> {
    while (this.kills < Math.min(kills, FIRST_STARTS)) await this.#killInFirstStart();
    await this.#start();
    await this.#office.prepare(this.#url);
    while (this.kills < kills) {
      const dice = this.random.below(100);
      if (dice < 65) await this.#killUnderLoad();
      else if (dice < 80) await this.#killInShutdown();
      else if (dice < 90) await this.#killInStart();
      else await this.#killInRebuild();
      await this.#start();
      await this.#examine(this.kills % FOLD_EVERY === 0 || this.kills >= kills);
    }
    await this.#kill();
    rmSync(join(this.folder, '..'), { recursive: true, force: true });
  }

  #spawn(): Run {
    return (this.#server = runServer(this.folder, {
      environment: { HABEAS_ADMIN_KEY: ADMIN_KEY, ...this.log.environment },
    }));
  }

  async #start(): Promise<void> {
    const since = performance.now();
    const server = this.#spawn();
    this.#url = await ready(server);
    const waited = waitedForCore(server);
    this.starts.push({ took: performance.now() - since, waited });
    expect(server.errors()).toBe('');
    expect(readdirSync(this.folder).filter((name) => !OURS.test(name))).toEqual([]);
  }

  async #kill(): Promise<void> {
    this.kills++;
    if (this.#server !== undefined) await kill(this.#server);
  }

  /** Several clients send until the server is gone; `when` is called at the n-th acknowledgement. */
  async #load(after: number, when: () => void): Promise<readonly string[]> {
    let acknowledged = 0;
    const refusals: string[] = [];
    const client = async (): Promise<void> => {
      for (;;) {
        const answer = await this.#office.say(this.#url, this.#office.next());
        if (answer.kind === 'none') return;
        if (answer.kind === 'refused') {
          refusals.push(`${answer.status} ${answer.code}`);
          return;
        }
        acknowledged++;
        if (acknowledged === after) when();
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    return refusals;
  }

  async #killUnderLoad(): Promise<void> {
    let killed: Promise<void> | undefined;
    const later = this.random.below(2) * this.random.below(8);
    const refusals = await this.#load(1 + this.random.below(60), () => {
      killed = later === 0 ? this.#kill() : delay(later).then(() => this.#kill());
    });
    await killed;
    expect(refusals).toEqual([]);
  }

  async #killInShutdown(): Promise<void> {
    let killed: Promise<void> | undefined;
    const later = this.random.below(60);
    const refusals = await this.#load(1 + this.random.below(40), () => {
      this.#server?.process.kill('SIGTERM');
      killed = delay(later).then(() => this.#kill());
    });
    await killed;
    expect(refusals.filter((refusal) => refusal !== '503 shutting-down')).toEqual([]);
  }

  async #killInStart(): Promise<void> {
    await this.#kill();
    this.#spawn();
    await delay(this.random.below(Math.max(...this.starts.map(({ took }) => took))));
    await this.#kill();
  }

  async #killInFirstStart(): Promise<void> {
    const server = this.#spawn();
    const trace = this.random.pick(this.log === embeddedLog ? [...HALF_MADE, ...HALF_MADE_LOG] : HALF_MADE);
    await this.#sight(server, (name) => trace.test(name));
    await delay(this.random.below(5));
    await this.#kill();
  }

  /** The views are to be built anew, for one reason or another, and the server dies while it does so, perhaps twice. */
  async #killInRebuild(): Promise<void> {
    await this.#kill();
    this.random.pick([removeViews, forgetViews, spoilViews, outdateViews])(this.folder);
    for (let times = 1 + this.random.below(2); times > 0; times--) {
      const before = new Set(readdirSync(this.folder));
      await this.#sight(this.#spawn(), (name) => /^views-.*\.db$/.test(name) && !before.has(name));
      await delay(this.random.below(40));
      await this.#kill();
    }
  }

  /** Waits until a file of such a name is there, or the server is ready without. */
  async #sight(server: Run, wanted: (name: string) => boolean): Promise<void> {
    const start = { over: false };
    const end = (): void => {
      start.over = true;
    };
    server.says('data folder').then(end, end);
    while (!start.over) {
      try {
        if (readdirSync(this.folder).some(wanted)) return;
      } catch {
        // The folder itself is not there yet.
      }
      await nextTurn();
    }
  }

  async #examine(fold: boolean): Promise<void> {
    const office = this.#office;
    // First what was acknowledged, before anything is sent that could mend it.
    const found = await readLog(this.folder, this.log);
    expectRecorded(office, found);
    const before = new Set(found.map(({ id }) => id));
    const open = [...office.open];
    const repeated = [...office.recorded.values()].slice(-3);
    for (const answer of await Promise.all(open.map((command) => office.say(this.#url, command)))) {
      expect(answer).toMatchObject({ kind: 'recorded' });
      if (answer.kind === 'recorded' && before.has(answer.recorded.event)) this.landedUnanswered++;
    }
    for (const { command, recorded } of repeated) {
      expect(await office.say(this.#url, command)).toEqual({ kind: 'recorded', recorded });
    }
    const events = await readLog(this.folder, this.log);
    expectRecorded(office, events);
    expectNothingElse(office, events);
    await expectCounted(this.folder, events);
    if (fold) await expectAsFolded(this.folder, events, this.log);
    expect(this.#server?.errors()).toBe('');
    this.acknowledged = office.recorded.size;
    this.unanswered += open.length;
  }
}

function removeViews(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith('views-')) rmSync(join(folder, name));
}

function forgetViews(folder: string): void {
  for (const name of readdirSync(folder)) if (name.endsWith('.current')) rmSync(join(folder, name));
}

function spoilViews(folder: string): void {
  writeFileSync(servedFile(folder), 'no database any more');
}

function outdateViews(folder: string): void {
  const db = new DatabaseSync(servedFile(folder));
  db.exec("UPDATE meta SET value = '0' WHERE key = 'fold'");
  db.close();
}

/** The value below which this part of them lies. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? NaN);
}

onEachLog(({ inFolder, newLog }) => {
  const rounds = Math.ceil(inFolder ? ROUNDS : ROUNDS * ELSEWHERE);

  test(
    `${rounds} kills: nothing acknowledged is lost, nothing is there twice, everything else follows`,
    async () => {
      const random = randomOf(SEED);
      const lives: Life[] = [];
      const total = (of: (life: Life) => number): number => lives.reduce((sum, life) => sum + of(life), 0);
      for (let kills = 0; kills < rounds; kills = total((life) => life.kills)) {
        const life = new Life(random, newLog());
        lives.push(life);
        try {
          await life.run(Math.min(KILLS_PER_FOLDER, rounds - kills));
        } catch (error) {
          throw new Error(`After ${kills + life.kills} kills with seed ${SEED}; the folder is left: ${life.folder}`, {
            cause: error,
          });
        }
      }
      const starts = lives.flatMap((life) => life.starts);
      const took = starts.map((start) => start.took);
      const worked = starts.map((start) => start.took - start.waited);
      console.info(
        `${total((life) => life.kills)} kills, ${total((life) => life.acknowledged)} events acknowledged, ` +
          `${total((life) => life.unanswered)} requests unanswered (${total((life) => life.landedUnanswered)} of them had landed). ` +
          `From start to ready: p50 ${quantile(took, 0.5)} ms, p99 ${quantile(took, 0.99)} ms; ` +
          `without waiting for a core: p50 ${quantile(worked, 0.5)} ms, p99 ${quantile(worked, 0.99)} ms.`,
      );
      const busy = quantile(took, 0.5) > 2 * quantile(worked, 0.5);
      if (!busy) expect(quantile(worked, 0.5)).toBeLessThan(inFolder ? QUICK : QUICK_ELSEWHERE);
      else console.warn('How quick a restart is was not judged: a server waits longer for a core than it works.');
    },
    60_000 + rounds * 6_000,
  );
});
