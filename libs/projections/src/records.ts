/** Reads the rows of a view file: subjects, their events up to a seq, and what a moment means as a seq. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CATEGORIES, type OwnLens } from '#domain';
import { streamName, type Visibility } from '#kernel';
import { type ToldChange, toldChange } from './change-columns.js';
import { foldOf, lensOf } from './schema.js';
import type { StatusChange, SubjectCategory } from './shapes.js';

export interface SubjectRow {
  readonly sid: number;
  readonly kind: SubjectCategory;
  readonly id: string;
  /** The seq of its first event. */
  readonly entered: number;
  readonly name: string | null;
}

/** A subject at the present moment. Its ready document, if there is one: the seq and the days that it is for. */
export interface PresentRow extends SubjectRow {
  readonly revision: number;
  readonly seq: number | null;
  readonly day: number | null;
  readonly until: number | null;
}

/** One event as the views keep it. */
export interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly sid: number;
  readonly recordedAt: string;
  readonly recordedBy: string;
  readonly visibility: Visibility;
  /** Its personal fields are there; else they were erased. */
  readonly opened: boolean;
  readonly data: Readonly<Record<string, unknown>>;
  /** Of its data as JSON, in characters: what it costs to keep at hand. */
  readonly length: number;
}

interface RawEvent {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly sid: number;
  readonly recorded_at: string;
  readonly recorded_by: string;
  readonly visibility: Visibility;
  readonly opened: number;
  readonly data: string;
}

const EVENT = 'e.seq, e.id, e.type, e.sid, e.recorded_at, e.recorded_by, e.visibility, e.opened, e.data';

const CHANGES = `SELECT c.*, s.kind AS subject_kind, s.id AS subject_id, e.id AS cause, e.type AS cause_type
  FROM changes c JOIN subjects s ON s.sid = c.sid LEFT JOIN events e ON e.seq = c.seq`;

export class Records {
  /** Through which the file is answered. */
  readonly lens: OwnLens;
  /** By what it is answered: stands in the ids of its changes. */
  readonly fold: string;
  private readonly statements: Record<
    | 'byId'
    | 'bySid'
    | 'own'
    | 'concerning'
    | 'known'
    | 'head'
    | 'refolds'
    | 'revision'
    | 'document'
    | 'present'
    | 'item'
    | 'between'
    | 'revisionUpTo'
    | 'logId'
    | 'history'
    | 'changes'
    | 'changesFrom'
    | 'data'
    | 'citing'
    | 'seqOf'
    | 'placeOf'
    | 'placesIn'
    | 'hidden'
    | 'ownOfTypes'
    | 'typesSince'
    | 'changedSince'
    | 'unchangedAround',
    StatementSync
  >;

