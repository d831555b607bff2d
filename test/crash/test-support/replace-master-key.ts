/**
 * A process that replaces the master key of a key store and kills itself with SIGKILL before the n-th step that leaves a trace:
 * a call of the file system, a statement of SQLite, a query of PostgreSQL. Ends with exit code 0 where it takes fewer steps.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import pg from 'pg';
import { replaceMasterKey } from '#access';
import { realRandomness as randomness } from '../../support/real.js';

const [, , folder = '', step = '', connectionString] = process.argv;

let left = Number(step);

/** Has each call of these methods count as a step. */
function count(object: object, ...names: readonly string[]): void {
  const methods = object as Record<string, (...parameters: unknown[]) => unknown>;
  for (const name of names) {
    const call = methods[name];
    methods[name] = function (this: unknown, ...parameters) {
      if (--left === 0) process.kill(process.pid, 'SIGKILL');
      return call?.apply(this, parameters);
    };
  }
}

count(fs, 'openSync', 'writeSync', 'fsyncSync', 'linkSync', 'renameSync', 'rmSync');
syncBuiltinESMExports();
count(DatabaseSync.prototype, 'exec', 'close');
count(StatementSync.prototype, 'run', 'get');
count(pg.Client.prototype, 'query');

await replaceMasterKey({ of: { folder, randomness, ...(connectionString !== undefined && { connectionString }) } });
