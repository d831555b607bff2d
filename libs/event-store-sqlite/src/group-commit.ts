/**
 * The writing itself: many appends in one transaction, so that one fsync serves them all. Each is judged on its own before
 * any of its events is written, so a conflict costs nobody else anything; a failure of the disk fails the whole group.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NO_STREAM, type AppendReply, type AppendRequest, type EventTuple } from './protocol.js';
import { toEventStoreError } from './sqlite-errors.js';

const FAILED = 'The append failed';

export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #lastPosition: StatementSync;
  readonly #findStream: StatementSync;
  readonly #addStream: StatementSync;
  readonly #moveHead: StatementSync;
  readonly #findType: StatementSync;
  readonly #addType: StatementSync;
  readonly #addEvent: StatementSync;
  readonly #eventAt: StatementSync;
  /** Type names to their ids. Emptied whenever a transaction fails, because the id may be undone with it. */
  readonly #types = new Map<string, number>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    const prepare = (sql: string) => {
      const statement = db.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#begin = prepare('BEGIN IMMEDIATE');
    this.#commit = prepare('COMMIT');
    this.#lastPosition = prepare('SELECT ifnull(max(position), 0) FROM events');
    this.#findStream = prepare('SELECT sid, head FROM streams WHERE name = ?');
    this.#addStream = prepare('INSERT INTO streams (name, head) VALUES (?, ?)');
    this.#moveHead = prepare('UPDATE streams SET head = ? WHERE sid = ?');
    this.#findType = prepare('SELECT tid FROM types WHERE name = ?');
    this.#addType = prepare('INSERT INTO types (name) VALUES (?)');
    this.#addEvent = prepare(
      'INSERT INTO events (position, sid, revision, tid, id, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#eventAt = prepare('SELECT id, position FROM events WHERE sid = ? AND revision = ?');
  }

  /** Never throws: every request gets a reply. `wrote` says whether there is anything new in the log. */
  commit(requests: readonly AppendRequest[]): { readonly replies: readonly AppendReply[]; readonly wrote: boolean } {
    const replies: AppendReply[] = [];
    let committing = false;
    try {
      this.#begin.run();
      const before = (this.#lastPosition.get() as unknown as [number])[0];
      let position = before;
      for (const request of requests) {
        const reply = this.#append(request, position);
        replies.push(reply);
        if (reply[1] === 'done') position = Math.max(position, reply[3]);
      }
      committing = true;
      this.#commit.run();
      return { replies, wrote: position > before };
    } catch (error) {
      return { replies: this.#fail(requests, error, committing), wrote: false };
    }
  }

  #append([ticket, stream, expected, events]: AppendRequest, lastPosition: number): AppendReply {
    const found = this.#findStream.get(stream) as unknown as [sid: number, head: number] | undefined;
    const head = found?.[1] ?? NO_STREAM;
    if (head < expected) return [ticket, 'conflict', head];
    if (found !== undefined && head > expected) return this.#repeat(ticket, found[0], expected, events, head);

    const last = head + events.length;
    let sid: number;
    if (found === undefined) {
      sid = Number(this.#addStream.run(stream, last).lastInsertRowid);
    } else {
      sid = found[0];
      this.#moveHead.run(last, sid);
    }
    let position = lastPosition;
    let revision = head;
    for (const [id, type, data, metadata] of events) {
      this.#addEvent.run(++position, sid, ++revision, this.#typeId(type), id, data, metadata);
    }
    return [ticket, 'done', revision, position];
  }

  /** The stream has moved on: either the very same append was here before, or it is a conflict. */
  #repeat(ticket: number, sid: number, expected: number, events: readonly EventTuple[], head: number): AppendReply {
    let revision = expected;
    let position = 0;
    for (const [id] of events) {
      const stored = this.#eventAt.get(sid, ++revision) as unknown as [id: string, position: number] | undefined;
      if (stored?.[0] !== id) return [ticket, 'conflict', head];
      position = stored[1];
    }
    return [ticket, 'repeated', revision, position];
  }

  #typeId(name: string): number {
    let tid = this.#types.get(name);
    if (tid === undefined) {
      const found = this.#findType.get(name) as unknown as [number] | undefined;
      tid = found?.[0] ?? Number(this.#addType.run(name).lastInsertRowid);
      this.#types.set(name, tid);
    }
    return tid;
  }

  #fail(requests: readonly AppendRequest[], error: unknown, committing: boolean): readonly AppendReply[] {
    this.#types.clear();
    let failure = toEventStoreError(error, FAILED);
    try {
      // SQLite has already rolled back after some errors.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch (again) {
      failure = toEventStoreError(again, FAILED);
    }
    // A refused write proves that the commit is not whole. After any other failure of the disk it may be there when the
    // file is next read.
    const unknown = committing && failure.code === 'unavailable';
    const code = unknown ? 'timed-out' : failure.code;
    return requests.map(([ticket]) => [ticket, 'failed', code, failure.message] as const);
  }
}
