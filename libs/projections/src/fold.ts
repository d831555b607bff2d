/**
 * Takes events into a view file: rows of events, what they concern, segments, status changes, and which documents are
 * out of date. Deterministic: the same events in the same order give the same rows, however many are taken in at a time.
 *
 * What an event says by itself is written when it comes. What persons and groups answer is worked out when they are
 * settled, at the latest before the commit: then each is gone through with all its events in one go, which is many
 * times faster than from one subject to the next, because a subject's history is read once and is at hand throughout.
 * The answers of one do not depend on the events of another, but for what cases say of the persons in them: so what is
 * recorded in a case settles everybody first.
 *
 * An error leaves rows of events that are not wholly taken in: the caller rolls back to the last commit.
 */
import type { StatementSync } from 'node:sqlite';
import { definitionOf, type EventDefinition } from '#domain';
import { type Clock, streamName } from '#kernel';
import type { RecordedEvent } from '#log-format';
import { type Answered, AnswerRows } from './answer-rows.js';
import { subjectOf } from './decode.js';
import { EventLevels } from './event-levels.js';
import { DocumentRows } from './document-rows.js';
import { Knowledge } from './knowledge.js';
import { foldText } from './fold-text.js';
import { ListRows } from './list-rows.js';
import { mayRename, nameOf, searchTextOf } from './naming.js';
import { type EventRow, Records } from './records.js';
import type { StatusChange, SubjectCategory } from './shapes.js';
import { joinedCases, type Mention, mentionsOf, type Subject, withSelves } from './subject.js';
import { together } from './together.js';
import type { EventColumns, StreamRow, ViewFile } from './view-file.js';
import { withdraw, withdrawn } from './withdraw.js';

const EVENTS_AT_HAND = 20_000;
const NO_CHANGES: readonly StatusChange[] = [];
const NOBODY: ReadonlySet<number> = new Set();
/** Behind every name, also behind those beyond the first plane. */
const UNNAMED_LAST = '\u{10ffff}';

interface Target {
  readonly sid: number;
  readonly kind: SubjectCategory;
  /** It is a source, and named for nothing but what rests on it. */
  readonly cited: boolean;
}

/** An event that its subject has not learned yet. */
interface Taken {
  readonly row: EventRow;
  readonly definition: EventDefinition;
  readonly mentions: readonly Mention[];
  /** The first of its subject. */
  readonly isFirst: boolean;
  /** Known time, in milliseconds. */
  readonly known: number;
}

/** A person or group with the events that it has not learned yet, in the order of the log. */
interface Waiting {
  readonly subject: Subject;
  readonly events: Taken[];
}

export class Fold {
  private readonly knowledge: Knowledge;
  private readonly records: Records;
  private readonly levels: EventLevels;
  private readonly statements: ReturnType<typeof prepare>;
  private readonly answers: AnswerRows;
  private readonly lists: ListRows;
  /** Which documents are out of date. */
  readonly documents: DocumentRows;
  private readonly waiting = new Map<number, Waiting>();
  /** The first event since the last commit that changed the answer of anybody. */
  private firstChanged: number | undefined;
  private readonly refolded = new Set<number>();

  constructor(
    private readonly file: ViewFile,
    clock: Clock,
  ) {
    this.records = new Records(file.db);
    this.levels = new EventLevels(file);
    this.knowledge = new Knowledge(this.records, EVENTS_AT_HAND);
    this.answers = new AnswerRows(file);
    this.lists = new ListRows(file);
    this.documents = new DocumentRows(file, this.knowledge, clock);
    this.statements = prepare(file);
  }

  /** Takes in one event; what follows from it for answers only with {@link settle}. */
  apply(event: RecordedEvent, stream: StreamRow, seq: number, known: number): void {
    const { sid } = stream;
    const place = subjectOf(event.stream);
    const definition = definitionOf(event.type);
    if (place === undefined || definition === undefined) {
      this.file.addEvent(columnsOf(event, { sid, seq, known, visibility: event.metadata.visibility, data: null }));
      return;
    }
    const isFirst = event.revision === 0;
    const mentions = mentionsOf(event.type, event.data);
    const visibility = this.levels.of(event, definition, mentions, stream);
    const changesOthers = this.levels.changesOthers(event, stream, visibility, isFirst);
    if (isFirst) this.file.setLevel(event.stream, visibility);
    const taken = columnsOf(event, { sid, seq, known, visibility, data: JSON.stringify(event.data) });
    if (this.file.shows(visibility)) this.takeIn(taken, event.stream, event.data, definition, mentions);
    else this.hide(taken, mentions);
    if (changesOthers) this.reconsider(sid, seq, known);
  }

