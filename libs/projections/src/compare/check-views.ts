/**
 * Folds the log from its beginning and holds what is served against it, row by row. The served file is read as it was at one
 * moment, while its writer goes on; it is opened for nothing but reading.
 */
import { basename, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { type Clock, err, ok, recordingDay, refusal, type Refusal, type Result } from '#kernel';
import type { BuildViews, BuiltViews } from '../build-views.js';
import { Draft } from '../draft.js';
import { CHECK_FOLDER, ViewsFolder } from '../folder.js';
import { one } from '../one.js';
import { FOLD_VERSION, isUnreadable, lensOf, openForReading } from '../schema.js';
import type { BuildStep, PoisonEvent, SubjectCategory } from '../shapes.js';
import { CLASSES, indexOf } from '../search/tables.js';
import { skippedIn } from '../view-file.js';
import { compareTable, type Row, type RowDifference } from './merge.js';
import { type ComparedTable, comparedTables, countOf } from './tables.js';

export type CheckStep = BuildStep | 'comparing';

export interface CheckViews extends Pick<BuildViews, 'eventStore' | 'keyStore' | 'signal'> {
  /**
   * In which the served file lies. A folder is made in it, `.check`, for the file that it is compared with. One that is ended, killed
   * too, leaves it, and what was folded is gone on with by the next one. What was compared is compared again: it is of one moment.
   */
  readonly folder: string;
  readonly clock: Clock;
  /** Another number whenever keys were destroyed: what was made before that is not gone on with. Left out: none ever were. */
  readonly epoch?: number;
  /** How long to wait for a moment at which nothing is left to be done, in milliseconds; ten seconds unless said. */
  readonly patience?: number;
  readonly onProgress?: (step: CheckStep, done: number, of?: number) => void;
  /** Called for each difference, in the order of the tables. */
  readonly onDifference: (difference: ViewsDifference) => void;
}

/** Names the row, and nothing of what it says. */
export interface ViewsDifference {
  readonly table: string;
  /** The served file has no such row; has one that there should not be; has another in its place. */
  readonly finding: RowDifference['finding'];
  /** Which columns differ. */
  readonly columns: readonly string[];
  readonly subject?: { readonly kind: SubjectCategory; readonly id: string };
  /** The event, where the row is of one. */
  readonly seq?: number;
}

export interface CheckedViews {
  /** The name of the served file. */
  readonly file: string;
  /** Up to which event it was compared. */
  readonly seq: number;
  /** Up to which event a check that was ended had folded the log; 0 where there was none. */
  readonly from: number;
  readonly rows: number;
  readonly differences: number;
  /** Subjects whose ready document was not there at that moment, or not for today. */
  readonly documentsNotReady: number;
  /** Search had not taken in all of it, so it was not compared. */
  readonly searchBehind: boolean;
  /** The log cannot be folded up to there any more, since it stops at this event: nothing was compared. */
  readonly poison?: PoisonEvent;
  /** The served file itself is broken: only what is named was compared before that was met. */
  readonly damaged?: true;
}

const PATIENCE = 10_000;
const LOOK_EVERY = 50;

/**
 * Refusal codes: `views-not-ready` (nothing is served by this version), `views-outdated` (they are of another fold), `under-way`
 * (somebody else checks them).
 * @throws BuildFailedError, or the reason of the signal
 */
export async function checkViews(options: CheckViews): Promise<Result<CheckedViews, Refusal>> {
  const served = await openSettled(options);
  if (!served.ok) return served;
  const { db, path } = served.value;
  try {
    const order = [options.epoch ?? 0, lensOf(db), ...[...skippedIn(db)].sort()];
    const draft = Draft.take(join(options.folder, CHECK_FOLDER), order);
    if (draft === undefined) return err(refusal('under-way', 'Another check is under way here at the moment.'));
    return await draft.during(async () => ok(await new Check(options, db, draft).run(path)));
  } finally {
    db.close();
  }
}

/** The served file within a transaction, at a moment at which documents and search are complete, if one comes soon. */
async function openSettled({
  folder,
  patience = PATIENCE,
  signal,
}: CheckViews): Promise<Result<{ readonly db: DatabaseSync; readonly path: string }, Refusal>> {
  const views = new ViewsFolder(folder);
  const late = performance.now() + patience;
  for (;;) {
    signal?.throwIfAborted();
    const path = views.served();
    const db = path === undefined ? undefined : openForReading(path);
    const isOver = performance.now() > late;
    if (path === undefined || (db === undefined && isOver))
      return err(refusal('views-not-ready', 'There are no views here that this version could read.'));
    if (db !== undefined) {
      if (one(db, "SELECT value FROM meta WHERE key = 'fold'") !== String(FOLD_VERSION)) {
        db.close();
        return err(refusal('views-outdated', 'The served views are of another version and are being folded again.'));
      }
      db.exec('BEGIN');
      if (isOver || isComplete(db)) return ok({ db, path });
      db.close();
    }
    await delay(LOOK_EVERY);
  }
}

function isComplete(db: DatabaseSync): boolean {
  return !isSearchBehind(db) && one(db, 'SELECT count(*) FROM stale') === 0;
}

function isSearchBehind(db: DatabaseSync): boolean {
  return one(db, 'SELECT seq FROM search_progress') !== one(db, 'SELECT seq FROM checkpoint');
}

class Check {
  private readonly today: number;
  private readonly subjects: (sid: number) => ViewsDifference['subject'];
  private rows = 0;
  private of = 0;
  private differences = 0;

  constructor(
    private readonly options: CheckViews,
    private readonly served: DatabaseSync,
    private readonly draft: Draft,
  ) {
    this.today = recordingDay(options.clock.now());
    this.subjects = lookup(served);
  }

  async run(path: string): Promise<CheckedViews> {
    const { served } = this;
    const seq = Number(one(served, 'SELECT seq FROM checkpoint'));
    const searchBehind = isSearchBehind(served);
    const ready = this.readyDocuments();
    const { from, poison } = await this.fold(seq);
    const outcome = poison === undefined ? await this.compareAll(ready, !searchBehind) : { poison };
    return {
      file: basename(path),
      seq,
      from,
      rows: this.rows,
      differences: this.differences,
      documentsNotReady: Number(one(served, 'SELECT count(*) FROM subjects')) - ready.size,
      searchBehind,
      ...outcome,
    };
  }

  private async compareAll(ready: ReadonlySet<number>, search: boolean): Promise<Pick<CheckedViews, 'damaged'>> {
    const fresh = openForReading(this.draft.path);
    if (fresh === undefined) throw new RangeError('A file that was just made cannot be read.');
    try {
      const tables = comparedTables(fresh, search);
      for (const table of tables) this.of += countOf(fresh, table);
      for (const table of tables) await this.compare(table, fresh, this.countedOf(table, ready));
      if (search) await this.compareIndices(fresh);
      return {};
    } catch (error) {
      if (isUnreadable(error)) return { damaged: true };
      throw error;
    } finally {
      fresh.close();
    }
  }

  private async fold(seq: number): Promise<BuiltViews> {
    const { eventStore, keyStore, signal, onProgress } = this.options;
    const now = this.options.clock.now();
    return this.draft.build({
      ...{ eventStore, keyStore, upTo: { seq }, lens: lensOf(this.served) },
      // The day may end meanwhile.
      clock: { now: () => now },
      skip: skippedIn(this.served),
      ...(signal && { signal }),
      onProgress: ({ step, done, of }) => {
        onProgress?.(step, done, of);
      },
    });
  }

  /** Subjects whose document would be served as it lies there. */
  private readyDocuments(): ReadonlySet<number> {
    const { served, today } = this;
    const rows = served.prepare('SELECT sid FROM documents WHERE day <= ? AND until >= ?').all(today, today);
    return new Set(rows.map(({ sid }) => Number(sid)));
  }

  private countedOf({ name, columns }: ComparedTable, ready: ReadonlySet<number>): (row: Row) => boolean {
    if (name !== 'documents') return () => true;
    const sid = columns.indexOf('sid');
    return (row) => ready.has(Number(row[sid]));
  }

  private async compare(table: ComparedTable, fresh: DatabaseSync, counts: (row: Row) => boolean): Promise<void> {
    const { signal, onProgress } = this.options;
    for (const { rows, found } of compareTable(table, { served: this.served, fresh }, counts)) {
      this.rows += rows;
      for (const { finding, row, columns } of found) this.tell(table, { table: table.name, finding, columns }, row);
      onProgress?.('comparing', this.rows, Math.max(this.of, this.rows));
      await nextTurn();
      signal?.throwIfAborted();
    }
  }

  private tell({ columns }: ComparedTable, difference: ViewsDifference, row: Row): void {
    const [sid, seq] = [row[columns.indexOf('sid')], row[columns.indexOf('seq')]];
    const subject = typeof sid === 'number' ? this.subjects(sid) : undefined;
    this.found({ ...difference, ...(subject && { subject }), ...(typeof seq === 'number' && { seq }) });
  }

  private found(difference: ViewsDifference): void {
    this.differences++;
    this.options.onDifference(difference);
  }

  /** The indices of search hold no rows: of each trigram it is compared which texts have it, where their number differs. */
  private async compareIndices(fresh: DatabaseSync): Promise<void> {
    const { served } = this;
    for (const { code } of CLASSES) {
      const name = indexOf(code);
      for (const db of [served, fresh])
        for (const kind of ['row', 'instance'])
          db.exec(`CREATE VIRTUAL TABLE temp.${kind}_${name} USING fts5vocab('main', '${name}', '${kind}')`);
      const terms = { name: `row_${name}`, key: ['term'], columns: ['term', 'doc'], mayHaveMore: false };
      for (const { found } of compareTable(terms, { served, fresh }, () => true)) {
        for (const { row } of found) this.compareTexts(name, row[0], fresh);
        await nextTurn();
      }
    }
  }

  private compareTexts(name: string, term: unknown, fresh: DatabaseSync): void {
    const textsOf = (db: DatabaseSync): ReadonlySet<number> =>
      new Set(
        db
          .prepare(`SELECT doc FROM instance_${name} WHERE term = ?`)
          .all(String(term))
          .map(({ doc }) => Number(doc)),
      );
    const [is, should] = [textsOf(this.served), textsOf(fresh)];
    const sidOf = (db: DatabaseSync, text: number): unknown =>
      db.prepare('SELECT sid FROM search_texts WHERE row = ?').get(text)?.sid;
    for (const text of new Set([...is, ...should])) {
      if (is.has(text) === should.has(text)) continue;
      const sid = sidOf(fresh, text) ?? sidOf(this.served, text);
      const subject = typeof sid === 'number' ? this.subjects(sid) : undefined;
      this.found({
        table: name,
        finding: is.has(text) ? 'extra' : 'missing',
        columns: [],
        ...(subject && { subject }),
      });
    }
  }
}

function lookup(db: DatabaseSync): (sid: number) => ViewsDifference['subject'] {
  const find = db.prepare('SELECT kind, id FROM subjects WHERE sid = ?');
  return (sid) => find.get(sid) as unknown as ViewsDifference['subject'];
}
