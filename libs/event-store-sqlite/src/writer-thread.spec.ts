import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import type { EventToAppend } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import { LogReader } from './log-reader.js';
import { inFolder } from './test-support/processes.js';
import { SqliteEventStore } from './sqlite-event-store.js';
import { WriterThread } from './writer-thread.js';

const event = (data = '{}', type = 'Noted'): EventToAppend => ({ id: randomUUID(), type, data, metadata: '{}' });

/** A log whose writer misbehaves as test-support/misbehaving-writer.ts says. */
async function openMisbehaving(folder: string, deadline: number): Promise<SqliteEventStore> {
  await (await openSqliteLog({ folder, mode: 'own' })).close();
  const script = new URL('./test-support/misbehaving-writer.js', import.meta.url);
  const file = join(folder, 'log.db');
  return new SqliteEventStore(file, new LogReader(file), await WriterThread.start(file, { script, deadline }));
}

test(
  'a writer that dies: what was under way has an unknown outcome, later appends are refused, reading goes on',
  inFolder(async (folder) => {
    const store = await openMisbehaving(folder, 60_000);
    const outcomes = await Promise.allSettled(
      ['Noted', 'Deadly', 'Noted'].map((type) =>
        store.append(`habeasPerson-${randomUUID()}`, [event('{}', type)], 'no-stream'),
      ),
    );
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'timed-out' } });
    await expect(store.append('habeasPerson-1', [event()], 'no-stream')).rejects.toMatchObject({ code: 'unavailable' });
    for await (const _event of store.readAll()) throw new Error('the log is empty');
    await store.close();
    // Its right to the folder went with it.
    await (await openSqliteLog({ folder, mode: 'own' })).close();
  }),
);

test(
  'a disk that does not answer: after a while the outcome counts as unknown, and closing does not wait for ever',
  inFolder(async (folder) => {
    const store = await openMisbehaving(folder, 200);
    await expect(store.append('habeasPerson-1', [event()], 'no-stream')).rejects.toMatchObject({ code: 'timed-out' });
    await expect(store.close()).rejects.toMatchObject({ code: 'timed-out' });
  }),
);

test(
  'a failure to start is an error, not silence',
  inFolder(async (folder) => {
    const script = new URL('./no-such-writer.js', import.meta.url);
    await expect(WriterThread.start(join(folder, 'log.db'), { script })).rejects.toMatchObject({ code: 'unavailable' });
  }),
);

test(
  'more appends than may wait are turned away at once, and nothing of them is written',
  inFolder(async (folder) => {
    const store = await openSqliteLog({ folder, mode: 'own' });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20_000 }, () => store.append(`habeasPerson-${randomUUID()}`, [event()], 'no-stream')),
    );
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: 'unavailable' } });
    let stored = 0;
    for await (const _event of store.readAll()) stored++;
    expect(stored).toBe(outcomes.length - refused.length);
    await store.close();
  }),
);

test(
  'appends at 64 at once leave the event loop free',
  inFolder(async (folder) => {
    const store = await openSqliteLog({ folder, mode: 'own' });
    const data = JSON.stringify({ filling: 'x'.repeat(500) });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        const stream = `habeasPerson-${randomUUID()}`;
        for (let n = 0; n < 200; n++) await store.append(stream, [event(data)], n === 0 ? 'no-stream' : n - 1);
      }),
    );
    delay.disable();
    // In milliseconds. A quiet machine shows about 2; the bound leaves room for a busy one.
    expect(delay.percentile(99) / 1e6).toBeLessThan(100);
    await store.close();
  }),
);