  /** Takes in an event that readers of the file may see. */
  private takeIn(
    columns: EventColumns,
    stream: string,
    data: EventRow['data'],
    definition: EventDefinition,
    mentions: readonly Mention[],
  ): void {
    const { sid, seq, known } = columns;
    const place = subjectOf(stream);
    if (place === undefined) throw new RangeError('An event of no subject is not taken in.');
    const { kind, id } = place;
    if (kind === 'case' && definition.role !== 'entry') this.settleAll();
    const waiting = this.waiting.get(sid);
    // Before the event has a row: with it the subject would be read as if it had learned it.
    const found = waiting?.subject ?? this.knowledge.bySid(sid);
    const subject = found ?? this.knowledge.enter({ sid, kind, id });
    const isFirst = found === undefined;
    // What is judged to be one has its answers in common: its events are taken in one by one, in the order of the log.
    const isShared = columns.type === 'IdentityJudged' || subject.isJudged;
    if (isShared) this.settleAll();
    const taken: Taken = { row: toRow(columns, data), definition, mentions, isFirst, known };
    const targets = this.targets(subject, mentions, data);
    this.file.show(stream, columns);
    if (isFirst) {
      this.answers.enter(subject);
      this.statements.addSubject.run(sid, kind, id, seq);
    }
    this.documents.outdate(sid, true);
    for (const target of targets) {
      this.statements.addConcern.run(target.sid, target.cited ? 1 : 0, seq);
      this.documents.outdate(target.sid, !target.cited);
      if (target.cited) continue;
      const other = this.waiting.get(target.sid)?.subject ?? this.knowledge.atHand(target.sid);
      if (other !== undefined) {
        other.hear({ row: taken.row, of: place });
        this.knowledge.keep(other);
      }
      this.documents.outdateOneWith(target);
    }
    if (isShared) this.learn(subject, taken);
    else if (waiting !== undefined) waiting.events.push(taken);
    else if (kind === 'person' || kind === 'group') this.waiting.set(sid, { subject, events: [taken] });
    else this.learn(subject, taken);
  }

  /** Keeps an event that readers of the file may not see apart, with whom it names: they may see it some day. */
  private hide(columns: EventColumns, mentions: readonly Mention[]): void {
    this.file.addEvent(columns);
    for (const { kind, id, pointer } of mentions) {
      const { sid } = this.file.stream(streamName(kind, id));
      if (sid !== columns.sid) this.statements.addConcern.run(sid, isCited(kind, pointer) ? 1 : 0, columns.seq);
    }
  }

  /**
   * An event may have changed who may see those before it. What was hidden or shown by that is as if it had always been so; of
   * each axis that is answered otherwise now, a status change says what is answered, and not what was.
   */
  private reconsider(sid: number, seq: number, known: number): void {
    this.settleAll();
    const { changed, crossed } = this.levels.again(sid);
    if (changed.size === 0) return;
    this.file.refolded();
    const sids = crossed.size === 0 ? NOBODY : together(this.file.db, crossed);
    const answered = new Map<number, Answered>();
    for (const one of sids) {
      const subject = this.knowledge.bySid(one);
      if (subject !== undefined) answered.set(one, this.answers.answered(subject));
    }
    for (const one of new Set([...changed, ...sids])) {
      this.documents.outdate(one, true);
      this.documents.outdateReadersOf(one);
    }
    // What is at hand was read from rows that are others now.
    this.knowledge.forget();
    this.answers.forget();
    if (sids.size > 0) this.foldAgain(sids, answered, seq, known);
  }

