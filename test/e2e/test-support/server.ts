/** A whole server for a test: its own data folder, a free port, and a client with its admin key. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHabeas, type RunningHabeas } from '../../../apps/api/src/compose.js';
import type { Settings } from '../../../apps/api/src/settings.js';
import { Client } from '../../../apps/cli/src/client.js';

/** The same in every test, so that ids, which are derived from who asks, can be compared between servers. */
export const ADMIN_KEY = 'e2e-admin-key-of-sufficient-length';

export interface TestServer {
  readonly folder: string;
  readonly url: string;
  readonly client: Client;
  /**
   * Posts to `/v1/<path>`.
   * @returns the id of the subject that was entered or of the fact that was recorded, and the position to read it at
   */
  record(path: string, body: object): Promise<{ readonly id: string; readonly position: string }>;
  /** Stops it and starts it again on the same folder. */
  restart(): Promise<TestServer>;
  stop(): Promise<void>;
  /** Stops it and removes its folder. Fails if it reported anything besides `expected`: a fault that nobody provoked. */
  end(expected?: RegExp): Promise<void>;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'habeas-e2e-'));
}

/** Log and keys of a server under test, unless they are in its folder; and what it may send to inside. */
export type Elsewhere = Partial<
  Pick<Settings, 'log' | 'logNamespace' | 'keys' | 'masterKey' | 'webhooksInside' | 'fourEyes' | 'visibility'>
>;
/** Log and keys of a server under test, unless they are in its folder. */
type Others = Partial<
  Pick<
    Settings,
    'host' | 'accessDays' | 'streams' | 'streamsPerKey' | 'origins' | 'proxies' | 'rate' | 'arrivalSeconds'
  >
>;

export async function startServer(folder = temporaryFolder(), elsewhere: Elsewhere & Others = {}): Promise<TestServer> {
  const lines: string[] = [];
  const habeas: RunningHabeas = await startHabeas(
    {
      data: folder,
      host: '127.0.0.1',
      port: 0,
      adminKey: ADMIN_KEY,
      masterKey: undefined,
      masterKeyFile: undefined,
      ...elsewhere,
    },
    {
      log: {
        level: 'error',
        format: 'json',
        write: (line) => lines.push((JSON.parse(line) as { msg: string }).msg),
      },
    },
  );
  const client = new Client(habeas.url, ADMIN_KEY);
  return {
    folder,
    url: habeas.url,
    client,
    record: async (path, body) => {
      const answer = await client.request<{ id: string; event: string }>(`/v1/${path}`, { method: 'POST', body });
      return {
        id: path.includes('/') ? answer.body.event : answer.body.id,
        position: answer.headers.get('habeas-position') ?? '',
      };
    },
    restart: async () => {
      await habeas.close();
      return startServer(folder, elsewhere);
    },
    stop: () => habeas.close(),
    end: async (expected) => {
      await habeas.close();
      rmSync(folder, { recursive: true, force: true });
      expect(lines.filter((line) => expected?.test(line) !== true)).toEqual([]);
    },
  };
}
