/** A whole server whose log is in an EventStoreDB: simulated, and the real one of HABEAS_TEST_ESDB. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { makeBackup } from '../../apps/api/src/backup/make-backup.js';
import { startHabeas } from '../../apps/api/src/compose.js';
import { readSettings } from '../../apps/api/src/settings.js';
import { Simulator } from '../eventstoredb-simulator/simulator.js';
import { realServer } from '../support/real-eventstoredb.js';
import { firstCaseSuite } from './test-support/first-case-suite.js';
import { startServer, temporaryFolder } from './test-support/server.js';

describe('the first case on EventStoreDB (simulated)', () => {
  let simulator: Simulator;

  beforeAll(async () => {
    simulator = await Simulator.start();
  });

  afterAll(() => simulator.stop());

  firstCaseSuite(() =>
    startServer(temporaryFolder(), { log: simulator.connectionString(), logNamespace: `${randomUUID()}-` }),
  );
});

const real = realServer('a whole server');
if (real !== undefined) {
  describe('the first case on EventStoreDB (HABEAS_TEST_ESDB)', () => {
    firstCaseSuite(() => startServer(temporaryFolder(), { log: real, logNamespace: `test-${randomUUID()}-` }));
  });
}

test('a backup of the data folder is refused: the log is not in it', async () => {
  const settings = readSettings({ HABEAS_DATA: temporaryFolder(), HABEAS_LOG: 'esdb://127.0.0.1:9?tls=false' });
  const target = join(temporaryFolder(), 'copy');
  await expect(makeBackup({ settings, target, withMasterKey: false })).rejects.toThrow(/HABEAS_LOG/);
});

describe('a server that cannot start says why, and nothing of the connection string', () => {
  const started = (environment: Readonly<Record<string, string>>) =>
    startHabeas(readSettings({ HABEAS_DATA: temporaryFolder(), HABEAS_PORT: '0', ...environment })).then(
      () => 'started',
      (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
    );

  test.each([
    [
      'nobody there',
      'esdb://admin:hush-hush@127.0.0.1:9?tls=false',
      /^StartError: The EventStoreDB .* does not answer/,
    ],
    [
      'an option that is none',
      'esdb://admin:hush-hush@127.0.0.1:9?tsl=false',
      /^StartError: HABEAS_LOG cannot be used/,
    ],
  ])('%s', async (_name, log, says) => {
    const said = await started({ HABEAS_LOG: log });
    expect(said).toMatch(says);
    expect(said).not.toContain('hush-hush');
  });

  test('nobody who may read', async () => {
    const simulator = await Simulator.start();
    simulator.forbid('$all');
    expect(await started({ HABEAS_LOG: simulator.connectionString() })).toMatch(/refuses the user/);
    await simulator.stop();
  });

  test('a data folder that another Habeas uses', async () => {
    const simulator = await Simulator.start();
    const log = { log: simulator.connectionString() };
    const server = await startServer(temporaryFolder(), log);
    const said = await started({ HABEAS_DATA: server.folder, HABEAS_LOG: log.log });
    expect(said).toMatch(/^StartError: The data folder .* is in use by another Habeas/);
    await server.end();
    await simulator.stop();
  });
});
