/** A file of commands as `POST /v1/batch` takes them, line by line, each with a key. */
import { createHash } from 'node:crypto';
import { readRawEvent } from '#audit';
import type { Line } from '../../../api/src/http/batch/lines.js';
import { ImportError, openLines } from './file.js';

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

export interface Source {
  readonly lines: AsyncIterable<CommandLine>;
  /** How much of it was read, from 0 to 1; undefined where nobody knows how much there is. */
  part(): number | undefined;
}

/**
 * @param file `-` for standard input; `.gz` at the end of its name: packed by gzip
 * @throws ImportError also while it is read
 */
export function openSource(file: string): Source {
  const opened = openLines(file, MOST_BYTES_OF_LINE);
  return { lines: commandsIn(opened.lines, file), part: () => opened.part() };
}

async function* commandsIn(lines: AsyncIterable<Line>, file: string): AsyncGenerator<CommandLine, void, undefined> {
  const keys = new Keys();
  for await (const { number, text, fault } of lines) {
    if (number === 1 && text !== undefined && readRawEvent(text) !== undefined) {
      throw new ImportError(`${file} is an export of a log: habeas import --log puts it into an empty data folder.`);
    }
    if (text !== undefined) yield keys.keyed(number, text);
    else yield { number, key: '', text: '', fault: fault === 'too-long' ? fault : 'not-utf8' };
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
