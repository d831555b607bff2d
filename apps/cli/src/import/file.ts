/** A file of lines, read as a stream: plain, packed, or what another program prints. */
import { createReadStream, statSync } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Line, linesOf } from '../../../api/src/http/batch/lines.js';

/** The file cannot be imported; the message says why, for whoever gave it. */
export class ImportError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ImportError';
  }
}

export interface LinesOfFile {
  readonly lines: AsyncIterable<Line>;
  /** How much of it was read, from 0 to 1; undefined where nobody knows how much there is. */
  part(): number | undefined;
}

/**
 * @param file `-` for standard input; `.gz` at the end of its name: packed by gzip
 * @throws ImportError also while it is read
 */
export function openLines(file: string, mostBytesOfLine: number): LinesOfFile {
  let size: number | undefined;
  if (file !== '-') {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) throw new ImportError(`There is no file ${file}.`);
    if (found.isDirectory()) throw new ImportError(`${file} is a folder.`);
    if (found.isFile()) size = found.size;
  }
  let read = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read += chunk.length;
      done(null, chunk);
    },
  });
  const raw = file === '-' ? process.stdin : createReadStream(file);
  const stages: Readable[] = [raw, raw.pipe(counted)];
  if (file.endsWith('.gz')) stages.push(counted.pipe(createGunzip()));
  return {
    lines: linesThrough(stages, mostBytesOfLine),
    part: () => (size === undefined ? undefined : read / Math.max(1, size)),
  };
}

async function* linesThrough(
  stages: readonly Readable[],
  mostBytesOfLine: number,
): AsyncGenerator<Line, void, undefined> {
  const last = stages.at(-1);
  if (last === undefined) return;
  // `pipe` passes on no errors.
  for (const stage of stages) {
    stage.once('error', (error) => {
      for (const other of stages) other.destroy(error);
    });
  }
  try {
    yield* linesOf(last, mostBytesOfLine);
  } catch (error) {
    throw new ImportError(`The file could not be read to its end: ${(error as Error).message}.`);
  } finally {
    for (const stage of stages) stage.destroy();
  }
}
