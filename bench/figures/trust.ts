/** What trust costs: letting somebody in and showing them what they may see; sealing what is personal, and opening it for views. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openAccessDirectory, openSqliteKeyStore } from '#access';
import { catalogue, examples } from '#domain';
import type { Position, StoredEvent } from '#event-store';
import { openNodeState, openSqliteLog } from '#event-store-sqlite';
import { derivedId, streamName } from '#kernel';
import {
  CHAIN_START,
  type ChainHead,
  createEventCodec,
  createRecordCodec,
  ensureLogStarted,
  type KeyStore,
} from '#log-format';
import { runViews } from '#projections';
import { createRandomness } from '../../apps/api/src/randomness.js';
import { ticker } from '../../apps/api/src/ticker.js';
import type { Benchmark, Context, Figure } from '../figure.js';
import { connections } from '../load.js';
import { benchLog, type BenchLog } from '../log/bench-log.js';
import { AUTHORIZED, startHabeas } from '../server.js';
import { atOnce, median, perSecond, timed } from '../stats.js';
import { ready } from './get.js';

const WIDTH = 64;
/** As many as a subscription gives at once. */
const PAGE = 1_000;
const randomness = createRandomness();
const clock = { now: () => new Date() };

async function run(context: Context): Promise<readonly Figure[]> {
  const size = context.quick ? { events: 4_500, persons: 640 } : { events: 20_000, persons: 4_000 };
  const log = await benchLog(context.cache, size, context.report);
  return [await reading(context, log), await sealing(context), await folding(context, log)];
}

/** GET by a key with a ceiling, beside what letting in alone takes in a process of its own. */
async function reading({ quick, report }: Context, log: BenchLog): Promise<Figure> {
  // Until its views are there a key is told to come again, which the server warns of.
  const habeas = await startHabeas(log.folder, { HABEAS_LOG_LEVEL: 'error' });
  try {
    const [first] = await connections(habeas.url, 1);
    await ready(first, log.folder, report);
    first?.close();
    const inside = await keyOf(habeas.url);
    const lanes = await connections(habeas.url, WIDTH);
    const [rounds, count] = quick ? [2, 200] : [9, 4_000];
    const rate = async (headers: Readonly<Record<string, string>>): Promise<number> => {
      const took = await timed(() =>
        atOnce(count, WIDTH, async (index, lane) => {
          const path = `/v1/persons/${log.busy[index % log.busy.length] ?? ''}`;
          const answer = await lanes[lane]?.send({ method: 'GET', path, headers });
          if (answer?.status !== 200) throw new Error(`${path}: ${answer?.status ?? ''}`);
        }),
      );
      return (count / took) * 1000;
    };
    await untilAnswered(() => rate(inside));
    const [whole, upTo]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      whole.push(await rate(AUTHORIZED));
      upTo.push(await rate(inside));
    }
    for (const lane of lanes) lane.close();
    const letIn = await microsecondsToLetIn(quick);
    const each = 1e6 / median(upTo);
    // Without any of it a read would take so much less, and see what lies in the file of everything.
    const without = 1e6 / Math.max(median(whole), median(upTo)) - letIn;
    const cost = 1 - without / each;
    return {
      what: `GET, ${WIDTH} under way, by a key with a ceiling`,
      measured: perSecond(median(upTo)),
      floor: `by one without ${perSecond(median(whole))}; to let in ${letIn.toPrecision(2)} us`,
      ratio: cost,
      goal: 'letting in and visibility <= 0.2 of the rate without',
      met: cost <= 0.2,
      values: { perSecond: median(upTo), wholePerSecond: median(whole), letInMicroseconds: letIn },
    };
  } finally {
    await habeas.stop();
  }
}

async function keyOf(url: string): Promise<Readonly<Record<string, string>>> {
  const response = await fetch(`${url}/v1/keys`, {
    method: 'POST',
    headers: { ...AUTHORIZED, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', scopes: ['read'], ceiling: 'internal' }),
  });
  return { authorization: `Bearer ${((await response.json()) as { key: string }).key}` };
}

/** The views of a ceiling are built when there is the first key with it. */
async function untilAnswered(tried: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    try {
      await tried();
      return;
    } catch {
      await delay(500);
    }
  }
  throw new Error('The views of the ceiling did not come to be.');
}

