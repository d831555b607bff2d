/** Streams of changes: how long a change takes to whoever follows it, what a client costs, and what many filters cost. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, Context, Figure } from '../figure.js';
import { Connection } from '../load.js';
import { AUTHORIZED, sendBatch, startHabeas, type Server } from '../server.js';
import { median, ms, quantile } from '../stats.js';
import type { Arrival, ListenersTask } from './listeners-process.js';

const FEW = 50;
const PAUSE_MS = 15;
/** Until collected garbage and what was allocated for opening are gone. */
const SETTLE_MS = 6_000;

class Listeners {
  private readonly process = fork(fileURLToPath(new URL('./listeners-process.js', import.meta.url)));

  async open(url: string, paths: readonly string[]): Promise<void> {
    await this.ask({ kind: 'open', url, paths, headers: AUTHORIZED });
  }

  async collect(count: number): Promise<readonly Arrival[]> {
    const arrivals = (await this.ask({ kind: 'collect', count })) as readonly Arrival[];
    if (arrivals.length < count) throw new Error(`${arrivals.length} of ${count} changes came.`);
    return arrivals;
  }

  async close(): Promise<void> {
    await this.ask({ kind: 'close' });
  }

  end(): void {
    this.process.kill();
  }

  private async ask(task: ListenersTask): Promise<unknown> {
    this.process.send(task);
    const [answer] = (await once(this.process, 'message')) as unknown[];
    return answer;
  }
}

/** Writes facts that change the statuses of persons, one at a time. */
class Writer {
  private constructor(
    private readonly lane: Connection,
    private readonly record: Entered,
  ) {}

  static async open(url: string, record: Entered): Promise<Writer> {
    return new Writer(await Connection.open(url), record);
  }

  /** @returns the event, and when its 201 was there, by the clock that all processes share */
  async write(person: string): Promise<{ readonly event: string; readonly at: number }> {
    const { source, counts } = this.record;
    const count = counts.get(person) ?? 0;
    counts.set(person, count + 1);
    const answer = await this.lane.send({
      method: 'POST',
      path: `/v1/persons/${person}/${count % 2 === 0 ? 'arrests' : 'releases'}`,
      headers: AUTHORIZED,
      body: JSON.stringify({
        occurred: new Date(Date.UTC(2010, 0, 1 + count)).toISOString().slice(0, 10),
        ...(count % 2 === 1 && { reason: 'unknown' }),
        citations: [{ sourceId: source, quote: { exact: 'arrested, and released' } }],
        basis: 'reported',
        confidence: 'medium',
      }),
    });
    const at = Number(process.hrtime.bigint()) / 1e6;
    if (answer.status !== 201) throw new Error(answer.body);
    return { event: (JSON.parse(answer.body) as { event: string }).event, at };
  }

  close(): void {
    this.lane.close();
  }
}

async function run({ quick, temporary, report }: Context): Promise<readonly Figure[]> {
  const [some, many, writes] = quick ? [20, 100, 20] : [1_000, 5_000, 400];
  const start = (): Promise<Server> => {
    const limit = String(2 * many);
    return startHabeas(join(temporary, 'feed'), { HABEAS_STREAMS: limit, HABEAS_STREAMS_PER_KEY: limit });
  };
  const listeners = new Listeners();
  let server = await start();
  try {
    const record = await enter(server, many + 1);
    const first = await latency(server, listeners, record, some, writes);
    await server.stop();
    // What was freed behind a thousand clients would be taken again by the next.
    server = await start();
    return [
      first,
      ...(await atMany(server, listeners, record, { many, writes, settle: quick ? 0 : SETTLE_MS, report })),
    ];
  } finally {
    listeners.end();
    await server.stop();
  }
}

interface Entered {
  readonly source: string;
  readonly persons: readonly string[];
  /** How many facts were written of each. */
  readonly counts: Map<string, number>;
}

async function enter(server: Server, count: number): Promise<Entered> {
  const text = 'Some were arrested, and released.';
  const [source = '', ...persons] = await sendBatch(server.url, [
    { path: '/v1/sources', key: 'source', body: { type: 'article', title: 'A report', lang: 'en', text } },
    ...Array.from({ length: count }, (_, n) => ({
      path: '/v1/persons',
      key: `person-${n}`,
      body: { names: [{ text: `Person ${n}`, kind: 'legal' }], citations: [{ sourceId: '{id:source}' }] },
    })),
  ]);
  return { source, persons, counts: new Map() };
}

