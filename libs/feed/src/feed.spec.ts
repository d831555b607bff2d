/** Streams: where pages and tail meet, clients that are slow, go and come again, limits, and the end. */
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { type ChangeFilter, foldOf } from '#projections';
import { Feed, type FeedLimits } from './feed.js';
import { parsePlace, type ReadPlace } from './place.js';
import { Stream, type StreamEnd } from './stream.js';
import { changes, filters } from './test-support/changes.js';
import { MadeClient, MadeSource } from './test-support/made-source.js';
import { VirtualTime } from '../../../test/support/virtual-time.js';

const KEY = 'key:one';
const FOLD = foldOf('all');

class Scene {
  readonly time = new VirtualTime();
  readonly source: MadeSource;
  readonly feed: Feed;
  readonly ended: StreamEnd[] = [];
  sent = 0;
  /** Credentials that let nobody in any more. */
  readonly over = new Map<string, 'key-revoked' | 'access-unavailable'>();

  constructor(looksThrough?: number, limits: FeedLimits = { streams: 100, streamsPerKey: 100 }) {
    this.source = new MadeSource(looksThrough);
    this.feed = new Feed({
      source: this.source,
      views: this.source,
      ticker: this.time.ticker,
      limits,
      ended: (credential) => this.over.get(credential),
      observer: {
        streamEnded: (reason) => this.ended.push(reason),
        changesSent: (count) => (this.sent += count),
      },
    });
  }

  open(filter: ChangeFilter = {}, after?: ReadPlace, key = KEY, credential = `${key}/0`): MadeClient {
    const opened = this.feed.open({ key, credential, filter, ...(after !== undefined && { after }) });
    if (!opened.ok) throw new Error(opened.error.code);
    const client = new MadeClient();
    client.stream = opened.value;
    opened.value.start(client);
    return client;
  }

  /** Until nothing is read any more. */
  async quiet(): Promise<void> {
    for (let read = -1; read !== this.source.pages;) {
      read = this.source.pages;
      await settle(10);
    }
  }

  refusal(key = KEY): string | undefined {
    const opened = this.feed.open({ key, credential: key, filter: {} });
    return opened.ok ? undefined : opened.error.code;
  }
}

/** Until nothing more happens by itself. */
async function settle(turns = 200): Promise<void> {
  for (let n = 0; n < turns; n++) await turn();
}

function behind(id: string): ReadPlace {
  const read = parsePlace(id, FOLD);
  if (!read.ok) throw new Error(read.error.code);
  return read.value;
}

const [sample] = fc.sample(changes, 1);
if (sample === undefined) throw new Error('No change.');
const change = sample;
const many = (count: number): (typeof change)[] => Array.from({ length: count }, () => change);

/** What may happen, in any order; numbers pick among the clients. */
type Step =
  | { readonly do: 'add'; readonly made: readonly (typeof change)[]; readonly told: boolean }
  | { readonly do: 'come'; readonly filter: ChangeFilter; readonly back: number }
  | { readonly do: 'stop' | 'trickle' | 'drain' | 'lose'; readonly who: number }
  | { readonly do: 'pass'; readonly turns: number }
  | { readonly do: 'unready' }
  | { readonly do: 'beat' };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      made: fc.oneof(
        { weight: 3, arbitrary: fc.array(changes, { minLength: 1, maxLength: 4 }) },
        { weight: 1, arbitrary: fc.array(changes, { minLength: 100, maxLength: 260, size: 'max' }) },
      ),
      told: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('come' as const), filter: filters, back: fc.nat({ max: 300 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('stop' as const, 'trickle' as const, 'drain' as const, 'lose' as const),
      who: fc.nat(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), turns: fc.nat({ max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unready' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('beat' as const) }) },
);

test('whatever happens, each is told all that it asks for behind where it began: in order, nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(steps, { maxLength: 40 }),
      fc.integer({ min: 1, max: 300 }),
      async (story, looksThrough) => {
        const scene = new Scene(looksThrough);
        const { source, time } = scene;
        /** What one client was told over all of its connections. */
        const listeners: { filter: ChangeFilter; from: ReadPlace; told: string[]; client: MadeClient }[] = [];
        const of = (who: number): (typeof listeners)[number] | undefined =>
          listeners[who % Math.max(1, listeners.length)];
        for (const step of story) {
          switch (step.do) {
            case 'add':
              source.add(...step.made);
              if (step.told) source.tell();
              break;
            case 'come': {
              const from = behind(String(Math.max(0, source.head - step.back)));
              listeners.push({ filter: step.filter, from, told: [], client: scene.open(step.filter, from) });
              break;
            }
            case 'stop':
            case 'drain': {
              const client = of(step.who)?.client;
              if (step.do === 'stop' && client !== undefined) client.full = true;
              else client?.drain();
              break;
            }
            case 'lose': {
              const listener = of(step.who);
              if (listener === undefined) break;
              const { client, filter, from } = listener;
              client.stream?.gone();
              listener.told.push(...client.ids.splice(0));
              listener.client = scene.open(filter, client.lastEventId === '' ? from : behind(client.lastEventId));
              listener.client.lastEventId = client.lastEventId;
              break;
            }
            case 'pass':
              await settle(step.turns);
              break;
            case 'unready':
              source.ready = false;
              source.tell();
              await settle(3);
              source.ready = true;
              break;
            case 'beat':
              await time.pass(16_000);
          }
        }
        for (const { client } of listeners) client.drain();
        source.tell();
        await time.pass(1_000);
        await scene.quiet();
        for (const { filter, from, told, client } of listeners) {
          // Whoever took nothing for too long was cut off, and comes again.
          if (client.state !== 'open') {
            const again = scene.open(filter, client.lastEventId === '' ? from : behind(client.lastEventId));
            await scene.quiet();
            again.stream?.gone();
            client.ids.push(...again.ids);
          }
          expect([...told, ...client.ids]).toEqual(source.meant(filter, from.place));
        }
        scene.feed.close();
      },
    ),
    { numRuns: 150, endOnFailure: true },
  );
}, 60_000);

