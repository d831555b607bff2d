/** Durable appends to the log, one at a time and many at once, beside a bare write and fdatasync of the same bytes. */
import { randomUUID } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { EventStore } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import type { Benchmark, Context, Figure } from '../figure.js';
import { atOnce, median, ms, perSecond, quantile, timed } from '../stats.js';
import { someEvent } from './some-event.js';

const WIDTH = 64;

async function run({ quick, temporary }: Context): Promise<readonly Figure[]> {
  const [rounds, singles, many] = quick ? [2, 20, 500] : [7, 300, 12_000];
  const store = await openSqliteLog({ folder: join(temporary, 'append'), mode: 'own' });
  const bare = openSync(join(temporary, 'bare'), 'a');
  const heads = new Map<string, number>();
  const append = (stream: string): Promise<unknown> => appendNext(store, heads, stream);
  const one: number[] = [];
  const floor: number[] = [];
  const rates: number[] = [];
  const speedUps: number[] = [];
  const delays: number[] = [];
  await atOnce(many / 10, WIDTH, (_, lane) => append(`habeasPerson-warm${lane}`));
  for (let round = 0; round < rounds; round++) {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let index = 0; index < singles; index++) {
      const { data, metadata } = someEvent();
      const bytes = Buffer.from(data + metadata);
      ours.push(await timed(() => append('habeasPerson-one')));
      theirs.push(
        await timed(() => {
          writeSync(bare, bytes);
          fdatasyncSync(bare);
        }),
      );
    }
    one.push(median(ours));
    floor.push(median(theirs));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const took = await timed(() => atOnce(many, WIDTH, (_, lane) => append(`habeasPerson-${lane}`)));
    delay.disable();
    delays.push(delay.percentile(99) / 1e6);
    rates.push((many / took) * 1000);
    speedUps.push((many / took) * median(ours));
  }
  closeSync(bare);
  await store.close();
  const ratio = median(one.map((value, round) => value / (floor[round] ?? NaN)));
  const speedUp = median(speedUps);
  const p99 = quantile(delays, 0.5);
  return [
    {
      what: 'append, one at a time',
      measured: `p50 ${ms(median(one))}`,
      floor: `write + fdatasync ${ms(median(floor))}`,
      ratio,
      goal: '<= 2.5 x floor',
      met: ratio <= 2.5,
      values: { p50Ms: median(one), floorMs: median(floor) },
    },
    {
      what: `append, ${WIDTH} at once on ${WIDTH} streams`,
      measured: perSecond(median(rates)),
      floor: `one at a time ${perSecond(1000 / median(one))}`,
      ratio: speedUp,
      goal: '>= 8 x floor',
      met: speedUp >= 8,
      values: { perSecond: median(rates) },
    },
    {
      what: 'event loop meanwhile',
      measured: `p99 ${ms(p99)}`,
      goal: '< 20 ms',
      met: p99 < 20,
      values: { p99Ms: p99 },
    },
  ];
}

/** Appends one event behind the last one that went to the stream. */
export async function appendNext(store: EventStore, heads: Map<string, number>, stream: string): Promise<void> {
  const head = heads.get(stream);
  heads.set(stream, head === undefined ? 0 : head + 1);
  await store.append(stream, [{ id: randomUUID(), type: 'PersonArrested', ...someEvent() }], head ?? 'no-stream');
}

export const append: Benchmark = { name: 'append', about: 'durable appends to the log', run };
