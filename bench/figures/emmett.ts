/**
 * The same work through emmett with its SQLite store, beside our log in the same run. Its driver, sqlite3, needs a compiler or a
 * download outside of npm; in its place stands peers/sqlite3, the same calls over node:sqlite, so both run on the same engine.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openSqliteLog } from '#event-store-sqlite';
import type { Benchmark, Context, Figure } from '../figure.js';
import { atOnce, median, ms, perSecond, timed } from '../stats.js';
import { appendNext } from './append.js';
import { someEvent } from './some-event.js';

/** As far as it is used here. */
interface Emmett {
  appendToStream(stream: string, events: readonly object[]): Promise<unknown>;
  readStream(stream: string): Promise<{ readonly events: readonly unknown[] }>;
}

const WIDTH = 64;

function install(report: (line: string) => void): string {
  const peers = join(process.cwd(), 'bench', 'peers');
  if (!existsSync(join(peers, 'node_modules', '.package-lock.json'))) {
    report('Installing the peers (npm ci --prefix bench/peers) …');
    const { status } = spawnSync('npm', ['ci', '--prefix', peers, '--ignore-scripts', '--no-fund', '--no-audit'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    if (status !== 0) throw new Error('The peers could not be installed.');
  }
  return peers;
}

async function openEmmett(peers: string, fileName: string): Promise<Emmett> {
  const path = createRequire(join(peers, 'package.json')).resolve('@event-driven-io/emmett-sqlite');
  const { getSQLiteEventStore } = (await import(pathToFileURL(path).href)) as {
    readonly getSQLiteEventStore: (options: object) => Emmett;
  };
  return getSQLiteEventStore({ fileName, schema: { autoMigration: 'CreateOrUpdate' } });
}

function eventForEmmett(): object {
  const { data, metadata } = someEvent();
  return { type: 'PersonArrested', data: JSON.parse(data) as object, metadata: JSON.parse(metadata) as object };
}

async function run(context: Context): Promise<readonly Figure[]> {
  // emmett prints every failed append, and fails as it is said below.
  const { log } = console;
  console.log = () => undefined;
  try {
    return await measure(context);
  } finally {
    console.log = log;
  }
}

async function measure({ quick, temporary, report }: Context): Promise<readonly Figure[]> {
  const [rounds, singles, many] = quick ? [2, 10, 128] : [5, 60, 1_000];
  const theirs = await openEmmett(install(report), join(temporary, 'emmett.db'));
  const ours = await openSqliteLog({ folder: join(temporary, 'beside-emmett'), mode: 'own' });
  const heads = new Map<string, number>();
  const append = (stream: string): Promise<unknown> => appendNext(ours, heads, stream);
  const appendTheirs = (stream: string): Promise<unknown> => theirs.appendToStream(stream, [eventForEmmett()]);
  for (let index = 0; index < 50; index++) {
    await append('habeasPerson-fifty');
    await appendTheirs('fifty');
  }
  const [one, oneTheirs, page, pageTheirs, rates, ratesTheirs]: [
    number[],
    number[],
    number[],
    number[],
    number[],
    number[],
  ] = [[], [], [], [], [], []];
  let failure: string | undefined;
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < singles; index++) {
      one.push(await timed(() => append(`habeasPerson-${randomUUID()}`)));
      oneTheirs.push(await timed(() => appendTheirs(randomUUID())));
      page.push(
        await timed(async () => {
          for await (const { data, metadata } of ours.readStream('habeasPerson-fifty')) {
            JSON.parse(data);
            JSON.parse(metadata);
          }
        }),
      );
      pageTheirs.push(await timed(() => theirs.readStream('fifty')));
    }
    rates.push((many / (await timed(() => atOnce(many, WIDTH, (_, lane) => append(`habeasPerson-${lane}`))))) * 1000);
    if (failure !== undefined) continue;
    try {
      ratesTheirs.push(
        (many / (await timed(() => atOnce(many, WIDTH, (_, lane) => appendTheirs(`lane-${lane}`))))) * 1000,
      );
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
  }
  await ours.close();
  return [
    {
      what: 'append, one at a time',
      measured: `p50 ${ms(median(one))}`,
      floor: `emmett ${ms(median(oneTheirs))}`,
      ratio: median(one) / median(oneTheirs),
      values: { p50Ms: median(one), emmettP50Ms: median(oneTheirs) },
    },
    {
      what: `append, ${WIDTH} at once`,
      measured: perSecond(median(rates)),
      ...(failure === undefined
        ? { floor: `emmett ${perSecond(median(ratesTheirs))}`, ratio: median(rates) / median(ratesTheirs) }
        : { floor: `emmett fails: ${failure.slice(0, 80)}` }),
      values: { perSecond: median(rates), ...(failure === undefined && { emmettPerSecond: median(ratesTheirs) }) },
    },
    {
      what: 'read a stream of 50 events, parsed',
      measured: `p50 ${ms(median(page))}`,
      floor: `emmett ${ms(median(pageTheirs))}`,
      ratio: median(page) / median(pageTheirs),
      values: { p50Ms: median(page), emmettP50Ms: median(pageTheirs) },
    },
  ];
}

export const emmett: Benchmark = { name: 'emmett', about: 'the same work through emmett with its SQLite store', run };
