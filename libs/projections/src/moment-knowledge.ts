/**
 * What is known at a moment, with what is at hand taken along to other moments: between two events that say something of a
 * subject, or of those whom it was read with, it is the same.
 */
import type { Lens } from '#domain';
import { Knowledge } from './knowledge.js';
import type { EventRow, Records, SubjectRow } from './records.js';
import type { RowsAtHand } from './rows-at-hand.js';

export class MomentKnowledge extends Knowledge {
  /** At all of these seqs everything that was looked up so far is as it was found. */
  private from = 0;
  private to = Infinity;

  /** @param rows shared by the moments, of the same file */
  constructor(
    records: Records,
    private readonly rows: RowsAtHand,
    events: number,
    upTo: number,
    readonly lens: Lens,
  ) {
    super(records, events, upTo, lens);
  }

  /** @returns false where something of what it has read was not so then; then it stays where it is */
  goTo(seq: number): boolean {
    if (seq < this.from || seq > this.to) return false;
    this.upTo = seq;
    return true;
  }

  protected override own(sid: number): readonly EventRow[] {
    return this.rows.own(sid, this.upTo);
  }

  protected override looked(row: SubjectRow | undefined): void {
    // Who is not on record yet is not at hand, and may still have left its mark on who is.
    const { from, to } =
      row === undefined ? { from: 0, to: this.records.head().seq } : this.records.unchangedAround(row.sid, this.upTo);
    this.from = Math.max(this.from, from);
    this.to = Math.min(this.to, to);
  }
}
