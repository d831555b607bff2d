/** Time: a person as known at a moment, beside reading the same stream alone; and reads while the views are folded again. */
import { join } from 'node:path';
import { openSqliteKeyStore } from '#access';
import { type Category, definitionOf } from '#domain';
import type { StoredEvent } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import { streamName } from '#kernel';
import { createRecordCodec } from '#log-format';
import type { Benchmark, Context, Figure } from '../figure.js';
import { connections } from '../load.js';
import { benchLog } from '../log/bench-log.js';
import { Random } from '../log/random.js';
import { enterGroup, enterPerson, story, type Told } from '../log/stories.js';
import { AUTHORIZED, type BatchLine, sendBatch, startHabeas } from '../server.js';
import { median, ms, quantile, timed } from '../stats.js';
import { fetchFrom, ready } from './get.js';

const EVENTS = 200;
/** What is recorded of others afterwards: so many moments at which the person had just those events. */
const MOMENTS = 100;
const TEXT = 'He was arrested in May 2017, and nothing was heard of him for weeks.';

async function run(context: Context): Promise<readonly Figure[]> {
  return [...(await knownAt(context)), ...(await rebuilding(context))];
}

async function knownAt({ quick, temporary, report }: Context): Promise<readonly Figure[]> {
  const folder = join(temporary, 'known-at');
  const server = await startHabeas(folder);
  const [lane] = await connections(server.url, 1);
  try {
    const person = await recordPerson(server.url);
    await ready(lane, folder, report);
    const { head } = JSON.parse((await fetchFrom(lane, '/v1/views')).body) as { head: number };
    const at = (seq: number): string => `/v1/persons/${person}?knownAt=${seq}`;
    // Of others MOMENTS events came last; before them half of its own, so that it is another one at each of those moments.
    const another = (round: number): string => at(head - MOMENTS - (round % (EVENTS / 2)));
    const later = (round: number): string => at(head - (round % MOMENTS));
    const stream = await readerOf(folder, streamName('person', person));
    try {
      const rounds = quick ? 40 : 1_000;
      const [first, moving, still, read, opened] = [0, 1, 2, 3, 4].map((): number[] => []) as [
        ...[number[], number[], number[], number[], number[]],
      ];
      // Code that is not hot yet would be measured as it starts.
      for (let round = -rounds / 4; round < rounds; round++) {
        const times = [
          await timed(() => fetchFrom(lane, another(round + rounds))),
          await timed(() => fetchFrom(lane, later(round + rounds))),
          await timed(() => fetchFrom(lane, at(head))),
          await timed(() => stream.read()),
          await timed(() => stream.open()),
        ];
        if (round < 0) continue;
        for (const [index, list] of [first, moving, still, read, opened].entries()) list.push(times[index] ?? NaN);
      }
      const floor = median(opened);
      const figure = (what: string, took: readonly number[]): Figure => ({
        what: `GET of a person with ${EVENTS} events as known at a moment: ${what}`,
        measured: `p50 ${ms(median(took))}`,
        floor: `reading the stream alone ${ms(floor)} (not opened ${ms(median(read))})`,
        ratio: median(took) / floor,
        goal: '< 3 x floor',
        met: median(took) / floor < 3,
        values: { p50Ms: median(took), p99Ms: quantile(took, 0.99), openedMs: floor, storedMs: median(read) },
      });
      return [
        figure(`moments at which it was another (with ${EVENTS / 2} to ${EVENTS} events)`, first),
        figure('other moments at which it was the same', moving),
        figure('the same moment again', still),
      ];
    } finally {
      await stream.close();
    }
  } finally {
    lane?.close();
    await server.stop();
  }
}

/** @returns the id of a person with {@link EVENTS} events; of others something is recorded behind them */
async function recordPerson(url: string): Promise<string> {
  const random = new Random(11);
  const cited = { citations: [{ sourceId: '{id:source}', quote: { exact: 'arrested in May 2017' } }] };
  const line = (category: Category, subject: string, { type, data }: Told, key: string): BatchLine => {
    const { route } = definitionOf(type) ?? {};
    const path = route === undefined ? `/v1/${category}s` : `/v1/${category}s/${subject}/${route}`;
    return { path, key, body: { ...data, ...cited } };
  };
  // A longer story would come to days that lie ahead.
  const facts = Array.from({ length: 8 }, () => story(random, EVENTS / 8, [], undefined))
    .flat()
    .slice(1);
  const source = { path: '/v1/sources', key: 'source', body: { type: 'article', title: 'A', lang: 'en', text: TEXT } };
  const lines = [
    source,
    line('person', '', enterPerson(random), 'person'),
    ...facts.map((fact, index) => line('person', '{id:person}', fact, `fact-${index}`)),
  ];
  const [sourceId = '', person = ''] = await sendBatch(url, lines);
  // Lines of different subjects are recorded side by side: these are to come last.
  const others = Array.from({ length: MOMENTS }, (_, index) => line('group', '', enterGroup(random), `group-${index}`));
  await sendBatch(
    url,
    others.map((one) => ({ ...one, body: { ...one.body, citations: [{ sourceId, locator: 'page 1' }] } })),
  );
  return person;
}

