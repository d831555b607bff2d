/**
 * Disks, folders, files and clocks that fail the whole server. Each fault has its one clear sentence at the start or its
 * problem code while serving; what is not ours to mend is left byte for byte; and once the fault is gone, everything that
 * was acknowledged is there, once.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { SCHEMA_VERSION } from '#projections';
import { kill, killAll, ready, runServer, stop, type Run, type RunOptions } from '../support/server-process.js';
import {
  expectAsFolded,
  expectCounted,
  expectNothingElse,
  expectRecorded,
  readLog,
  servedFile,
} from './test-support/examine.js';
import { ADMIN_KEY, Office } from './test-support/office.js';
import { randomOf } from './test-support/random.js';

const PATIENT = 60_000;

let folder: string;
let office: Office;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'habeas-fault-')), 'data');
  office = new Office(randomOf(7));
});

afterEach(async () => {
  await killAll();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

function server(options: RunOptions = {}): Run {
  return runServer(folder, { ...options, environment: { HABEAS_ADMIN_KEY: ADMIN_KEY, ...options.environment } });
}

/** A record of some events, served. */
async function served(options: RunOptions = {}): Promise<{ readonly run: Run; readonly url: string }> {
  const run = server(options);
  const url = await ready(run);
  await office.prepare(url);
  await more(url);
  return { run, url };
}

async function more(url: string, commands = 12): Promise<void> {
  for (let n = 0; n < commands; n++) await office.mustRecord(url, office.next());
}

/** Exit code 1, one line on standard error, nothing on standard output. */
async function expectRefusal(run: Run, why: RegExp): Promise<void> {
  expect([await run.ended, run.output()]).toEqual([1, '']);
  expect(run.errors()).toMatch(why);
  expect(run.errors().trim().split('\n')).toHaveLength(1);
}

/** Every file but the owner's lock, with its bytes. */
function contents(): Readonly<Record<string, string>> {
  const names = readdirSync(folder).filter((name) => !name.startsWith('owner.') && !name.endsWith('-shm'));
  return Object.fromEntries(
    names
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name, readFileSync(join(folder, name), 'latin1')]),
  );
}

/** Starts once more: all that was acknowledged is there, once; writing goes on; the views are those of a fresh fold. */
async function expectWhole(options: RunOptions = {}): Promise<void> {
  const run = server(options);
  const url = await ready(run);
  expectRecorded(office, await readLog(folder));
  for (const command of [...office.open]) await office.mustRecord(url, command);
  await more(url, 3);
  const events = await readLog(folder);
  expectRecorded(office, events);
  expectNothingElse(office, events);
  await expectCounted(folder, events);
  await expectAsFolded(folder, events);
  expect([await stop(run), run.errors()]).toEqual([0, '']);
}

async function get(url: string, path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  return { status: response.status, body: await response.json() };
}

/** Looks again and again for ten seconds. */
async function until(what: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await what())) {
    if (performance.now() > end) throw new Error('It did not come to be so.');
    await delay(50);
  }
}

/** A test that needs something of the machine; where that is missing it is skipped, and says so. */
function testWhere(probe: string, needs: string): (name: string, body: () => Promise<void>, timeout: number) => void {
  if (spawnSync('bash', ['-c', probe]).status === 0) return test;
  console.warn(`Skipped below, because this machine does not allow it: ${needs}.`);
  return test.skip;
}

const MOUNT = 'mount -t tmpfs -o size=6m tmpfs';

