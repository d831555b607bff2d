/** The logs that a server under test may have. What is said of servers is said of them on each. */
import { randomUUID } from 'node:crypto';
import { openSqliteKeyStore } from '#access';
import type { EventStore } from '#event-store';
import { openEventStoreDb } from '#event-store-eventstoredb';
import { openSqliteLog } from '#event-store-sqlite';
import type { KeyStore } from '#log-format';
import { Simulator } from '../../eventstoredb-simulator/simulator.js';
import { realRandomness } from '../../support/real.js';

/** One log, empty at first, that servers are started on one after the other. */
export interface LogUnderTest {
  /** What tells a server of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Opens it to be read, while a server with this data folder uses it or not. */
  open(folder: string): Promise<EventStore>;
  openKeys(folder: string): Promise<KeyStore>;
}

const openKeys = (folder: string): Promise<KeyStore> =>
  openSqliteKeyStore({ folder, mode: 'read', randomness: realRandomness });

/** In the data folder, whichever that is. */
export const embeddedLog: LogUnderTest = {
  environment: {},
  open: (folder) => openSqliteLog({ folder, mode: 'read' }),
  openKeys,
};

/** A log of its own in a simulated EventStoreDB, which lives in this process: it goes on when servers are killed. */
export function logOn(simulator: Simulator, options = ''): LogUnderTest {
  const connectionString = simulator.connectionString(options);
  const namespace = `${randomUUID()}-`;
  return {
    environment: { HABEAS_LOG: connectionString, HABEAS_LOG_NAMESPACE: namespace },
    open: () => openEventStoreDb({ connectionString, namespace, randomness: realRandomness }),
    openKeys,
  };
}

/** A suite on each kind of log. `newLog` gives a new one; each is known by its name, and may be told apart by `inFolder`. */
export function onEachLog(
  suite: (log: { readonly inFolder: boolean; readonly newLog: () => LogUnderTest }) => void,
): void {
  describe('on the embedded log:', () => {
    suite({ inFolder: true, newLog: () => embeddedLog });
  });
  describe('on EventStoreDB (simulated):', () => {
    let simulator: Simulator;
    beforeAll(async () => {
      simulator = await Simulator.start();
    });
    afterAll(() => simulator.stop());
    suite({ inFolder: false, newLog: () => logOn(simulator) });
  });
}
