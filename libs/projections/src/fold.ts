/**
 * Takes one event after the other into a view file: rows of events, what they concern, segments, status changes, and
 * which documents are out of date. Deterministic: the same events in the same order give the same rows.
 *
 * While an event is being understood nothing is written; what is written then cannot fail but by the disk. So an event
 * that cannot be taken in leaves nothing behind.
 */
import type { StatementSync } from 'node:sqlite';
import { definitionOf, type EventDefinition } from '#domain';
import { type Clock, recordingDay, streamName } from '#kernel';
import type { RecordedEvent } from '#log-format';
import { AnswerRows } from './answer-rows.js';
import { subjectOf } from './decode.js';
import { presentDocument } from './documents/present.js';
import { Knowledge } from './knowledge.js';
import { foldText } from './fold-text.js';
import { ListRows } from './list-rows.js';
import { nameOf, searchTextOf } from './naming.js';
import { type EventRow, Records } from './records.js';
import { OPEN_END } from './schema.js';
import type { StatusChange, SubjectCategory } from './shapes.js';
import { type Find, joinedCases, type Mention, mentionsOf, type Subject } from './subject.js';
import type { ViewFile } from './view-file.js';

const EVENTS_AT_HAND = 30_000;
/** Documents built in the very commit of the event that changes them. */
const DOCUMENTS_PER_COMMIT = 12;
/** Behind every name, also behind those beyond the first plane. */
const UNNAMED_LAST = '\u{10ffff}';

interface Target {
  readonly sid: number;
  readonly kind: SubjectCategory;
}

/** A subject whose answers an event may change, and whether it did. */
interface Affected {
  readonly subject: Subject;
  readonly moved: boolean;
}

export class Fold {
  private readonly knowledge: Knowledge;
  private readonly records: Records;
  private readonly statements: ReturnType<typeof prepare>;
  private readonly answers: AnswerRows;
  private readonly lists: ListRows;
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
    this.answers = new AnswerRows(file);
    this.lists = new ListRows(file, this.knowledge);
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
    const mentions = mentionsOf(event.type, event.data);
    const targets = this.targets(subject, mentions, event.data);
    const affected = this.affected(subject, definition, event.data);
    if (found === undefined) this.answers.enter(subject);

    subject.learn(row, mentions);
    this.knowledge.keep(subject);
    for (const target of targets) {
      const other = this.knowledge.atHand(target.sid);
      if (other === undefined) continue;
      other.hear({ row, of: place });
      this.knowledge.keep(other);
    }
    const compared = affected.map((one) => {
      one.forgetStatus();
      return { subject: one, changed: this.answers.compare(one, known) };
    });
    const rename = found === undefined || definition.role !== 'fact' || namesSomething(event.type);
    const naming = rename ? { name: nameOf(subject), search: foldText(searchTextOf(subject)) } : undefined;
    const data = JSON.stringify(event.data);

