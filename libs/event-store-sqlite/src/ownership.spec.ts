import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EventStore, EventToAppend } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import { inFolder, killNow, linesOf, startChild } from './test-support/processes.js';

const event = (): EventToAppend => ({ id: randomUUID(), type: 'Noted', data: '{}', metadata: '{}' });
const append = (store: EventStore) => store.append(`habeasPerson-${randomUUID()}`, [event()], 'no-stream');

async function startOwner(folder: string) {
  const child = startChild('own', folder);
  const { value } = await linesOf<{ pid: number }>(child).next();
  return { child, pid: value!.pid };
}

test(
  'a folder that another process owns: the error names the process, and nothing changes',
  inFolder(async (folder) => {
    const { child, pid } = await startOwner(folder);
    await expect(openSqliteLog({ folder, mode: 'own' })).rejects.toMatchObject({
      code: 'in-use',
      message: expect.stringContaining(`process ${pid}. Stop that first`) as string,
    });
    await killNow(child);
  }),
);

test(
  'ownership ends with its process, also when that is killed',
  inFolder(async (folder) => {
    for (let n = 0; n < 3; n++) await killNow((await startOwner(folder)).child);
    expect(
      readdirSync(folder)
        .filter((name) => !name.startsWith('log.db'))
        .sort(),
    ).toEqual(['owner.json', 'owner.lock']);
    const store = await openSqliteLog({ folder, mode: 'own' });
    await append(store);
    await store.close();
  }),
);

test(
  'one process owns a folder once, whatever path leads to it; other folders are its own too',
  inFolder(async (folder) => {
    const store = await openSqliteLog({ folder, mode: 'own' });
    const linked = join(folder, 'linked');
    mkdirSync(linked);
    symlinkSync(join(folder, 'log.db'), join(linked, 'log.db'));
    symlinkSync(folder, join(folder, 'itself'));
    for (const same of [
      { folder },
      { folder: join(folder, '..', folder.split('/').at(-1)!) },
      { file: join(folder, 'log.db') },
      { folder: linked },
      { folder: join(folder, 'itself') },
    ]) {
      await expect(openSqliteLog({ ...same, mode: 'own' })).rejects.toMatchObject({
        code: 'in-use',
        message: expect.stringContaining(`this process (${process.pid})`) as string,
      });
    }
    const other = await openSqliteLog({ folder: join(folder, 'other'), mode: 'own' });
    await append(other);
    await append(store);
    await Promise.all([store.close(), other.close()]);
    await (await openSqliteLog({ folder, mode: 'own' })).close();
  }),
);

test(
  'a closed log is one file, also when readers close after the owner',
  inFolder(async (folder) => {
    const owner = await openSqliteLog({ folder, mode: 'own' });
    const reader = await openSqliteLog({ folder, mode: 'read' });
    await append(owner);
    await owner.close();
    await reader.close();
    expect(readdirSync(folder).sort()).toEqual(['log.db', 'owner.lock']);
  }),
);

test(
  'a reader beside the owner of another process reads and follows, and does not append',
  inFolder(async (folder) => {
    const { child } = await startOwner(folder);
    const reader = await openSqliteLog({ folder, mode: 'read' });
    await expect(append(reader)).rejects.toMatchObject({ code: 'read-only' });
    let events = 0;
    for await (const message of reader.subscribeToAll()) {
      if (message.kind === 'events') events += message.events.length;
      if (events === 3) break;
      if (message.kind !== 'checkpoint') child.stdin.write('\n');
    }
    await reader.close();
    await killNow(child);
  }),
);

test(
  'a reader hears of each append at once in every thread of the process',
  inFolder(async (folder) => {
    const store = await openSqliteLog({ folder, mode: 'own' });
    const follower = new Worker(new URL('./test-support/follower.js', import.meta.url), { workerData: folder });
    const next = () => new Promise((resolve) => follower.once('message', resolve));
    expect(await next()).toBe('caught-up');
    // Each alone may be late by chance; together they show that nobody waits for the next poll.
    const started = performance.now();
    for (let n = 0; n < 20; n++) {
      const heard = next();
      await append(store);
      expect(await heard).toBe('events');
    }
    expect(performance.now() - started).toBeLessThan(2_500);
    follower.postMessage('close');
    await new Promise((resolve) => follower.once('exit', resolve));
    await store.close();
  }),
);

test(
  'what is not there is not made by who only reads',
  inFolder(async (folder) => {
    await expect(openSqliteLog({ folder, mode: 'read' })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(openSqliteLog({ folder: join(folder, 'none'), mode: 'read' })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(readdirSync(folder)).toEqual([]);
  }),
);

test(
  'owning makes the folders that lead to the log, and says so when a file is in the way',
  inFolder(async (folder) => {
    await (await openSqliteLog({ folder: join(folder, 'a', 'b'), mode: 'own' })).close();
    await expect(openSqliteLog({ folder: join(folder, 'a', 'b', 'log.db'), mode: 'own' })).rejects.toMatchObject({
      code: 'unavailable',
    });
    mkdirSync(join(folder, 'c', 'log.db'), { recursive: true });
    await expect(openSqliteLog({ folder: join(folder, 'c'), mode: 'own' })).rejects.toMatchObject({ code: 'foreign' });
  }),
);
