/** Lists of subjects, in the order in which they were entered: an order in which nothing is ever put in between. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { err, ok, refusal, type Refusal, type Result } from '#kernel';
import { foldText } from './fold-text.js';
import type { ListQuery } from './ports.js';
import type { SubjectRow } from './records.js';
import type { ListItem, ListPage, SubjectCategory } from './shapes.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

interface ListRow extends SubjectRow {
  readonly item: string | null;
}

export class Lists {
  private readonly rows: StatementSync;
  private readonly logId: StatementSync;

  constructor(db: DatabaseSync) {
    this.rows = db.prepare(
      // The page is found in the index alone, which takes half the time, and only its rows are fetched.
      `SELECT s.sid, s.kind, s.id, s.entered, s.name, d.item
       FROM (SELECT sid FROM subjects WHERE kind = ?2 AND entered > ?3 AND (?4 = '' OR instr(search, ?4) > 0)
             ORDER BY entered LIMIT ?5) page
       JOIN subjects s ON s.sid = page.sid
       LEFT JOIN documents d ON d.sid = s.sid AND d.day <= ?1 AND d.until >= ?1
       ORDER BY s.entered`,
    );
    this.logId = db.prepare('SELECT log_id FROM checkpoint');
  }

  /** @param itemOf builds the line of a subject whose document does not stand ready */
  page(
    kind: SubjectCategory,
    { q = '', cursor, limit = DEFAULT_LIMIT }: ListQuery,
    day: number,
    itemOf: (row: SubjectRow) => ListItem,
  ): Result<ListPage, Refusal> {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
      return err(refusal('invalid-limit', `Give a limit from 1 to ${MAX_LIMIT}.`, '/limit'));
    }
    const log = String(this.logId.get()?.log_id ?? '');
    const after = cursor === undefined ? ok(0) : readCursor(cursor, kind, log);
    if (!after.ok) return after;
    // One more than asked for tells whether there is another page.
    const rows = this.rows.all(day, kind, after.value, foldText(q), limit + 1) as unknown as ListRow[];
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return ok({
      items: shown.map((row) => (row.item === null ? itemOf(row) : (JSON.parse(row.item) as ListItem))),
      ...(rows.length > limit && last !== undefined && { next: writeCursor(kind, log, last.entered) }),
    });
  }
}

function writeCursor(kind: SubjectCategory, log: string, entered: number): string {
  return Buffer.from(JSON.stringify([kind, log, entered])).toString('base64url');
}

function readCursor(cursor: string, kind: SubjectCategory, log: string): Result<number, Refusal> {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    parts = undefined;
  }
  if (!Array.isArray(parts) || parts[0] !== kind || !Number.isSafeInteger(parts[2])) {
    return err(refusal('invalid-cursor', 'Give a cursor exactly as a page of this list gave it.', '/cursor'));
  }
  if (parts[1] !== log)
    return err(refusal('log-changed', 'The cursor is from another log: begin again without it.', '/cursor'));
  return ok(Number(parts[2]));
}
