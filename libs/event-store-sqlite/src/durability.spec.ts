import { truncateSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredEvent } from '#event-store';
import { LOG_FILE, openSqliteLog } from '#event-store-sqlite';
import { inFolder, killNow, linesOf, startChild } from './test-support/processes.js';

interface Acknowledged {
  readonly stream: string;
  readonly revision: number;
  readonly ids: readonly string[];
}

/** Lets a process append until it has said so many acknowledgements, then kills it. */
async function appendAndKill(folder: string, enough: number): Promise<Acknowledged[]> {
  const child = startChild('append', folder);
  const acknowledged: Acknowledged[] = [];
  let killed: Promise<void> | undefined;
  for await (const line of linesOf<Acknowledged>(child)) {
    acknowledged.push(line);
    // What was said before the kill still comes in.
    if (acknowledged.length === enough) killed = killNow(child);
  }
  await killed;
  return acknowledged;
}

async function readStreams(folder: string): Promise<Map<string, StoredEvent[]>> {
  const store = await openSqliteLog({ folder, mode: 'own' });
  const streams = new Map<string, StoredEvent[]>();
  for await (const event of store.readAll()) {
    const stream = streams.get(event.stream) ?? [];
    stream.push(event);
    streams.set(event.stream, stream);
  }
  await store.close();
  return streams;
}

test(
  'a process killed while it appends, again and again: every acknowledged append is there, every append is whole',
  inFolder(async (folder) => {
    const acknowledged: Acknowledged[] = [];
    for (const enough of [1, 50, 400, 7, 123, 900]) {
      acknowledged.push(...(await appendAndKill(folder, enough)));
      const streams = await readStreams(folder);
      for (const { stream, revision, ids } of acknowledged) {
        const stored = streams.get(stream)?.slice(revision, revision + 3);
        expect(stored?.map(({ id }) => id)).toEqual(ids);
      }
      for (const events of streams.values()) {
        expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index));
        expect(events.length % 3).toBe(0);
      }
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(1_481);
  }),
);

test(
  'a journal that lost its end: what is left is a beginning of the log, every append in it whole',
  inFolder(async (folder) => {
    const acknowledged = await appendAndKill(folder, 200);
    const journal = join(folder, `${LOG_FILE}-wal`);
    truncateSync(journal, statSync(journal).size - 5_000);
    const streams = await readStreams(folder);
    const left = [...streams.values()].flat().length;
    expect(left).toBeGreaterThan(acknowledged.length);
    for (const events of streams.values()) {
      expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index));
      expect(events.length % 3).toBe(0);
    }
  }),
);

test(
  'after a kill, the same append again settles whether it is there',
  inFolder(async (folder) => {
    await appendAndKill(folder, 20);
    const streams = await readStreams(folder);
    const store = await openSqliteLog({ folder, mode: 'own' });
    for (const [stream, events] of streams) {
      const again = events.slice(-3).map(({ id, type, data, metadata }) => ({ id, type, data, metadata }));
      const expected = events.length === 3 ? 'no-stream' : events.length - 4;
      expect(await store.append(stream, again, expected)).toEqual({
        revision: events.length - 1,
        position: events.at(-1)!.position,
      });
    }
    await store.close();
    expect(await readStreams(folder)).toEqual(streams);
  }),
);
