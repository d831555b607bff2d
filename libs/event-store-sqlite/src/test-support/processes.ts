/** Folders and processes for this room's specs. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

/** Runs a test body with a new folder, which is removed afterwards. */
export function inFolder(body: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'habeas-log-'));
    try {
      await body(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

/** Every file of a folder with its bytes. */
export function contents(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}

/** Starts child.ts, where asked through another command that sets the scene ("$@" stands for the child's command). */
export function startChild(what: string, folder: string, scene?: string): ChildProcessWithoutNullStreams {
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', CHILD, what, folder];
  const child =
    scene === undefined ? spawn(command[0]!, command.slice(1)) : spawn('bash', ['-c', scene, 'bash', ...command]);
  child.stderr.pipe(process.stderr);
  return child;
}

/** The lines that a child says, parsed; a last line that was cut off by its death is left out. */
export async function* linesOf<T>(child: ChildProcessWithoutNullStreams): AsyncGenerator<T, void, undefined> {
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.endsWith('}')) yield JSON.parse(line) as T;
  }
}

/** Kills without a chance to say goodbye, and waits until the process is gone. */
export async function killNow(child: ChildProcessWithoutNullStreams): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
