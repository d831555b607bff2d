/** Reading the whole log, parsed, beside JSON.parse over the same strings in memory; and opening a log of that size. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openSqliteLog } from '#event-store-sqlite';
import type { EventStore, Position, StoredEvent } from '#event-store';
import type { Benchmark, Context, Figure } from '../figure.js';
import { benchLog, type BenchLog } from '../log/bench-log.js';
import { median, ms, perSecond, timed } from '../stats.js';

/** The log that whole-log figures are measured on. */
export function wholeLog({ quick, cache, report }: Context): Promise<BenchLog> {
  return benchLog(cache, quick ? { events: 6_000, persons: 600 } : { events: 1_000_000, persons: 100_000 }, report);
}

/** How many events lie in memory at a time. */
const CHUNK = 20_000;

async function run(context: Context): Promise<readonly Figure[]> {
  const { folder, events } = await wholeLog(context);
  const store = await openSqliteLog({ folder, mode: 'read' });
  const [reading, parsing]: [number[], number[]] = [[], []];
  let after: Position | undefined;
  for (;;) {
    // Nothing is kept while the clock runs, and what was kept before is cleared away: a reader of the whole log has neither.
    collectGarbage();
    const took = await timed(async () => {
      for await (const event of chunkAfter(store, after)) parse(event);
    });
    const chunk: StoredEvent[] = [];
    for await (const event of chunkAfter(store, after)) chunk.push(event);
    if (chunk.length === 0) break;
    after = chunk.at(-1)?.position;
    collectGarbage();
    const floor = await timed(() => {
      chunk.forEach(parse);
    });
    if (chunk.length < CHUNK && reading.length > 0) break;
    reading.push(chunk.length / took);
    parsing.push(chunk.length / floor);
  }
  await store.close();
  const ratio = median(reading.map((rate, chunk) => rate / (parsing[chunk] ?? NaN)));
  return [
    {
      what: `read all of ${events.toLocaleString('en')} events, parsed`,
      measured: perSecond(median(reading) * 1000),
      floor: `JSON.parse in memory ${perSecond(median(parsing) * 1000)}`,
      ratio,
      goal: '>= 0.5 x floor',
      met: ratio >= 0.5,
      values: { perSecond: median(reading) * 1000, floorPerSecond: median(parsing) * 1000 },
    },
  ];
}

const collectGarbage = ((): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

function chunkAfter(store: EventStore, after: Position | undefined): AsyncIterable<StoredEvent> {
  return store.readAll({ limit: CHUNK, ...(after === undefined ? {} : { after }) });
}

let sum = 0;
function parse({ data, metadata }: StoredEvent): void {
  // Something of the result is used, so that nothing of the work can be left out.
  sum += Object.keys(JSON.parse(data) as object).length + Object.keys(JSON.parse(metadata) as object).length;
  if (sum < 0) throw new RangeError('unreachable');
}

async function runOpen(context: Context): Promise<readonly Figure[]> {
  const { folder, events, busy } = await wholeLog(context);
  const times: number[] = [];
  for (let round = 0; round < (context.quick ? 2 : 7); round++) {
    let store: EventStore | undefined;
    times.push(
      await timed(async () => {
        store = await openSqliteLog({ folder, mode: 'own' });
        for await (const _ of store.readStream(`habeasPerson-${busy[0] ?? ''}`)) break;
      }),
    );
    await store?.close();
  }
  const seconds = median(times) / 1000;
  return [
    {
      what: `open a log of ${events.toLocaleString('en')} events, read one of them`,
      measured: ms(median(times)),
      goal: '< 500 ms',
      met: seconds < 0.5,
      values: { p50Ms: median(times), worstMs: Math.max(...times) },
    },
  ];
}

export const read: Benchmark = { name: 'read', about: 'reading the whole log', run };
export const open: Benchmark = { name: 'open', about: 'opening a log of full size', run: runOpen };