  constructor(db: DatabaseSync) {
    this.lens = lensOf(db);
    this.fold = foldOf(this.lens);
    this.statements = {
      byId: db.prepare('SELECT sid, kind, id, entered, name FROM subjects WHERE id = ? AND kind = ?'),
      bySid: db.prepare('SELECT sid, kind, id, entered, name FROM subjects WHERE sid = ?'),
      own: db.prepare(
        `SELECT ${EVENT} FROM events e WHERE e.sid = ? AND e.seq > ? AND e.seq <= ? AND e.data IS NOT NULL ORDER BY e.seq`,
      ),
      between: db.prepare(
        `SELECT ${EVENT} FROM events e WHERE e.seq > ? AND e.seq <= ? AND e.data IS NOT NULL ORDER BY e.seq`,
      ),
      concerning: db.prepare(
        `SELECT ${EVENT} FROM subject_events s JOIN events e ON e.seq = s.seq
         WHERE s.sid = ? AND s.cites = 0 AND s.seq <= ? ORDER BY s.seq`,
      ),
      known: db.prepare('SELECT known FROM events WHERE seq <= ? ORDER BY seq DESC LIMIT 1'),
      head: db.prepare('SELECT seq, known FROM checkpoint'),
      refolds: db.prepare('SELECT refolds FROM checkpoint'),
      revision: db.prepare('SELECT revision FROM streams WHERE name = ?'),
      logId: db.prepare('SELECT log_id FROM checkpoint'),
      history: db.prepare(
        `SELECT ${EVENT} FROM (
           SELECT seq FROM events WHERE sid = ?1 AND seq > ?2
           UNION SELECT s.seq FROM subject_events s JOIN events e ON e.seq = s.seq
             WHERE s.sid = ?1 AND s.cites IN (0, 1) AND s.seq > ?2
           UNION SELECT c.seq FROM changes c JOIN events e ON e.seq = c.seq WHERE c.sid = ?1 AND c.seq > ?2
           ORDER BY seq LIMIT ?3) found
         JOIN events e ON e.seq = found.seq ORDER BY e.seq`,
      ),
      changes: db.prepare(`${CHANGES} WHERE c.seq = ? ORDER BY c.n`),
      changesFrom: db.prepare(`${CHANGES} WHERE c.seq >= ? ORDER BY c.seq, c.n`),
      data: db.prepare('SELECT data FROM events WHERE seq = ?'),
      citing: db.prepare(
        `SELECT e.sid, s.seq FROM subject_events s JOIN events e ON e.seq = s.seq
         WHERE s.sid = ?1 AND s.cites = 1 AND s.seq >= ?2 AND s.seq <= ?3 AND NOT EXISTS (
           SELECT 1 FROM events x JOIN subject_events y ON y.sid = ?1 AND y.cites = 1 AND y.seq = x.seq
           WHERE x.sid = e.sid AND x.seq < s.seq)
         ORDER BY s.seq`,
      ),
      revisionUpTo: db.prepare(
        `SELECT max(ifnull((SELECT revision FROM events WHERE sid = s.sid AND seq <= ?1 ORDER BY seq DESC LIMIT 1), -1),
                    ifnull((SELECT revision FROM hidden_events WHERE sid = s.sid AND seq <= ?1 ORDER BY seq DESC LIMIT 1), -1)) AS revision
         FROM streams s WHERE s.name = ?2`,
      ),
      seqOf: db.prepare('SELECT max(seq) AS seq FROM events WHERE id = ?'),
      placeOf: db.prepare(
        'SELECT s.name AS stream, e.revision FROM events e JOIN streams s ON s.sid = e.sid WHERE e.seq = ?',
      ),
      placesIn: db.prepare(
        `SELECT e.seq, e.revision FROM streams s JOIN events e ON e.sid = s.sid
         WHERE s.name = ? AND e.seq BETWEEN ? AND ? ORDER BY e.seq LIMIT ?`,
      ),
      hidden: db.prepare(
        `SELECT id FROM hidden_events WHERE id IN (SELECT value FROM json_each(?1))
         UNION SELECT substr(s.name, -36) FROM json_each(?2) n JOIN streams s ON s.name = n.value
           WHERE s.revision >= 0 AND NOT EXISTS (SELECT 1 FROM subjects WHERE sid = s.sid)`,
      ),
      ownOfTypes: db.prepare(
        `SELECT ${EVENT} FROM events e WHERE e.sid = ? AND e.seq <= ? AND e.data IS NOT NULL
         AND e.type IN (SELECT value FROM json_each(?)) ORDER BY e.seq`,
      ),
      typesSince: db.prepare('SELECT DISTINCT type FROM events WHERE sid = ? AND seq > ?'),
      changedSince: db.prepare(
        `SELECT DISTINCT s.sid, s.kind, s.id, s.entered, s.name, e.type
         FROM subjects s JOIN events e ON e.sid = s.sid AND e.seq > ?2
         WHERE s.kind = ?1 AND s.updated > ?2 AND s.entered <= ?2`,
      ),
      unchangedAround: db.prepare(
        `SELECT max(ifnull((SELECT max(seq) FROM events WHERE sid = ?1 AND seq <= ?2), 0),
                    ifnull((SELECT max(seq) FROM subject_events WHERE sid = ?1 AND cites = 0 AND seq <= ?2), 0)) AS "from",
                min(ifnull((SELECT min(seq) FROM events WHERE sid = ?1 AND seq > ?2), seq + 1),
                    ifnull((SELECT min(seq) FROM subject_events WHERE sid = ?1 AND cites = 0 AND seq > ?2), seq + 1)) - 1 AS "to"
         FROM checkpoint`,
      ),
      item: db.prepare('SELECT item FROM documents WHERE sid = ? AND day <= ? AND until >= ?'),
      present: db.prepare(
        `SELECT s.sid, s.kind, s.id, s.entered, s.name, t.shown AS revision, d.seq, d.day, d.until
         FROM subjects s JOIN streams t ON t.sid = s.sid LEFT JOIN documents d ON d.sid = s.sid
         WHERE s.id = ? AND s.kind = ?`,
      ),
      // As bytes, because bytes are what is sent: to make a text of them takes three times as long as to fetch them.
      document: db.prepare('SELECT CAST(document AS BLOB) FROM documents WHERE sid = ?'),
    };
    this.statements.document.setReturnArrays(true);
  }