testWhere(`unshare -rm ${MOUNT} /mnt && nsenter --version`, 'a small file system in a mount namespace')(
  'a full disk: writes are refused, reads are answered, a start is refused; with space everything goes on',
  async () => {
    mkdirSync(folder);
    // The mount lives as long as this process; servers come and go in its namespace.
    const holder = spawn('unshare', ['-rm', 'bash', '-c', `${MOUNT} ${folder} && echo mounted && exec sleep 300`]);
    try {
      await once(holder.stdout, 'data');
      const outside = folder;
      const scene = `exec nsenter -t ${holder.pid} -U -m --preserve-credentials "$@"`;
      const { run, url } = await served({ scene });
      folder = `/proc/${holder.pid}/root${outside}`;
      // SQLite and Node would look for the real path outside of the namespace: so a copy is read.
      const copied = (): string => {
        const copy = mkdtempSync(`${outside}-copy-`);
        for (const name of readdirSync(folder).filter((one) => !one.endsWith('-shm') && one !== 'ballast')) {
          cpSync(join(folder, name), join(copy, name));
        }
        return copy;
      };
      const ballast = join(folder, 'ballast');
      const fill = (): void => {
        const chunk = Buffer.alloc(16 * 1024);
        try {
          for (;;) writeFileSync(ballast, chunk, { flag: 'a' });
        } catch (error) {
          expect(error).toMatchObject({ code: 'ENOSPC' });
        }
      };
      fill();
      // What fits into pages that the files have already may still be recorded; then nothing is.
      const answers: string[] = [];
      while (answers.length < 6) {
        const answer = await office.say(url, answers.length % 2 === 0 ? office.fact() : office.enterPerson());
        if (answer.kind !== 'recorded') answers.push(JSON.stringify(answer));
      }
      expect(new Set(answers)).toEqual(new Set(['{"kind":"refused","status":507,"code":"disk-full"}']));
      expect((await get(url, `/v1/persons/${office.persons[0] ?? ''}`)).status).toBe(200);

      rmSync(ballast);
      for (const command of [...office.open]) await office.mustRecord(url, command);
      await until(async () => (await get(url, '/health/ready')).status === 200);
      expectRecorded(office, await readLog(copied()));

      fill();
      await office.say(url, office.enterPerson());
      await kill(run);
      rmSync(ballast);
      fill();
      const refused = runServer(outside, { scene, environment: { HABEAS_ADMIN_KEY: ADMIN_KEY } });
      const outcome = await Promise.race([refused.ended, ready(refused).then(() => 'ready')]);
      // Whether there is room for a start depends on what lies there already; where not, it is said in one line.
      if (outcome !== 'ready') {
        expect([outcome, refused.errors()]).toEqual([1, expect.stringMatching(/^The disk that holds .* is full\.\n$/)]);
      } else await kill(refused);

      rmSync(ballast);
      const again = runServer(outside, { scene, environment: { HABEAS_ADMIN_KEY: ADMIN_KEY } });
      const address = await ready(again);
      for (const command of [...office.open]) await office.mustRecord(address, command);
      await more(address, 3);
      const size = office.recorded.size + 2;
      await until(async () => {
        const { body } = (await get(address, '/health/ready')) as { body: { views: { seq: number } } };
        return body.views.seq >= size;
      });
      // Documents follow within moments; a copy does not.
      await delay(500);
      const copy = copied();
      const events = await readLog(copy);
      expectRecorded(office, events);
      expectNothingElse(office, events);
      await expectCounted(copy, events);
      expect([await stop(again), again.errors()]).toEqual([0, '']);
      folder = outside;
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'close');
    }
  },
  PATIENT,
);

/** Rights do not bind root, unless it gives up the capability to pass over them. */
const WITHOUT_PRIVILEGE =
  process.getuid?.() === 0 ? 'exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"' : 'exec "$@"';

testWhere(
  `bash -c '${WITHOUT_PRIVILEGE}' bash bash -c 'd=$(mktemp -d) && chmod 555 $d && ! touch $d/x 2>/dev/null'`,
  'a folder that cannot be written',
)(
  'a folder and files that cannot be written: a clear error, nothing is changed',
  async () => {
    const { run } = await served();
    await stop(run);
    const before = contents();
    const names = readdirSync(folder);
    chmodSync(folder, 0o555);
    await expectRefusal(server({ scene: WITHOUT_PRIVILEGE }), /^The data folder .* cannot be written/);
    chmodSync(folder, 0o755);
    for (const name of ['log.db', 'keys.db']) {
      chmodSync(join(folder, name), 0o444);
      await expectRefusal(server({ scene: WITHOUT_PRIVILEGE }), /cannot be (written|used|opened)/);
      chmodSync(join(folder, name), 0o600);
    }
    expect(readdirSync(folder)).toEqual(names);
    expect(contents()).toEqual(before);
    await expectWhole();
  },
  PATIENT,
);

test(
  'a journal with a torn end that was never acknowledged: all that was is there',
  async () => {
    const { run } = await served();
    await kill(run);
    const journal = join(folder, 'log.db-wal');
    const bytes = readFileSync(journal);
    // The first half of a frame, as a write that was under way leaves it.
    writeFileSync(journal, Buffer.concat([bytes, bytes.subarray(-2_000)]));
    await expectWhole();
  },
  PATIENT,
);

test(
  'a journal that lost acknowledged frames (damage): a whole beginning of the log is served, by views folded from it anew',
  async () => {
    const { run } = await served();
    const before = await readLog(folder);
    await expectCounted(folder, before);
    await kill(run);
    const journal = join(folder, 'log.db-wal');
    truncateSync(journal, statSync(journal).size - 20_000);
    const again = server();
    await ready(again);
    const left = await readLog(folder);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(before.length);
    expect(left).toEqual(before.slice(0, left.length));
    await expectCounted(folder, left);
    await expectAsFolded(folder, left);
    expect([await stop(again), again.errors()]).toEqual([0, '']);
  },
  PATIENT,
);

