/** Reading over HTTP from a record of 100,000 persons: a person with 50 facts, filtered lists, and lists of other moments. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { SCHEMA_VERSION } from '#projections';
import type { Benchmark, Context, Figure } from '../figure.js';
import { type Connection, connections } from '../load.js';
import { benchLog, type BenchLog } from '../log/bench-log.js';
import { AUTHORIZED, startBare, startHabeas } from '../server.js';
import { atOnce, median, ms, perSecond, quantile, timed } from '../stats.js';

const WIDTH = 64;

async function run(context: Context): Promise<readonly Figure[]> {
  const { quick, cache, report } = context;
  const size = quick ? { events: 4_500, persons: 640 } : { events: 400_000, persons: 100_000 };
  const log = await benchLog(cache, size, report);
  const habeas = await startHabeas(log.folder);
  const lanes: Connection[] = [];
  try {
    const [first] = await connections(habeas.url, 1);
    await ready(first, log.folder, report);
    first?.close();
    // Not before: the server ends connections that say nothing for a minute.
    lanes.push(...(await connections(habeas.url, WIDTH)));
    const person = (index: number): string => `/v1/persons/${log.busy[index % log.busy.length] ?? ''}`;
    const { body } = await fetchFrom(lanes[0], person(0));
    const bare = await startBare(body.length);
    const bareLanes = await connections(bare.url, WIDTH);
    try {
      return [...(await persons(lanes, bareLanes, person, body.length, quick)), ...(await lists(lanes[0], log, quick))];
    } finally {
      for (const lane of bareLanes) lane.close();
      await bare.stop();
    }
  } finally {
    for (const lane of lanes) lane.close();
    await habeas.stop();
  }
}

async function persons(
  lanes: readonly Connection[],
  bareLanes: readonly Connection[],
  path: (index: number) => string,
  bytes: number,
  quick: boolean,
): Promise<Figure[]> {
  const [rounds, count] = quick ? [2, 200] : [5, 4_000];
  const [alone, bareAlone, p50, p99, rates, bareRates]: number[][] = [[], [], [], [], [], []];
  const latencies = async (over: readonly Connection[], many: number, width: number): Promise<number[]> => {
    const took: number[] = [];
    await atOnce(many, width, async (index, lane) => {
      took.push(await timed(() => fetchFrom(over[lane], path(index))));
    });
    return took;
  };
  await latencies(lanes, count, WIDTH);
  await latencies(bareLanes, count, WIDTH);
  for (let round = 0; round < rounds; round++) {
    alone?.push(median(await latencies(lanes, count / 10, 1)));
    bareAlone?.push(median(await latencies(bareLanes, count / 10, 1)));
    let took: number[] = [];
    rates?.push((count / (await timed(async () => (took = await latencies(lanes, count, WIDTH))))) * 1000);
    p50?.push(median(took));
    p99?.push(quantile(took, 0.99));
    bareRates?.push((count / (await timed(() => latencies(bareLanes, count, WIDTH)))) * 1000);
  }
  const of = (values: number[] | undefined): number => median(values ?? []);
  const floor = perSecond(of(bareRates));
  return [
    {
      what: `GET of a person with 50 facts (${Math.round(bytes / 1024)} KiB), one at a time`,
      measured: `p50 ${ms(of(alone))}`,
      floor: `bare node:http ${ms(of(bareAlone))}`,
      ratio: of(alone) / of(bareAlone),
      goal: 'p50 < 3 ms',
      met: of(alone) < 3,
      values: { p50Ms: of(alone), floorMs: of(bareAlone) },
    },
    {
      what: `the same, ${WIDTH} under way: median`,
      measured: `p50 ${ms(of(p50))} (${perSecond(of(rates))})`,
      floor: `bare node:http ${floor}`,
      ratio: of(bareRates) / of(rates),
      goal: 'p50 < 3 ms',
      met: of(p50) < 3,
      note: `${WIDTH} under way with a p50 of 3 ms are 21,000/s: bare node:http does ${floor} here`,
      values: { p50Ms: of(p50), perSecond: of(rates), floorPerSecond: of(bareRates) },
    },
    {
      what: `the same, ${WIDTH} under way: slowest`,
      measured: `p99 ${ms(of(p99))}`,
      goal: 'p99 < 15 ms',
      met: of(p99) < 15,
      values: { p99Ms: of(p99) },
    },
  ];
}

/**
 * Lists as people ask for them: one filter, several, orders, counts; and words, from some that every fourth name holds to
 * some that none holds, which looks at every name.
 */
