/**
 * Who may see each event that a view file holds: worked out when it comes, and worked out again, with everything that
 * depends on it, when a later one changes that. Levels follow from all events, also from those that readers of the file do
 * not see.
 */
import type { StatementSync } from 'node:sqlite';
import { aboutOf, definitionOf, type EventDefinition, evolve, initial, isOverriding, levelsOf } from '#domain';
import { streamName, stricter, type Visibility } from '#kernel';
import type { RecordedEvent } from '#log-format';
import { subjectOf } from './decode.js';
import { type Mention, mentionsOf } from './subject.js';
import type { StreamRow, ViewFile } from './view-file.js';

type Data = Readonly<Record<string, unknown>>;

/** What came of working out levels again. */
export interface Releveled {
  /** Subjects that have events of another level than before. */
  readonly changed: ReadonlySet<number>;
  /** Those among them of which something is now shown that was hidden, or the other way round. */
  readonly crossed: ReadonlySet<number>;
}

interface LevelRow {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly recorded_at: string;
  readonly recorded_by: string;
  readonly visibility: Visibility;
  readonly recorded_for: Visibility;
  readonly data: string;
}

export class EventLevels {
  private readonly statements: ReturnType<typeof prepare>;

  constructor(private readonly file: ViewFile) {
    this.statements = prepare(file);
  }

  /** Of an event that is about to be taken in. */
  of(
    { type, data, metadata }: RecordedEvent,
    definition: EventDefinition,
    mentions: readonly Mention[],
    stream: StreamRow,
  ): Visibility {
    let level = stricter(metadata.visibility, this.named(type, data, mentions));
    if (stream.level !== null) level = stricter(level, stream.level);
    if (type === 'SourceTextContinued') {
      for (const { visibility } of this.statements.text.all(stream.sid, stream.sid) as unknown as LevelRow[])
        level = stricter(level, visibility);
    }
    if (definition.role !== 'act') return level;
    for (const id of aboutOf(data)) level = stricter(level, this.levelIn(stream.sid, id) ?? level);
    return level;
  }

  /** Whether an event of this level may change the levels of those before it. */
  changesOthers({ type, data }: RecordedEvent, stream: StreamRow, level: Visibility, isFirst: boolean): boolean {
    if (type === 'VisibilityChanged') return true;
    // Somebody named the subject before it was entered.
    if (isFirst) return level !== 'public' && this.statements.named.get(stream.sid) !== undefined;
    if (!isOverriding(type)) return false;
    return aboutOf(data).some((id) => {
      const about = this.statements.about.get(stream.sid, id, stream.sid, id) as unknown as
        { visibility: Visibility; type: string } | undefined;
      // An act that is withdrawn may have changed a level itself.
      return about !== undefined && (about.visibility !== level || isAct(about.type));
    });
  }

  /** Works out the levels of a subject anew, and of all that hangs on them, and writes those that changed. */
  again(sid: number): Releveled {
    const changed = new Set<number>();
    const crossed = new Set<number>();
    const next = new Set([sid]);
    for (const one of next) {
      // What comes to it again later is worked out again.
      next.delete(one);
      for (const dependent of this.relevel(one, changed, crossed)) next.add(dependent);
    }
    return { changed, crossed };
  }

  /** @returns subjects whose events depend on what changed */
  private relevel(sid: number, changed: Set<number>, crossed: Set<number>): readonly number[] {
    const name = String(this.statements.name.get(sid)?.name);
    const place = subjectOf(name);
    if (place === undefined) return [];
    const rows = this.statements.all.all(sid, sid) as unknown as LevelRow[];
    const events = rows.map((row) => ({
      seq: row.seq,
      was: row.visibility,
      id: row.id,
      type: row.type,
      data: JSON.parse(row.data) as Data,
      recordedAt: row.recorded_at,
      recordedBy: row.recorded_by,
      visibility: row.recorded_for,
    }));
    const state = events.reduce(evolve, initial(place.kind, place.id));
    const levels = levelsOf(state, ({ type, data }) =>
      // What it says of itself is as visible as it is, which is what is being worked out.
      this.named(
        type,
        data,
        mentionsOf(type, data).filter(({ kind, id }) => kind !== place.kind || id !== place.id),
      ),
    );
    let moved = false;
    for (const { seq, id, was } of events) {
      const level = levels.get(id) ?? was;
      if (level === was) continue;
      moved = true;
      this.file.begin();
      this.statements.set.run(level, seq);
      this.statements.setHidden.run(level, seq);
      changed.add(sid);
      if (this.file.shows(level) !== this.file.shows(was)) crossed.add(sid);
    }
    const stream = this.file.stream(name);
    const [entry] = events;
    const level = (entry && levels.get(entry.id)) ?? null;
    const dependents = moved && place.kind === 'person' ? this.sids('assigning', sid) : [];
    if (level === stream.level) return dependents;
    this.file.setLevel(name, level);
    return [...dependents, ...this.sids('naming', sid)];
  }

