/** The first case on a server, with the log in either place; and `habeas` as a process beside it. */
import { fileURLToPath } from 'node:url';
import { type Entered, enterCase } from '../../../apps/cli/src/demo/enter.js';
import { firstCase } from '../../../apps/cli/src/demo/first-case.js';
import { run } from '../../support/server-process.js';
import { type LOGS, type LogUnderTest, logUnderTest } from './logs.js';
import { ADMIN_KEY, startServer, temporaryFolder, type TestServer } from './server.js';

export const CLI = fileURLToPath(new URL('../../../apps/cli/src/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export class FirstCaseOn {
  private constructor(
    private readonly log: LogUnderTest,
    readonly server: TestServer,
    /** As it was entered. */
    readonly entered: Entered,
  ) {}

  static async log(where: (typeof LOGS)[number]): Promise<FirstCaseOn> {
    const log = await logUnderTest(where);
    const server = await startServer(temporaryFolder(), log.settings);
    return new FirstCaseOn(log, server, await enterCase(server.client, firstCase));
  }

  /** Of a subject or an event, by the name that the case gives it. */
  id(name: string): string {
    return this.entered.ids.get(name) ?? '';
  }

  /** Runs the command on the data folder and the log of the server. */
  async habeas(...args: readonly string[]): Promise<Ended> {
    const { server, log } = this;
    const here = { HABEAS_DATA: server.folder, HABEAS_URL: server.url, HABEAS_KEY: ADMIN_KEY };
    const done = run(CLI, args, { environment: { ...here, ...log.environment } });
    return { code: await done.ended, output: done.output(), errors: done.errors().trim() };
  }

  async end(): Promise<void> {
    await this.server.end();
    await this.log.end();
  }
}