const LISTS = [
  ['one filter', 'hold=imprisoned'],
  ['a group of values, certainly', 'liberty=deprived&certainty=certain'],
  ['two filters', 'hold=deprived&verdict=convicted'],
  ['two filters, by name', 'hold=deprived&verdict=convicted&sort=name'],
  ['a role in an organisation', 'role=spokesperson&organisation=A%20union'],
  ['no filter, the last changed first', 'sort=-updated'],
  ['two filters and two facets', 'liberty=deprived&sentence=serving&facets=stage,verdict'],
  ['no filter, four facets', 'facets=hold,stage,verdict,sentence&limit=1'],
  ['q: every fourth name', 'q=sok'],
  ['q: one name in 6,000', 'q=pichim%20sam'],
  ['q: Khmer', `q=${encodeURIComponent('បុប្ផា គឹម')}`],
  ['q: no name at all', 'q=zzzz'],
] as const;

/** Each time for another day, as known at another event: what was found out before is of no use. */
const LISTS_IN_TIME = [
  ['who was imprisoned on a day', 'validAt', 'hold=imprisoned'],
  ['who was deprived of liberty on a day', 'validAt', 'liberty=deprived'],
  ['two filters and two facets, on a day', 'validAt', 'liberty=deprived&verdict=convicted&facets=stage,sentence'],
  ['who was imprisoned, as known then', 'knownAt', 'hold=imprisoned'],
  ['who was deprived of liberty on a day, as known then', 'validAt knownAt', 'liberty=deprived'],
] as const;

async function lists(lane: Connection | undefined, log: BenchLog, quick: boolean): Promise<Figure[]> {
  const figures: Figure[] = [];
  const rounds = quick ? 5 : 60;
  const of = (what: string): string => `list of ${log.persons.toLocaleString('en')} persons, ${what}`;
  for (const [what, query] of LISTS)
    figures.push(await list(of(what), 10, rounds, () => fetchFrom(lane, `/v1/persons?${query}`)));
  for (const [what, moment, query] of LISTS_IN_TIME) {
    const fetched = (round: number): Promise<unknown> => {
      const asked = {
        validAt: new Date(Date.UTC(2012, 0, 1 + Math.floor((round * 4_500) / rounds))).toISOString().slice(0, 10),
        knownAt: log.events - Math.floor((round * log.events) / (2 * rounds)),
      };
      const given = Object.entries(asked).filter(([name]) => moment.includes(name));
      return fetchFrom(lane, `/v1/persons?${query}${given.map(([name, value]) => `&${name}=${value}`).join('')}`);
    };
    figures.push(await list(of(what), 20, rounds, fetched));
  }
  return figures;
}

async function list(
  what: string,
  goalMs: number,
  rounds: number,
  fetched: (round: number) => Promise<unknown>,
): Promise<Figure> {
  // The first list of a kind reads what all further ones are answered from.
  const first = await timed(() => fetched(rounds));
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await timed(() => fetched(round)));
  const p50 = median(times);
  return {
    what,
    measured: `p50 ${ms(p50)}`,
    goal: `p50 < ${goalMs} ms`,
    met: p50 < goalMs,
    values: { p50Ms: p50, p99Ms: quantile(times, 0.99), firstMs: first },
  };
}

export async function fetchFrom(lane: Connection | undefined, path: string): Promise<{ readonly body: string }> {
  if (lane === undefined) throw new RangeError('There is no such connection.');
  const answer = await lane.send({ method: 'GET', path, headers: AUTHORIZED });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
  return answer;
}

/** Waits until the views hold the log and every document stands ready. A folder that was used before is, at once. */
export async function ready(
  lane: Connection | undefined,
  folder: string,
  report: (line: string) => void,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    const answer = await lane?.send({ method: 'GET', path: '/health/ready' });
    if (answer?.status === 200 && documentsStandReady(folder)) return;
    if (tries === 0) report('Waiting for the views of the record that is read from …');
    await delay(500);
  }
}

/** The server does not tell, as it answers either way; the view file, which any SQLite tool may read, does. */
function documentsStandReady(folder: string): boolean {
  const pointer = join(folder, `views-${SCHEMA_VERSION}.current`);
  if (!existsSync(pointer)) return false;
  const db = new DatabaseSync(join(folder, readFileSync(pointer, 'utf8').trim()), { readOnly: true });
  try {
    return db.prepare('SELECT 1 FROM stale LIMIT 1').get() === undefined;
  } finally {
    db.close();
  }
}

export const get: Benchmark = { name: 'get', about: 'reading persons and lists over HTTP', run };
