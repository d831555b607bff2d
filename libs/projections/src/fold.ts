/**
 * Takes one event after the other into a view file: rows of events, what they concern, segments, status changes, and
 * which documents are out of date. Deterministic: the same events in the same order give the same rows.
 *
 * While an event is being understood nothing is written; what is written then cannot fail but by the disk. So an event
 * that cannot be taken in leaves nothing behind.
 */
import type { StatementSync } from 'node:sqlite';
import { definitionOf, type EventDefinition, type Segment } from '#domain';
import { type Clock, type Day, recordingDay, streamName } from '#kernel';
import type { RecordedEvent } from '#log-format';
import { axisChanges, type AxisChange, axisKey, changeKind } from './changes.js';
import { daysView } from './days.js';
import { subjectOf } from './decode.js';
import { presentDocument } from './documents/present.js';
import { Knowledge } from './knowledge.js';
import { foldText } from './fold-text.js';
import { nameOf, searchTextOf } from './naming.js';
import { type EventRow, Records } from './records.js';
import { FOLD_VERSION, OPEN_END, OPEN_START, STILL_KNOWN } from './schema.js';
import type { StatusChange, SubjectCategory } from './shapes.js';
import { joinedCases, type Mention, type Subject } from './subject.js';
import type { ViewFile } from './view-file.js';

const EVENTS_AT_HAND = 300_000;
/** Documents built in the very commit of the event that changes them. */
const DOCUMENTS_PER_COMMIT = 12;

/** An answer that the record now gives of a subject, by what it says, and its row. */
type StoredSegments = Map<string, number>;

interface AxisState {
  /** The change that gave the present answer, and the day on which it became known. */
  readonly change: string;
  readonly day: Day;
}

export class Fold {
  private readonly knowledge: Knowledge;
  private readonly records: Records;
  private readonly statements: ReturnType<typeof prepare>;
  private segments = new WeakMap<Subject, StoredSegments>();
  /** Subjects whose documents changed since the last flush, those that the events themselves speak of first. */
  private readonly touched = new Set<number>();
  private readonly outdated = new Set<number>();
  private documents: boolean;
  private stale: boolean;

  constructor(
    private readonly file: ViewFile,
    private readonly clock: Clock,
  ) {
    this.records = new Records(file.db);
    this.knowledge = new Knowledge(this.records, EVENTS_AT_HAND);
    this.statements = prepare(file);
    this.documents = this.statements.anyDocument.get() !== undefined;
    this.stale = this.statements.anyStale.get() !== undefined;
  }

  /**
   * Takes in one event.
   * @returns the status changes that it causes
   */
  apply(event: RecordedEvent, sid: number, seq: number, known: number): readonly StatusChange[] {
    const place = subjectOf(event.stream);
    const definition = definitionOf(event.type);
    if (place === undefined || definition === undefined) {
      this.file.addEvent(event, sid, seq, known, null);
      return [];
    }
    const { kind, id } = place;
    const row = toRow(event, sid, seq);
    const found = this.knowledge.bySid(sid);
    const subject = found ?? this.knowledge.enter({ sid, kind, id });
    const mentions = subject.mentionsIn(event.type, event.data);
    const targets = this.targets(subject, mentions, event.data);
    const affected = this.affected(subject, definition, event.data);
    const before = affected.map((one) => one.segments());

    subject.learn(row, mentions);
    this.knowledge.keep(subject);
    for (const target of targets) {
      const other = this.knowledge.atHand(target);
      if (other === undefined) continue;
      other.hear({ row, of: place });
      this.knowledge.keep(other);
    }
    for (const one of affected) one.forgetStatus();
    const day = recordingDay(new Date(known));
    const changed = affected.map((one, index) => ({
      subject: one,
      changes: axisChanges(before[index] ?? [], one.segments(), day),
    }));
    const rename = found === undefined || definition.role !== 'fact' || namesSomething(event.type);
    const naming = rename ? { name: nameOf(subject), search: foldText(searchTextOf(subject)) } : undefined;
    const data = JSON.stringify(event.data);

    this.file.addEvent(event, sid, seq, known, data);
    for (const target of targets) this.statements.addConcern.run(target, seq);
    if (found === undefined) this.statements.addSubject.run(sid, kind, id, seq);
    if (naming !== undefined) this.statements.name.run(naming.name ?? null, naming.search, sid);
    const statusChanges: StatusChange[] = [];
    for (const { subject: one, changes } of changed) {
      this.storeSegments(one, seq);
      for (const change of changes) statusChanges.push(this.storeChange(one, change, event, seq, day, statusChanges.length));
    }
    this.markOutdated(subject, targets, definition, naming !== undefined, changed.filter(({ changes }) => changes.length > 0).map((c) => c.subject));
    return statusChanges;
  }

