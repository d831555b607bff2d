/**
 * Answers from the view file that is served, over a connection of its own. Every answer comes from one snapshot of the
 * file; a swap between two answers is not noticed by anyone.
 */
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isLens, type Lens, LENSES } from '#domain';
import { err, ok, parseEdtf, recordingDay, refusal, type Refusal, type Result, type Visibility } from '#kernel';
import { LRUCache } from 'lru-cache';
import { ChangesReader } from './changes-reader.js';
import { shownChanges } from './changes-shown.js';
import { Confidential } from './confidential.js';
import { ChangedSubjects } from './difference/changed-subjects.js';
import { differenceOf, differs, type Known } from './difference/difference.js';
import { casesOf, partiesOf } from './documents/parties.js';
import { momentDocument, presentDocument } from './documents/present.js';
import { evidenceOf } from './evidence.js';
import { FileVersion } from './file-version.js';
import { ViewsFolder } from './folder.js';
import { citationsPage, historyPage, type Source } from './history.js';
import { Knowledge } from './knowledge.js';
import { checkQuery } from './list-query.js';
import { Lists, type Lookups } from './lists.js';
import type {
  Between,
  DocumentAnswer,
  DocumentQuery,
  Evidence,
  ListQuery,
  LogTree,
  Moment,
  PageQuery,
  ReaderOptions,
  SearchQuery,
  SubjectRef,
  ViewName,
  ViewsReader,
} from './ports.js';
import { MomentKnowledge } from './moment-knowledge.js';
import { ReadyDocuments } from './ready-documents.js';
import { Records, type PresentRow, type SubjectRow } from './records.js';
import {
  asOf,
  presentMoment,
  type ResolvedMoment,
  type ResolvedSpan,
  resolveMoment,
  resolveSpan,
} from './resolved-moment.js';
import { RowsAtHand } from './rows-at-hand.js';
import { foldOf, openForReading } from './schema.js';
import { bounded } from './segment-columns.js';
import { SearchReader } from './search/reader.js';
import type {
  AsOf,
  ChangeFilter,
  ChangePlace,
  ChangesRead,
  CitationsPage,
  DifferenceView,
  FedChange,
  HistoryPage,
  ListItem,
  ListPage,
  SearchPage,
  ShownChange,
  SubjectCategory,
  ViewsHealth,
  ViewsMessage,
} from './shapes.js';
import { joinedCases } from './subject.js';
import { TreeReader } from './tree/reader.js';
import { Waits } from './waits.js';

/** Opens the views for reading. There need be none yet: then answers are refused as `views-not-ready`. */
export function openViewsReader(options: ReaderOptions): ViewsReader {
  return new FileReader(options);
}

const NOT_READY = refusal('views-not-ready', 'The views are being built; try again in a moment.');
const INVALID_LENS = refusal('invalid-lens', `A lens is one of ${LENSES.join(', ')}.`, '/lens');
const WAITED_FOR: readonly ViewName[] = ['documents', 'search'];

/** Events kept at hand between answers, as long as the file stands still. */
const EVENTS_AT_HAND = 50_000;

/** The same, of each moment of which something is kept; and of how many that is. */
const EVENTS_OF_A_MOMENT = 10_000;
const MOST_MOMENTS = 3;

function notFound(kind: SubjectCategory, when = ''): Refusal {
  return refusal('not-found', `There is no ${kind} with this id${when}.`);
}

/** Subjects that are compared within one snapshot of the file. */
const SUBJECTS_AT_A_TIME = 20;

/** How long a file may still be read that a writer in another process has replaced. */
const LOOK_EVERY_MS = 200;

interface OpenFile {
  readonly path: string;
  readonly db: DatabaseSync;
  readonly records: Records;
  readonly version: FileVersion;
  /** Of which state of earlier rows everything at hand is. */
  readonly refolds: number;
  readonly ready: ReadyDocuments;
  readonly rows: RowsAtHand;
  readonly lists: Lists;
  readonly search: SearchReader;
  readonly tree: TreeReader;
  readonly changed: ChangedSubjects;
  readonly changes: ChangesReader;
  readonly confidential: Confidential;
}

