/** A file of commands as `POST /v1/batch` takes them, line by line, each with a key. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { linesOf } from '../../../api/src/http/batch/lines.js';

export interface CommandLine {
  /** In the file, from 1. */
  readonly number: number;
  readonly key: string;
  /** As it is sent. */
  readonly text: string;
  /** It cannot be sent: longer than the server takes, or no text. */
  readonly fault?: 'too-long' | 'not-utf8';
}

const MOST_BYTES_OF_LINE = 1024 * 1024;

/** The file cannot be imported; the message says why, for whoever gave it. */
class ImportError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ImportError';
  }
}

export interface Source {
  readonly lines: AsyncIterable<CommandLine>;
  /** How much of it was read, from 0 to 1; undefined where nobody knows how much there is. */
  part(): number | undefined;
}

/** @param file `-` for standard input; `.gz` at the end of its name: packed by gzip */
export function openSource(file: string): Source {
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
  return { lines: commandsIn(stages), part: () => (size === undefined ? undefined : read / Math.max(1, size)) };
}

async function* commandsIn(stages: readonly Readable[]): AsyncGenerator<CommandLine, void, undefined> {
  const last = stages.at(-1);
  if (last === undefined) return;
  // `pipe` passes on no errors.
  for (const stage of stages) {
    stage.once('error', (error) => {
      for (const other of stages) other.destroy(error);
    });
  }
  const keys = new Keys();
  try {
    for await (const { number, text, fault } of linesOf(last, MOST_BYTES_OF_LINE)) {
      if (text !== undefined) yield keys.keyed(number, text);
      else yield { number, key: '', text: '', fault: fault === 'too-long' ? fault : 'not-utf8' };
    }
  } catch (error) {
    throw new ImportError(`The file could not be read to its end: ${(error as Error).message}.`);
  }
}

/**
 * A line without a key gets one that follows from what it says, and from how many lines before it say the same: a second
 * run, also of the same file with lines added or moved, finds what the first one recorded.
 */
class Keys {
  readonly #seen = new Map<string, number>();

  keyed(number: number, text: string): CommandLine {
    const line = parse(text);
    // Not JSON, or no command: it is sent as it is, and the server says what is wrong with it.
    if (line === undefined) return { number, key: '', text };
    if (typeof line.key === 'string') return { number, key: line.key, text };
    if (line.key !== undefined || typeof line.path !== 'string') return { number, key: '', text };
    const content = createHash('sha256').update(text.trim()).digest('base64url');
    const nth = (this.#seen.get(content) ?? 0) + 1;
    this.#seen.set(content, nth);
    const key = `import-${content}-${nth}`;
    return { number, key, text: JSON.stringify({ ...line, key }) };
  }
}

export function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