  /** Drops what is kept in memory, after a rollback. */
  forget(): void {
    this.knowledge.forget();
    this.segments = new WeakMap();
    this.touched.clear();
    this.outdated.clear();
  }

  hasStale(): boolean {
    return this.stale || this.outdated.size > 0;
  }

  /** Builds at once the documents of what the events since the last commit speak of. */
  refreshTouched(): void {
    let built = 0;
    for (const sid of this.touched) {
      if (++built > DOCUMENTS_PER_COMMIT) break;
      this.build(sid);
    }
    this.touched.clear();
  }

  /** Writes down which documents are out of date. To be called before each commit. */
  flush(): void {
    this.touched.clear();
    if (this.outdated.size === 0) return;
    this.file.begin();
    for (const sid of this.outdated) {
      this.statements.addStale.run(sid);
      if (this.documents) this.statements.dropDocument.run(sid);
    }
    this.outdated.clear();
    this.stale = true;
  }

  /** Builds some of the documents that are out of date; false if there is none. To be committed by the caller. */
  refresh(limit: number): boolean {
    if (!this.stale) return false;
    this.file.begin();
    for (const { sid } of this.statements.someStale.all(limit) as unknown as { sid: number }[]) {
      this.build(sid);
      this.statements.dropStale.run(sid);
    }
    this.stale = this.statements.anyStale.get() !== undefined;
    return true;
  }

  /** Documents that do not hold today any more are to be built anew. */
  expireDocuments(): void {
    const today = recordingDay(this.clock.now());
    for (const { sid } of this.statements.expired.all(today) as unknown as { sid: number }[]) this.outdated.add(sid);
  }

  private build(sid: number): void {
    this.outdated.delete(sid);
    const subject = this.knowledge.bySid(sid);
    if (subject === undefined) return;
    const day = recordingDay(this.clock.now());
    const { document, item, until } = presentDocument(subject, this.knowledge.find, day);
    this.file.begin();
    this.statements.putDocument.run(
      sid,
      this.file.checkpoint.seq,
      day,
      stored(until),
      JSON.stringify(item),
      JSON.stringify(document),
    );
    this.documents = true;
  }

  /** Subjects that the event names, but the one it belongs to; and whom an assignment named that it takes back. */
  private targets(subject: Subject, mentions: readonly Mention[], { fact }: EventRow['data']): readonly number[] {
    const sids = new Set(mentions.map(({ kind, id }) => this.file.stream(streamName(kind, id)).sid));
    const assigned = subject.kind === 'case' && typeof fact === 'string' ? subject.event(fact)?.data['person'] : undefined;
    if (typeof assigned === 'string') sids.add(this.file.stream(streamName('person', assigned)).sid);
    sids.delete(subject.ref.sid);
    return [...sids];
  }

  /** Subjects whose answers the event may change, always in the same order. */
  private affected(subject: Subject, definition: EventDefinition, data: EventRow['data']): readonly Subject[] {
    if (subject.kind === 'person' || subject.kind === 'group') return [subject];
    if (subject.kind !== 'case' || definition.role === 'entry') return [];
    const cases = new Set(joinedCases(subject.id, this.knowledge.find));
    if (typeof data['other'] === 'string') for (const id of joinedCases(data['other'], this.knowledge.find)) cases.add(id);
    const persons = new Set<number>();
    for (const id of cases) {
      const one = this.knowledge.find('case', id);
      for (const { of } of one?.concerning() ?? []) this.addPerson(persons, of.kind, of.id);
      for (const { kind, id: other } of one?.mentions() ?? []) this.addPerson(persons, kind, other);
    }
    if (typeof data['person'] === 'string') this.addPerson(persons, 'person', data['person']);
    return [...persons].sort((a, b) => a - b).flatMap((sid) => this.knowledge.bySid(sid) ?? []);
  }

