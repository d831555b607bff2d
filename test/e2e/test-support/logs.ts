/** Where the log of a server under test is: in its folder, or in a simulated EventStoreDB. */
import { randomUUID } from 'node:crypto';
import { Simulator } from '../../eventstoredb-simulator/simulator.js';
import type { Elsewhere } from './server.js';

/** To be used with `describe.each`; settings are made anew by each call, of a log that is empty. */
export const LOGS = ['embedded', 'EventStoreDB (simulated)'] as const;

export interface LogUnderTest {
  readonly settings: Elsewhere;
  /** The same for a process. */
  readonly environment: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

export async function logUnderTest(log: (typeof LOGS)[number]): Promise<LogUnderTest> {
  if (log === 'embedded') return { settings: {}, environment: {}, end: () => Promise.resolve() };
  const simulator = await Simulator.start();
  const logNamespace = `${randomUUID()}-`;
  const connection = simulator.connectionString();
  return {
    settings: { log: connection, logNamespace },
    environment: { HABEAS_LOG: connection, HABEAS_LOG_NAMESPACE: logNamespace },
    end: () => simulator.stop(),
  };
}