class FileReader implements ViewsReader {
  private readonly folder: ViewsFolder;
  private file: OpenFile | undefined;
  private lookedAt = 0;
  private told: ViewsHealth | undefined;
  /** What is known by which seq: now, and at a moment that somebody asks about. */
  private readonly known = new LRUCache<number, Knowledge>({ max: 2 });
  /** What is known at moments that were asked about, the last one first. */
  private moments: readonly MomentKnowledge[] = [];
  private closed = false;
  private readonly waits: Readonly<Record<ViewName, Waits>> = {
    documents: new Waits((stream) => this.revisionOf(stream)),
    search: new Waits((stream) => this.searchedRevisionOf(stream)),
  };

  readonly fold: string;
  readonly ceiling: Visibility;

  constructor(private readonly options: ReaderOptions) {
    this.ceiling = options.ceiling ?? 'confidential';
    this.fold = foldOf(options.fourEyes === true ? 'verified' : 'all');
    this.folder = new ViewsFolder(options.folder);
  }

  document(kind: SubjectCategory, id: string, moment: DocumentQuery = {}): Result<DocumentAnswer, Refusal> {
    const { lens } = moment;
    if (lens !== undefined && !isLens(lens)) return err(INVALID_LENS);
    const isPresent = moment.validAt === undefined && moment.knownAt === undefined;
    const again =
      isPresent && lens === undefined && this.opened()?.ready.again(kind, id, recordingDay(this.options.clock.now()));
    if (again) return ok(again);
    return this.snapshot((file) => {
      const row = file.records.present(kind, id);
      const known = moment.knownAt === undefined ? ok(this.now(file)) : this.resolve(file, moment.knownAt);
      if (!known.ok) return known;
      if (row === undefined || row.entered > known.value.seq) {
        return err(notFound(kind, moment.knownAt === undefined ? '' : ' then'));
      }
      const through = lens ?? file.records.lens;
      if (isPresent && through === file.records.lens) return ok(this.presentAnswer(file, row, known.value));
      const json = this.momentJson(file, row, moment, known.value, through);
      if (!json.ok) return json;
      return ok({ json: json.value, revision: row.revision, confidential: file.confidential.has(kind, id) });
    });
  }

  list(kind: SubjectCategory, query: ListQuery = {}): Result<ListPage, Refusal> {
    const checked = checkQuery(kind, query);
    if (!checked.ok) return checked;
    const { moment } = checked.value;
    return this.snapshot((file) => {
      const now = this.now(file);
      const known = moment?.knownAt === undefined ? ok(now) : this.resolve(file, moment.knownAt);
      if (!known.ok) return known;
      const { seq, day } = known.value;
      const days = moment?.span ?? { earliest: day, latest: day };
      const page = file.lists.page(
        checked.value,
        {
          head: now.seq,
          today: now.day,
          ...(moment !== undefined && { asked: { from: bounded(days.earliest), to: bounded(days.latest), seq } }),
        },
        this.lookups(file, known.value),
      );
      return page.ok ? ok({ ...page.value, asOf: asOf(known.value, file.records.lens, moment?.validAt) }) : page;
    });
  }

  async readAhead(kind: SubjectCategory, query: ListQuery): Promise<void> {
    const checked = checkQuery(kind, query);
    if (!checked.ok || checked.value.moment === undefined) return;
    for (;;) {
      const more = this.snapshot(({ lists, records }) => ok(lists.readAhead(checked.value, records.head().seq)));
      if (!more.ok || !more.value) return;
      await nextTurn();
    }
  }