    this.file.addEvent(event, sid, seq, known, data);
    for (const target of targets) this.statements.addConcern.run(target.sid, seq);
    if (found === undefined) this.statements.addSubject.run(sid, kind, id, seq);
    if (naming !== undefined) {
      const { name, search } = naming;
      this.statements.name.run(name ?? null, search, foldText(name ?? UNNAMED_LAST), sid);
    }
    this.lists.touch(sid, seq, known);
    const cause = { id: event.id, type: event.type, data: event.data, seq, known };
    const statusChanges: StatusChange[] = [];
    for (const { subject: one, changed } of compared) {
      statusChanges.push(...this.answers.write(one, changed, cause, statusChanges.length));
      if (changed.length > 0) this.lists.touch(one.ref.sid, seq, known);
    }
    const moved = compared.map(({ subject: one, changed }) => ({ subject: one, moved: changed.length > 0 }));
    // Others show a person or group by its name and its answers, the other kinds of subjects as a whole; and acts may
    // change anything.
    const shows = naming !== undefined || (kind !== 'person' && kind !== 'group');
    this.markOutdated(subject, targets, shows, moved);
    return statusChanges;
  }

  /** Drops what is kept in memory, after a rollback. */
  forget(): void {
    this.forgetSubjects();
    this.touched.clear();
    this.outdated.clear();
  }

  /** Drops the subjects kept in memory, one of which took in an event that was given up half-way. */
  forgetSubjects(): void {
    this.knowledge.forget();
    this.answers.forget();
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

  /** To be called when readers may be given the file, before the commit that they see first. */
  serve(): void {
    this.lists.serve();
  }

  /** Writes what lists need, and which documents are out of date. To be called before each commit. */
  flush(): void {
    this.lists.flush();
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
    const read = new Set<string>();
    const find: Find = (kind, id) => {
      read.add(streamName(kind, id));
      return this.knowledge.find(kind, id);
    };
    const { document, item, until } = presentDocument(subject, find, day);
    this.file.begin();
    for (const stream of read) this.statements.addReader.run(this.file.stream(stream).sid, sid);
    this.statements.putDocument.run(
      sid,
      this.file.checkpoint.seq,
      day,
      Math.min(until, OPEN_END),
      JSON.stringify(item),
      JSON.stringify(document),
    );
    this.documents = true;
  }

  /** Subjects that the event names, but the one it belongs to; and whom an assignment named that it takes back. */
  private targets(subject: Subject, mentions: readonly Mention[], { fact }: EventRow['data']): readonly Target[] {
    const targets = new Map<number, Target>();
    const add = (kind: SubjectCategory, id: string): void => {
      const { sid } = this.file.stream(streamName(kind, id));
      if (sid !== subject.ref.sid) targets.set(sid, { sid, kind });
    };
    for (const { kind, id } of mentions) add(kind, id);
    const assigned = subject.kind === 'case' && typeof fact === 'string' ? subject.event(fact)?.data.person : undefined;
    if (typeof assigned === 'string') add('person', assigned);
    return [...targets.values()];
  }

  /** Subjects whose answers the event may change, always in the same order. */
  private affected(subject: Subject, definition: EventDefinition, data: EventRow['data']): readonly Subject[] {
    if (subject.kind === 'person' || subject.kind === 'group') return [subject];
    if (subject.kind !== 'case' || definition.role === 'entry') return [];
    const cases = new Set(joinedCases(subject.id, this.knowledge.find));
    if (typeof data.other === 'string') for (const id of joinedCases(data.other, this.knowledge.find)) cases.add(id);
    const persons = new Set<number>();
    for (const id of cases) {
      const one = this.knowledge.find('case', id);
      for (const { of } of one?.concerning() ?? []) this.addPerson(persons, of.kind, of.id);
      for (const { kind, id: other } of one?.mentions() ?? []) this.addPerson(persons, kind, other);
    }
    if (typeof data.person === 'string') this.addPerson(persons, 'person', data.person);
    return [...persons].sort((a, b) => a - b).flatMap((sid) => this.knowledge.bySid(sid) ?? []);
  }

  private addPerson(persons: Set<number>, kind: SubjectCategory, id: string): void {
    const person = kind === 'person' ? this.knowledge.find(kind, id) : undefined;
    if (person !== undefined) persons.add(person.ref.sid);
  }

  /** Which documents show something of what this event changed. */
  private markOutdated(
    subject: Subject,
    targets: readonly Target[],
    shows: boolean,
    affected: readonly Affected[],
  ): void {
    this.outdate(subject.ref.sid, true);
    // A source's document may list thousands of facts: it can wait.
    for (const { sid, kind } of targets) this.outdate(sid, kind !== 'source');
    if (shows) this.outdateReadersOf(subject);
    for (const { subject: one, moved } of affected) {
      this.outdate(one.ref.sid, true);
      if (moved) this.outdateReadersOf(one);
    }
  }

  private outdate(sid: number, atOnce: boolean): void {
    this.outdated.add(sid);
    if (atOnce) this.touched.add(sid);
  }

  private outdateReadersOf({ ref: { sid } }: Subject): void {
    if (!this.documents) return;
    for (const reader of this.statements.readersOf.all(sid) as unknown as { sid: number }[])
      this.outdated.add(reader.sid);
  }
}

function toRow(event: RecordedEvent, sid: number, seq: number): EventRow {
  const { recordedAt, recordedBy, visibility } = event.metadata;
  return {
    seq,
    id: event.id,
    type: event.type,
    sid,
    recordedAt,
    recordedBy,
    visibility,
    opened: event.opened,
    data: event.data,
  };
}

/** Facts that change what a subject is called. */
function namesSomething(type: string): boolean {
  return type === 'NameAsserted' || type === 'GroupRenamed' || type === 'StatementMade';
}

function prepare({
  db,
}: ViewFile): Record<
  | 'addConcern'
  | 'addSubject'
  | 'name'
  | 'putDocument'
  | 'addReader'
  | 'readersOf'
  | 'dropDocument'
  | 'addStale'
  | 'dropStale'
  | 'someStale'
  | 'anyStale'
  | 'anyDocument'
  | 'expired',
  StatementSync
> {
  return {
    addConcern: db.prepare('INSERT OR IGNORE INTO subject_events VALUES (?, ?)'),
    addSubject: db.prepare("INSERT INTO subjects (sid, kind, id, entered, search, sort) VALUES (?, ?, ?, ?, '', '')"),
    name: db.prepare('UPDATE subjects SET name = ?, search = ?, sort = ? WHERE sid = ?'),
    putDocument: db.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)'),
    addReader: db.prepare('INSERT OR IGNORE INTO document_reads VALUES (?, ?)'),
    readersOf: db.prepare('SELECT sid FROM document_reads WHERE other = ?'),
    dropDocument: db.prepare('DELETE FROM documents WHERE sid = ?'),
    addStale: db.prepare('INSERT OR IGNORE INTO stale VALUES (?)'),
    dropStale: db.prepare('DELETE FROM stale WHERE sid = ?'),
    someStale: db.prepare('SELECT sid FROM stale ORDER BY sid LIMIT ?'),
    anyStale: db.prepare('SELECT sid FROM stale LIMIT 1'),
    anyDocument: db.prepare('SELECT sid FROM documents LIMIT 1'),
    expired: db.prepare('SELECT sid FROM documents WHERE until < ?'),
  };
}
