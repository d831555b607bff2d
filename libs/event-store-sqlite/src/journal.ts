/**
 * A look into SQLite's write-ahead journal, for one question: is what the database's file lacks in there? After a crash in
 * the middle of a checkpoint the file may be shorter than it should be, and the journal makes it whole; a file that lost its
 * end looks the same, and is beyond repair. The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 *
 * Unlike the database's file, the journal carries no locks, so Node may open and close it.
 */
import { closeSync, openSync, readSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

export interface Journal {
  /** The size of the database after the last commit in the journal, in pages. */
  readonly databasePages: number;
  /** The numbers of the pages that the journal holds. */
  readonly pages: ReadonlySet<number>;
}

/** What the journal has committed; undefined where it holds no commit. */
export function readJournal(file: string): Journal | undefined {
  const handle = openSync(file, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    if (readSync(handle, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return undefined;
    const frameBytes = FRAME_HEADER_BYTES + header.readUInt32BE(8);
    const salt = header.subarray(16, 24);

    const frame = Buffer.alloc(FRAME_HEADER_BYTES);
    const pages = new Set<number>();
    let uncommitted: number[] = [];
    let databasePages = 0;
    for (
      let at = HEADER_BYTES;
      readSync(handle, frame, 0, FRAME_HEADER_BYTES, at) === FRAME_HEADER_BYTES;
      at += frameBytes
    ) {
      // Frames of an earlier round of the journal carry another salt: with the first of them it ends.
      if (!frame.subarray(8, 16).equals(salt)) break;
      uncommitted.push(frame.readUInt32BE(0));
      const committedPages = frame.readUInt32BE(4);
      if (committedPages === 0) continue;
      databasePages = committedPages;
      for (const page of uncommitted) pages.add(page);
      uncommitted = [];
    }
    return databasePages === 0 ? undefined : { databasePages, pages };
  } finally {
    closeSync(handle);
  }
}
