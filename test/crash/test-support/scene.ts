/** A server on a data folder, for tests in which one of the two, or what they stand on, fails. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll, ready, runServer, stop, type Run, type RunOptions } from '../../support/server-process.js';
import { expectAsFolded, expectCounted, expectNothingElse, expectRecorded, readLog } from './examine.js';
import type { LogUnderTest } from './logs.js';
import { ADMIN_KEY, Office } from './office.js';
import { randomOf } from './random.js';

/** What one of these tests may take, in milliseconds. */
export const PATIENT = 60_000;

/** Sets a new scene before each test and clears it away after it. */
export function eachOnItsOwn(newLog: () => LogUnderTest): { readonly scene: Scene } {
  const current = { scene: undefined as unknown as Scene };
  beforeEach(() => {
    current.scene = new Scene(newLog());
  });
  afterEach(async () => {
    await killAll();
    rmSync(join(current.scene.folder, '..'), { recursive: true, force: true });
  });
  return current;
}

export class Scene {
  readonly folder = join(mkdtempSync(join(tmpdir(), 'habeas-fault-')), 'data');
  readonly office = new Office(randomOf(7));

  constructor(readonly log: LogUnderTest) {}

  server(options: RunOptions = {}): Run {
    const environment = { HABEAS_ADMIN_KEY: ADMIN_KEY, ...this.log.environment, ...options.environment };
    return runServer(this.folder, { ...options, environment });
  }

  /** A record of some events, served. */
  async served(options: RunOptions = {}): Promise<{ readonly run: Run; readonly url: string }> {
    const run = this.server(options);
    const url = await ready(run);
    await this.office.prepare(url);
    await this.more(url);
    return { run, url };
  }

  async more(url: string, commands = 12): Promise<void> {
    for (let n = 0; n < commands; n++) await this.office.mustRecord(url, this.office.next());
  }

  /** Every file but the owner's lock, with its bytes. */
  contents(): Readonly<Record<string, string>> {
    const names = readdirSync(this.folder).filter((name) => !name.startsWith('owner.') && !name.endsWith('-shm'));
    return Object.fromEntries(
      names
        .filter((name) => statSync(join(this.folder, name)).isFile())
        .map((name) => [name, readFileSync(join(this.folder, name), 'latin1')]),
    );
  }

  /** Starts once more: everything is whole. */
  async expectWhole(options: RunOptions = {}): Promise<void> {
    const run = this.server(options);
    await this.expectWholeAt(await ready(run));
    expect([await stop(run), run.errors()]).toEqual([0, '']);
  }

  /** All that was acknowledged is there, once; writing goes on; the views are those of a fresh fold. */
  async expectWholeAt(url: string): Promise<void> {
    const { office, folder, log } = this;
    expectRecorded(office, await readLog(folder, log));
    for (const command of [...office.open]) await office.mustRecord(url, command);
    await this.more(url, 3);
    const events = await readLog(folder, log);
    expectRecorded(office, events);
    expectNothingElse(office, events);
    await expectCounted(folder, events);
    await expectAsFolded(folder, events, log);
  }
}

/** Exit code 1, one line on standard error, nothing on standard output. */
export async function expectRefusal(run: Run, why: RegExp): Promise<void> {
  expect([await run.ended, run.output()]).toEqual([1, '']);
  expect(run.errors()).toMatch(why);
  expect(run.errors().trim().split('\n')).toHaveLength(1);
}

export async function get(url: string, path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  return { status: response.status, body: await response.json() };
}

/** A test that needs something of the machine; where that is missing it is skipped, and says so. */
export function testWhere(
  probe: string,
  needs: string,
): (name: string, body: () => Promise<void>, timeout: number) => void {
  if (spawnSync('bash', ['-c', probe]).status === 0) return test;
  console.warn(`Skipped below, because this machine does not allow it: ${needs}.`);
  return test.skip;
}
