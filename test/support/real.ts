/** The machine's clock and randomness, for specs that run on the real adapters; apps have their own. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredEvent, EventStore } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import type { Clock, Randomness, Ticker } from '#kernel';

export const realClock: Clock = { now: () => new Date() };

export const realTicker: Ticker = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) =>
    sleep(milliseconds, undefined, { ref: false, ...(signal !== undefined && { signal }) }).catch(() => undefined),
};

export const realRandomness: Randomness = { bytes: (length) => new Uint8Array(randomBytes(length)) };

/** An embedded log in a folder of its own, and how to be rid of both. */
export async function temporaryLog(): Promise<{ folder: string; store: EventStore; remove: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'habeas-'));
  const store = await openSqliteLog({ folder, mode: 'own' });
  return {
    folder,
    store,
    remove: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Everything in the log, or in one stream. */
export async function allEvents(store: EventStore, stream?: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const event of stream === undefined ? store.readAll() : store.readStream(stream)) events.push(event);
  return events;
}