async function microsecondsToLetIn(quick: boolean): Promise<number> {
  const folder = join(process.cwd(), 'bench', '.cache', `access-${process.pid}`);
  const store = await openSqliteLog({ folder, mode: 'own' });
  const keys = await openSqliteKeyStore({ folder, mode: 'write', randomness });
  const logId = await ensureLogStarted(store, clock, randomness);
  const state = openNodeState(folder);
  const directory = await openAccessDirectory({ store, keys, logId, clock, ticker, state, randomness });
  try {
    const made = await directory.ensureAdminKey();
    if (!made.ok || made.value === undefined) throw new Error('There is no key.');
    const header = `Bearer ${made.value.key}`;
    const count = quick ? 1_000 : 100_000;
    const took = await timed(() => {
      for (let turn = 0; turn < count; turn++) if (!directory.authenticate(header).ok) throw new Error('Not let in.');
    });
    return (took / count) * 1000;
  } finally {
    await directory.close();
    await state.close();
    await store.close();
    await keys.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Appends of the same events, with what is personal sealed and in the clear: encoded, chained, durable. */
async function sealing({ quick, temporary }: Context): Promise<Figure> {
  const [rounds, count] = quick ? [2, 300] : [9, 6_000];
  const folder = join(temporary, 'sealing');
  const store = await openSqliteLog({ folder, mode: 'own' });
  const keys = await openSqliteKeyStore({ folder, mode: 'write', randomness });
  const logId = await ensureLogStarted(store, clock, randomness);
  const sealed = createEventCodec(catalogue, randomness);
  const clear = createEventCodec(
    catalogue.map(({ type, schemaVersion }) => ({ type, schemaVersion, personal: [] })),
    randomness,
  );
  const heads = new Map<string, ChainHead>();
  let drawn = 0;
  const rate = async (codec: typeof sealed, name: string): Promise<number> => {
    const took = await timed(() =>
      atOnce(count, WIDTH, async (_, lane) => {
        const stream = streamName('person', derivedId('bench', name, lane));
        const head = heads.get(stream) ?? CHAIN_START;
        const encoded = codec.encode(
          [{ id: derivedId('bench', name, ++drawn), type: 'PersonArrested', data: examples.PersonArrested ?? {} }],
          {
            logId,
            stream,
            head,
            key: await keys.obtain(stream),
            recordedAt: clock.now(),
            recordedBy: 'key:bench',
            correlationId: derivedId('bench', name, drawn),
            visibility: 'internal',
          },
        );
        await store.append(stream, encoded.events, head.revision < 0 ? 'no-stream' : head.revision);
        heads.set(stream, encoded.head);
      }),
    );
    return (count / took) * 1000;
  };
  for (const [codec, name] of [
    [sealed, 'sealed'],
    [clear, 'clear'],
  ] as const)
    await rate(codec, name);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push(await rate(sealed, 'sealed'));
    theirs.push(await rate(clear, 'clear'));
  }
  await store.close();
  await keys.close();
  const cost = median(ours.map((value, round) => 1 - value / (theirs[round] ?? NaN)));
  return {
    what: `append, ${WIDTH} at once, encoded, personal fields sealed`,
    measured: perSecond(median(ours)),
    floor: `in the clear ${perSecond(median(theirs))}`,
    ratio: cost,
    goal: 'sealing <= 0.3 of the rate in the clear',
    met: cost <= 0.3,
    values: { perSecond: median(ours), clearPerSecond: median(theirs) },
  };
}

/**
 * What opening costs of building views: events are read with their keys and without, beside a whole build. By CPU time, which others on
 * the machine do not slow. Two builds, with keys and without, would differ in what there is to write as well.
 */
async function folding({ quick, temporary }: Context, log: BenchLog): Promise<Figure> {
  const rounds = quick ? 1 : 5;
  const eventStore = await openSqliteLog({ folder: log.folder, mode: 'read' });
  const keys = await openSqliteKeyStore({ folder: log.folder, mode: 'read', randomness });
  const build = (name: string): Promise<number> =>
    cpuSeconds(async () => {
      const folder = join(temporary, name);
      const live = Promise.withResolvers<undefined>();
      const views = runViews({
        eventStore,
        keyStore: keys,
        folder,
        clock,
        post: (message) => {
          if (message.kind === 'health' && message.health.state === 'live') live.resolve(undefined);
        },
      });
      await live.promise;
      await views.close();
      rmSync(folder, { recursive: true, force: true });
    });
  const codec = createRecordCodec(randomness);
  const read = (keyStore: Pick<KeyStore, 'find'>): Promise<number> =>
    cpuSeconds(async () => {
      for (let after: Position | undefined; ;) {
        const page: StoredEvent[] = [];
        for await (const event of eventStore.readAll({ limit: PAGE, ...(after !== undefined && { after }) }))
          page.push(event);
        await codec.decodePage(page, keyStore);
        after = page.at(-1)?.position;
        if (after === undefined) return;
      }
    });
  const nothing = { find: () => Promise.resolve(new Map()) };
  const [built, opened, shut]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    built.push(await build(`built-${round}`));
    shut.push(await read(nothing));
    opened.push(await read(keys));
  }
  await eventStore.close();
  await keys.close();
  const opening = median(opened.map((seconds, round) => seconds - (shut[round] ?? NaN)));
  const cost = opening / median(built);
  const each = (seconds: number): string => `${((seconds / log.events) * 1e6).toPrecision(3)} us`;
  return {
    what: `views but search from ${log.events.toLocaleString('en')} events: opening personal fields`,
    measured: `${each(opening)} of CPU time an event`,
    floor: `all of it ${each(median(built))}`,
    ratio: cost,
    goal: 'opening <= 0.1 of building',
    met: cost <= 0.1,
    values: { builtSeconds: median(built), openedSeconds: median(opened), shutSeconds: median(shut) },
  };
}

/** Of all threads. */
async function cpuSeconds(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

export const trust: Benchmark = { name: 'trust', about: 'what keys, visibility and sealing cost', run };