  private foldAgain(
    sids: ReadonlySet<number>,
    answered: ReadonlyMap<number, Answered>,
    seq: number,
    known: number,
  ): void {
    const restated = withdraw(this.file, sids);
    // What it answered then is not news.
    const { firstChanged } = this;
    for (const { event, stream } of withdrawn(this.file, sids)) {
      const definition = definitionOf(event.type);
      if (definition === undefined || event.data === null) continue;
      const data = JSON.parse(event.data) as EventRow['data'];
      this.takeIn(event, stream, data, definition, mentionsOf(event.type, data));
    }
    this.settleAll();
    this.firstChanged = firstChanged;
    let n = Number(this.statements.changesAt.get(seq)?.n);
    for (const sid of [...sids].sort((a, b) => a - b)) {
      this.refolded.add(sid);
      const subject = this.knowledge.bySid(sid);
      if (subject === undefined) continue;
      const count = this.answers.restate(subject, answered.get(sid), restated.get(sid), { seq, known, n });
      if (count > 0) this.firstChanged = Math.min(this.firstChanged ?? seq, seq);
      n += count;
    }
    this.answers.flushChanges();
  }

  /** The subjects that were folded again since this was asked last. */
  takeRefolded(): ReadonlySet<number> {
    const refolded = new Set(this.refolded);
    this.refolded.clear();
    return refolded;
  }

  /** Works out what all events since the last time changed. To be called before a commit. */
  settle(): void {
    this.settleAll();
  }

  /** The status changes since the last commit, in order. Nothing is to be settled any more. */
  changes(): readonly StatusChange[] {
    return this.firstChanged === undefined ? NO_CHANGES : this.records.changesFrom(this.firstChanged);
  }

  private settleAll(): void {
    for (const [sid, { subject, events }] of this.waiting) {
      // One after the other is let go of: what all of them hold at the same time would be too much to keep, and old when it is dropped.
      this.waiting.delete(sid);
      let isNamed = false;
      let moved = false;
      for (const taken of events) {
        subject.learn(taken.row, taken.mentions);
        if (this.answer(subject, taken, 0) > 0) moved = true;
        isNamed ||= names(taken);
      }
      this.answers.flush(subject);
      // Before a file is served it is not looked at again soon.
      if (!this.file.isServed) subject.letGoOfStatus();
      this.knowledge.keep(subject);
      const last = events.at(-1);
      if (last !== undefined) this.present(subject, last, isNamed, isNamed || moved);
    }
    this.answers.flushChanges();
  }

  /**
   * Takes in an event that may change the answers of others: of a case, or of persons who are one. All before it are
   * settled.
   */
  private learn(subject: Subject, taken: Taken): void {
    const before = this.affected(subject, taken.definition, taken.row.data);
    subject.learn(taken.row, taken.mentions);
    this.knowledge.keep(subject);
    let n = 0;
    // Those who were one with them by then, and those who are now.
    for (const person of withSelves(before)) {
      person.forgetStatus();
      const count = this.answer(person, taken, n);
      n += count;
      this.answers.flush(person);
      this.documents.outdate(person.ref.sid, true);
      if (count > 0 || person.isJudged) this.lists.touch(person, taken.row.seq, taken.known);
      if (count === 0) continue;
      this.documents.outdateReadersOf(person.ref.sid);
    }
    this.answers.flushChanges();
    this.present(subject, taken, names(taken), true);
  }

  /** Writes what an event changed in a subject's answers. @returns how many axes */
  private answer(subject: Subject, { row, known }: Taken, n: number): number {
    const changed = this.answers.compare(subject, known);
    if (changed.length === 0) return 0;
    const cause = { id: row.id, type: row.type, data: row.data, seq: row.seq, known };
    if (this.answers.write(subject, changed, cause, n) > 0)
      this.firstChanged = Math.min(this.firstChanged ?? row.seq, row.seq);
    return changed.length;
  }

  /**
   * What others see of a subject, once it has taken in events: its texts, if they may have changed, its lists, the
   * documents that show it. Others show a person or group by its name and its answers, the other kinds as a whole.
   */
  private present(subject: Subject, last: Taken, isNamed: boolean, shows: boolean): void {
    const { sid } = subject.ref;
    if (isNamed) {
      const name = nameOf(subject);
      const search = searchTextOf(subject).split('\n').map(foldText).join('\n');
      this.statements.name.run(name ?? null, search, foldText(name ?? UNNAMED_LAST), sid);
    }
    this.lists.touch(subject, last.row.seq, last.known);
    if (shows) this.documents.outdateReadersOf(sid);
  }

