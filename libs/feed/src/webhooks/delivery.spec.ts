/** The deliveries of one webhook, over days of virtual time, with their progress in a real operational state. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openNodeState } from '#event-store-sqlite';
import { EventStoreError, type OperationalState } from '#event-store';
import { ok } from '#kernel';
import { seededRandomness } from '../../../../test/support/fixed.js';
import { Delivery, type DeliveryOptions } from './delivery.js';
import type { Outcome } from './courier.js';
import type { Entry } from './directory.js';
import { SupersededError } from './fenced-value.js';
import { MOST_PENDING } from './progress.js';
import { MOST_LETTERS, readLetters, readProgress } from './progress-store.js';
import { changeId, MadeFeed, MadeReceiver } from './test-support/feed.js';
import { VirtualTime } from '../../../../test/support/virtual-time.js';
import type { Steering } from './webhook.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ID = '00000000-0000-4000-8000-00000000000a';

let folder: string;
let state: OperationalState;
let time: VirtualTime;
let feed: MadeFeed;
let receiver: MadeReceiver;
let entry: Entry | undefined;
let listens: boolean;
let tried: Outcome[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'habeas-delivery-'));
  state = openNodeState(folder);
  time = new VirtualTime();
  feed = new MadeFeed();
  receiver = new MadeReceiver(() => time.now);
  listens = true;
  tried = [];
  entry = {
    webhook: {
      id: ID,
      url: 'https://hooks.example.org/',
      filter: {},
      after: 0,
      createdAt: '2026-11-23T12:00:00.000Z',
      createdBy: 'key:1',
    },
    steering: [],
    revision: 0,
    requestMac: undefined,
  };
});

afterEach(async () => {
  await state.close();
  rmSync(folder, { recursive: true });
});

interface Node {
  readonly delivery: Delivery;
  /** As a kill does: nothing is written any more. */
  kill(): void;
  stop(): Promise<void>;
  readonly ended: Promise<unknown>;
}

let token = 0;

async function begin(over: OperationalState = state): Promise<Node> {
  const closing = new AbortController();
  let killed = false;
  const own: OperationalState = {
    read: (name) => over.read(name),
    write: (...given) => (killed ? new Promise<number>(() => undefined) : over.write(...given)),
    close: () => Promise.resolve(),
  };
  const options: DeliveryOptions = {
    source: feed,
    courier: {
      send: (parcel) => (killed ? new Promise(() => undefined) : receiver.send(parcel)),
      close: () => undefined,
    },
    clock: time.clock,
    ticker: time.ticker,
    randomness: seededRandomness('delivery'),
    tell: ({ change }) => ok(JSON.stringify({ id: change.id })),
    mayListen: () => listens,
    observer: { tried: (outcome) => void tried.push(outcome), gaveUp: () => undefined },
  };
  const delivery = await Delivery.begin(
    {
      id: ID,
      entry: () => entry,
      secrets: () => Promise.resolve([new Uint8Array(32)]),
      fence: { state: own, ticker: time.ticker, token: ++token, ended: closing.signal },
      cut: new AbortController().signal,
    },
    options,
  );
  if (delivery === undefined) throw new Error('It did not begin.');
  const ended = delivery.run().catch((error: unknown) => error);
  feed.advanced.subscribe(() => delivery.wake());
  return {
    delivery,
    kill: () => (killed = true),
    stop: async () => {
      closing.abort();
      await ended;
    },
    ended,
  };
}

function steer(node: Node, asked: { kind: 'rewound'; after: number } | { kind: 'released'; changes?: string[] }): void {
  const revision = entry!.revision + 1;
  const steering = (
    asked.kind === 'released' ? { changes: undefined, ...asked, revision } : { ...asked, revision }
  ) as Steering;
  entry = { ...entry!, revision, steering: [...entry!.steering, steering] };
  node.delivery.wake();
}

const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);
const progress = async () => {
  const [there, kept] = [(await readProgress(state, ID, feed.fold))!, await readLetters(state, ID)];
  // They are counted where it is not worth to read them.
  expect(there.letters).toBe(kept.length);
  return { progress: there, letters: { kept, dropped: there.dropped } };
};