test('without a place, from now on', async () => {
  const scene = new Scene();
  scene.source.add(change, change);
  const client = scene.open();
  scene.source.add(change);
  scene.source.tell();
  await settle();
  expect(client.ids).toEqual(['f2-4.0']);
  expect(client.retry).toBeGreaterThanOrEqual(1_000);
});

test('what is new is read once, however many listen', async () => {
  const scene = new Scene();
  const clients = Array.from({ length: 50 }, () => scene.open());
  await settle();
  const before = scene.source.pages;
  scene.source.add(change);
  scene.source.tell();
  await settle();
  expect(clients.every(({ ids }) => ids.length === 1)).toBe(true);
  expect(scene.source.pages - before).toBe(1);
  expect(scene.sent).toBe(50);
});

test('what cannot be read at the moment is told as soon as it can be', async () => {
  const scene = new Scene();
  const client = scene.open();
  await settle();
  scene.source.shows = false;
  scene.source.add(change, change);
  scene.source.tell();
  await settle();
  expect(client.ids).toEqual([]);
  scene.source.shows = true;
  scene.source.add(change);
  scene.source.tell();
  await settle();
  expect(client.ids).toEqual(['f2-2.0', 'f2-3.0', 'f2-4.0']);
});

test('where other facts counted: restated, from which lens to which', async () => {
  const scene = new Scene();
  scene.source.add(...many(5));
  const client = scene.open({}, behind('f2v-4.0'));
  await settle();
  expect(JSON.parse(client.events[0]?.data ?? '')).toMatchObject({ fromLens: 'verified', toLens: 'all', seq: 3 });
  expect(client.ids).toEqual(['f2-4.0', 'f2-5.0', 'f2-6.0']);
});

test('of another fold: restated, with where all changes are, and then on from there', async () => {
  const scene = new Scene();
  scene.source.add(...many(5));
  const client = scene.open({ kind: [change.change.kind] }, behind('f1-4.0'));
  await settle();
  expect(client.events).toHaveLength(1);
  expect(JSON.parse(client.events[0]?.data ?? '')).toEqual({
    fromFold: 1,
    toFold: 2,
    fromLens: 'all',
    toLens: 'all',
    seq: 3,
    changes: `/v1/status-changes?after=0&kind=${change.change.kind}`,
  });
  // What the other fold told of the event at 4 is told again: whether that was all of it is not known.
  expect(client.ids).toEqual(['f2-4.0', 'f2-5.0', 'f2-6.0']);
});

test('a place that these views have not come to yet is waited for', async () => {
  const scene = new Scene();
  const client = scene.open({}, behind('f2-4.0'));
  const other = scene.open();
  scene.source.add(...many(5));
  scene.source.tell();
  await settle();
  expect(client.ids).toEqual(['f2-5.0', 'f2-6.0']);
  expect(other.ids).toHaveLength(5);
});

test('a filter that nothing meets moves the last event id on all the same: at once over what is past, then with heartbeats', async () => {
  const scene = new Scene(10);
  const nobody: ChangeFilter = { country: ['LI'] };
  scene.source.add(...many(100));
  const client = scene.open(nobody, behind('1'));
  await settle();
  expect(client.lastEventId).toBe('f2-101');
  scene.source.add(...many(100));
  scene.source.tell();
  await settle();
  expect(client.lastEventId).toBe('f2-101');
  await scene.time.pass(16_000);
  expect(client.lastEventId).toBe('f2-201');
  await scene.time.pass(30_000);
  expect(client.comments).toBeGreaterThanOrEqual(1);
  expect(client.ids).toEqual([]);
});