  private sids(which: 'assigning' | 'naming', sid: number): readonly number[] {
    return (this.statements[which].all(sid, sid) as unknown as { sid: number }[]).map((row) => row.sid);
  }

  /** The strictest level of what an event names in other streams. */
  private named(type: string, data: Data, mentions: readonly Mention[]): Visibility {
    let level: Visibility = 'public';
    for (const { kind, id } of mentions)
      level = stricter(level, this.file.stream(streamName(kind, id)).level ?? 'public');
    if (type !== 'FactAssignedToCase' || typeof data.person !== 'string' || typeof data.fact !== 'string') return level;
    const { sid } = this.file.stream(streamName('person', data.person));
    return stricter(level, this.levelIn(sid, data.fact) ?? 'public');
  }

  private levelIn(sid: number, event: string): Visibility | undefined {
    return (this.statements.about.get(sid, event, sid, event) as unknown as { visibility: Visibility } | undefined)
      ?.visibility;
  }
}

function isAct(type: string): boolean {
  return definitionOf(type)?.role === 'act';
}

function prepare({
  db,
}: ViewFile): Record<
  'all' | 'about' | 'set' | 'setHidden' | 'text' | 'name' | 'named' | 'naming' | 'assigning',
  StatementSync
> {
  const level = 'seq, id, type, recorded_at, recorded_by, visibility, recorded_for, data';
  return {
    all: db.prepare(
      `SELECT ${level} FROM events WHERE sid = ? AND data IS NOT NULL
       UNION ALL SELECT ${level} FROM hidden_events WHERE sid = ? AND data IS NOT NULL ORDER BY seq`,
    ),
    about: db.prepare(
      `SELECT visibility, type FROM events WHERE sid = ? AND id = ?
       UNION ALL SELECT visibility, type FROM hidden_events WHERE sid = ? AND id = ?`,
    ),
    set: db.prepare('UPDATE events SET visibility = ? WHERE seq = ?'),
    setHidden: db.prepare('UPDATE hidden_events SET visibility = ? WHERE seq = ?'),
    text: db.prepare(
      `SELECT visibility FROM events WHERE sid = ? AND type = 'SourceTextContinued'
       UNION SELECT visibility FROM hidden_events WHERE sid = ? AND type = 'SourceTextContinued'`,
    ),
    name: db.prepare('SELECT name FROM streams WHERE sid = ?'),
    named: db.prepare('SELECT seq FROM subject_events WHERE sid = ? LIMIT 1'),
    naming: db.prepare(
      `SELECT DISTINCT e.sid FROM subject_events s JOIN events e ON e.seq = s.seq WHERE s.sid = ?
       UNION SELECT DISTINCT e.sid FROM subject_events s JOIN hidden_events e ON e.seq = s.seq WHERE s.sid = ?`,
    ),
    assigning: db.prepare(
      `SELECT DISTINCT e.sid FROM subject_events s JOIN events e ON e.seq = s.seq
       WHERE s.sid = ? AND e.type = 'FactAssignedToCase'
       UNION SELECT DISTINCT e.sid FROM subject_events s JOIN hidden_events e ON e.seq = s.seq
       WHERE s.sid = ? AND e.type = 'FactAssignedToCase'`,
    ),
  };
}
