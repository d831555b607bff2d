/** Servers as processes of their own, so that they have an event loop to themselves as in real use. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const KEY = 'a-key-for-benchmarks-of-sufficient-length';
export const AUTHORIZED = { authorization: `Bearer ${KEY}` };

export interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** Habeas itself on a data folder. A line for each request would fill the terminal that shows the figures; one key asks it all. */
export function startHabeas(folder: string, settings: Readonly<Record<string, string>> = {}): Promise<Server> {
  const own = {
    HABEAS_DATA: folder,
    HABEAS_PORT: '0',
    HABEAS_ADMIN_KEY: KEY,
    HABEAS_LOG_LEVEL: 'warn',
    HABEAS_RATE: '1000000',
  };
  return start('../apps/api/src/main.js', { ...own, ...settings });
}

/** What Node's own HTTP server does with an answer of the same size. */
export function startBare(bytes: number): Promise<Server> {
  return start('./figures/bare-server.js', { BYTES: String(bytes) });
}

export interface BatchLine {
  readonly path: string;
  readonly key: string;
  readonly body: object;
}

/** @returns the subject of each line @throws where one of them is refused */
export async function sendBatch(url: string, lines: readonly BatchLine[]): Promise<string[]> {
  const headers = { ...AUTHORIZED, 'content-type': 'application/jsonl' };
  const body = lines.map((line) => JSON.stringify(line)).join('\n');
  const response = await fetch(`${url}/v1/batch`, { method: 'POST', headers, body });
  const answers = (await response.text()).trimEnd().split('\n');
  if (answers.length !== lines.length) throw new Error(`${answers.length} answers to ${lines.length} lines.`);
  return answers.map((text) => {
    const answer = JSON.parse(text) as { readonly status: number; readonly id: string };
    if (answer.status !== 201) throw new Error(text);
    return answer.id;
  });
}

async function start(script: string, environment: Record<string, string>): Promise<Server> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url))], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await listening(child);
  return {
    url,
    stop: async () => {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}

async function listening(child: ChildProcess): Promise<string> {
  let said = '';
  const exit = once(child, 'exit').then(() => {
    throw new Error(`The server ended: ${said}`);
  });
  // Once it listens nobody awaits this any more.
  exit.catch(() => undefined);
  const url = new Promise<string>((resolve) => {
    child.stdout?.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      const found = /listens on (\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return Promise.race([url, exit]);
}