describe('a client that is slow', () => {
  test('holds back nobody, and no more than a page and a queue is kept for it', async () => {
    const scene = new Scene();
    const [slow, other] = [scene.open(), scene.open()];
    await settle();
    // First as many as wait for it, then more.
    for (const batches of [3, 50, 3, 8]) {
      slow.full = true;
      const before = slow.ids.length;
      for (let n = 0; n < batches; n++) {
        scene.source.add(...many(20));
        scene.source.tell();
        await settle(20);
      }
      // One is what its connection took at last.
      expect(slow.ids.length - before).toBe(1);
      slow.stream?.drained();
      scene.source.add(...many(200));
      scene.source.tell();
      await settle(20);
      slow.drain();
      await settle();
      expect(slow.ids).toEqual(other.ids);
    }
    expect(other.ids).toHaveLength(64 * 20 + 4 * 200);
    expect(slow.state).toBe('open');
  });

  test('a queue has an end', () => {
    const client = new MadeClient();
    client.full = true;
    const stream = new Stream({
      key: KEY,
      credential: KEY,
      filter: {},
      after: { seq: 0, n: 0 },
      fold: FOLD,
      retry: 1_000,
      now: () => 0,
      onBehind: () => undefined,
      onEnd: () => undefined,
    });
    stream.start(client);
    stream.isLive = true;
    const told = (seq: number): boolean =>
      stream.tell({ bytes: Buffer.from(`data: ${seq}\n\n`), place: { seq, n: 0 } });
    for (let seq = 1; seq <= 100; seq++) expect(told(seq)).toBe(true);
    // What it was told already is nothing to keep.
    expect(told(100)).toBe(true);
    expect(told(101)).toBe(false);
    expect(stream.isLive).toBe(false);
    expect(stream.sent).toEqual({ seq: 0, n: 0 });
    expect(client.ids).toEqual([]);
  });

  test('that takes nothing for too long is cut off', async () => {
    const scene = new Scene();
    const slow = scene.open();
    slow.full = true;
    scene.source.add(change);
    scene.source.tell();
    await scene.time.pass(14_000);
    expect(slow.state).toBe('open');
    await scene.time.pass(3_000);
    expect(slow.state).toBe('cut');
    expect(scene.ended).toEqual(['slow']);
    expect(scene.feed.size).toBe(0);
  });
});

describe('limits', () => {
  test('of one key, and of all; who goes makes room', () => {
    const scene = new Scene(undefined, { streams: 3, streamsPerKey: 2 });
    const first = scene.open();
    scene.open();
    expect(scene.refusal()).toBe('too-many-streams-of-key');
    scene.open({}, undefined, 'key:two');
    expect(scene.refusal('key:two')).toBe('too-many-streams');
    first.stream?.gone();
    // A second time changes nothing.
    first.stream?.gone();
    expect(scene.ended).toEqual(['client']);
    expect(scene.refusal()).toBeUndefined();
    expect(scene.refusal('key:two')).toBe('too-many-streams');
  });

  test('nothing can be read yet', () => {
    const scene = new Scene();
    scene.source.ready = false;
    expect(scene.refusal()).toBe('views-not-ready');
  });
});

test('a secret that is over loses its streams within a second; others keep theirs, also those of its key', async () => {
  const scene = new Scene();
  const [over, renewed, kept] = [
    scene.open(),
    scene.open({}, undefined, KEY, `${KEY}/1`),
    scene.open({}, undefined, 'key:two'),
  ];
  scene.over.set(`${KEY}/0`, 'key-revoked');
  await scene.time.pass(1_100);
  expect([over.state, renewed.state, kept.state]).toEqual(['ended', 'open', 'open']);
  expect(scene.ended).toEqual(['key-revoked']);
});

test('while nobody knows whose keys are in force, streams end, and it is told why', async () => {
  const scene = new Scene();
  const client = scene.open();
  scene.over.set(`${KEY}/0`, 'access-unavailable');
  await scene.time.pass(1_100);
  expect(client.state).toBe('ended');
  expect(scene.ended).toEqual(['access-unavailable']);
});

test('another log in the place of the one that was followed ends all streams', async () => {
  const scene = new Scene();
  const client = scene.open();
  await settle();
  scene.source.logId = 'another-log';
  scene.source.add(change);
  scene.source.tell();
  await settle();
  expect([client.state, client.ids]).toEqual(['ended', []]);
  expect(scene.ended).toEqual(['log-changed']);
});

test('at the end every stream says when to come again, not all at once, and nobody is let in any more', async () => {
  const scene = new Scene();
  const clients = Array.from({ length: 10 }, () => scene.open());
  await settle();
  for (const client of clients) client.retry = undefined;
  scene.feed.close();
  scene.feed.close();
  expect(clients.map(({ state }) => state)).toEqual(clients.map(() => 'ended'));
  expect(new Set(clients.map(({ retry }) => retry)).size).toBe(10);
  expect(scene.refusal()).toBe('shutting-down');
  expect(scene.ended).toHaveLength(10);
});
