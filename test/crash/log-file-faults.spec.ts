/** The disk and the files of the embedded log when they fail: a full disk, and journals that a kill or damage left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kill, ready, runServer, stop } from '../support/server-process.js';
import { expectAsFolded, expectCounted, expectNothingElse, expectRecorded, readLog } from './test-support/examine.js';
import { embeddedLog } from './test-support/logs.js';
import { ADMIN_KEY } from './test-support/office.js';
import { until } from '../support/until.js';
import { eachOnItsOwn, get, PATIENT, testWhere } from './test-support/scene.js';

const here = eachOnItsOwn(() => embeddedLog);

const MOUNT = 'mount -t tmpfs -o size=6m tmpfs';

testWhere(`unshare -rm ${MOUNT} /mnt && nsenter --version`, 'a small file system in a mount namespace')(
  'a full disk: writes are refused, reads are answered, a start is refused; with space everything goes on',
  async () => {
    const { office } = here.scene;
    let { folder } = here.scene;
    mkdirSync(folder);
    // The mount lives as long as this process; servers come and go in its namespace.
    const holder = spawn('unshare', ['-rm', 'bash', '-c', `${MOUNT} ${folder} && echo mounted && exec sleep 300`]);
    try {
      await once(holder.stdout, 'data');
      const outside = folder;
      const scene = `exec nsenter -t ${holder.pid} -U -m --preserve-credentials "$@"`;
      const { run, url } = await here.scene.served({ scene });
      folder = `/proc/${holder.pid}/root${outside}`;
      // SQLite and Node would look for the real path outside of the namespace: so a copy is read.
      const copied = (): string => {
        const copy = mkdtempSync(`${outside}-copy-`);
        for (const name of readdirSync(folder).filter((one) => !one.endsWith('-shm') && one !== 'ballast')) {
          cpSync(join(folder, name), join(copy, name));
        }
        return copy;
      };
      /** Resolves when the views have what was recorded. */
      const applied = async (at: string): Promise<void> => {
        const size = office.recorded.size + 2;
        await until(async () => {
          const { body } = (await get(at, '/health/ready')) as { body: { views: { seq: number } } };
          return body.views.seq >= size;
        });
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
      // What the views lack now they will lack until there is space.
      await applied(url);
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
      await here.scene.more(address, 3);
      await applied(address);
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

test(
  'a journal with a torn end that was never acknowledged: all that was is there',
  async () => {
    const { run } = await here.scene.served();
    await kill(run);
    const journal = join(here.scene.folder, 'log.db-wal');
    const bytes = readFileSync(journal);
    // The first half of a frame, as a write that was under way leaves it.
    writeFileSync(journal, Buffer.concat([bytes, bytes.subarray(-2_000)]));
    await here.scene.expectWhole();
  },
  PATIENT,
);

test(
  'a journal that lost acknowledged frames (damage): a whole beginning of the log is served, by views folded from it anew',
  async () => {
    const { run } = await here.scene.served();
    const before = await readLog(here.scene.folder, here.scene.log);
    await expectCounted(here.scene.folder, before);
    await kill(run);
    const journal = join(here.scene.folder, 'log.db-wal');
    truncateSync(journal, statSync(journal).size - 20_000);
    const again = here.scene.server();
    await ready(again);
    const left = await readLog(here.scene.folder, here.scene.log);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(before.length);
    expect(left).toEqual(before.slice(0, left.length));
    await expectCounted(here.scene.folder, left);
    await expectAsFolded(here.scene.folder, left);
    expect([await stop(again), again.errors()]).toEqual([0, '']);
  },
  PATIENT,
);