test('delivers what is there, and what comes, in its order, each once', async () => {
  feed.add(120);
  const node = await begin();
  await time.pass(1_000);
  expect(receiver.seqs).toEqual(upTo(120));
  feed.add(3, 2);
  await time.pass(1_000);
  expect(receiver.ids.slice(120)).toEqual([121, 122, 123].flatMap((seq) => [changeId(seq), changeId(seq, 1)]));
  await node.stop();
  expect((await progress()).progress).toMatchObject({ position: { seq: 123, n: 1 }, pending: [] });
});

test('views that are not there are waited for', async () => {
  feed.ready = false;
  const node = await begin();
  feed.add(3);
  await time.pass(5_000);
  expect(receiver.seqs).toEqual([]);
  feed.ready = true;
  await time.pass(2_000);
  expect(receiver.seqs).toEqual(upTo(3));
  await node.stop();
});

test('one that fails is tried again, less and less often, while later ones go on; its id stays, its time does not', async () => {
  receiver.answer = (id) => (id === changeId(2) ? 500 : 204);
  feed.add(4);
  const node = await begin();
  await time.pass(DAY);
  expect(receiver.seqs.slice(0, 4)).toEqual(upTo(4));
  const tries = receiver.tries.filter(({ id }) => id === changeId(2));
  const pauses = tries.slice(1).map(({ at }, n) => at - tries[n]!.at);
  for (const [n, pause] of pauses.entries()) {
    const ceiling = Math.min(4 * HOUR, 5_000 * 2 ** n);
    expect(pause).toBeGreaterThanOrEqual(ceiling / 2);
    expect(pause).toBeLessThanOrEqual(ceiling + 1);
  }
  expect(pauses.length).toBeGreaterThan(13);
  // Drawn, not the same for all.
  expect(new Set(pauses.map((pause, n) => Math.round((100 * pause) / (5_000 * 2 ** n)))).size).toBeGreaterThan(5);
  const stamps = tries.map(({ parcel }) => parcel.headers['webhook-timestamp']);
  expect(new Set(stamps).size).toBe(stamps.length);
  receiver.answer = () => 204;
  await time.pass(5 * HOUR);
  await node.stop();
  expect((await progress()).progress.pending).toEqual([]);
  expect((await progress()).letters.kept).toEqual([]);
});

test('after three days it is a dead letter, which is kept and can be sent again', async () => {
  receiver.answer = (id) => (id === changeId(2) ? 422 : 204);
  feed.add(4);
  const node = await begin();
  await time.pass(3 * DAY - HOUR);
  expect((await progress()).progress.pending).toHaveLength(1);
  await time.pass(6 * HOUR);
  const tries = receiver.tries.length;
  await time.pass(10 * DAY);
  expect(receiver.tries).toHaveLength(tries);
  expect((await progress()).progress.pending).toEqual([]);
  const [letter, ...others] = (await progress()).letters.kept;
  expect(letter).toMatchObject({ change: changeId(2), place: { seq: 2, n: 0 }, outcome: { status: 422 } });
  expect(letter!.tries).toBe(receiver.seqs.filter((seq) => seq === 2).length);
  expect(others).toEqual([]);

  receiver.answer = () => 204;
  steer(node, { kind: 'released', changes: [changeId(2), changeId(3)] });
  await time.pass(1_000);
  expect(receiver.seqs.slice(tries)).toEqual([2]);
  await node.stop();
  expect((await progress()).letters.kept).toEqual([]);
});

test('a released letter that fails again is tried for days again', async () => {
  receiver.answer = () => 500;
  feed.add(1);
  const node = await begin();
  await time.pass(4 * DAY);
  expect((await progress()).letters.kept).toHaveLength(1);
  steer(node, { kind: 'released' });
  await time.pass(2 * DAY);
  expect((await progress()).progress.pending).toHaveLength(1);
  expect((await progress()).letters.kept).toHaveLength(0);
  await time.pass(2 * DAY);
  expect((await progress()).letters.kept).toHaveLength(1);
  await node.stop();
});

test('a receiver that is down: the position stands still, the oldest alone is tried, and everything comes when it is back', async () => {
  receiver.answer = () => ({ outcome: { error: 'connection-refused' } });
  feed.add(300);
  const node = await begin();
  await time.pass(1_000);
  expect(receiver.seqs).toEqual(upTo(MOST_PENDING));
  await time.pass(DAY);
  const later = receiver.seqs.slice(MOST_PENDING);
  expect(new Set(later)).toEqual(new Set([1]));
  expect(later.length).toBeLessThan(25);
  expect((await progress()).progress.position.seq).toBe(MOST_PENDING);
  receiver.answer = () => 204;
  const before = receiver.tries.length;
  await time.pass(5 * HOUR);
  expect([...receiver.seqs.slice(before)].sort((a, b) => a - b)).toEqual(upTo(300));
  expect(receiver.seqs[before]).toBe(1);
  await node.stop();
  expect((await progress()).progress).toMatchObject({ position: { seq: 300 }, pending: [] });
});

