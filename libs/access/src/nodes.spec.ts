/** Who is taken for up, and who for gone: over one operational state, with clocks that a spec moves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperationalState } from '#event-store';
import { openNodeState } from '#event-store-sqlite';
import { realRandomness } from '../../../test/support/real.js';
import { VirtualTime } from '../../../test/support/virtual-time.js';
import { joinNodes, type Nodes, onlyNode } from './nodes.js';

let folder: string;
let time: VirtualTime;
let state: OperationalState;
/** Set: whoever was cut off reaches the state no more. */
let cut: Set<string>;
const opened: Nodes[] = [];
let lines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'habeas-nodes-'));
  time = new VirtualTime();
  state = openNodeState(folder);
  cut = new Set();
  lines = [];
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((nodes) => nodes.close()));
  await state.close();
  rmSync(folder, { recursive: true });
});

async function joined(id: string, clock = time.clock): Promise<Nodes> {
  const reached = <T>(call: () => Promise<T>): Promise<T> =>
    cut.has(id) ? Promise.reject(new Error('Cut off.')) : call();
  const nodes = await joinNodes({
    id,
    name: `machine of ${id}`,
    clock,
    ticker: time.ticker,
    randomness: realRandomness,
    report: (line) => lines.push(line),
    state: {
      read: (name) => reached(() => state.read(name)),
      write: (name, value, expected) => reached(() => state.write(name, value, expected)),
      close: () => Promise.resolve(),
    },
  });
  opened.push(nodes);
  return nodes;
}

const shown = async (nodes: Nodes): Promise<unknown> =>
  Object.fromEntries((await nodes.all()).map(({ id, live }) => [id, live]));

test('each node knows the others at once, and by which names', async () => {
  const a = await joined('a');
  const b = await joined('b');
  expect(await shown(a)).toEqual({ a: true, b: true });
  expect(await b.all()).toEqual([
    { id: 'a', name: 'machine of a', live: true, seen: '2026-11-23T12:00:00.000Z' },
    { id: 'b', name: 'machine of b', live: true, seen: '2026-11-23T12:00:00.000Z' },
  ]);
});

test('a node that is killed is gone after a while, and is back when it is', async () => {
  const a = await joined('a');
  await joined('b');
  cut.add('b');
  await time.pass(15_000);
  expect(await shown(a)).toEqual({ a: true, b: true });
  await time.pass(10_000);
  expect(await shown(a)).toEqual({ a: true, b: false });
  cut.delete('b');
  await time.pass(6_000);
  expect(await shown(a)).toEqual({ a: true, b: true });
});

test('who begins to watch takes nobody for gone that it did not watch', async () => {
  await joined('b');
  cut.add('b');
  await time.pass(60_000);
  const a = await joined('a');
  expect(await shown(a)).toEqual({ a: true, b: true });
  await time.pass(25_000);
  expect(await shown(a)).toEqual({ a: true, b: false });
});

test('a node that was stopped is gone at once', async () => {
  const a = await joined('a');
  const b = await joined('b');
  await b.close();
  expect(await shown(a)).toEqual({ a: true, b: false });
  await joined('b');
  expect(await shown(a)).toEqual({ a: true, b: true });
});

test('clocks that differ by hours take nobody for gone', async () => {
  const a = await joined('a');
  await joined('b', { now: () => new Date(time.now - 7 * 3_600_000) });
  await time.pass(60_000);
  expect(await shown(a)).toEqual({ a: true, b: true });
});

test('many that join and say so at the same time are all heard', async () => {
  const all = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => joined(id)));
  await time.pass(120_000);
  for (const nodes of all) expect(Object.values((await shown(nodes)) as object)).toEqual(Array(6).fill(true));
});

test('where the views of a node stand is told, and that they go on', async () => {
  const a = await joined('a');
  const b = await joined('b');
  b.stopsAt('an event');
  await time.pass(6_000);
  expect((await a.all()).map(({ stoppedAt }) => stoppedAt)).toEqual([undefined, 'an event']);
  b.stopsAt(undefined);
  await time.pass(6_000);
  expect((await a.all()).map(({ stoppedAt }) => stoppedAt)).toEqual([undefined, undefined]);
});

test('who has not been heard of for months is left out', async () => {
  const b = await joined('b');
  await b.close();
  await time.pass(91 * 86_400_000);
  const a = await joined('a');
  expect(await shown(a)).toEqual({ a: true });
});

test('two that run on copies of one folder are told of; one that is started again is not', async () => {
  const first = await joined('a');
  await time.pass(12_000);
  await first.close();
  await joined('a');
  await time.pass(12_000);
  expect(lines).toEqual([]);
  await joined('a');
  await time.pass(12_000);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^Another server \(machine of a\) says that it is this node/);
});

test('where there can be no other, nothing is written', async () => {
  const only = onlyNode({ id: 'a', name: 'machine', clock: time.clock });
  only.stopsAt('an event');
  expect(await only.all()).toEqual([
    { id: 'a', name: 'machine', live: true, seen: '2026-11-23T12:00:00.000Z', stoppedAt: 'an event' },
  ]);
  expect(await state.read('nodes')).toBeUndefined();
});
