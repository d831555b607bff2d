/** The directory of erasures, on real logs, as two nodes see it. */
import { openSqliteKeyStore } from '#access';
import { ok, randomId, streamName } from '#kernel';
import { ensureLogStarted, type KeyStore } from '#log-format';
import { allEvents, realClock, realRandomness, realTicker, temporaryLog } from '../../../../test/support/real.js';
import { type CondemnedKeys, type ErasureDirectory, lastCondemned, openErasureDirectory } from './directory.js';
import { erasureOf } from './events.js';

let log: Awaited<ReturnType<typeof temporaryLog>>;
let keys: KeyStore;
let logId: string;
let a: ErasureDirectory;
let b: ErasureDirectory;

const open = (): Promise<ErasureDirectory> =>
  openErasureDirectory({
    store: log.store,
    keys,
    logId,
    clock: realClock,
    ticker: realTicker,
    randomness: realRandomness,
    report: (line) => {
      throw new Error(line);
    },
  });

beforeEach(async () => {
  log = await temporaryLog();
  keys = await openSqliteKeyStore({ folder: log.folder, mode: 'write', randomness: realRandomness });
  logId = await ensureLogStarted(log.store, realClock, realRandomness);
  [a, b] = [await open(), await open()];
});
afterEach(async () => {
  await Promise.all([a.close(), b.close()]);
  await keys.close();
  await log.remove();
});

const person = randomId(realRandomness);
const id = erasureOf(person);
const key = randomId(realRandomness);
const source = randomId(realRandomness);

const ask = (directory = a) =>
  directory.record(id, 'key:admin', (known) =>
    ok(
      known === undefined ? { type: 'ErasureAsked', data: { person, reason: 'R', words: ['Ada Zimmer'] } } : undefined,
    ),
  );
const condemn = (stream: string, directory = a, revision = 3) =>
  directory.record(id, 'system', () => ok({ type: 'KeysCondemned', data: { stream, revision, keys: [key] } }));

async function until(is: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!is()) {
    if (Date.now() > end) throw new Error('It did not come.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('one erasure a person, whoever asks first, known to all nodes without what is sealed', async () => {
  const [first, second] = await Promise.all([ask(a), ask(b)]);
  expect(first).toMatchObject({ ok: true, value: { id, person, askedBy: 'key:admin' } });
  expect(second.ok && second.value?.askedAt).toBe(first.ok && first.value?.askedAt);
  await until(() => b.get(id) !== undefined && a.get(id) !== undefined);
  expect(b.all()).toEqual(a.all());
  expect(await allEvents(log.store, streamName('erasure', id))).toHaveLength(1);
  const held = await allEvents(log.store);
  expect(JSON.stringify([held, a.all(), b.all()])).not.toContain('Zimmer');
});

test('what is condemned is told once to each node, in its order; a node that starts later has it', async () => {
  const told: CondemnedKeys[] = [];
  b.onCondemned((one) => told.push(one));
  await ask();
  await condemn(streamName('person', person));
  await condemn(streamName('source', source), b, 9);
  await until(() => told.length === 2 && a.condemned().length === 2);
  const expected = [
    { erasure: id, at: 1, stream: streamName('person', person), revision: 3, keys: [key] },
    { erasure: id, at: 2, stream: streamName('source', source), revision: 9, keys: [key] },
  ];
  expect(told).toEqual(expected);
  expect(a.condemned()).toEqual(expected);
  const late = await open();
  expect(late.condemned()).toEqual(expected);
  await late.close();
});

test('a node reports once how far it has forgotten', async () => {
  await ask();
  await condemn(streamName('person', person));
  await Promise.all([a.report('node-a', id, 1), a.report('node-a', id, 1), b.report('node-b', id, 1)]);
  await a.report('node-a', id, 0);
  await until(() => a.get(id)?.reports.size === 2);
  expect([...a.get(id)!.reports].sort()).toEqual([
    ['node-a', 1],
    ['node-b', 1],
  ]);
  expect(lastCondemned(a.get(id)!)).toBe(1);
  expect(await allEvents(log.store, streamName('erasure', id))).toHaveLength(4);
});

test('a mention is redacted once its keys are condemned, and kept once a reviewer says so; what came last counts', async () => {
  await ask();
  const mention = { kind: 'source', id: source, because: 'words' } as const;
  await a.record(id, 'system', () => ok({ type: 'MentionsListed', data: { mentions: [mention], complete: true } }));
  expect(a.get(id)).toMatchObject({ listed: true });
  expect(a.get(id)?.decisions.size).toBe(0);
  await condemn(streamName('source', source));
  expect([...a.get(id)!.decisions]).toEqual([[`source/${source}`, 'redacted']]);
  await a.record(id, 'key:r', () =>
    ok({ type: 'MentionKept', data: { kind: 'source', id: source, reason: 'Zimmer' } }),
  );
  expect([...a.get(id)!.decisions]).toEqual([[`source/${source}`, 'kept']]);
  await until(() => b.get(id)?.decisions.get(`source/${source}`) === 'kept');
});
