/**
 * What a node forgets, on its real parts without the interface: log and keys in its folder, views of all ceilings in threads of their own.
 * Searched is every byte of every file.
 */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { KeyStoreError } from '#access';
import { randomId, VISIBILITIES } from '#kernel';
import { checkViews } from '#projections';
import { realRandomness } from '../../../../test/support/real.js';
import { until } from '../../../../test/support/until.js';
import { wordsInFiles } from '../../../../test/support/words-in-files.js';
import { openKeyStore } from '../key-store.js';
import { erase, Node, record, WORDS } from './test-support/node.js';

let folder: string;
let node: Node;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'habeas-forgetting-'));
});
afterEach(async () => {
  await node.stop();
  rmSync(folder, { recursive: true });
});

const viewFiles = (): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /views-\d+-\d+\.db$/.test(name));

/** Processes that this one started. */
function children(): readonly number[] {
  return readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

test('nothing of what was erased is in any byte of the folder, while it runs and after', async () => {
  node = await Node.start(folder);
  const told = await record(node);
  await node.live();
  const before = VISIBILITIES.map((ceiling) => node.document(told.person, ceiling));
  const others = VISIBILITIES.map((ceiling) => node.document(told.other, ceiling));
  const held = wordsInFiles(folder, WORDS).join('\n');
  for (const word of WORDS) expect(held).toContain(word);
  for (const ceiling of ['public', 'internal']) expect(held).toContain(`views-${ceiling}`);
  expect(held).toMatch(/in search_index_1\n/);
  const files = viewFiles();
  expect(files).toHaveLength(3);
  const erasure = await erase(node, told);
  await node.hasReported(erasure);
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
  expect(viewFiles().filter((file) => files.includes(file))).toEqual([]);
  await node.live();
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
  // What they are is still told, without who they are; and of others everything.
  for (const [n, ceiling] of VISIBILITIES.entries()) {
    const { axes, names } = node.document(told.person, ceiling);
    expect(axes).toEqual(before[n]?.axes);
    expect(JSON.stringify(names)).not.toMatch(/text/);
    expect(node.document(told.other, ceiling).names).toEqual(others[n]?.names);
  }
  await until(() => node.found('Ada Miller') === 1);
  for (const word of WORDS) expect(node.found(word)).toBe(0);
  expect(node.lines).toEqual([]);
  const kept = viewFiles();
  await node.stop();
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
  // It is known to be done: nothing is folded anew by the next start, and nothing is reported again.
  node = await Node.start(folder);
  await node.live();
  expect(viewFiles()).toEqual(kept);
  expect([...(node.erasures.get(erasure)?.reports ?? [])]).toHaveLength(1);
  await node.stop();
});

test('what is being built at the time is given up, however far it is', async () => {
  node = await Node.start(folder);
  const told = await record(node);
  await node.live();
  expect((await node.levels.rebuild()).ok).toBe(true);
  const builders = children();
  expect(builders).toHaveLength(3);
  // They stay where they are, and would go on with what they know by then.
  for (const pid of builders) process.kill(pid, 'SIGSTOP');
  await node.hasReported(await erase(node, told));
  expect(children().filter((pid) => builders.includes(pid))).toEqual([]);
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
  expect(viewFiles()).toHaveLength(3);
  expect(node.lines).toEqual([]);
});

test('views that are folded for the first time at the time are begun anew, by a thread that let go of the keys', async () => {
  node = await Node.start(folder, 'log');
  const told = await record(node);
  const cites = [{ sourceId: told.source, quote: { exact: 'away' } }];
  for (let n = 0; n < 20; n++)
    await Promise.all(
      Array.from({ length: 50 }, (_, m) =>
        node.given({
          type: 'PersonEntered',
          category: 'person',
          data: { names: [{ text: `Ada Miller ${n}.${m}`, kind: 'legal' }], citations: cites },
        }),
      ),
    );
  await node.stop();
  node = await Node.start(folder, 'views', { ceilings: ['confidential'] });
  const reading = await readWhatIsMade();
  // All is read by then; what is folded of it cannot be written as long as somebody reads there.
  await delay(1_500);
  expect(node.levels.of('confidential').views.health().state).toBe('starting');
  const erasure = await erase(node, told);
  await node.hasReported(erasure);
  reading.close();
  await node.live();
  await until(() => node.found('Ada Miller 7.7') === 1);
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
}, 60_000);

/** Begins to read the first file of views as soon as it is there. */
async function readWhatIsMade(): Promise<DatabaseSync> {
  for (;;) {
    await turn();
    const [name] = viewFiles();
    if (name === undefined) continue;
    const db = new DatabaseSync(join(folder, name), { readOnly: true });
    try {
      db.exec('BEGIN; SELECT seq FROM checkpoint;');
      return db;
    } catch {
      db.close();
    }
  }
}

/** A check of the views that is ended in the middle, as a kill may: what it has made stays. */
async function checkInPart(): Promise<void> {
  const stop = new AbortController();
  const checking = checkViews({
    folder,
    eventStore: node.store,
    keyStore: node.keys,
    clock: { now: () => new Date() },
    signal: stop.signal,
    onProgress: (step) => {
      if (step === 'comparing') stop.abort(new Error('ended'));
    },
    onDifference: () => undefined,
  });
  await expect(checking).rejects.toThrow('ended');
  expect(wordsInFiles(folder, WORDS).join()).toContain('.check/');
}

test('what a check left behind that was ended is deleted too, by a node that is up and by one that was down', async () => {
  node = await Node.start(folder);
  const told = await record(node);
  await node.live();
  await checkInPart();
  await node.hasReported(await erase(node, told));
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
  const again = await record(node);
  await node.live();
  await checkInPart();
  await node.stop();
  node = await Node.start(folder, 'log');
  await erase(node, again);
  await node.stop();
  node = await Node.start(folder, 'forgetting');
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
});

test('a node that was down has forgotten before it serves, and says so', async () => {
  node = await Node.start(folder);
  const told = await record(node);
  await node.live();
  await node.stop();
  // Elsewhere, by who did not come to destroy the keys.
  node = await Node.start(folder, 'log');
  const erasure = await erase(node, told);
  const keyIds = node.erasures.condemned().flatMap(({ keys }) => keys);
  expect((await node.keys.find(keyIds)).size).toBe(3);
  await node.stop();
  expect(wordsInFiles(folder, WORDS)).not.toEqual([]);
  node = await Node.start(folder, 'forgetting');
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
  expect(viewFiles()).toEqual([]);
  expect((await node.keys.find(keyIds)).size).toBe(0);
  await node.stop();
  node = await Node.start(folder);
  await node.hasReported(erasure);
  await node.live();
  await until(() => node.found('Ada Miller') === 1);
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
});

test('keys that came back are destroyed again at each start', async () => {
  node = await Node.start(folder);
  const told = await record(node);
  await node.stop();
  const kept = mkdtempSync(join(tmpdir(), 'habeas-kept-'));
  copyFileSync(join(folder, 'keys.db'), join(kept, 'keys.db'));
  node = await Node.start(folder);
  await node.hasReported(await erase(node, told));
  const keyIds = node.erasures.condemned().flatMap(({ keys }) => keys);
  await node.live();
  const files = viewFiles();
  await node.stop();
  copyFileSync(join(kept, 'keys.db'), join(folder, 'keys.db'));
  rmSync(kept, { recursive: true });
  node = await Node.start(folder, 'log');
  expect((await node.keys.find(keyIds)).size).toBe(3);
  await node.stop();
  node = await Node.start(folder);
  await node.live();
  const settings = { data: folder, masterKey: undefined, masterKeyFile: undefined };
  const another = await openKeyStore(settings, { mode: 'read', randomness: realRandomness });
  expect((await another.find(keyIds)).size).toBe(0);
  await another.close();
  // What the views hold was made without them.
  expect(viewFiles()).toEqual(files);
});

test('views that nobody reads any more are deleted as well', async () => {
  node = await Node.start(folder);
  const told = await record(node);
  await node.live();
  await node.stop();
  node = await Node.start(folder, 'views', { ceilings: ['confidential'] });
  await node.live();
  expect(viewFiles()).toHaveLength(3);
  await node.hasReported(await erase(node, told));
  expect(viewFiles()).toHaveLength(1);
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
});

test('what is condemned one soon after the other costs one folding, or one more', async () => {
  node = await Node.start(folder);
  const told = await record(node);
  await node.live();
  const before = node.messages.filter(({ kind }) => kind === 'swapped').length;
  const one = (n: number) => ({ stream: `habeasPerson-${n}`, revision: 0, keys: [randomId(realRandomness)] });
  const erasure = await node.condemn(told.person, ...Array.from({ length: 12 }, (_, n) => one(n)));
  await node.hasReported(erasure);
  const foldings = (node.messages.filter(({ kind }) => kind === 'swapped').length - before) / 3;
  expect([1, 2]).toContain(foldings);
  expect(node.erasures.get(erasure)?.condemned).toHaveLength(12);
});

describe('where an event cannot be taken in', () => {
  const NOISE = { id: randomId(realRandomness), type: 'PersonArrested', data: '{"basis":', metadata: '{}' };
  const says = (on: Node, stream: string) => on.store.append(stream, [NOISE], 'no-stream');
  const stopped = (on: Node) =>
    until(() => on.levels.running.every(([, { views }]) => views.health().poison?.event === NOISE.id), 20_000);

  test('views that stand at it forget as far as they come', async () => {
    node = await Node.start(folder);
    const told = await record(node);
    await node.live();
    await says(node, `habeasPerson-${randomId(realRandomness)}`);
    await stopped(node);
    const erasure = await erase(node, told);
    await node.hasReported(erasure);
    // They do not know yet of what came behind it; what is to be read is not there any more.
    await stopped(node);
    expect(wordsInFiles(folder, WORDS)).toEqual([]);
    expect((await node.nodes.all()).map(({ stoppedAt }) => stoppedAt)).toEqual([undefined]);
  });

  test('a node that cannot forget for it says so, and goes on when it is skipped', async () => {
    node = await Node.start(folder);
    const told = await record(node);
    await node.live();
    await node.stop();
    // As an older program left them: served as they are until there are others.
    for (const file of viewFiles()) {
      const db = new DatabaseSync(join(folder, file));
      db.exec("UPDATE meta SET value = '0' WHERE key = 'fold'");
      db.close();
    }
    node = await Node.start(folder, 'log');
    await says(node, `habeasPerson-${randomId(realRandomness)}`);
    await node.stop();
    node = await Node.start(folder);
    await stopped(node);
    const erasure = await erase(node, told);
    const at = async (): Promise<string | undefined> => (await node.nodes.all())[0]?.stoppedAt;
    await until(async () => (await at()) === NOISE.id);
    await until(() => node.lines.some((line) => line.includes(`stand at event ${NOISE.id}`)));
    expect(node.erasures.get(erasure)?.reports.size).toBe(0);
    // Keys do not wait for it.
    const keyIds = node.erasures.condemned().flatMap(({ keys }) => keys);
    expect((await node.keys.find(keyIds)).size).toBe(0);
    expect(wordsInFiles(folder, WORDS)).not.toEqual([]);
    expect((await node.levels.skip(NOISE.id)).ok).toBe(true);
    await node.hasReported(erasure);
    expect(await at()).toBeUndefined();
    expect(wordsInFiles(folder, WORDS)).toEqual([]);
  });
});

test('what fails is told once, and tried again', async () => {
  let failures = 0;
  node = await Node.start(folder, 'views', {
    keys: (keys) => ({
      obtain: (stream) => keys.obtain(stream),
      find: (keyIds) => keys.find(keyIds),
      forget: (keyIds) => {
        keys.forget(keyIds);
      },
      secret: (name) => keys.secret(name),
      findSecret: (name) => keys.findSecret(name),
      destroySecret: (name) => keys.destroySecret(name),
      close: () => keys.close(),
      destroy: (keyIds) =>
        ++failures < 3 ? Promise.reject(new KeyStoreError('unavailable', 'It is away.')) : keys.destroy(keyIds),
    }),
  });
  const told = await record(node);
  await node.live();
  await node.hasReported(await erase(node, told));
  expect(failures).toBeGreaterThan(2);
  expect(node.lines).toEqual(['What was erased could not be forgotten yet, and is tried again: It is away.']);
  expect(wordsInFiles(folder, WORDS)).toEqual([]);
});

test('a folder without its note is that of another node, which has forgotten nothing', async () => {
  node = await Node.start(folder);
  const told = await record(node);
  const erasure = await erase(node, told);
  await node.hasReported(erasure);
  await node.live();
  const { id } = node.file;
  await node.stop();
  writeFileSync(join(folder, 'node.json'), '{"id":');
  node = await Node.start(folder, 'forgetting');
  expect(node.file.id).not.toBe(id);
  expect(viewFiles()).toEqual([]);
});