  private addPerson(persons: Set<number>, kind: SubjectCategory, id: string): void {
    const person = kind === 'person' ? this.knowledge.find(kind, id) : undefined;
    if (person !== undefined) persons.add(person.ref.sid);
  }

  private storeSegments(subject: Subject, seq: number): void {
    const stored = this.storedSegments(subject);
    const now = new Map<string, Segment>();
    for (const segment of subject.segments()) {
      if (segment.value === 'unknown' && segment.possible.length === 0) continue;
      now.set(said(segment), segment);
    }
    for (const [what, row] of stored) {
      if (now.has(what)) continue;
      this.statements.closeSegment.run(seq, row);
      stored.delete(what);
    }
    for (const [what, segment] of now) {
      if (!stored.has(what)) stored.set(what, this.addSegment(subject, segment, seq));
    }
  }

  private storedSegments(subject: Subject): StoredSegments {
    let found = this.segments.get(subject);
    if (found === undefined) {
      const rows = this.statements.segmentsOf.all(subject.ref.sid, STILL_KNOWN) as unknown as { row: number; answer: string }[];
      found = new Map(rows.map(({ row, answer }) => [answer, row]));
      this.segments.set(subject, found);
    }
    return found;
  }

  private addSegment(subject: Subject, segment: Segment, seq: number): number {
    const { axis, value, certain, possible, since, disputed, orderUncertain } = segment;
    const { lastInsertRowid } = this.statements.addSegment.run(
      subject.ref.sid,
      axis,
      segment.case ?? null,
      segment.key ?? null,
      stored(segment.from),
      stored(segment.to),
      seq,
      STILL_KNOWN,
      value,
      certain ? 1 : 0,
      JSON.stringify(possible),
      since ?? null,
      disputed ? 1 : 0,
      orderUncertain ? 1 : 0,
      said(segment),
    );
    return Number(lastInsertRowid);
  }

  private storeChange(
    subject: Subject,
    change: AxisChange,
    cause: RecordedEvent,
    seq: number,
    day: Day,
    n: number,
  ): StatusChange {
    const { ref, from, to, past } = change;
    const about = axisKey(ref);
    const replaced = this.presentOf(subject, about);
    const kind = changeKind(change, cause.type, replaced?.day);
    const corrects = this.corrected(subject, about, cause) ?? (kind === 'backdated' ? replaced?.change : undefined);
    const status: StatusChange = {
      id: `f${FOLD_VERSION}-${seq}.${n}`,
      seq,
      subject: { kind: subject.kind === 'group' ? 'group' : 'person', id: subject.id },
      ...ref,
      from,
      to,
      ...(to.since !== undefined && { since: to.since }),
      kind,
      cause: { event: cause.id, type: cause.type },
      ...(corrects !== undefined && { corrects }),
      ...(past !== undefined && { days: daysView({ earliest: past.from, latest: past.to }) }),
    };
    this.statements.addChange.run(seq, n, subject.ref.sid, about, kind, day, cause.id, JSON.stringify(status));
    return status;
  }

  /** The change by which the record began to give the present answer. */
  private presentOf(subject: Subject, about: string): AxisState | undefined {
    return this.statements.lastChange.get(subject.ref.sid, about) as unknown as AxisState | undefined;
  }

  /** The change that was caused by the fact that this event takes back, mends or disputes. */
  private corrected(subject: Subject, about: string, cause: RecordedEvent): string | undefined {
    const fact = cause.data['fact'];
    if (typeof fact !== 'string') return undefined;
    return (this.statements.changeBy.get(subject.ref.sid, about, fact) as unknown as { change: string } | undefined)?.change;
  }