  history(kind: SubjectCategory, id: string, query: PageQuery = {}): Result<HistoryPage, Refusal> {
    return this.paged(kind, id, (source, row) => historyPage(source, row, query));
  }

  evidence(kind: SubjectCategory, id: string, seq: number): Result<Evidence, Refusal> {
    return this.snapshot((file) => {
      const row = file.records.subject(kind, id);
      if (row === undefined) return err(notFound(kind));
      const evidence = evidenceOf(file.records, row, seq);
      if (row.entered > seq) return ok(evidence);
      const moment = { knownAt: String(seq) };
      const known = this.resolve(file, moment.knownAt);
      if (!known.ok) return known;
      const document = this.momentJson(file, row, moment, known.value, file.records.lens);
      return document.ok ? ok({ ...evidence, document: document.value }) : document;
    });
  }

  hidden(ids: Iterable<string>): Result<ReadonlySet<string>, Refusal> {
    return this.snapshot(({ records }) => ok(records.hidden([...new Set(ids)])));
  }

  citations(source: string, query: PageQuery = {}): Result<CitationsPage, Refusal> {
    return this.paged('source', source, (from, row) => citationsPage(from, row, query));
  }

  difference(kind: SubjectCategory, id: string, between: Between): Result<DifferenceView, Refusal> {
    return this.snapshot((file) => {
      const span = this.resolveSpan(file, between);
      if (!span.ok) return span;
      const { from, to } = span.value;
      const row = file.records.subject(kind, id);
      if (row === undefined || row.entered > to.seq)
        return err(notFound(kind, between.to === undefined ? '' : ' then'));
      const found = differenceOf(row, this.knownAt(file, from), this.knownAt(file, to));
      const { lens } = file.records;
      return ok({ ...found, from: asOf(from, lens), to: asOf(to, lens) });
    });
  }

  *differences(
    between: Between,
    onProgress?: (done: number, of: number) => void,
  ): Generator<Result<DifferenceView, Refusal>, void, undefined> {
    const span = this.snapshot((file) => this.resolveSpan(file, between));
    if (!span.ok) {
      yield span;
      return;
    }
    const { from, to } = span.value;
    for (let after = 0; after < Infinity;) {
      const page = this.snapshot((file) => {
        const [before, now] = [this.knownAt(file, from), this.knownAt(file, to)];
        const rows = file.changed.after(after, from.seq, to.seq, SUBJECTS_AT_A_TIME);
        const streams = file.changed.streams();
        after = rows.at(-1)?.sid ?? Infinity;
        onProgress?.(Math.min(after, streams), streams);
        const { lens } = file.records;
        const found = rows.map((row) => differenceOf(row, before, now)).filter(differs);
        return ok(found.map((one) => ({ ...one, from: asOf(from, lens), to: asOf(to, lens) })));
      });
      if (!page.ok) {
        yield page;
        return;
      }
      for (const found of page.value) yield ok(found);
    }
  }

  resolveKnownAt(knownAt: string): Result<{ readonly seq: number; readonly settled: boolean }, Refusal> {
    return this.snapshot((file) => {
      const found = this.resolve(file, knownAt);
      return found.ok ? ok({ seq: found.value.seq, settled: found.value.settled }) : found;
    });
  }

  changes(filter: ChangeFilter, after: ChangePlace, limit: number): Result<ChangesRead, Refusal> {
    return this.snapshot((file) => file.changes.page(filter, after, limit));
  }

  shown(changes: readonly FedChange[]): Result<readonly ShownChange[], Refusal> {
    return this.snapshot(({ records }) => ok(shownChanges(records, changes)));
  }

  search(query: SearchQuery): Result<SearchPage, Refusal> {
    return this.snapshot((file) => {
      const day = recordingDay(this.options.clock.now());
      return file.search.page(query, (sid) => this.itemOf(file, sid, day));
    });
  }