  /** Drops what is kept in memory, after a rollback. */
  forget(): void {
    this.knowledge.forget();
    this.answers.forget();
    this.waiting.clear();
    this.firstChanged = undefined;
    this.documents.forget();
    this.refolded.clear();
  }

  /** Writes what only readers need, of a file that they were not given yet. May be done again until {@link served}. */
  prepareServing(): void {
    this.lists.fill();
    this.documents.outdateAll();
  }

  /** The file is given to readers as {@link prepareServing} left it. */
  served(): void {
    this.lists.filled();
  }

  /** Writes what lists need, and which documents are out of date. To be called before each commit. */
  flush(): void {
    this.firstChanged = undefined;
    this.lists.flush();
    this.documents.flush();
  }

  /** Subjects that the event names, but the one it belongs to; and whom an assignment named that it takes back. */
  private targets(subject: Subject, mentions: readonly Mention[], { fact }: EventRow['data']): readonly Target[] {
    const targets = new Map<number, Target>();
    const add = (kind: SubjectCategory, id: string, cited: boolean): void => {
      const { sid } = this.file.stream(streamName(kind, id));
      if (sid === subject.ref.sid || (cited && targets.has(sid))) return;
      targets.set(sid, { sid, kind, cited });
    };
    for (const { kind, id, pointer } of mentions) add(kind, id, isCited(kind, pointer));
    const assigned = subject.kind === 'case' && typeof fact === 'string' ? subject.event(fact)?.data.person : undefined;
    if (typeof assigned === 'string') add('person', assigned, false);
    return [...targets.values()];
  }

  /** Subjects whose answers the event may change, always in the same order; asked before it is taken in. */
  private affected(subject: Subject, definition: EventDefinition, data: EventRow['data']): readonly Subject[] {
    if (subject.kind === 'person') {
      const other = typeof data.person === 'string' ? this.knowledge.find('person', data.person) : undefined;
      return withSelves(definition.type === 'IdentityJudged' && other !== undefined ? [subject, other] : [subject]);
    }
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
    return withSelves([...persons].sort((a, b) => a - b).flatMap((sid) => this.knowledge.bySid(sid) ?? []));
  }

  private addPerson(persons: Set<number>, kind: SubjectCategory, id: string): void {
    const person = kind === 'person' ? this.knowledge.find(kind, id) : undefined;
    if (person !== undefined) persons.add(person.ref.sid);
  }
}

/** The event names a source there for nothing but what rests on it. */
function isCited(kind: SubjectCategory, pointer: string): boolean {
  return kind === 'source' && pointer.includes('/citations/');
}

function columnsOf(
  event: RecordedEvent,
  place: Pick<EventColumns, 'sid' | 'seq' | 'known' | 'visibility' | 'data'>,
): EventColumns {
  const { id, type, revision, opened, metadata } = event;
  const { recordedAt, recordedBy, visibility } = metadata;
  return {
    ...place,
    id,
    type,
    revision,
    recorded_at: recordedAt,
    recorded_by: recordedBy,
    recorded_for: visibility,
    opened: opened ? 1 : 0,
  };
}

function toRow(columns: EventColumns, data: EventRow['data']): EventRow {
  const { seq, id, type, sid, recorded_at, recorded_by, visibility, opened, data: json } = columns;
  return {
    seq,
    id,
    type,
    sid,
    recordedAt: recorded_at,
    recordedBy: recorded_by,
    visibility,
    opened: opened === 1,
    data,
    length: json?.length ?? 0,
  };
}

/** The event may change what its subject is called. */
function names({ isFirst, definition }: Taken): boolean {
  return isFirst || mayRename(definition);
}

function prepare({ db }: ViewFile): Record<'addConcern' | 'changesAt' | 'addSubject' | 'name', StatementSync> {
  return {
    changesAt: db.prepare('SELECT ifnull(max(n) + 1, 0) AS n FROM changes WHERE seq = ?'),
    addConcern: db.prepare('INSERT OR IGNORE INTO subject_events VALUES (?, ?, ?)'),
    addSubject: db.prepare("INSERT INTO subjects (sid, kind, id, entered, search, sort) VALUES (?, ?, ?, ?, '', '')"),
    name: db.prepare('UPDATE subjects SET name = ?, search = ?, sort = ? WHERE sid = ?'),
  };
}
