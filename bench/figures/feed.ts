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
  private readonly counts = new Map<string, number>();

  private constructor(
    private readonly lane: Connection,
    private readonly source: string,
  ) {}

  static async open(url: string, source: string): Promise<Writer> {
    return new Writer(await Connection.open(url), source);
  }

  /** @returns the event, and when its 201 was there, by the clock that all processes share */
  async write(person: string): Promise<{ readonly event: string; readonly at: number }> {
    const count = this.counts.get(person) ?? 0;
    this.counts.set(person, count + 1);
    const answer = await this.lane.send({
      method: 'POST',
      path: `/v1/persons/${person}/${count % 2 === 0 ? 'arrests' : 'releases'}`,
      headers: AUTHORIZED,
      body: JSON.stringify({
        occurred: new Date(Date.UTC(2010, 0, 1 + count)).toISOString().slice(0, 10),
        ...(count % 2 === 1 && { reason: 'unknown' }),
        citations: [{ sourceId: this.source, quote: { exact: 'arrested, and released' } }],
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
  const limit = String(2 * many);
  const server = await startHabeas(join(temporary, 'feed'), { HABEAS_STREAMS: limit, HABEAS_STREAMS_PER_KEY: limit });
  const listeners = new Listeners();
  try {
    const [source = '', ...persons] = await sendBatch(server.url, [
      {
        path: '/v1/sources',
        key: 'source',
        body: { type: 'article', title: 'A report', lang: 'en', text: 'Some were arrested, and released.' },
      },
      ...Array.from({ length: many + 1 }, (_, n) => ({
        path: '/v1/persons',
        key: `person-${n}`,
        body: { names: [{ text: `Person ${n}`, kind: 'legal' }], citations: [{ sourceId: '{id:source}' }] },
      })),
    ]);
    const common = persons[many] ?? '';
    // Each follows one person of its own, and one whom all follow.
    const paths = (count: number): string[] =>
      persons.slice(0, count).map((person) => `/v1/status-changes/stream?person=${person}&person=${common}`);
    const writer = await Writer.open(server.url, source);
    const figures: Figure[] = [];
    const measured = async (count: number): Promise<Latencies> => {
      await listeners.open(server.url, paths(count));
      return latencies(writer, listeners, persons.slice(0, count), writes);
    };
    // Code that is not hot yet would be measured as it starts.
    await measured(some);
    const of1000 = await latencies(writer, listeners, persons.slice(0, some), writes);
    figures.push(
      latencyFigure(`from the 201 to a client, ${some.toLocaleString('en')} connected, each with a filter`, of1000),
    );
    await listeners.close();
    const few = await measured(FEW);
    await listeners.close();
    await delay(quick ? 0 : SETTLE_MS);
    const before = await memory(server);
    await listeners.open(server.url, paths(many));
    await delay(quick ? 0 : SETTLE_MS);
    const after = await memory(server);
    const ofMany = await latencies(writer, listeners, persons.slice(0, many), writes);
    report(`to a client, ${few.p50.toFixed(2)} ms with ${FEW} filters, ${ofMany.p50.toFixed(2)} ms with ${many}`);
    const last: number[] = [];
    for (let round = 0; round < 5; round++) {
      const { event, at } = await writer.write(common);
      const arrivals = await listeners.collect(many);
      last.push(Math.max(...arrivals.filter((one) => one.event === event).map((one) => one.at)) - at);
    }
    writer.close();
    const ratio = ofMany.p50 / few.p50;
    return [
      ...figures,
      {
        what: `a change that matches all of ${many.toLocaleString('en')} clients, until the last has it`,
        measured: ms(median(last)),
        goal: '< 1 s',
        met: Math.max(...last) < 1_000,
        values: { medianMs: median(last), slowestMs: Math.max(...last) },
      },
      {
        what: `a change that matches 1 of ${many.toLocaleString('en')} filters, until that client has it`,
        measured: ms(ofMany.p50),
        floor: `1 of ${FEW} filters ${ms(few.p50)}`,
        ratio,
        goal: '<= 2 x floor',
        met: ratio <= 2,
        values: { p50Ms: ofMany.p50, p99Ms: ofMany.p99, fewP50Ms: few.p50, fewP99Ms: few.p99 },
      },
      {
        what: `memory of each of ${many.toLocaleString('en')} connected clients`,
        measured: `${((after - before) / many / 1024).toFixed(1)} KiB`,
        values: { bytesPerClient: (after - before) / many, beforeBytes: before, afterBytes: after },
      },
    ];
  } finally {
    listeners.end();
    await server.stop();
  }
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

function latencyFigure(what: string, { p50, p99 }: Latencies): Figure {
  return {
    what,
    measured: `p50 ${ms(p50)}, p99 ${ms(p99)}`,
    goal: 'p50 < 15 ms, p99 < 100 ms',
    met: p50 < 15 && p99 < 100,
    values: { p50Ms: p50, p99Ms: p99 },
  };
}

/** Of the server, in bytes that lie in memory. */
async function memory(server: Server): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`, { headers: AUTHORIZED })).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]);
}

export const feed: Benchmark = { name: 'feed', about: 'changes to whoever follows them, over streams', run };
