/**
 * What is known up to one event: subjects, folded from the rows of a view file when they are asked for and kept at
 * hand within a bound. With `upTo` left out it stands at the end of the file and moves on with it.
 */
import type { Lens } from '#domain';
import type { EventRow, Records, SubjectRow } from './records.js';
import type { SubjectCategory } from './shapes.js';
import { type Citing, type Concerning, type Counting, countingThrough, Subject, type SubjectRef } from './subject.js';

interface Held {
  readonly subject: Subject;
  /** What it was when it was put here last: it grows in other hands. */
  size: number;
}

export class Knowledge {
  /** Those that were not asked for the longest come first. */
  private readonly subjects = new Map<number, Held>();
  private held = 0;
  /** Of the subjects at hand. */
  private readonly sids = new Map<string, number>();
  /** Bound to this, so that subjects can look others up. */
  readonly find = (kind: SubjectCategory, id: string): Subject | undefined => this.byId(kind, id);

  readonly counting: Counting;

  /**
   * @param events how many events to keep at hand, over all subjects; long ones count several times
   * @param lens which facts count; the record's own, where it is left out
   */
  constructor(
    protected readonly records: Records,
    private readonly events: number,
    protected upTo: number = Number.MAX_SAFE_INTEGER,
    lens: Lens = records.lens,
  ) {
    this.counting = countingThrough(lens, records.lens);
  }

  bySid(sid: number): Subject | undefined {
    const known = this.atHand(sid);
    if (known !== undefined) return known;
    return this.take(this.records.subjectBySid(sid));
  }

  /** The subject, if it is at hand; what is not at hand need not be kept up to date. */
  atHand(sid: number): Subject | undefined {
    const known = this.subjects.get(sid);
    if (known === undefined) return undefined;
    this.subjects.delete(sid);
    this.subjects.set(sid, known);
    return known.subject;
  }

  /** A subject whose first event is about to be taken in. */
  enter(ref: SubjectRef): Subject {
    const subject = new Subject(ref, [], () => this.concerning(ref.sid), this);
    this.keep(subject);
    return subject;
  }

  /** To be called after a subject took in events, so that its size counts. */
  keep(subject: Subject): void {
    const { ref, size } = subject;
    const { sid } = ref;
    let held = this.subjects.get(sid);
    if (held?.subject === subject) {
      this.subjects.delete(sid);
      this.held -= held.size;
      held.size = size;
    } else {
      this.drop(sid);
      held = { subject, size };
      this.sids.set(`${subject.kind} ${subject.id}`, sid);
    }
    this.subjects.set(sid, held);
    this.held += size;
    for (const oldest of this.subjects.keys()) {
      if (this.held <= this.events) break;
      this.drop(oldest);
    }
  }

  grew(subject: Subject): void {
    if (this.subjects.get(subject.ref.sid)?.subject === subject) this.keep(subject);
  }

  /** The subjects that cite a source, in the order in which they first did, from this seq on. */
  *citing(source: number, from: number): Generator<Citing> {
    for (const { sid, seq } of this.records.citing(source, from, this.upTo)) {
      const subject = this.bySid(sid);
      if (subject !== undefined) yield { subject, seq };
    }
  }

  forget(): void {
    this.subjects.clear();
    this.sids.clear();
    this.held = 0;
  }

  private drop(sid: number): void {
    const held = this.subjects.get(sid);
    if (held === undefined) return;
    this.subjects.delete(sid);
    this.sids.delete(`${held.subject.kind} ${held.subject.id}`);
    this.held -= held.size;
  }

  private byId(kind: SubjectCategory, id: string): Subject | undefined {
    const sid = this.sids.get(`${kind} ${id}`);
    if (sid !== undefined) return this.bySid(sid);
    const row = this.records.subject(kind, id);
    return (row && this.atHand(row.sid)) ?? this.take(row);
  }

  private take(row: SubjectRow | undefined): Subject | undefined {
    this.looked(row);
    return row === undefined || row.entered > this.upTo ? undefined : this.load(row);
  }

  /** Called for whoever is looked up in the file: with the row, if there is one. */
  protected looked(_row: SubjectRow | undefined): void {
    // Nothing depends on it here.
  }

  protected own(sid: number): readonly EventRow[] {
    return this.records.own(sid, this.upTo);
  }

  private load(ref: SubjectRef): Subject {
    const { sid, kind, id } = ref;
    const subject = new Subject({ sid, kind, id }, this.own(sid), () => this.concerning(sid), this);
    this.keep(subject);
    return subject;
  }

  private concerning(sid: number): Concerning[] {
    return this.records.concerning(sid, this.upTo).flatMap((row) => {
      const of = this.records.subjectBySid(row.sid);
      return of === undefined ? [] : [{ row, of: { kind: of.kind, id: of.id } }];
    });
  }
}