  /** Which documents show something of what this event changed. */
  private markOutdated(
    subject: Subject,
    targets: readonly number[],
    definition: EventDefinition,
    renamed: boolean,
    changed: readonly Subject[],
  ): void {
    this.outdate(subject.ref.sid, true);
    if (!this.documents) return;
    for (const sid of targets) this.outdate(sid, this.kindOf(sid) !== 'source');
    // A case, a statement or a source shows on others' pages as a whole; a person or group by its name, and a person by
    // its answers: on the pages of its cases, groups and statements, and on those that these statements speak of.
    const wholly = subject.kind === 'case' || subject.kind === 'statement' || subject.kind === 'source';
    if (wholly || renamed || definition.role === 'act') for (const sid of this.neighbours(subject)) this.outdate(sid, false);
    for (const person of changed) {
      this.outdate(person.ref.sid, true);
      for (const sid of this.neighbours(person)) {
        const kind = this.kindOf(sid);
        if (kind === 'case' || kind === 'group' || kind === 'statement') this.outdate(sid, false);
        const statement = kind === 'statement' ? this.knowledge.bySid(sid) : undefined;
        if (statement !== undefined) for (const other of this.neighbours(statement)) this.outdate(other, false);
      }
    }
  }

  private outdate(sid: number, atOnce: boolean): void {
    this.outdated.add(sid);
    if (atOnce) this.touched.add(sid);
  }

  private neighbours(subject: Subject): readonly number[] {
    const named = [...subject.mentions()].flatMap(({ kind, id }) => this.knowledge.find(kind, id)?.ref.sid ?? []);
    return [...named, ...this.records.namedBy(subject.ref.sid)];
  }

  private kindOf(sid: number): SubjectCategory | undefined {
    return this.knowledge.atHand(sid)?.kind ?? this.records.subjectBySid(sid)?.kind;
  }
}

function toRow(event: RecordedEvent, sid: number, seq: number): EventRow {
  const { recordedAt, recordedBy, visibility } = event.metadata;
  return { seq, id: event.id, type: event.type, sid, recordedAt, recordedBy, visibility, opened: event.opened, data: event.data };
}

/** Facts that change what a subject is called. */
function namesSomething(type: string): boolean {
  return type === 'NameAsserted' || type === 'GroupRenamed' || type === 'StatementMade';
}

function stored(day: Day): number {
  return Math.min(Math.max(day, OPEN_START), OPEN_END);
}

/** All that a segment says, as text: equal texts are the same answer. Open days are null. */
function said(segment: Segment): string {
  return JSON.stringify(segment);
}

function prepare({ db }: ViewFile): Record<
  | 'addConcern' | 'addSubject' | 'name' | 'segmentsOf' | 'addSegment' | 'closeSegment' | 'addChange' | 'lastChange' | 'changeBy'
  | 'putDocument' | 'dropDocument' | 'addStale' | 'dropStale' | 'someStale' | 'anyStale' | 'anyDocument' | 'expired',
  StatementSync
> {
  return {
    addConcern: db.prepare('INSERT OR IGNORE INTO subject_events VALUES (?, ?)'),
    addSubject: db.prepare("INSERT INTO subjects (sid, kind, id, entered, search) VALUES (?, ?, ?, ?, '')"),
    name: db.prepare('UPDATE subjects SET name = ?, search = ? WHERE sid = ?'),
    segmentsOf: db.prepare('SELECT row, answer FROM segments WHERE sid = ? AND known_to = ?'),
    addSegment: db.prepare('INSERT INTO segments VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    closeSegment: db.prepare('UPDATE segments SET known_to = ? WHERE row = ?'),
    addChange: db.prepare('INSERT INTO changes VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)'),
    lastChange: db.prepare(
      "SELECT change ->> 'id' AS change, day FROM changes WHERE sid = ? AND axis = ? AND kind <> 'history' ORDER BY seq DESC, n DESC LIMIT 1",
    ),
    changeBy: db.prepare(
      "SELECT change ->> 'id' AS change FROM changes WHERE sid = ? AND axis = ? AND cause = ? ORDER BY seq DESC, n DESC LIMIT 1",
    ),
    putDocument: db.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)'),
    dropDocument: db.prepare('DELETE FROM documents WHERE sid = ?'),
    addStale: db.prepare('INSERT OR IGNORE INTO stale VALUES (?)'),
    dropStale: db.prepare('DELETE FROM stale WHERE sid = ?'),
    someStale: db.prepare('SELECT sid FROM stale ORDER BY sid LIMIT ?'),
    anyStale: db.prepare('SELECT sid FROM stale LIMIT 1'),
    anyDocument: db.prepare('SELECT sid FROM documents LIMIT 1'),
    expired: db.prepare('SELECT sid FROM documents WHERE until < ?'),
  };
}
