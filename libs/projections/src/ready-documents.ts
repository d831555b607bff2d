/**
 * Ready documents as the bytes that are sent. What is kept is bounded by its size, and is asked of the file before every use
 * which document stands there: bytes are only spared to be fetched again, never trusted for longer than a snapshot.
 */
import { LRUCache } from 'lru-cache';
import type { PresentRow, Records } from './records.js';

/** In bytes, over all that is kept. */
const MAX_KEPT = 64 * 1024 * 1024;

interface Kept {
  /** What it was built from and for: another document of the subject differs in one of them. */
  readonly seq: number;
  readonly day: number;
  /** The document with its end. */
  readonly bytes: Buffer;
  readonly end: string;
}

export class ReadyDocuments {
  private readonly kept = new LRUCache<number, Kept>({
    maxSize: MAX_KEPT,
    // The entry itself counts too.
    sizeCalculation: ({ bytes }) => bytes.length + 200,
  });

  constructor(private readonly records: Records) {}

  /**
   * The subject's ready document with `end` in the place of its last character; undefined where there is none for this day.
   * To be called within the snapshot that gave the row. Nobody may change the bytes.
   *
   * @param end in ASCII
   */
  find({ sid, seq, day, until }: PresentRow, today: number, end: string): Buffer | undefined {
    if (seq === null || day === null || until === null || today < day || today > until) return undefined;
    const kept = this.kept.get(sid);
    const same = kept?.seq === seq && kept.day === day;
    if (same && kept.end === end) return kept.bytes;
    // Of a document that is still the same, only the end moves on as the record grows.
    const whole = same ? kept.bytes.subarray(0, kept.bytes.length - kept.end.length + 1) : this.records.document(sid);
    if (whole === undefined) return undefined;
    const bare = whole.length - 1;
    // Not of the shared pool: it lives as long as it is kept.
    const bytes = Buffer.allocUnsafeSlow(bare + end.length);
    bytes.set(whole.subarray(0, bare));
    bytes.write(end, bare, 'latin1');
    this.kept.set(sid, { seq, day, bytes, end });
    return bytes;
  }
}
