/**
 * Leases among nodes that are paused, killed and cut off, in simulated time: never two holders at once, never a write of an earlier holder
 * behind one of a later, and always a new one in time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { Leases, type EventStoreError, type ExpectedRevision, type Lease, type OperationalState } from '#event-store';
import { openNodeState } from '#event-store-sqlite';
import { seededRandomness } from '../../../test/support/fixed.js';
import { SimulatedNode, SimulatedTime, type Draw, type Network } from './test-support/simulated-nodes.js';

const TERM = 1_000;

let folder: string;
let truth: OperationalState;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'habeas-leases-'));
  truth = openNodeState(folder);
});

afterEach(async () => {
  await truth.close();
  rmSync(folder, { recursive: true });
});

function drawFrom(seed: number): Draw {
  const randomness = seededRandomness(String(seed));
  return () => Buffer.from(randomness.bytes(4)).readUInt32LE() / 2 ** 32;
}

/** Nodes that want one lease, and what they do while they hold it: each writes its token to one journal, again and again. */
class Office {
  readonly time = new SimulatedTime();
  // Calls may take longer than a lease lasts.
  readonly network: Network = { delay: (draw) => 1 + 9 * draw(), lost: 0, deadline: 2 * TERM };
  readonly nodes: SimulatedNode[] = [];
  /** Every lease that anybody ever had. */
  readonly had: { readonly node: SimulatedNode; readonly lease: Lease }[] = [];
  /** The tokens that were written to the journal, in the order in which they came to be there. */
  readonly written: number[] = [];
  /** The most that held it at once, each by its own clock. */
  atOnce = 0;
  readonly #draw: Draw;
  readonly #seed: number;
  readonly #state: OperationalState;
  #journal = 'journal';

  constructor(seed: number, name: string) {
    this.#draw = drawFrom(seed);
    this.#seed = seed;
    this.#journal = `journal-${name}`;
    this.#state = {
      read: (of) => truth.read(of),
      write: async (to, value, expected) => {
        const revision = await truth.write(to, value, expected);
        if (to === this.#journal) this.written.push(Number(value));
        return revision;
      },
      close: () => truth.close(),
    };
  }

