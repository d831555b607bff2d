/**
 * What the adapter adds to the bare client of EventStoreDB, doing the same: appends, and catching up; and memory behind a slow
 * reader. Against a simulated server, or the real one of HABEAS_TEST_ESDB, where a namespace of its own is left behind.
 */
import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EventStoreDBClient, jsonEvent, NO_STREAM, streamNameFilter } from '@eventstore/db-client';
import type { EventStore, EventToAppend } from '#event-store';
import { openEventStoreDb } from '#event-store-eventstoredb';
import type { Benchmark, Context, Figure } from '../figure.js';
import { median, perSecond, timed } from '../stats.js';

const DATA = { occurred: '2017-05', note: 'x'.repeat(600), counts: [{ offence: 'Offence A' }] };
const METADATA = { hash: 'a'.repeat(64), prev: 'b'.repeat(64), recordedAt: '2026-01-01T00:00:00.000Z', v: 1 };

const DATA_TEXT = JSON.stringify(DATA);
const METADATA_TEXT = JSON.stringify(METADATA);

type Append = (stream: string, revision: number) => Promise<unknown>;

function event(): EventToAppend {
  return { id: randomUUID(), type: 'Noted', data: DATA_TEXT, metadata: METADATA_TEXT };
}

/** Appends a second, with so many under way, each to a stream of its own. */
async function appendRate(append: Append, namespace: string, underWay: number, each: number): Promise<number> {
  const took = await timed(() =>
    Promise.all(
      Array.from({ length: underWay }, async () => {
        const stream = `${namespace}habeasPerson-${randomUUID()}`;
        for (let n = 0; n < each; n++) await append(stream, n);
      }),
    ),
  );
  return (underWay * each * 1_000) / took;
}

async function compared(rounds: number, ours: () => Promise<number>, bare: () => Promise<number>) {
  const rates: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  for (let n = 0; n < rounds; n++) {
    rates.ours.push(await ours());
    rates.bare.push(await bare());
  }
  return { ours: median(rates.ours), bare: median(rates.bare) };
}

function figure(what: string, { ours, bare }: { readonly ours: number; readonly bare: number }): Figure {
  const ratio = ours / bare;
  return {
    what,
    measured: perSecond(ours),
    floor: `bare client ${perSecond(bare)}`,
    ratio,
    goal: '>= 0.9 x floor',
    met: ratio >= 0.9,
    values: { perSecond: ours, floorPerSecond: bare },
  };
}

/** Events a second, from the start of the log to its present end. */
async function followRate(store: EventStore, pause = 0): Promise<{ readonly rate: number; readonly peak: number }> {
  let events = 0;
  let peak = 0;
  const took = await timed(async () => {
    for await (const message of store.subscribeToAll()) {
      if (message.kind === 'caught-up') break;
      if (message.kind === 'events') events += message.events.length;
      peak = Math.max(peak, process.memoryUsage().rss);
      if (pause > 0) await delay(pause);
    }
  });
  return { rate: (events * 1_000) / took, peak };
}

async function bareRate(client: EventStoreDBClient, prefix: string, events: number): Promise<number> {
  let left = events;
  const took = await timed(async () => {
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes: [prefix] }) });
    for await (const _ of subscription) if (--left === 0) break;
    await subscription.unsubscribe();
  });
  return (events * 1_000) / took;
}

/** How many events a slow reader has before it. */
const BEHIND = 1_000_000;

async function measure(connectionString: string, { quick, report }: Context): Promise<readonly Figure[]> {
  const namespace = `bench-${randomUUID()}-`;
  const randomness = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
  const store = await openEventStoreDb({ connectionString, namespace, randomness });
  const client = EventStoreDBClient.connectionString(connectionString);
  const ours: Append = (stream, revision) =>
    store.append(stream, [event()], revision === 0 ? 'no-stream' : revision - 1);
  const bare: Append = (stream, revision) =>
    client.appendToStream(stream, jsonEvent({ type: 'Noted', data: DATA, metadata: METADATA }), {
      expectedRevision: revision === 0 ? NO_STREAM : BigInt(revision - 1),
    });
  const figures: Figure[] = [];
  for (const [underWay, each] of quick
    ? ([[64, 2]] as const)
    : ([
        [1, 500],
        [64, 50],
      ] as const)) {
    const rates = await compared(
      quick ? 1 : 7,
      () => appendRate(ours, '', underWay, each),
      () => appendRate(bare, `other-${namespace}`, underWay, each),
    );
    figures.push(figure(`append, ${underWay} under way`, rates));
  }
  const fill = async (events: number): Promise<void> => {
    report(`filling ${events.toLocaleString('en')} events`);
    for (let at = 0; at < events; at += 500) {
      await store.append(`habeasCase-${randomUUID()}`, Array.from({ length: 500 }, event), 'no-stream');
    }
  };
  await fill(quick ? 2_000 : 100_000);
  let all = 0;
  for await (const _ of store.readAll()) all++;
  const rates = await compared(
    quick ? 1 : 5,
    async () => (await followRate(store)).rate,
    () => bareRate(client, `${namespace}habeas`, all),
  );
  figures.push(figure(`catch up with ${all.toLocaleString('en')} events`, rates));
  if (!quick) await fill(BEHIND - all);
  const before = process.memoryUsage().rss;
  const { peak } = await followRate(store, 20);
  const grown = (peak - before) / 2 ** 20;
  figures.push({
    what: `memory behind a slow reader of ${(quick ? all : BEHIND).toLocaleString('en')} events`,
    measured: `+${grown.toFixed(0)} MiB`,
    goal: '<= 64 MiB',
    met: grown <= 64,
    values: { mebibytes: grown },
  });
  await client.dispose();
  await store.close();
  return figures;
}

async function run(context: Context): Promise<readonly Figure[]> {
  const real = process.env.HABEAS_TEST_ESDB;
  if (real !== undefined && real !== '') return measure(real, context);
  context.report('against a simulated server: set HABEAS_TEST_ESDB to measure a real one');
  const simulator = fork(
    fileURLToPath(new URL('../../test/eventstoredb-simulator/simulator-process.js', import.meta.url)),
  );
  try {
    const [connectionString] = (await once(simulator, 'message')) as [string];
    return await measure(connectionString, context);
  } finally {
    simulator.kill();
  }
}

export const eventstoredb: Benchmark = {
  name: 'eventstoredb',
  about: 'the adapter of EventStoreDB beside its bare client',
  run,
};