interface StreamReader {
  /** As it is stored, parsed. */
  read(): Promise<void>;
  /** As a command or a fold reads it: decoded, with what is sealed. */
  open(): Promise<void>;
  close(): Promise<void>;
}

async function readerOf(folder: string, stream: string): Promise<StreamReader> {
  const random = new Random(1);
  const store = await openSqliteLog({ folder, mode: 'read' });
  const keys = await openSqliteKeyStore({ folder, mode: 'read', randomness: random });
  const codec = createRecordCodec(random);
  const check = (count: number): void => {
    if (count !== EVENTS) throw new Error(`The stream has ${count} events.`);
  };
  return {
    read: async () => {
      let count = 0;
      for await (const { data, metadata } of store.readStream(stream))
        if (JSON.parse(data) !== null && JSON.parse(metadata) !== null) count++;
      check(count);
    },
    open: async () => {
      const events: StoredEvent[] = [];
      for await (const event of store.readStream(stream)) events.push(event);
      const decoded = await codec.decodePage(events, keys);
      check(decoded.filter(({ ok }) => ok).length);
    },
    close: async () => {
      await store.close();
      await keys.close();
    },
  };
}

async function rebuilding({ quick, cache, report }: Context): Promise<readonly Figure[]> {
  const size = quick ? { events: 4_500, persons: 640 } : { events: 100_000, persons: 10_000 };
  const log = await benchLog(cache, size, report);
  const server = await startHabeas(log.folder);
  const [lane] = await connections(server.url, 1);
  try {
    await ready(lane, log.folder, report);
    const people = [...log.some, ...log.busy];
    let next = 0;
    const readUntil = async (isOver: (took: readonly number[]) => boolean): Promise<number[]> => {
      const took: number[] = [];
      while (!isOver(took))
        took.push(await timed(() => fetchFrom(lane, `/v1/persons/${people[next++ % people.length] ?? ''}`)));
      return took;
    };
    const seconds = (count: number): ((took: readonly number[]) => boolean) => {
      const end = performance.now() + count * 1_000;
      return () => performance.now() > end;
    };
    await readUntil(seconds(quick ? 0.2 : 3));
    const [alone, meanwhile, lasted]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      alone.push(quantile(await readUntil(seconds(quick ? 0.5 : 10)), 0.99));
      const begun = performance.now();
      const done = rebuilt(server.url);
      let over = false;
      const ended = (): void => {
        over = true;
      };
      done.then(ended, ended);
      meanwhile.push(quantile(await readUntil(() => over), 0.99));
      await done;
      lasted.push((performance.now() - begun) / 1_000);
    }
    const ratio = median(meanwhile) / median(alone);
    return [
      {
        what: `reading persons, one at a time, while the views of ${log.events.toLocaleString('en')} events are folded again`,
        measured: `p99 ${ms(median(meanwhile))}`,
        floor: `without ${ms(median(alone))}`,
        ratio,
        goal: '<= 2 x floor',
        met: ratio <= 2,
        note: `folding again took ${median(lasted).toFixed(1)} s, giving way to the reads`,
        values: { p99Ms: median(meanwhile), floorP99Ms: median(alone), seconds: median(lasted) },
      },
    ];
  } finally {
    lane?.close();
    await server.stop();
  }
}

/** Has the views folded again. Resolves when they are served. */
async function rebuilt(url: string): Promise<void> {
  // Opened now: one that waits for long is closed by the server.
  const [lane] = await connections(url, 1);
  try {
    await lane?.send({ method: 'POST', path: '/v1/views/rebuild', headers: AUTHORIZED });
    for (;;) {
      const { body } = await fetchFrom(lane, '/v1/views');
      if ((JSON.parse(body) as { rebuilding?: object }).rebuilding === undefined) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    lane?.close();
  }
}

export const time: Benchmark = {
  name: 'time',
  about: 'a person as known at a moment; reads while the views are folded again',
  run,
};
