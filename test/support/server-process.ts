/** The server, and other programs of ours, as their users run them: processes, with what they say and how they end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const API = fileURLToPath(new URL('../../apps/api/src/main.js', import.meta.url));

export interface Run {
  readonly process: ChildProcess;
  output(): string;
  errors(): string;
  /** Resolves when the output holds this. */
  says(text: string): Promise<void>;
  /** The exit code; null if a signal ended it. */
  readonly ended: Promise<number | null>;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Arguments for Node itself. */
  readonly nodeArguments?: readonly string[];
  /** A command that sets the scene and ends by becoming the program: `exec unshare … "$@"`, run by bash. */
  readonly scene?: string;
}

const started = new Set<ChildProcess>();

/** Starts a built program on this Node, with nothing of this process's environment but PATH and HOME. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Run {
  const { environment = {}, nodeArguments = [], scene } = options;
  const command = [process.execPath, ...nodeArguments, file, ...args];
  const [program = '', ...rest] = scene === undefined ? command : ['bash', '-c', scene, 'bash', ...command];
  const child = spawn(program, rest, {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = once(child, 'close').then(([code]) => {
    started.delete(child);
    return code as number | null;
  });
  return {
    process: child,
    output: () => output,
    errors: () => errors,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (output.includes(text)) resolve();
        };
        child.stdout.on('data', look);
        void ended.then(() => {
          if (output.includes(text)) resolve();
          else reject(new Error(`It ended without saying "${text}". It said: ${output}${errors}`));
        });
        look();
      }),
  };
}

/** Starts the server on a data folder, on a free port. */
export function runServer(data: string, options: RunOptions = {}): Run {
  return run(API, [], {
    ...options,
    // Of its log, only what is wrong; and a load of one key is no fault.
    environment: {
      HABEAS_DATA: data,
      HABEAS_PORT: '0',
      HABEAS_LOG_LEVEL: 'error',
      HABEAS_RATE: '0',
      ...options.environment,
    },
  });
}

export const urlOf = (server: Run): string => /http:\/\/[\d.]+:\d+/.exec(server.output())?.[0] ?? '';

/** Resolves with its address when the server says that it is ready to be asked; rejects if it ends before. */
export async function ready(server: Run): Promise<string> {
  await server.says('data folder');
  const url = urlOf(server);
  for (;;) {
    const status = await fetch(`${url}/health/ready`).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
    if (status === 200) return url;
    if (server.process.exitCode !== null || server.process.signalCode !== null) throw new Error('It ended.');
    await delay(5);
  }
}

/**
 * Milliseconds for which its main thread could have run and had to wait for a core, because others had them: what a start
 * takes on a machine that has time for it is what it took, less this. 0 where the system does not say (it is Linux that does).
 */
export function waitedForCore(server: Run): number {
  try {
    const [, waited] = readFileSync(`/proc/${server.process.pid}/schedstat`, 'utf8').split(' ');
    return Number(waited) / 1e6;
  } catch {
    return 0;
  }
}

/** Ends it as a terminal or a supervisor would. The exit code. */
export function stop(server: Run, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  server.process.kill(signal);
  return server.ended;
}

/** Ends it without a chance to say goodbye. */
export async function kill(server: Run): Promise<void> {
  server.process.kill('SIGKILL');
  await server.ended;
}

/** Kills whatever a test left running. */
export async function killAll(): Promise<void> {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  started.clear();
}