test('down for ten days: few tries, no change is lost, and only those that were tried for days are dead letters', async () => {
  receiver.answer = () => 503;
  feed.add(1_000);
  const node = await begin();
  await time.pass(10 * DAY);
  const { progress: there, letters } = await progress();
  const accounted = [...there.pending.map(({ place }) => place.seq), ...letters.kept.map(({ place }) => place.seq)];
  expect([...accounted].sort((a, b) => a - b)).toEqual(upTo(there.position.seq));
  expect(letters.kept.length).toBeGreaterThan(0);
  expect(receiver.tries.length).toBeLessThan(1_000);
  const tries = receiver.tries.length;
  receiver.answer = () => 204;
  await time.pass(DAY);
  const dead = new Set(letters.kept.map(({ place }) => place.seq));
  expect(new Set(receiver.seqs.slice(tries))).toEqual(new Set(upTo(1_000).filter((seq) => !dead.has(seq))));
  await node.stop();
});

test('Retry-After is waited for, up to a day, by all of its deliveries', async () => {
  let answer: () => { outcome: Outcome; retryAfter?: number } = () => ({ outcome: { status: 429 }, retryAfter: HOUR });
  receiver.answer = () => Promise.resolve(answer());
  feed.add(3);
  const node = await begin();
  await time.pass(HOUR - 1_000);
  expect(receiver.seqs).toEqual([1]);
  answer = () => ({ outcome: { status: 204 } });
  await time.pass(2_000);
  expect([...receiver.seqs].sort()).toEqual([1, 1, 2, 3]);
  answer = () => ({ outcome: { status: 503 }, retryAfter: 365 * DAY });
  feed.add(1);
  await time.pass(1_000);
  answer = () => ({ outcome: { status: 204 } });
  await time.pass(DAY + HOUR);
  expect(receiver.seqs.slice(4)).toEqual([4, 4]);
  await node.stop();
});

test('410 ends deliveries until somebody asks for them again', async () => {
  receiver.answer = (id) => (id === changeId(2) ? 410 : 204);
  feed.add(5);
  const node = await begin();
  await time.pass(30 * DAY);
  expect(receiver.seqs).toEqual([1, 2]);
  expect((await progress()).progress.goneSince).toBeDefined();
  receiver.answer = () => 204;
  steer(node, { kind: 'rewound', after: 1 });
  await time.pass(1_000);
  expect(receiver.seqs).toEqual([1, 2, 2, 3, 4, 5]);
  await node.stop();
});

test('a replay sends everything behind a seq again, and what was pending of it once', async () => {
  receiver.answer = (id) => ([changeId(1), changeId(4)].includes(id) ? 500 : 204);
  feed.add(5);
  const node = await begin();
  await time.pass(1_000);
  receiver.answer = () => 204;
  const before = receiver.tries.length;
  steer(node, { kind: 'rewound', after: 2 });
  await time.pass(HOUR);
  expect([...receiver.seqs.slice(before)].sort()).toEqual([1, 3, 4, 5]);
  // Asked once, done once: also by who goes on after it.
  await node.stop();
  const next = await begin();
  await time.pass(HOUR);
  expect(receiver.tries).toHaveLength(before + 4);
  await next.stop();
});

test('once the key is revoked by which it was registered, nothing is sent', async () => {
  feed.add(2);
  const node = await begin();
  await time.pass(1_000);
  listens = false;
  feed.add(2);
  await time.pass(DAY);
  expect(receiver.seqs).toEqual([1, 2]);
  await node.stop();
});

test('a secret that is lost sends nothing, and shows', async () => {
  const options = { secrets: () => Promise.resolve([]) };
  feed.add(1);
  const closing = new AbortController();
  const delivery = await Delivery.begin(
    {
      id: ID,
      entry: () => entry,
      ...options,
      fence: { state, ticker: time.ticker, token: ++token, ended: closing.signal },
      cut: closing.signal,
    },
    {
      source: feed,
      courier: receiver,
      clock: time.clock,
      ticker: time.ticker,
      randomness: seededRandomness('x'),
      tell: () => ok(''),
      mayListen: () => true,
      observer: { tried: () => undefined, gaveUp: () => undefined },
    },
  );
  const ended = delivery!.run();
  await time.pass(1_000);
  closing.abort();
  await ended;
  expect(receiver.tries).toEqual([]);
  expect((await progress()).progress.last).toMatchObject({ outcome: { error: 'secret-lost' } });
});

