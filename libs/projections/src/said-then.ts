/**
 * What persons and groups said of themselves by an earlier event: what they were called, what they were entered with. Most say
 * the same now. The others are folded from their own events alone, a small part of what a document is built from.
 */
import { catalogue } from '#domain';
import { mayRename, nameOf } from './naming.js';
import type { EventRow, Records, SubjectRow } from './records.js';
import { type Counting, countingThrough, Subject } from './subject.js';

const NOBODY_ELSE = { find: () => undefined, citing: () => [], grew: () => undefined };
const OF_ITSELF: ReadonlySet<string> = new Set(catalogue.filter(mayRename).map(({ type }) => type));

type Ref = Pick<SubjectRow, 'sid' | 'kind' | 'id'>;

export class SaidThen {
  private readonly counting: Counting;

  constructor(
    private readonly records: Records,
    private readonly seq: number,
  ) {
    this.counting = countingThrough(records.lens, records.lens);
  }

  /** The subject by all of its own events. */
  subject(ref: Ref): Subject {
    return this.subjectOf(ref, this.records.own(ref.sid, this.seq));
  }

  /** The subject by those of its own events alone that say what it is called, and what it was entered with. */
  itself(ref: Ref): Subject {
    return this.subjectOf(ref, this.records.ownOfTypes(ref.sid, this.seq, OF_ITSELF));
  }

  nameOf(row: SubjectRow): string | undefined {
    const isSame = !this.records.typesSince(row.sid, this.seq).some((type) => OF_ITSELF.has(type));
    return isSame ? (row.name ?? undefined) : nameOf(this.itself(row));
  }

  /** Those of a kind that may say something else of themselves now. */
  changed(kind: SubjectRow['kind']): readonly SubjectRow[] {
    const rows = this.records.changedSince(kind, this.seq).filter(({ type }) => OF_ITSELF.has(type));
    return [...new Map(rows.map((row) => [row.sid, row])).values()];
  }

  private subjectOf({ sid, kind, id }: Ref, own: readonly EventRow[]): Subject {
    return new Subject({ sid, kind, id }, own, () => [], { ...NOBODY_ELSE, counting: this.counting });
  }
}