  confidential<T extends SubjectRef>(subjects: readonly T[]): Result<readonly T[], Refusal> {
    if (subjects.length === 0) return ok([]);
    return this.snapshot(({ confidential }) => ok(subjects.filter(({ kind, id }) => confidential.has(kind, id))));
  }

  tree<T>(work: (tree: LogTree) => Result<T, Refusal>): Result<T, Refusal> {
    return this.snapshot(({ records, tree }) =>
      work({
        logId: records.logId(),
        size: records.head().seq,
        subtrees: tree.subtrees(),
        seqOf: (event) => records.seqOf(event),
        placeOf: (seq) => records.placeOf(seq),
        placesIn: (stream, from, to, limit) => records.placesIn(stream, from, to, limit),
      }),
    );
  }

  waitFor(stream: string, revision: number, timeout: number, view: ViewName = 'documents'): Promise<boolean> {
    return this.closed ? Promise.resolve(false) : this.waits[view].add(stream, revision, timeout);
  }

  revisionOf(stream: string): number | undefined {
    return this.lookedInto()?.records.revision(stream);
  }

  health(): ViewsHealth {
    const { told } = this;
    if (told === undefined) {
      const head = this.lookedInto()?.records.head();
      return { state: this.closed ? 'closed' : 'starting', seq: head?.seq ?? 0, lagMilliseconds: 0 };
    }
    if (told.state === 'live' || told.knownAt === undefined) return told;
    return { ...told, lagMilliseconds: Math.max(0, this.options.clock.now().getTime() - Date.parse(told.knownAt)) };
  }

  notify(message: ViewsMessage): void {
    if (this.closed) return;
    this.file?.version.forget();
    if (message.kind === 'health') this.told = message.health;
    if (message.kind === 'swapped' || message.kind === 'withdrawn') this.letGo();
    if (message.kind === 'advanced' || message.kind === 'swapped')
      for (const view of WAITED_FOR) this.waits[view].look();
  }

  close(): void {
    this.closed = true;
    for (const view of WAITED_FOR) this.waits[view].close();
    this.letGo();
  }

  private paged<Page extends { readonly asOf: AsOf }>(
    kind: SubjectCategory,
    id: string,
    pageOf: (source: Source, row: SubjectRow) => Result<Omit<Page, 'asOf'>, Refusal>,
  ): Result<Omit<Page, 'asOf'> & { readonly asOf: AsOf }, Refusal> {
    return this.snapshot((file) => {
      const row = file.records.subject(kind, id);
      if (row === undefined) return err(notFound(kind));
      const known = this.now(file);
      const page = pageOf({ records: file.records, knowledge: this.knowledge(file), day: known.day }, row);
      return page.ok ? ok({ ...page.value, asOf: asOf(known, file.records.lens) }) : page;
    });
  }

  /** One snapshot of the file for one answer. */
  private snapshot<T>(answer: (file: OpenFile) => Result<T, Refusal>): Result<T, Refusal> {
    const file = this.lookedInto();
    if (file === undefined) return err(NOT_READY);
    file.db.exec('BEGIN');
    try {
      if (file.records.refolds() === file.refolds) return answer(file);
    } finally {
      file.db.exec('COMMIT');
    }
    // What is at hand was read from rows that have changed since.
    this.letGo();
    return this.snapshot(answer);
  }

  /** To be read from as it is now; what was kept from an earlier turn of it is then asked for anew. */
  private lookedInto(): OpenFile | undefined {
    const file = this.opened();
    file?.version.forget();
    return file;
  }

