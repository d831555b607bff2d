/** The writer's hold on one view file: its transaction, its checkpoint, its streams and its rows of events. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import type { Position, StoredEvent } from '#event-store';
import { mayBeSeen, type Visibility } from '#kernel';
import { ceilingOf, isReadable, makeReadable } from './schema.js';

/** What everything in a file follows from. */
export interface Checkpoint {
  readonly logId: string | undefined;
  readonly seq: number;
  /** The greatest recordedAt so far, in milliseconds. */
  readonly known: number;
  /** Of the last event counted; left out at seq 0. */
  readonly last:
    | { readonly stream: string; readonly revision: number; readonly hash: string; readonly position: Position }
    | undefined;
  /** Where to go on: at the last event, or behind it at something that did not match. */
  readonly position: Position | undefined;
}

export interface StreamRow {
  readonly sid: number;
  /** -1: named by an event of another stream, and no event of its own yet. */
  revision: number;
  /** Hash of its last event; empty where that could not be decoded. */
  hash: string;
  /** The revision of its last event that readers of the file may see; -1: there is none. */
  shown: number;
  /** Who may see the subject; null before it is entered, and of streams that are no subject's. */
  level: Visibility | null;
}

/** An event as its row holds it. */
export interface EventColumns {
  readonly seq: number;
  readonly sid: number;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  /** Known time, in milliseconds. */
  readonly known: number;
  readonly recorded_at: string;
  readonly recorded_by: string;
  /** Who may see it, as of the checkpoint. */
  readonly visibility: Visibility;
  /** Who might when it was recorded. */
  readonly recorded_for: Visibility;
  readonly opened: number;
  /** JSON; null of what is passed over or no subject's. */
  readonly data: string | null;
}

const STREAMS_AT_HAND = 20_000;

export class ViewFile {
  private readonly statements: ReturnType<typeof prepare>;
  private readonly streams = new LRUCache<string, StreamRow>({ max: STREAMS_AT_HAND });
  /** Streams whose rows are to be written with the next commit. */
  private readonly advanced = new Map<string, StreamRow>();
  private open = false;
  private served: boolean;
  private last: Checkpoint;
  private pending = 0;
  private refolds = 0;
  /** Of those who are to read it. */
  readonly ceiling: Visibility;

  constructor(
    readonly path: string,
    readonly db: DatabaseSync,
    /** It may be gone on with by another process from any commit, also before others may read it. */
    private readonly survives = false,
  ) {
    this.statements = prepare(db);
    this.ceiling = ceilingOf(db);
    this.last = this.load();
    this.served = isReadable(db);
  }

  get checkpoint(): Checkpoint {
    return this.last;
  }

  /** Events and moves of the checkpoint that are applied and not yet committed. */
  get uncommitted(): number {
    return this.pending;
  }

  begin(): void {
    if (this.open) return;
    this.db.exec('BEGIN IMMEDIATE');
    this.open = true;
  }

  moveTo(checkpoint: Checkpoint): void {
    this.begin();
    this.last = checkpoint;
    this.pending += 1;
  }

  /** Rows and checkpoint become visible to readers together. */
  commit(): void {
    if (!this.open) return;
    for (const { revision, hash, shown, level, sid } of this.advanced.values())
      this.statements.advance.run(revision, hash, shown, level, sid);
    this.advanced.clear();
    const { logId, seq, known, last, position } = this.last;
    this.statements.checkpoint.run(
      logId ?? null,
      seq,
      known,
      last?.stream ?? null,
      last?.revision ?? null,
      last?.hash ?? null,
      last?.position ?? null,
      position ?? null,
      this.refolds,
    );
    this.db.exec('COMMIT');
    this.open = false;
    this.pending = 0;
  }

  /** Whether others may read the file. */
  get isServed(): boolean {
    return this.served;
  }

  /** Whether each commit leaves everything in it that follows from its events. Otherwise some is kept until it is served. */
  get isWhole(): boolean {
    return this.served || this.survives;
  }

  /** Others may read the file from here on. Commits. */
  serve(): void {
    this.commit();
    makeReadable(this.db);
    this.served = true;
  }

  /** Back to the last commit. */
  rollback(): void {
    if (this.db.isOpen && this.db.isTransaction) this.db.exec('ROLLBACK');
    this.open = false;
    this.pending = 0;
    this.streams.clear();
    this.advanced.clear();
    if (this.db.isOpen) this.last = this.load();
  }

