/**
 * Rows of the subjects that were asked about as known at some moment. At each other moment they are the same as far as they go,
 * and the very same objects, so that what the domain has read from an event is not read from it again.
 */
import { LRUCache } from 'lru-cache';
import type { FileVersion } from './file-version.js';
import type { EventRow, Records } from './records.js';

/** In characters of what the events say, over all that is kept. */
const MAX_KEPT = 8 * 1024 * 1024;
/** What a row costs beside them. */
const OF_A_ROW = 500;

interface Kept {
  readonly upTo: number;
  readonly rows: readonly EventRow[];
}

export class RowsAtHand {
  private readonly kept = new LRUCache<number, Kept>({
    maxSize: MAX_KEPT,
    sizeCalculation: ({ rows }) => rows.reduce((sum, { length }) => sum + length + OF_A_ROW, OF_A_ROW),
  });
  /** Of the file when they were read: a later commit may have erased some of them. */
  private read: number | undefined;

  constructor(
    private readonly records: Records,
    private readonly version: FileVersion,
  ) {}

  /** The subject's own events up to this seq, skipped ones left out. To be called within a snapshot. */
  own(sid: number, upTo: number): readonly EventRow[] {
    const present = this.version.present();
    if (present !== this.read) this.kept.clear();
    this.read = present;
    const kept = this.kept.get(sid);
    if (kept !== undefined && kept.upTo >= upTo) return kept.rows.filter(({ seq }) => seq <= upTo);
    const more = this.records.own(sid, upTo, kept?.upTo);
    const rows = kept === undefined ? more : kept.rows.concat(more);
    this.kept.set(sid, { upTo, rows });
    return rows;
  }
}