  private opened(): OpenFile | undefined {
    if (this.closed) return undefined;
    if (this.file !== undefined && this.isServed(this.file)) return this.file;
    this.letGo();
    // It may have been replaced between a look at which one is served and its opening.
    const found = this.openServed() ?? this.openServed();
    if (found === undefined) return undefined;
    const { path, db } = found;
    this.lookedAt = performance.now();
    const records = new Records(db);
    const version = new FileVersion(db);
    return (this.file = {
      path,
      db,
      records,
      refolds: records.refolds(),
      version,
      ready: new ReadyDocuments(records, version),
      rows: new RowsAtHand(records, version),
      lists: new Lists(db, records),
      search: new SearchReader(db),
      tree: new TreeReader(db),
      changed: new ChangedSubjects(db),
      changes: new ChangesReader(db, records, this.fold),
      confidential: new Confidential(
        db,
        records,
        version,
        (kind, id) => shownWith(this.knowledge({ records }), kind, id),
        (kind, id) => casesIn(this.knowledge({ records }), kind, id),
      ),
    });
  }

  private openServed(): { readonly path: string; readonly db: DatabaseSync } | undefined {
    const path = this.folder.served();
    const db = path === undefined ? undefined : openForReading(path, this.options.ceiling);
    return path === undefined || db === undefined ? undefined : { path, db };
  }

  /** A writer in this process says when another file is served; one in another process leaves only the pointer. */
  private isServed({ path }: OpenFile): boolean {
    if (this.told !== undefined) return true;
    const now = performance.now();
    if (now - this.lookedAt < LOOK_EVERY_MS) return true;
    this.lookedAt = now;
    return this.folder.served() === path;
  }

  private letGo(): void {
    this.file?.db.close();
    this.file = undefined;
    this.known.clear();
    this.moments = [];
  }

  /** The revision of the stream's latest event whose texts can be found. */
  private searchedRevisionOf(stream: string): number | undefined {
    const file = this.lookedInto();
    return file?.records.revision(stream, file.search.done());
  }

  /** The line that lists show of a subject: ready-made, or built. */
  private itemOf(file: OpenFile, sid: number, day: number): ListItem {
    const ready = file.records.item(sid, day);
    if (ready !== undefined) return JSON.parse(ready) as ListItem;
    const row = file.records.subjectBySid(sid);
    if (row === undefined) throw new RangeError('A subject that was found has no row.');
    return this.presentOf(file, row, day).item;
  }

  private presentAnswer(file: OpenFile, row: PresentRow, known: ResolvedMoment): DocumentAnswer {
    // The ready document holds for as long as nothing in it changes; only which record it answers from moves on.
    const end = `,"asOf":${JSON.stringify(asOf(known, file.records.lens))}}`;
    const confidential = file.confidential.has(row.kind, row.id);
    const ready = file.ready.find(row, known, end, confidential);
    if (ready !== undefined) return ready;
    const { document } = this.presentOf(file, row, known.day);
    return {
      json: Buffer.from(`${JSON.stringify(document).slice(0, -1)}${end}`),
      revision: row.revision,
      confidential,
    };
  }

  private lookups(file: OpenFile, { seq, day }: ResolvedMoment): Lookups {
    const knowledge = (): Knowledge => this.knowledge(file, seq);
    return {
      itemOf: (row) => this.presentOf(file, row, day).item,
      personsOfCase: (id) => {
        const { find } = knowledge();
        const joined = [...joinedCases(id, find)].sort();
        const persons = partiesOf('person', joined, find);
        return { place: joined[0] ?? id, persons: persons.map(({ ref }) => ref.sid) };
      },
      selvesOf: (sid) => (knowledge().bySid(sid)?.selves() ?? []).map(({ ref }) => ref.sid),
      idsOfSame: (id) => {
        const same = knowledge().find('person', id)?.selves();
        return same === undefined ? [id] : same.map((one) => one.id);
      },
      casesOfPerson: (id) => {
        const { find } = knowledge();
        const parts = (find('person', id)?.selves() ?? []).flatMap((one) => [...casesOf(one)]);
        const cases = new Set(parts.flatMap((one) => [...joinedCases(one, find)]));
        return [...cases].flatMap((one) => find('case', one)?.ref.sid ?? []);
      },
    };
  }

