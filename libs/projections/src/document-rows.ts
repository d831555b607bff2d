/**
 * Which documents of a view file are out of date, and their building. What an event speaks of is built in its own commit, as far as
 * that goes; the rest is marked as stale with the commit, and built when there is time.
 */
import type { StatementSync } from 'node:sqlite';
import { type Clock, recordingDay, streamName } from '#kernel';
import { presentDocument } from './documents/present.js';
import type { Knowledge } from './knowledge.js';
import { OPEN_END } from './schema.js';
import type { SubjectCategory } from './shapes.js';
import { type Find, withSelves } from './subject.js';
import type { ViewFile } from './view-file.js';

/** Documents built in the very commit of the event that changes them. */
const PER_COMMIT = 12;

export class DocumentRows {
  private readonly statements: ReturnType<typeof prepare>;
  /** Subjects whose documents changed since the last flush, those that the events themselves speak of first. */
  private readonly touched = new Set<number>();
  private readonly outdated = new Set<number>();
  /** Whether any was ever built. */
  private any: boolean;
  private stale: boolean;

  constructor(
    private readonly file: ViewFile,
    private readonly knowledge: Knowledge,
    private readonly clock: Clock,
  ) {
    this.statements = prepare(file);
    this.any = this.statements.anyDocument.get() !== undefined;
    this.stale = this.statements.anyStale.get() !== undefined;
  }

  hasStale(): boolean {
    return this.stale || this.outdated.size > 0;
  }

  /** @param atOnce it is among those that an event speaks of */
  outdate(sid: number, atOnce: boolean): void {
    // Before a file is first served all its documents are to be built.
    if (!this.file.isServed) return;
    this.outdated.add(sid);
    if (atOnce) this.touched.add(sid);
  }

  /** What concerns one of several persons who were judged to be one, or of several cases that were joined, each of them shows. */
  outdateOneWith({ sid, kind }: { readonly sid: number; readonly kind: SubjectCategory }): void {
    if (!this.any) return;
    if (kind === 'case') this.outdateAllOf(this.statements.casesReading.all(sid));
    const person = kind === 'person' ? this.knowledge.bySid(sid) : undefined;
    if (person?.isJudged === true) for (const { ref } of withSelves([person])) this.outdate(ref.sid, true);
  }

  /** Those that show this subject. */
  outdateReadersOf(sid: number): void {
    if (this.any) this.outdateAllOf(this.statements.readersOf.all(sid));
  }

  /** Those that do not hold today any more. */
  expire(): void {
    this.outdateAllOf(this.statements.expired.all(recordingDay(this.clock.now())));
  }

  /** Every one, of a file that nobody was given yet. */
  outdateAll(): void {
    this.statements.allStale.run();
    this.stale = true;
  }

  /** Builds at once the documents of what the events since the last commit speak of. */
  refreshTouched(): void {
    let built = 0;
    for (const sid of this.touched) {
      if (++built > PER_COMMIT) break;
      this.build(sid);
    }
    this.touched.clear();
  }

  /** Writes which are out of date. To be called before each commit. */
  flush(): void {
    this.touched.clear();
    if (this.outdated.size === 0) return;
    this.file.begin();
    for (const sid of this.outdated) {
      this.statements.addStale.run(sid);
      if (this.any) this.statements.dropDocument.run(sid);
    }
    this.outdated.clear();
    this.stale = true;
  }

  /** Builds some of those that are out of date; false if there is none. To be committed by the caller. */
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

  /** Drops what is kept in memory, after a rollback. */
  forget(): void {
    this.touched.clear();
    this.outdated.clear();
  }

  private outdateAllOf(rows: readonly unknown[]): void {
    for (const { sid } of rows as readonly { sid: number }[]) this.outdated.add(sid);
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
    this.any = true;
  }
}

function prepare({
  db,
}: ViewFile): Record<
  | 'putDocument'
  | 'addReader'
  | 'readersOf'
  | 'casesReading'
  | 'dropDocument'
  | 'addStale'
  | 'allStale'
  | 'dropStale'
  | 'someStale'
  | 'anyStale'
  | 'anyDocument'
  | 'expired',
  StatementSync
> {
  return {
    putDocument: db.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)'),
    addReader: db.prepare('INSERT OR IGNORE INTO document_reads VALUES (?, ?)'),
    readersOf: db.prepare('SELECT sid FROM document_reads WHERE other = ?'),
    casesReading: db.prepare(
      "SELECT sid FROM document_reads JOIN subjects USING (sid) WHERE other = ? AND kind = 'case'",
    ),
    dropDocument: db.prepare('DELETE FROM documents WHERE sid = ?'),
    addStale: db.prepare('INSERT OR IGNORE INTO stale VALUES (?)'),
    allStale: db.prepare('INSERT OR IGNORE INTO stale SELECT sid FROM subjects'),
    dropStale: db.prepare('DELETE FROM stale WHERE sid = ?'),
    someStale: db.prepare('SELECT sid FROM stale ORDER BY sid LIMIT ?'),
    anyStale: db.prepare('SELECT sid FROM stale LIMIT 1'),
    anyDocument: db.prepare('SELECT sid FROM documents LIMIT 1'),
    expired: db.prepare('SELECT sid FROM documents WHERE until < ?'),
  };
}
