/**
 * The trail of the one node that an embedded log has: a file of its own in the data folder.
 *
 * A commit is synced to the disk off the thread that made it: nobody else waits for the disk.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { checkAppend, EventStoreError, type Trail, type TrailEntry, type TrailPlace } from '#event-store';
import type { Clock } from '#kernel';
import { openNodeFile } from './node-file.js';
import { toEventStoreError } from './sqlite-errors.js';

const TRAIL_FILE = {
  name: 'reads.db',
  /** "Habr". */
  applicationId: 0x48616272,
  // Places are never given twice, also after the last entries were let go of.
  tables: `CREATE TABLE entries (place INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL, entry TEXT NOT NULL) STRICT;
    CREATE INDEX entries_day ON entries (day);`,
};

const DAY_MS = 86_400_000;
const ANY_ID = '00000000-0000-4000-8000-000000000000';

export interface OpenNodeTrail {
  /** Of which this process is the owner. */
  readonly folder: string;
  readonly clock: Clock;
  /** For how long entries are kept; they go within a day after that, while the node runs. */
  readonly days: number;
}

/** @throws EventStoreError `foreign`, `corrupt`, `read-only`, `disk-full`, `unavailable` */
export function openNodeTrail({ folder, clock, days }: OpenNodeTrail): Trail {
  return openNodeFile(folder, TRAIL_FILE, (db, path) => new NodeTrail(db, `${path}-wal`, clock, days));
}

class NodeTrail implements Trail {
  readonly #statements: Record<'put' | 'before' | 'forget', StatementSync>;
  readonly #underWay = new Set<Promise<unknown>>();
  #wal: Promise<FileHandle> | undefined;
  #forgotten = -Infinity;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly db: DatabaseSync,
    private readonly walFile: string,
    private readonly clock: Clock,
    private readonly days: number,
  ) {
    this.#statements = {
      put: db.prepare('INSERT INTO entries (day, entry) VALUES (?, ?)'),
      before: db.prepare('SELECT place, entry AS text FROM entries WHERE place < ? ORDER BY place DESC LIMIT ?'),
      forget: db.prepare('DELETE FROM entries WHERE day < ?'),
    };
    this.#forget(this.#today());
  }

  append(texts: readonly string[]): Promise<void> {
    const appended = this.#append(texts);
    const settled = appended.catch(() => undefined).finally(() => this.#underWay.delete(settled));
    this.#underWay.add(settled);
    return appended;
  }

  // Async, so that a refused call rejects rather than throws.
  // eslint-disable-next-line @typescript-eslint/require-await
  async before(place: TrailPlace = Number.MAX_SAFE_INTEGER, limit: number): Promise<readonly TrailEntry[]> {
    this.#assertOpen();
    try {
      return this.#statements.before.all(place, limit) as unknown as readonly TrailEntry[];
    } catch (error) {
      throw toEventStoreError(error, 'The trail could not be read');
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #append(texts: readonly string[]): Promise<void> {
    this.#assertOpen();
    const events = texts.map((text) => ({ id: ANY_ID, type: 'Entry', data: text, metadata: '' }));
    checkAppend(TRAIL_FILE.name, events, 'no-stream');
    try {
      this.#write(texts);
      // Whatever of the WAL is in the file by now was synced before it was written there.
      await (await (this.#wal ??= open(this.walFile, 'r+'))).datasync();
    } catch (error) {
      throw toEventStoreError(error, 'The trail could not be written');
    }
  }

  #write(texts: readonly string[]): void {
    const today = this.#today();
    this.db.exec('BEGIN IMMEDIATE');
    try {
      for (const text of texts) this.#statements.put.run(today, text);
      this.db.exec('COMMIT');
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
    this.#forget(today);
  }

  #forget(today: number): void {
    if (today <= this.#forgotten) return;
    this.#statements.forget.run(today - this.days);
    this.#forgotten = today;
  }

  #today(): number {
    return Math.floor(this.clock.now().getTime() / DAY_MS);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new EventStoreError('closed', 'The trail was closed.');
  }

  async #close(): Promise<void> {
    await Promise.all(this.#underWay);
    await (await this.#wal?.catch(() => undefined))?.close();
    this.db.close();
  }
}
