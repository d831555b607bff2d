/**
 * What persons and groups said of themselves by an earlier event: what they were called, what they were entered with. Most say
 * the same now. The others are folded from their own events alone, a small part of what a document is built from.
 */
import { definitionOf } from '#domain';
import { mayRename, nameOf } from './naming.js';
import type { Records, SubjectRow } from './records.js';
import { EVERY_FACT, Subject } from './subject.js';

const NOBODY_ELSE = { find: () => undefined, citing: () => [], counts: EVERY_FACT };

export class SaidThen {
  constructor(
    private readonly records: Records,
    private readonly seq: number,
  ) {}

  /** By its own events, and none of others. */
  subject({ sid, kind, id }: Pick<SubjectRow, 'sid' | 'kind' | 'id'>): Subject {
    return new Subject({ sid, kind, id }, this.records.own(sid, this.seq), [], NOBODY_ELSE);
  }

  nameOf(row: SubjectRow): string | undefined {
    const isSame = !this.records.typesSince(row.sid, this.seq).some(changesItself);
    return isSame ? (row.name ?? undefined) : nameOf(this.subject(row));
  }

  /** Those of a kind that may say something else of themselves now. */
  changed(kind: SubjectRow['kind']): readonly SubjectRow[] {
    const rows = this.records.changedSince(kind, this.seq).filter(({ type }) => changesItself(type));
    return [...new Map(rows.map((row) => [row.sid, row])).values()];
  }
}

function changesItself(type: string): boolean {
  const definition = definitionOf(type);
  return definition !== undefined && mayRename(definition);
}
