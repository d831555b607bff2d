import { setTimeout as delay } from 'node:timers/promises';
import { Leases } from '#event-store';
import { openNodeState } from '#event-store-sqlite';
import { ensureFoldAdopted, ensureLogStarted } from '#log-format';
import { err, refusal } from '#kernel';
import { openViewsReader, runViews, type ViewsReader } from '#projections';
import { allEvents, realClock, realRandomness, temporaryLog } from '../../../test/support/real.js';
import { startSealing } from './sealing.js';

test('the interval goes on across restarts; what fails is tried again before the next one', async () => {
  const { store, folder, remove } = await temporaryLog();
  const startedAt = Date.now();
  const logId = await ensureLogStarted(store, { now: () => new Date(startedAt) }, realRandomness);
  const state = openNodeState(folder);
  let at = startedAt;
  let asked = 0;
  const start = (everyMinutes: number) =>
    startSealing({
      store,
      leases: new Leases({ state, randomness: realRandomness, term: 200 }),
      keys: { secret: () => Promise.resolve(new Uint8Array(32)) },
      logId,
      views: {
        tree: () => {
          asked++;
          return err(refusal('views-not-ready', 'They are not there.'));
        },
      } as Pick<ViewsReader, 'tree'> as ViewsReader,
      clock: { now: () => new Date(at) },
      randomness: realRandomness,
      everyMinutes,
      report: () => undefined,
    });
  const early = await start(60);
  await delay(200);
  await early.close();
  expect(asked).toBe(0);
  at = startedAt + 61 * 60_000;
  const late = await start(60);
  for (let tries = 0; asked === 0 && tries < 500; tries++) await delay(10);
  await delay(100);
  await late.close();
  expect(asked).toBe(1);
  const often = await start(0.001);
  for (let tries = 0; asked < 4 && tries < 500; tries++) await delay(10);
  await often.close();
  expect(asked).toBeGreaterThanOrEqual(4);
  await state.close();
  await remove();
});

test('the log is sealed at intervals, by one of those who would, and only when something came', async () => {
  const { store, folder, remove } = await temporaryLog();
  const logId = await ensureLogStarted(store, realClock, realRandomness);
  const reader = openViewsReader({ folder, clock: realClock });
  const keys = {
    find: () => Promise.resolve(new Map<string, never>()),
    secret: () => Promise.resolve(new Uint8Array(32)),
  };
  const views = runViews({
    eventStore: store,
    keyStore: keys,
    folder,
    clock: realClock,
    post: (m) => {
      reader.notify(m);
    },
  });
  const state = openNodeState(folder);
  const reported: string[] = [];
  const nodes = await Promise.all(
    [1, 2].map(() =>
      startSealing({
        store,
        leases: new Leases({ state, randomness: realRandomness, term: 200 }),
        keys,
        logId,
        views: reader,
        clock: realClock,
        randomness: realRandomness,
        everyMinutes: 0.001,
        report: (line) => reported.push(line),
      }),
    ),
  );
  const [one, two] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  const sealed = async (count: number): Promise<void> => {
    for (let tries = 0; (await one.seals()).length < count; tries++) {
      if (tries > 500) throw new Error('It was not sealed.');
      await delay(10);
    }
  };
  await sealed(1);
  await delay(500);
  expect(await two.seals()).toMatchObject([{ size: 1 }]);
  // Whichever of them holds the lease: when it goes, the other one goes on.
  await one.close();
  await ensureFoldAdopted(store, logId, 1, realClock, realRandomness);
  await sealed(2);
  await two.close();
  await ensureFoldAdopted(store, logId, 2, realClock, realRandomness);
  await delay(300);
  expect((await allEvents(store)).map(({ type }) => type)).toEqual([
    'LogStarted',
    'LogSealed',
    'FoldAdopted',
    'LogSealed',
    'FoldAdopted',
  ]);
  expect(reported).toEqual([]);
  await views.close();
  reader.close();
  await state.close();
  await remove();
});