const damaged: readonly [name: string, file: string, why: RegExp, spoil: (file: string) => void][] = [
  ['a log that was cut off', 'log.db', /^The log in the data folder .* is damaged; it was left as it is/, cut],
  [
    'a log of which nothing is left',
    'log.db',
    /is damaged/,
    (file) => {
      writeFileSync(file, '');
    },
  ],
  ['a text as the log', 'log.db', /is not a log of Habeas/, text],
  ['another program’s database as the log', 'log.db', /is not a log of Habeas/, database],
  ['a key store that was cut off', 'keys.db', /key store .* is damaged/, cut],
  ['a text as the key store', 'keys.db', /not a key store/, text],
  ['another program’s database as the key store', 'keys.db', /not a key store/, database],
  ['a key store that is gone', 'keys.db', /key store .* is not there/, rmSync],
  ['a master key that is gone', 'master.key', /its master key .* is not/, rmSync],
  [
    'another master key',
    'master.key',
    /does not open the key store/,
    (file) => {
      writeFileSync(file, 'ab'.repeat(32));
    },
  ],
  ['a text as the master key', 'master.key', /is not a master key/, text],
];

test.each(damaged)(
  '%s: a clear error, left as it is, and whole again once it is put back',
  async (_, name, why, spoil) => {
    const { run } = await served();
    await stop(run);
    const file = join(folder, name);
    renameSync(file, `${folder}.kept`);
    writeFileSync(file, readFileSync(`${folder}.kept`));
    spoil(file);
    const before = contents();
    await expectRefusal(server(), why);
    expect(contents()).toEqual(before);
    renameSync(`${folder}.kept`, file);
    await expectWhole();
  },
  PATIENT,
);

function cut(file: string): void {
  truncateSync(file, Math.floor(statSync(file).size / 2));
}

function text(file: string): void {
  writeFileSync(file, 'Dear diary\n'.repeat(999));
}

function database(file: string): void {
  rmSync(file);
  const db = new DatabaseSync(file);
  db.exec('CREATE TABLE mine (x)');
  db.close();
}

test.each<[name: string, spoil: (file: string) => void]>([
  ['cut off', cut],
  ['a text', text],
  ['another program’s database', database],
  [
    'empty',
    (file) => {
      writeFileSync(file, '');
    },
  ],
  [
    'a folder',
    (file) => {
      rmSync(file);
      mkdirSync(file);
    },
  ],
  [
    'pointed at by nonsense',
    (file) => {
      writeFileSync(join(file, '..', `views-${SCHEMA_VERSION}.current`), '../../etc/passwd');
    },
  ],
])(
  'views that are %s are folded anew',
  async (_, spoil) => {
    const { run } = await served();
    await stop(run);
    spoil(servedFile(folder));
    await expectWhole();
  },
  PATIENT,
);

test(
  'a second server on the folder is refused, also while the first is frozen; it takes over when the first was killed',
  async () => {
    const { run, url } = await served();
    await expectRefusal(server(), /^The data folder .* is in use by another Habeas/);
    await more(url, 3);
    run.process.kill('SIGSTOP');
    await expectRefusal(server(), /^The data folder .* is in use by another Habeas/);
    run.process.kill('SIGCONT');
    await more(url, 3);
    expect(run.errors()).toBe('');
    await kill(run);
    await expectWhole();
  },
  PATIENT,
);

test(
  'a clock that jumps back, while serving and between two starts: times of recording go back, known time does not',
  async () => {
    const clock = `${folder}.clock`;
    const jump = (days: number): void => {
      writeFileSync(`${clock}.new`, String(days * 86_400_000));
      renameSync(`${clock}.new`, clock);
    };
    jump(0);
    const options: RunOptions = {
      nodeArguments: ['--import', new URL('./test-support/shifted-clock.js', import.meta.url).href],
      environment: { HABEAS_TEST_CLOCK: clock },
    };
    const { run, url } = await served(options);
    jump(-3);
    await more(url, 10);
    const person = office.persons[0] ?? '';
    const answer = (await get(url, `/v1/persons/${person}`)) as {
      status: number;
      body: { asOf: { day: string } };
    };
    expect([answer.status, answer.body.asOf.day < new Date().toISOString().slice(0, 10)]).toEqual([200, true]);
    expect((await get(url, `/v1/persons/${person}?knownAt=${new Date().toISOString()}`)).status).toBe(400);
    await kill(run);
    jump(-400);
    const again = server(options);
    const later = await ready(again);
    await more(later, 10);

    const events = await readLog(folder);
    await expectCounted(folder, events);
    const recorded = events.map(({ metadata }) => (JSON.parse(metadata) as { recordedAt: string }).recordedAt);
    expect(recorded).not.toEqual([...recorded].sort());
    const db = new DatabaseSync(servedFile(folder), { readOnly: true });
    const known = db
      .prepare('SELECT known FROM events ORDER BY seq')
      .all()
      .map((row) => Number(row.known));
    db.close();
    expect(known).toEqual(
      recorded.map((_, index) => Math.max(...recorded.slice(0, index + 1).map((at) => Date.parse(at)))),
    );
    const state = (await get(later, `/v1/persons/${person}?knownAt=10`)) as { body: { asOf: { knownAt: unknown } } };
    expect(state.body.asOf.knownAt).toEqual({ seq: 10, settled: true });
    expect([await stop(again), again.errors()]).toEqual([0, '']);
    expect(existsSync(clock)).toBe(true);
    jump(0);
    await expectWhole(options);
  },
  PATIENT,
);
