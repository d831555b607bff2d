/** Verifying the whole log (chains, tree, seals) beside reading it, parsing it and hashing its bytes, with nothing else done. */
import { hash } from 'node:crypto';
import { verifyLog } from '#audit';
import type { EventStore } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import type { Benchmark, Context, Figure } from '../figure.js';
import { median, perSecond, timed } from '../stats.js';
import { wholeLog } from './read.js';

async function run(context: Context): Promise<readonly Figure[]> {
  const { folder, events } = await wholeLog(context);
  const store = await openSqliteLog({ folder, mode: 'read' });
  const [ours, floor]: [number[], number[]] = [[], []];
  try {
    for (let round = 0; round < (context.quick ? 2 : 3); round++) {
      floor.push(await timed(() => readAndHash(store)));
      ours.push(await timed(() => verifyWhole(store, events)));
    }
  } finally {
    await store.close();
  }
  const ratio = median(floor.map((took, round) => took / (ours[round] ?? NaN)));
  const [rate, floorRate] = [ours, floor].map((times) => (events / median(times)) * 1000) as [number, number];
  return [
    {
      what: `verify ${events.toLocaleString('en')} events`,
      measured: perSecond(rate),
      floor: `read, JSON.parse and SHA-256 alone ${perSecond(floorRate)}`,
      ratio,
      goal: '>= 0.5 x floor',
      met: ratio >= 0.5,
      values: { perSecond: rate, floorPerSecond: floorRate },
    },
  ];
}

async function verifyWhole(store: EventStore, events: number): Promise<void> {
  const { faults, head } = await verifyLog({ store });
  if (faults.length > 0 || head.size !== events) throw new Error('The log of the benchmark is not whole.');
}

async function readAndHash(store: EventStore): Promise<void> {
  let sum = 0;
  for await (const { data, metadata } of store.readAll()) {
    // Something of the result is used, so that nothing of the work can be left out.
    sum += Object.keys(JSON.parse(data) as object).length + Object.keys(JSON.parse(metadata) as object).length;
    sum += hash('sha256', data + metadata, 'buffer').length;
  }
  if (sum <= 0) throw new RangeError('The log is empty.');
}

export const verify: Benchmark = { name: 'verify', about: 'verifying a log of full size', run };