/** Each follows one person of its own, and one whom all follow: the last. */
function pathsOf({ persons }: Entered, count: number): string[] {
  const common = persons.at(-1) ?? '';
  return persons.slice(0, count).map((person) => `/v1/status-changes/stream?person=${person}&person=${common}`);
}

async function latency(
  server: Server,
  listeners: Listeners,
  record: Entered,
  count: number,
  writes: number,
): Promise<Figure> {
  const writer = await Writer.open(server.url, record);
  const persons = record.persons.slice(0, count);
  await listeners.open(server.url, pathsOf(record, count));
  // Code that is not hot yet would be measured as it starts.
  await latencies(writer, listeners, persons, writes);
  const { p50, p99 } = await latencies(writer, listeners, persons, writes);
  await listeners.close();
  writer.close();
  return {
    what: `from the 201 to a client, ${count.toLocaleString('en')} connected, each with a filter`,
    measured: `p50 ${ms(p50)}, p99 ${ms(p99)}`,
    goal: 'p50 < 15 ms, p99 < 100 ms',
    met: p50 < 15 && p99 < 100,
    values: { p50Ms: p50, p99Ms: p99 },
  };
}

async function atMany(
  server: Server,
  listeners: Listeners,
  record: Entered,
  { many, writes, settle, report }: { many: number; writes: number; settle: number; report: Context['report'] },
): Promise<readonly Figure[]> {
  const writer = await Writer.open(server.url, record);
  await listeners.open(server.url, pathsOf(record, FEW));
  await latencies(writer, listeners, record.persons.slice(0, FEW), writes);
  const few = await latencies(writer, listeners, record.persons.slice(0, FEW), writes);
  await listeners.close();
  await delay(settle);
  const before = await memory(server);
  await listeners.open(server.url, pathsOf(record, many));
  await delay(settle);
  const after = await memory(server);
  const ofMany = await latencies(writer, listeners, record.persons.slice(0, many), writes);
  report(`to a client, ${few.p50.toFixed(2)} ms with ${FEW} filters, ${ofMany.p50.toFixed(2)} ms with ${many}`);
  const last: number[] = [];
  for (let round = 0; round < 5; round++) {
    const { event, at } = await writer.write(record.persons.at(-1) ?? '');
    const arrivals = await listeners.collect(many);
    last.push(Math.max(...arrivals.filter((one) => one.event === event).map((one) => one.at)) - at);
  }
  writer.close();
  const ratio = ofMany.p50 / few.p50;
  const perClient = (after - before) / many;
  const clients = `${many.toLocaleString('en')} clients`;
  return [
    {
      what: `a change that matches all of ${clients}, until the last has it`,
      measured: `${ms(median(last))} (${ms(Math.max(...last))} at most)`,
      goal: '< 1 s',
      met: Math.max(...last) < 1_000,
      values: { medianMs: median(last), slowestMs: Math.max(...last) },
    },
    {
      what: `a change that matches one filter of ${clients}, until that client has it`,
      measured: ms(ofMany.p50),
      floor: `1 of ${FEW} filters ${ms(few.p50)}`,
      ratio,
      goal: '<= 2 x floor',
      met: ratio <= 2,
      values: { p50Ms: ofMany.p50, p99Ms: ofMany.p99, fewP50Ms: few.p50, fewP99Ms: few.p99 },
    },
    {
      what: `memory of each of ${clients} that are connected`,
      measured: `${(perClient / 1024).toFixed(1)} KiB`,
      note: `resident: ${Math.round(before / 1024 ** 2)} MiB before they came, ${Math.round(after / 1024 ** 2)} MiB with them`,
      values: { bytesPerClient: perClient, beforeBytes: before, afterBytes: after },
    },
  ];
}

interface Latencies {
  readonly p50: number;
  readonly p99: number;
}

/** From each 201 to the arrival at the one client whom it concerns; before the 201 counts as at once. */
async function latencies(
  writer: Writer,
  listeners: Listeners,
  persons: readonly string[],
  writes: number,
): Promise<Latencies> {
  const written = new Map<string, number>();
  for (let n = 0; n < writes; n++) {
    const { event, at } = await writer.write(persons[(n * 7919) % persons.length] ?? '');
    written.set(event, at);
    await delay(PAUSE_MS);
  }
  const took = (await listeners.collect(writes)).map(({ event, at }) => Math.max(0, at - (written.get(event) ?? NaN)));
  return { p50: median(took), p99: quantile(took, 0.99) };
}

/** Of the server, in bytes that lie in memory. */
async function memory(server: Server): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`, { headers: AUTHORIZED })).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]);
}

export const feed: Benchmark = { name: 'feed', about: 'changes to whoever follows them, over streams', run };