  subject(kind: SubjectCategory, id: string): SubjectRow | undefined {
    return this.statements.byId.get(id, kind) as unknown as SubjectRow | undefined;
  }

  subjectBySid(sid: number): SubjectRow | undefined {
    return this.statements.bySid.get(sid) as unknown as SubjectRow | undefined;
  }

  /** The subject's own events after one seq up to another, skipped ones left out. */
  own(sid: number, upTo: number, after = 0): EventRow[] {
    return (this.statements.own.all(sid, after, upTo) as unknown as RawEvent[]).map(toEvent);
  }

  /** The same, of these types alone. */
  ownOfTypes(sid: number, upTo: number, types: ReadonlySet<string>): EventRow[] {
    const rows = this.statements.ownOfTypes.all(sid, upTo, JSON.stringify([...types])) as unknown as RawEvent[];
    return rows.map(toEvent);
  }

  /** Events of all subjects after one seq up to another, skipped ones left out. */
  between(after: number, upTo: number): EventRow[] {
    return (this.statements.between.all(after, upTo) as unknown as RawEvent[]).map(toEvent);
  }

  /** Events of other streams that concern the subject and do not only rest on it, up to this seq. */
  concerning(sid: number, upTo: number): EventRow[] {
    return (this.statements.concerning.all(sid, upTo) as unknown as RawEvent[]).map(toEvent);
  }

  /** Of the log that the file was folded from. */
  logId(): string {
    return String(this.statements.logId.get()?.log_id ?? '');
  }

  /**
   * Events of the subject, events that concern it and events that changed its answers, after this seq, in the order of
   * the log. One that was skipped says nothing.
   */
  history(sid: number, after: number, limit: number): readonly (EventRow & { readonly skipped: boolean })[] {
    const rows = this.statements.history.all(sid, after, limit) as unknown as (Omit<RawEvent, 'data'> & {
      readonly data: string | null;
    })[];
    return rows.map((row) => ({ ...toEvent({ ...row, data: row.data ?? '{}' }), skipped: row.data === null }));
  }

  /** The status changes that an event caused; of one subject, where one is given. */
  changesAt(seq: number, sid: number | undefined): readonly StatusChange[] {
    const rows = this.statements.changes.all(seq) as unknown as ToldChange[];
    return rows.filter((row) => sid === undefined || row.sid === sid).map((row) => toldChange(row, this.fold));
  }

  /** The status changes that this event and all later ones caused, in order. */
  changesFrom(seq: number): readonly StatusChange[] {
    return (this.statements.changesFrom.all(seq) as unknown as ToldChange[]).map((row) => toldChange(row, this.fold));
  }

  /** What an event says; nothing of one that was skipped or is not in the file. */
  dataAt(seq: number): Readonly<Record<string, unknown>> {
    const row = this.statements.data.get(seq) as unknown as { data: string | null } | undefined;
    return JSON.parse(row?.data ?? '{}') as Readonly<Record<string, unknown>>;
  }

  /** The subjects whose events cite this source, by the seq of the first that does, within these bounds. */
  citing(sid: number, from: number, upTo: number): Iterable<{ readonly sid: number; readonly seq: number }> {
    return this.statements.citing.iterate(sid, from, upTo) as unknown as Iterable<{ sid: number; seq: number }>;
  }