  start(name: string, pace = 1): SimulatedNode {
    const node = new SimulatedNode(this.time, this.#draw, pace);
    const state = node.reach(this.#state, this.network);
    const randomness = seededRandomness(`${this.#seed} ${this.nodes.length}`);
    const leases = new Leases({ state, randomness, term: TERM, ticker: node.ticker });
    this.nodes.push(node);
    const live = async (): Promise<void> => {
      for (;;) {
        const lease = await leases.hold(name);
        this.had.push({ node, lease });
        await this.#write(node, state, lease);
        // Now and then one lets go by itself.
        if (lease.isHeld()) await lease.release();
      }
    };
    void live();
    return node;
  }

  /** As whoever holds a lease is told to: at exact revisions, and over nothing that carries a larger token. */
  async #write(node: SimulatedNode, state: OperationalState, lease: Lease): Promise<void> {
    let there: ExpectedRevision | undefined;
    for (let left = 40; left > 0 && lease.isHeld(); left--) {
      try {
        if (there === undefined) {
          const found = await state.read(this.#journal);
          if (found !== undefined && Number(found.value) > lease.token) return;
          there = found?.revision ?? 'no-stream';
          if (!lease.isHeld()) return;
        }
        there = await state.write(this.#journal, String(lease.token), there);
      } catch (error) {
        if (!['wrong-expected-revision', 'timed-out', 'unavailable'].includes((error as EventStoreError).code))
          throw error;
        there = undefined;
      }
      await node.ticker.sleep(TERM / 10);
    }
  }

  holders(): SimulatedNode[] {
    return this.had.filter(({ lease }) => lease.isHeld()).map(({ node }) => node);
  }

  run(milliseconds: number): Promise<void> {
    return this.time.runUntil(this.time.now + milliseconds, () => {
      this.atOnce = Math.max(this.atOnce, this.holders().length);
    });
  }

  /** Until somebody holds it that is alive; for how long that took. */
  async untilHeld(most: number): Promise<number> {
    const since = this.time.now;
    while (this.time.now < since + most && !this.holders().some((node) => node.alive)) await this.run(10);
    return this.time.now - since;
  }
}

interface Scene {
  readonly seed: number;
  readonly paces: readonly number[];
  readonly lost: number;
  readonly slow: number;
  readonly events: readonly {
    readonly after: number;
    readonly node: number;
    readonly what: 'kill' | 'pause';
    readonly long: number;
  }[];
}

const scenes = (slowestPace: number, fastestPace: number): fc.Arbitrary<Scene> =>
  fc.record({
    seed: fc.nat(),
    paces: fc.array(fc.double({ min: slowestPace, max: fastestPace, noNaN: true }), { minLength: 2, maxLength: 4 }),
    lost: fc.constantFrom(0, 0.05, 0.3),
    slow: fc.constantFrom(0, 0.02, 0.2),
    events: fc.array(
      fc.record({
        after: fc.integer({ min: 10, max: 2 * TERM }),
        node: fc.nat(),
        what: fc.constantFrom('kill' as const, 'pause' as const, 'pause' as const),
        long: fc.integer({ min: 10, max: 4 * TERM }),
      }),
      { minLength: 6, maxLength: 15 },
    ),
  });

let scene = 0;

/** Plays what happens, and then lets all be well for a while. */
async function play({ seed, paces, lost, slow, events }: Scene): Promise<Office> {
  const name = `scene-${++scene}`;
  const office = new Office(seed, name);
  office.network.lost = lost;
  // Some messages come when everybody has long gone on.
  office.network.delay = (draw) => (draw() < slow ? 3 * TERM * draw() : 1 + 9 * draw());
  for (const pace of paces) office.start(name, pace);
  for (const { after, node, what, long } of events) {
    await office.run(after);
    const one = office.nodes[node % office.nodes.length]!;
    if (what === 'pause') one.pause(long);
    else {
      one.kill();
      office.start(name, one.pace);
    }
  }
  office.network.lost = 0;
  office.network.delay = (draw) => 1 + 9 * draw();
  // What was still on its way has come, and who was paused runs.
  await office.run(7 * TERM);
  return office;
}

test('never two at once, and no write behind that of a later holder, whatever befalls nodes and network', async () => {
  const had: number[] = [];
  await fc.assert(
    fc.asyncProperty(scenes(0.85, 1.15), async (one) => {
      const office = await play(one);
      had.push(office.had.length);
      expect(office.atOnce).toBe(1);
      expect(office.written).toEqual([...office.written].sort((a, b) => a - b));
      const tokens = office.had.map(({ lease }) => lease.token);
      expect(new Set(tokens).size).toBe(tokens.length);
      expect(await office.untilHeld(3 * TERM)).toBeLessThan(3 * TERM);
    }),
    { numRuns: 60, seed: 11 },
  );
  // It did pass from one to another.
  expect(had.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(200);
}, 60_000);

test('nodes whose clocks run at any pace may hold it at once, and still no write lands behind that of a later holder', async () => {
  let most = 0;
  await fc.assert(
    fc.asyncProperty(scenes(0.2, 5), async (one) => {
      const office = await play(one);
      most = Math.max(most, office.atOnce);
      expect(office.written).toEqual([...office.written].sort((a, b) => a - b));
    }),
    { numRuns: 40, seed: 12 },
  );
  // Else this would show nothing.
  expect(most).toBeGreaterThan(1);
}, 60_000);

test('it passes on within two terms of its holder’s death, and what calls take', async () => {
  const took: number[] = [];
  for (let seed = 0; seed < 30; seed++) {
    const name = `passing-${seed}`;
    const office = new Office(seed, name);
    for (let n = 0; n < 3; n++) office.start(name);
    await office.untilHeld(TERM);
    await office.run(TERM + seed * 37);
    await office.untilHeld(TERM);
    for (const node of office.holders()) node.kill();
    const killed = office.time.now;
    // By its own clock the dead one held it for a while.
    while (office.holders().length > 0) await office.run(10);
    await office.untilHeld(3 * TERM);
    took.push(office.time.now - killed);
  }
  expect(Math.max(...took)).toBeLessThan(2 * TERM + 100);
  expect(Math.min(...took)).toBeGreaterThan(TERM);
});

test('a holder that was paused for too long knows, once it wakes, before it does anything', async () => {
  const office = new Office(1, 'paused');
  office.start('paused');
  await office.untilHeld(TERM);
  const [{ lease, node }] = office.had as [{ lease: Lease; node: SimulatedNode }];
  office.start('paused');
  node.pause(5 * TERM);
  await office.run(4 * TERM);
  expect(office.had).toHaveLength(2);
  const [, next] = office.had;
  const before = office.written.length;
  await office.run(2 * TERM);
  expect(lease.isHeld()).toBe(false);
  expect(lease.over.aborted).toBe(true);
  expect(next!.lease.isHeld()).toBe(true);
  expect(new Set(office.written.slice(before))).toEqual(new Set([next!.lease.token]));
});

test('one that was released is had at the next look; releasing tells whoever relies on it', async () => {
  const time = new SimulatedTime();
  const nodes = [1, 2].map((n) => new SimulatedNode(time, drawFrom(n), 1));
  const [first, second] = nodes.map(
    (node, n) => new Leases({ state: truth, randomness: seededRandomness(`${n}`), term: TERM, ticker: node.ticker }),
  );
  const lease = await first!.hold('a');
  let next: Lease | undefined;
  void second!.hold('a').then((had) => (next = had));
  await time.runUntil(4 * TERM, () => undefined);
  expect([lease.isHeld(), next]).toEqual([true, undefined]);
  const released = lease.release();
  expect([lease.isHeld(), lease.over.aborted]).toEqual([false, true]);
  await released;
  await time.runUntil(time.now + TERM / 4, () => undefined);
  expect(next?.token).toBeGreaterThan(lease.token);
  await lease.release();
  await time.runUntil(time.now + 3 * TERM, () => undefined);
  expect(next?.isHeld()).toBe(true);
});

test('one that was written over by another is over at the next renewal', async () => {
  const time = new SimulatedTime();
  const { ticker } = new SimulatedNode(time, drawFrom(1), 1);
  const lease = await new Leases({ state: truth, randomness: seededRandomness('1'), term: TERM, ticker }).hold('a');
  await truth.write('lease-a', JSON.stringify({ holder: 'another', term: TERM }), lease.token);
  await time.runUntil(TERM / 2, () => undefined);
  expect([lease.isHeld(), lease.over.aborted]).toEqual([false, true]);
  expect(await truth.read('lease-a')).toMatchObject({ revision: lease.token + 1 });
});

test('a term counts from when the write that was answered was sent, however long the answer took', async () => {
  const time = new SimulatedTime();
  const { ticker } = new SimulatedNode(time, drawFrom(1), 1);
  let late = 0;
  const state: OperationalState = {
    read: (name) => truth.read(name),
    write: async (...of) => {
      const revision = await truth.write(...of);
      if (late > 0) await ticker.sleep(late);
      return revision;
    },
    close: () => truth.close(),
  };
  const leases = new Leases({ state, randomness: seededRandomness('1'), term: TERM, ticker });
  const at = (term: number): Promise<void> => time.runUntil(term * TERM, () => undefined);
  late = 0.6 * TERM;
  let first: Lease | undefined;
  void leases.hold('a').then((had) => (first = had));
  await at(0.61);
  late = 9 * TERM;
  await at(0.99);
  expect(first?.isHeld()).toBe(true);
  await at(1);
  expect(first?.isHeld()).toBe(false);

  late = 0;
  const second = await leases.hold('b');
  late = 0.6 * TERM;
  // Renewed at 1 1/3, which is answered at 1.93; never again.
  await at(1.94);
  late = 9 * TERM;
  await at(2.33);
  expect(second.isHeld()).toBe(true);
  await at(2.34);
  expect(second.isHeld()).toBe(false);
});

test('by the machine’s clock: had, kept over many terms, passed on; waiting for it ends when told, or by what no waiting mends', async () => {
  const leases = new Leases({ state: truth, randomness: seededRandomness('machine'), term: 200 });
  const lease = await leases.hold('a');
  const impatient = new AbortController();
  const waiting = leases.hold('a', impatient.signal).catch((error: unknown) => error);
  const patient = leases.hold('a');
  await delay(900);
  expect(lease.isHeld()).toBe(true);
  impatient.abort('tired');
  expect(await waiting).toBe('tired');
  await lease.release();
  const next = await patient;
  expect(next.isHeld()).toBe(true);
  await truth.close();
  await expect(leases.hold('b')).rejects.toMatchObject({ code: 'closed' });
  await delay(300);
  expect(next.over.aborted).toBe(true);
});