  /** As known now, which is kept at hand as long as the file stands still; or up to a seq. */
  private knowledge({ records }: Pick<OpenFile, 'records'>, seq = records.head().seq): Knowledge {
    let known = this.known.get(seq);
    if (known === undefined) this.known.set(seq, (known = new Knowledge(records, EVENTS_AT_HAND, seq)));
    return known;
  }

  private presentOf(file: OpenFile, row: SubjectRow, day: number): ReturnType<typeof presentDocument> {
    const knowledge = this.knowledge(file);
    const subject = knowledge.bySid(row.sid);
    if (subject === undefined) throw new RangeError('A listed subject has no row.');
    return presentDocument(subject, knowledge.find, day);
  }

  /** As known at a moment, through a lens. What is at hand from another moment is used where it is the same. */
  private momentKnowledge({ records, rows }: OpenFile, sid: number, seq: number, lens: Lens): MomentKnowledge {
    const alike = this.moments.filter((one) => one.lens === lens);
    const found =
      alike.find((one) => one.atHand(sid) !== undefined && one.goTo(seq)) ??
      alike.find((one) => one.goTo(seq)) ??
      new MomentKnowledge(records, rows, EVENTS_OF_A_MOMENT, seq, lens);
    this.moments = [found, ...this.moments.filter((one) => one !== found)].slice(0, MOST_MOMENTS);
    return found;
  }

  private momentJson(
    file: OpenFile,
    row: SubjectRow,
    moment: Moment,
    known: ResolvedMoment,
    lens: Lens,
  ): Result<Buffer, Refusal> {
    const span = moment.validAt === undefined ? undefined : parseEdtf(moment.validAt);
    if (span?.ok === false) return err({ ...span.error, code: 'invalid-date', pointer: '/validAt' });
    const knowledge = this.momentKnowledge(file, row.sid, known.seq, lens);
    const subject = knowledge.bySid(row.sid);
    if (subject === undefined) throw new RangeError('A found subject has no row.');
    const document = momentDocument(subject, knowledge.find, known.day, span?.value.bounds);
    return ok(Buffer.from(JSON.stringify({ ...document, asOf: asOf(known, lens, moment.validAt) })));
  }

  private knownAt(file: OpenFile, { seq, day }: ResolvedMoment): Known {
    return { seq, day, knowledge: this.knowledge(file, seq) };
  }

  private now({ records }: OpenFile): ResolvedMoment {
    return presentMoment(records, this.options.clock.now());
  }

  private resolve({ records }: OpenFile, knownAt: string): Result<ResolvedMoment, Refusal> {
    return resolveMoment(records, this.options.clock.now(), knownAt);
  }

  private resolveSpan({ records }: OpenFile, between: Between): Result<ResolvedSpan, Refusal> {
    return resolveSpan(records, this.options.clock.now(), between);
  }
}

/** The subjects whose facts the document of a person or a case is made of. */
function shownWith({ find }: Knowledge, kind: SubjectCategory, id: string): readonly number[] {
  if (kind === 'person') return (find(kind, id)?.selves() ?? []).map(({ ref }) => ref.sid);
  const cases = [...joinedCases(id, find)].sort();
  const persons = partiesOf('person', cases, find).flatMap((one) => one.selves());
  const groups = partiesOf('group', cases, find);
  const joined = cases.flatMap((one) => find('case', one) ?? []);
  return [...persons, ...groups, ...joined].map(({ ref }) => ref.sid);
}

/** The cases that facts on a timeline belong to, with those that were joined to them. */
function casesIn({ find }: Knowledge, kind: SubjectCategory, id: string): ReadonlySet<string> {
  const selves = kind === 'case' ? [] : (find(kind, id)?.selves() ?? []);
  const cases = selves.flatMap((one) => one.facts().flatMap((fact) => one.caseOf(fact) ?? []));
  return new Set([...new Set(cases)].flatMap((one) => [...joinedCases(one, find)]));
}