  /** Of an event; undefined if it is not in the file. An id that a log holds twice counts where it came last. */
  seqOf(event: string): number | undefined {
    const { seq } = this.statements.seqOf.get(event) as unknown as { seq: number | null };
    return seq ?? undefined;
  }

  /** Which event has this seq; undefined if it is not in the file. */
  placeOf(seq: number): { readonly stream: string; readonly revision: number } | undefined {
    return this.statements.placeOf.get(seq) as unknown as { stream: string; revision: number } | undefined;
  }

  /** The events of a stream from one seq to another, the first ones. */
  placesIn(
    stream: string,
    from: number,
    to: number,
    limit: number,
  ): readonly { readonly seq: number; readonly revision: number }[] {
    return this.statements.placesIn.all(stream, from, to, limit) as unknown as { seq: number; revision: number }[];
  }

  /** Those of these ids that are of events or subjects which are in the file and not for its readers. */
  hidden(ids: readonly string[]): ReadonlySet<string> {
    const names = ids.flatMap((id) => CATEGORIES.map((category) => streamName(category, id)));
    const rows = this.statements.hidden.all(JSON.stringify(ids), JSON.stringify(names)) as unknown as { id: string }[];
    return new Set(rows.map(({ id }) => id));
  }

  /** The types of the subject's own events after this seq. */
  typesSince(sid: number, seq: number): readonly string[] {
    return (this.statements.typesSince.all(sid, seq) as unknown as { type: string }[]).map(({ type }) => type);
  }

  /** Subjects of a kind that were entered by this seq, once for each type that their own events after it have. */
  changedSince(kind: SubjectCategory, seq: number): readonly (SubjectRow & { readonly type: string })[] {
    return this.statements.changedSince.all(kind, seq) as unknown as (SubjectRow & { readonly type: string })[];
  }

  /** The run of seqs around this one, first and last, in which nothing comes of what the subject is read from. */
  unchangedAround(sid: number, seq: number): { readonly from: number; readonly to: number } {
    return this.statements.unchangedAround.get(sid, seq) as unknown as { from: number; to: number };
  }

  head(): { readonly seq: number; readonly known: number } {
    return this.statements.head.get() as unknown as { seq: number; known: number };
  }

  /** How often rows of earlier events were changed. */
  refolds(): number {
    return Number(this.statements.refolds.get()?.refolds);
  }

  /** Known time at an event, in milliseconds; before the first event, minus infinity. */
  knownAt(seq: number): number {
    const row = this.statements.known.get(seq) as unknown as { known: number } | undefined;
    return row?.known ?? -Infinity;
  }

  /** The last seq whose known time is not after this instant; 0 if there is none. */
  seqAt(instant: number): number {
    // Known time never falls, so no index is needed.
    let low = 0;
    let high = this.head().seq;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.knownAt(middle) <= instant) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The revision of the stream's latest event, or of its latest one up to a seq. */
  revision(stream: string, upTo?: number): number | undefined {
    const row = (upTo === undefined
      ? this.statements.revision.get(stream)
      : this.statements.revisionUpTo.get(upTo, stream)) as unknown as { revision: number } | undefined;
    return row === undefined || row.revision < 0 ? undefined : row.revision;
  }

  /** The subject as it is now, and which ready document there is of it. */
  present(kind: SubjectCategory, id: string): PresentRow | undefined {
    return this.statements.present.get(id, kind) as unknown as PresentRow | undefined;
  }

  /** The ready document of a subject that has one: JSON in UTF-8. */
  document(sid: number): Uint8Array | undefined {
    return (this.statements.document.get(sid) as unknown as [Uint8Array] | undefined)?.[0];
  }

  /** The line of the subject in lists, if it stands ready and holds on this day. */
  item(sid: number, day: number): string | undefined {
    return (this.statements.item.get(sid, day, day) as unknown as { item: string } | undefined)?.item;
  }
}

function toEvent(row: RawEvent): EventRow {
  return {
    seq: row.seq,
    id: row.id,
    type: row.type,
    sid: row.sid,
    recordedAt: row.recorded_at,
    recordedBy: row.recorded_by,
    visibility: row.visibility,
    opened: row.opened === 1,
    data: JSON.parse(row.data) as Readonly<Record<string, unknown>>,
    length: row.data.length,
  };
}
