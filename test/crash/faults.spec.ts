/**
 * Folders, files and clocks that fail the whole server. Each fault has its one clear sentence at the start or its problem code while serving;
 * what is not ours to mend is left byte for byte; and once the fault is gone, everything that was acknowledged is there, once.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SCHEMA_VERSION } from '#projections';
import { kill, ready, stop, type RunOptions } from '../support/server-process.js';
import { expectCounted, readLog, servedFile } from './test-support/examine.js';
import { onEachLog } from './test-support/logs.js';
import { eachOnItsOwn, expectRefusal, get, PATIENT, testWhere } from './test-support/scene.js';

/** Rights do not bind root, unless it gives up the capability to pass over them. */
const WITHOUT_PRIVILEGE =
  process.getuid?.() === 0 ? 'exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"' : 'exec "$@"';

type Damage = readonly [name: string, file: string, why: RegExp, spoil: (file: string) => void];

const damagedLog: readonly Damage[] = [
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
];

const damaged: readonly Damage[] = [
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

onEachLog(({ inFolder, newLog }) => {
  const here = eachOnItsOwn(newLog);

  testWhere(
    `bash -c '${WITHOUT_PRIVILEGE}' bash bash -c 'd=$(mktemp -d) && chmod 555 $d && ! touch $d/x 2>/dev/null'`,
    'a folder that cannot be written',
  )(
    'a folder and files that cannot be written: a clear error, nothing is changed',
    async () => {
      const { run } = await here.scene.served();
      await stop(run);
      const before = here.scene.contents();
      const names = readdirSync(here.scene.folder);
      chmodSync(here.scene.folder, 0o555);
      await expectRefusal(here.scene.server({ scene: WITHOUT_PRIVILEGE }), /^The data folder .* cannot be written/);
      chmodSync(here.scene.folder, 0o755);
      for (const name of inFolder ? ['log.db', 'keys.db'] : ['keys.db']) {
        chmodSync(join(here.scene.folder, name), 0o444);
        await expectRefusal(here.scene.server({ scene: WITHOUT_PRIVILEGE }), /cannot be (written|used|opened)/);
        chmodSync(join(here.scene.folder, name), 0o600);
      }
      expect(readdirSync(here.scene.folder)).toEqual(names);
      expect(here.scene.contents()).toEqual(before);
      await here.scene.expectWhole();
    },
    PATIENT,
  );

  test.each(inFolder ? [...damagedLog, ...damaged] : damaged)(
    '%s: a clear error, left as it is, and whole again once it is put back',
    async (_, name, why, spoil) => {
      const { run } = await here.scene.served();
      await stop(run);
      const file = join(here.scene.folder, name);
      renameSync(file, `${here.scene.folder}.kept`);
      writeFileSync(file, readFileSync(`${here.scene.folder}.kept`));
      spoil(file);
      const before = here.scene.contents();
      await expectRefusal(here.scene.server(), why);
      expect(here.scene.contents()).toEqual(before);
      renameSync(`${here.scene.folder}.kept`, file);
      await here.scene.expectWhole();
    },
    PATIENT,
  );

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
      const { run } = await here.scene.served();
      await stop(run);
      spoil(servedFile(here.scene.folder));
      await here.scene.expectWhole();
    },
    PATIENT,
  );

  test(
    'a second server on the folder is refused, also while the first is frozen; it takes over when the first was killed',
    async () => {
      const { run, url } = await here.scene.served();
      await expectRefusal(here.scene.server(), /^The data folder .* is in use by another Habeas/);
      await here.scene.more(url, 3);
      run.process.kill('SIGSTOP');
      await expectRefusal(here.scene.server(), /^The data folder .* is in use by another Habeas/);
      run.process.kill('SIGCONT');
      await here.scene.more(url, 3);
      expect(run.errors()).toBe('');
      await kill(run);
      await here.scene.expectWhole();
    },
    PATIENT,
  );

  test(
    'a clock that jumps back, while serving and between two starts: times of recording go back, known time does not',
    async () => {
      const clock = `${here.scene.folder}.clock`;
      const jump = (days: number): void => {
        writeFileSync(`${clock}.new`, String(days * 86_400_000));
        renameSync(`${clock}.new`, clock);
      };
      jump(0);
      const options: RunOptions = {
        nodeArguments: ['--import', new URL('./test-support/shifted-clock.js', import.meta.url).href],
        environment: { HABEAS_TEST_CLOCK: clock },
      };
      const { run, url } = await here.scene.served(options);
      jump(-3);
      await here.scene.more(url, 10);
      const person = here.scene.office.persons[0] ?? '';
      const answer = (await get(url, `/v1/persons/${person}`)) as {
        status: number;
        body: { asOf: { day: string } };
      };
      expect([answer.status, answer.body.asOf.day < new Date().toISOString().slice(0, 10)]).toEqual([200, true]);
      expect((await get(url, `/v1/persons/${person}?knownAt=${new Date().toISOString()}`)).status).toBe(400);
      await kill(run);
      jump(-400);
      const again = here.scene.server(options);
      const later = await ready(again);
      await here.scene.more(later, 10);

      const events = await readLog(here.scene.folder, here.scene.log);
      await expectCounted(here.scene.folder, events);
      const recorded = events.map(({ metadata }) => (JSON.parse(metadata) as { recordedAt: string }).recordedAt);
      expect(recorded).not.toEqual([...recorded].sort());
      const db = new DatabaseSync(servedFile(here.scene.folder), { readOnly: true });
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
      await here.scene.expectWhole(options);
    },
    PATIENT,
  );
});