  /** The stream's row, made if there is none. */
  stream(name: string): StreamRow {
    const known = this.streams.get(name) ?? this.advanced.get(name);
    if (known !== undefined) return known;
    const found = this.statements.stream.get(name) as unknown as StreamRow | undefined;
    if (found !== undefined) {
      this.streams.set(name, found);
      return found;
    }
    this.begin();
    const sid = Number(this.statements.addStream.run(name).lastInsertRowid);
    const row: StreamRow = { sid, revision: -1, hash: '', shown: -1, level: null };
    this.streams.set(name, row);
    return row;
  }

  /** Whether those who are to read the file may see what is of this level. */
  shows(level: Visibility): boolean {
    return mayBeSeen(level, this.ceiling);
  }

  /** Writes an event's row: among those that readers see, or apart. */
  addEvent(event: EventColumns): void {
    this.begin();
    const { seq, sid, revision, id, type, known, recorded_at, recorded_by, visibility, recorded_for, opened, data } =
      event;
    const { addEvent, hideEvent } = this.statements;
    const add = this.shows(event.visibility) ? addEvent : hideEvent;
    add.run(seq, sid, revision, id, type, known, recorded_at, recorded_by, visibility, recorded_for, opened, data);
  }

  /** Writes the row of an event that readers see. */
  show(name: string, event: EventColumns): void {
    this.addEvent(event);
    const stream = this.stream(name);
    stream.shown = Math.max(stream.shown, event.revision);
    this.advanced.set(name, stream);
  }

  advance(name: string, revision: number, hash: string): void {
    const stream = this.stream(name);
    stream.revision = revision;
    stream.hash = hash;
    this.advanced.set(name, stream);
  }

  /** None of its events stands among those that readers see any more. */
  withdrawStream(name: string): void {
    const stream = this.stream(name);
    stream.shown = -1;
    this.advanced.set(name, stream);
  }

  /** Who may see the subject of a stream. */
  setLevel(name: string, level: Visibility | null): void {
    this.begin();
    const stream = this.stream(name);
    stream.level = level;
    this.advanced.set(name, stream);
  }

  /** Rows of events that had been taken in were changed: readers are to forget what they have at hand. */
  refolded(): void {
    this.begin();
    this.refolds += 1;
  }

  /** Counts an event without taking in anything of it. */
  addSkipped(event: StoredEvent, sid: number, seq: number, known: number): void {
    this.begin();
    this.addEvent({
      seq,
      sid,
      revision: event.revision,
      id: event.id,
      type: event.type,
      known,
      recorded_at: new Date(known).toISOString(),
      recorded_by: '',
      visibility: 'confidential',
      recorded_for: 'confidential',
      opened: 0,
      data: null,
    });
    this.statements.addSkipped.run(event.id, seq);
  }

  skipped(): ReadonlySet<string> {
    return skippedIn(this.db);
  }

  close(): void {
    if (!this.db.isOpen) return;
    this.rollback();
    this.db.close();
  }

  private load(): Checkpoint {
    const row = this.db.prepare('SELECT * FROM checkpoint').get() as unknown as {
      log_id: string | null;
      seq: number;
      known: number;
      stream: string | null;
      revision: number | null;
      hash: string | null;
      last_position: Position | null;
      position: string | null;
      refolds: number;
    };
    this.refolds = row.refolds;
    const { stream, revision, hash, last_position: position } = row;
    return {
      logId: row.log_id ?? undefined,
      seq: row.seq,
      known: row.known,
      last:
        stream === null || revision === null || position === null
          ? undefined
          : { stream, revision, hash: hash ?? '', position },
      position: row.position === null ? undefined : (row.position as Position),
    };
  }
}

/** The events that were passed over. */
export function skippedIn(db: DatabaseSync): ReadonlySet<string> {
  const rows = db.prepare('SELECT event FROM skipped').all();
  return new Set(rows.map(({ event }) => String(event)));
}

function prepare(
  db: DatabaseSync,
): Record<'checkpoint' | 'stream' | 'addStream' | 'addEvent' | 'hideEvent' | 'advance' | 'addSkipped', StatementSync> {
  return {
    checkpoint: db.prepare(
      'UPDATE checkpoint SET log_id = ?, seq = ?, known = ?, stream = ?, revision = ?, hash = ?, last_position = ?, position = ?, refolds = ?',
    ),
    stream: db.prepare('SELECT sid, revision, hash, shown, level FROM streams WHERE name = ?'),
    addStream: db.prepare("INSERT INTO streams (name, revision, hash) VALUES (?, -1, '')"),
    addEvent: db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    hideEvent: db.prepare('INSERT INTO hidden_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    advance: db.prepare('UPDATE streams SET revision = ?, hash = ?, shown = ?, level = ? WHERE sid = ?'),
    addSkipped: db.prepare('INSERT INTO skipped VALUES (?, ?)'),
  };
}