describe('whoever goes on after it', () => {
  test('begins where it was stopped: nothing twice', async () => {
    receiver.answer = (id) => (id === changeId(3) ? 500 : 204);
    feed.add(40);
    const first = await begin();
    await time.pass(1_000);
    await first.stop();
    feed.add(10);
    receiver.answer = () => 204;
    const second = await begin();
    await time.pass(HOUR);
    await second.stop();
    expect([...receiver.seqs].sort((a, b) => a - b)).toEqual([1, 2, 3, 3, ...upTo(50, 4)]);
  });

  test('loses nothing where it was killed at any moment', async () => {
    for (let round = 0; round < 40; round++) {
      feed.add(25);
      const base = receiver.tries.length;
      let left = 1 + ((round * 7) % 25);
      const node = await begin();
      receiver.answer = async () => {
        if (--left === 0) node.kill();
        await time.ticker.sleep(round % 2 === 0 ? 1 : 150);
        return { outcome: { status: 204 } };
      };
      await time.pass(HOUR);
      const next = await begin();
      receiver.answer = () => 204;
      await time.pass(HOUR);
      await next.stop();
      expect(new Set(receiver.seqs.slice(base)).size).toBeGreaterThanOrEqual(25);
      expect((await progress()).progress.position.seq).toBe(25 * (round + 1));
    }
    expect(new Set(receiver.seqs)).toEqual(new Set(upTo(1_000)));
  });

  test('has the one before refused, who then ends', async () => {
    receiver.answer = async () => {
      await time.ticker.sleep(100);
      return { outcome: { status: 204 } };
    };
    feed.add(50);
    const first = await begin();
    await time.pass(1_000);
    const second = await begin();
    await time.pass(10_000);
    expect(await first.ended).toBeInstanceOf(SupersededError);
    expect(new Set(receiver.seqs)).toEqual(new Set(upTo(50)));
    await second.stop();
    expect((await progress()).progress.position.seq).toBe(50);
  });

  test('by another fold asks it again what the events of pending changes tell', async () => {
    const old = new MadeFeed('1');
    const now = feed;
    receiver.answer = () => 500;
    old.add(3, 2);
    feed = old;
    const first = await begin();
    await time.pass(1_000);
    await first.stop();
    feed = now;
    feed.add(2, 3);
    receiver.answer = () => 204;
    const before = receiver.tries.length;
    const second = await begin();
    await time.pass(HOUR);
    await second.stop();
    expect([...receiver.ids.slice(before)].sort()).toEqual(
      [1, 2].flatMap((seq) => [0, 1, 2].map((n) => changeId(seq, n))),
    );
    // Of the third event this fold tells nothing: it is told of as what it is.
    expect((await progress()).letters.kept.map(({ change }) => change)).toEqual(['f1-3.0', 'f1-3.1']);
  });
});

test('a state that cannot be written for a while is waited for, and nothing is lost', async () => {
  let away = false;
  const shaky: OperationalState = {
    read: (name) => state.read(name),
    write: (...given) => (away ? Promise.reject(new EventStoreError('unavailable', 'Away.')) : state.write(...given)),
    close: () => Promise.resolve(),
  };
  const node = await begin(shaky);
  away = true;
  feed.add(10);
  await time.pass(60_000);
  away = false;
  feed.add(10);
  await time.pass(60_000);
  await node.stop();
  expect(receiver.seqs).toEqual(upTo(20));
  expect((await progress()).progress.position.seq).toBe(20);
});

test('dead letters are bounded: the oldest go, and are counted', async () => {
  receiver.answer = () => 400;
  feed.add(1_300);
  const node = await begin();
  await time.pass(50 * DAY);
  const { letters } = await progress();
  expect(letters.kept).toHaveLength(MOST_LETTERS);
  expect(letters.dropped).toBeGreaterThan(0);
  expect(letters.kept[0]!.place.seq).toBe(letters.dropped + 1);
  await node.stop();
}, 60_000);
