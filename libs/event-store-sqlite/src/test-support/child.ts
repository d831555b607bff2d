/**
 * A process of its own for the specs that need one: to be killed, to own a folder that another wants, or to run where the
 * disk is full or cannot be written. Says what happens as lines of JSON.
 *
 * usage: node child.js <what> <folder>
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventStore, EventToAppend } from '#event-store';
import { openSqliteLog } from '../open.js';

const [, , what, folder] = process.argv as [string, string, string, string];

/** Synchronous on a pipe: a line that was said was sent, whatever happens next. */
function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function events(count: number, bytes: number): EventToAppend[] {
  return Array.from({ length: count }, () => ({
    id: randomUUID(),
    type: 'Noted',
    data: JSON.stringify({ filling: 'x'.repeat(bytes) }),
    metadata: '{}',
  }));
}

const acts: Record<string, () => Promise<void>> = {
  /** Appends in groups of three to eight streams at once, and says each append once it is acknowledged. */
  async append() {
    const store = await openSqliteLog({ folder, mode: 'own' });
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const stream = `habeasPerson-${randomUUID()}`;
        for (let revision = -1; ; revision += 3) {
          const three = events(3, 400);
          await store.append(stream, three, revision < 0 ? 'no-stream' : revision);
          say({ stream, revision: revision + 1, ids: three.map(({ id }) => id) });
        }
      }),
    );
  },

  /** Owns the folder until it is killed, and appends one event for every line that comes in. */
  async own() {
    const store = await openSqliteLog({ folder, mode: 'own' });
    say({ pid: process.pid });
    for await (const _line of process.stdin) {
      await store.append(`habeasPerson-${randomUUID()}`, events(1, 10), 'no-stream');
    }
  },

  /** Tries to open the folder in both ways. */
  async open() {
    for (const mode of ['own', 'read'] as const) {
      try {
        const store = await openSqliteLog({ folder, mode });
        const read = await count(store);
        await store.close();
        say({ mode, read });
      } catch (error) {
        say({ mode, code: (error as { code?: unknown }).code });
      }
    }
  },

  /** Fills a small file system, then makes space by deleting a file. */
  async 'full-disk'() {
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(1024 * 1024));
    await runOutOfSpace(() => {
      rmSync(ballast);
    });
  },

  /** Meets the limit on the size of files, then has it lifted. */
  async 'file-limit'() {
    await runOutOfSpace(() => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited']));
  },
};

async function runOutOfSpace(makeSpace: () => void): Promise<void> {
  const store = await openSqliteLog({ folder: join(folder, 'log'), mode: 'own' });
  const stream = 'habeasPerson-1';
  let acknowledged = 0;
  const append = () => store.append(stream, events(1, 5_000), acknowledged === 0 ? 'no-stream' : acknowledged - 1);
  const codes: unknown[] = [];
  while (codes.length < 3) {
    try {
      await append();
      acknowledged++;
    } catch (error) {
      codes.push((error as { code?: unknown }).code);
    }
  }
  const readWhileFull = await count(store);
  makeSpace();
  await append();
  const readAfterwards = await count(store);
  await store.close();
  const again = await openSqliteLog({ folder: join(folder, 'log'), mode: 'own' });
  const readAgain = await count(again);
  await again.close();
  say({ acknowledged, codes, readWhileFull, readAfterwards, readAgain });
}

async function count(store: EventStore): Promise<number> {
  let read = 0;
  for await (const _event of store.readAll()) read++;
  return read;
}

await acts[what]!();
