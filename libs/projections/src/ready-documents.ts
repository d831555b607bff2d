/**
 * Ready documents as the bytes that are sent. What is kept is bounded by its size, and the file is asked before every use
 * whether it moved on, and then which document stands there: nothing is trusted for longer than a snapshot.
 */
import type { Day } from '#kernel';
import { LRUCache } from 'lru-cache';
import type { FileVersion } from './file-version.js';
import type { DocumentAnswer } from './ports.js';
import type { PresentRow, Records } from './records.js';
import type { ResolvedMoment } from './resolved-moment.js';
import type { SubjectCategory } from './shapes.js';

/** In bytes, over all that is kept. */
const MAX_KEPT = 64 * 1024 * 1024;

interface Kept {
  /** What it was built from and for: another document of the subject differs in one of them. */
  readonly sid: number;
  readonly kind: SubjectCategory;
  readonly seq: number;
  readonly day: Day;
  /** The document with its end. */
  readonly answer: DocumentAnswer;
  readonly end: string;
  /** The answer is the same while the file is, on this day. */
  readonly version: number | undefined;
  readonly today: Day;
}

export class ReadyDocuments {
  private readonly kept = new LRUCache<string, Kept>({
    maxSize: MAX_KEPT,
    // The entry itself counts too.
    sizeCalculation: ({ answer }) => answer.json.length + 300,
  });

  constructor(
    private readonly records: Records,
    private readonly version: FileVersion,
  ) {}

  /** What was answered last, if {@link find} would find the same again: nobody has committed to the file since. */
  again(kind: SubjectCategory, id: string, today: Day): DocumentAnswer | undefined {
    const kept = this.kept.get(id);
    if (kept?.kind !== kind || kept.today !== today) return undefined;
    return kept.version === this.version.ofThisTurn() ? kept.answer : undefined;
  }

  /**
   * The subject's ready document with `end` in the place of its last character; undefined where there is none for this day.
   * To be called within the snapshot that gave the row. Nobody may change the bytes.
   *
   * @param end in ASCII
   */
  find(
    row: PresentRow,
    { day: today, settled }: ResolvedMoment,
    end: string,
    confidential: boolean,
  ): DocumentAnswer | undefined {
    const { sid, kind, id, seq, day, until, revision } = row;
    if (seq === null || day === null || until === null || today < day || today > until) return undefined;
    const kept = this.kept.get(id);
    const same = kept?.sid === sid && kept.seq === seq && kept.day === day;
    const json = same ? withEnd(kept, end) : this.fetched(sid, end);
    if (json === undefined) return undefined;
    const answer = { json, revision, confidential };
    // Where the clock is behind the record, the answer changes as the clock goes on.
    const version = settled ? undefined : this.version.present();
    this.kept.set(id, { sid, kind, seq, day, answer, end, version, today });
    return answer;
  }

  private fetched(sid: number, end: string): Buffer | undefined {
    const whole = this.records.document(sid);
    return whole && joined(whole.subarray(0, -1), end);
  }
}

/** Of a document that is still the same, only the end moves on as the record grows. */
function withEnd({ answer: { json }, end: before }: Kept, end: string): Buffer {
  return end === before ? json : joined(json.subarray(0, json.length - before.length), end);
}

function joined(document: Uint8Array, end: string): Buffer {
  // Not of the shared pool: it lives as long as it is kept.
  const bytes = Buffer.allocUnsafeSlow(document.length + end.length);
  bytes.set(document);
  bytes.write(end, document.length, 'latin1');
  return bytes;
}
