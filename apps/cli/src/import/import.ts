/** `habeas import <file>`: commands as JSON Lines, sent to a running server through its bulk door. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { clientOf, type Environment } from '../client-of.js';
import { barText, Progress } from '../progress.js';
import { type CommandLine, openSource, parse } from './read-commands.js';
import { type LineAnswer, sendChunk } from './send-chunk.js';

export interface ImportOptions {
  /** Where refused lines go, each with its reason. */
  readonly refused?: string;
  readonly environment: Environment;
}

/** At most: the server takes ten times as many lines, and sending this many again is soon done. */
const CHUNK_LINES = 10_000;
const CHUNK_BYTES = 16 * 1024 * 1024;

/** Without a file for them, so many refusals are told. */
const MOST_TOLD = 10;

/** @returns whether every line was recorded */
export async function importFile(file: string, options: ImportOptions): Promise<boolean> {
  const client = clientOf(options.environment);
  const source = openSource(file);
  const report = new Report(options.refused);
  try {
    const ids = new EarlierIds();
    for await (const chunk of chunksOf(source.lines)) {
      const lines = chunk.filter(({ fault }) => fault === undefined).map((line) => ids.filledIn(line));
      for (const line of chunk) if (line.fault !== undefined) report.line(line, FAULTS[line.fault], source.part());
      await sendChunk(client, lines, (line, answer) => {
        ids.learn(line.key, answer);
        report.line(line, answer, source.part());
      });
      ids.endChunk();
    }
  } finally {
    report.end();
  }
  return report.refused === 0;
}

/** What the server says of such a line. */
const FAULTS = {
  'too-long': { line: 0, status: 413, code: 'payload-too-large', detail: 'The line is longer than 1 MiB.' },
  'not-utf8': { line: 0, status: 400, code: 'malformed-json', detail: 'The line is not UTF-8.' },
} satisfies Record<string, LineAnswer>;

async function* chunksOf(lines: AsyncIterable<CommandLine>): AsyncGenerator<readonly CommandLine[], void, undefined> {
  let chunk: CommandLine[] = [];
  let bytes = 0;
  for await (const line of lines) {
    chunk.push(line);
    bytes += line.text.length;
    if (chunk.length < CHUNK_LINES && bytes < CHUNK_BYTES) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}

/** The server knows the keys of one batch; what a line names of an earlier chunk is put in its place here. */
class EarlierIds {
  /** Undefined: lines that ask for different things share the key, so that it does not tell which of them is meant. */
  readonly #ids = new Map<string, { readonly id: string; readonly event: string } | undefined>();
  #latest: (readonly [key: string, answer: LineAnswer])[] = [];

  learn(key: string, answer: LineAnswer): void {
    if (key !== '') this.#latest.push([key, answer]);
  }

  endChunk(): void {
    for (const [key, { id, event }] of this.#latest) {
      if (id === undefined || event === undefined) continue;
      const other = this.#ids.has(key) && this.#ids.get(key)?.event !== event;
      this.#ids.set(key, other ? undefined : { id, event });
    }
    this.#latest = [];
  }

  filledIn(line: CommandLine): CommandLine {
    if (this.#ids.size === 0 || !/\{(id|event):/.test(line.text)) return line;
    const command = parse(line.text);
    return command === undefined ? line : { ...line, text: JSON.stringify(this.#fill(command)) };
  }

  #fill(value: unknown, name?: string): unknown {
    if (typeof value === 'string') {
      return name === 'path'
        ? value.replace(/\{(?:id|event):[\x21-\x7e]+\}/, (reference) => this.#resolve(reference))
        : this.#resolve(value);
    }
    if (Array.isArray(value)) return value.map((each) => this.#fill(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.#fill(each, key)]));
  }

  /** What is not known is left for the server, which may know it from this very chunk. */
  #resolve(text: string): string {
    const [, what, key = ''] = /^\{(id|event):([\x21-\x7e]+)\}$/.exec(text) ?? [];
    return what === undefined ? text : (this.#ids.get(key)?.[what as 'id' | 'event'] ?? text);
  }
}

/** What is told while it goes on, and at the end. */
class Report {
  #recorded = 0;
  #refused = 0;
  readonly #progress = new Progress();
  readonly #file: number | undefined;

  constructor(private readonly name: string | undefined) {
    // Holds what was to be recorded of people: for its owner's eyes.
    this.#file = name === undefined ? undefined : openSync(name, 'w', 0o600);
  }

  get refused(): number {
    return this.#refused;
  }

  line(line: CommandLine, answer: LineAnswer, part: number | undefined): void {
    if (answer.status < 300) this.#recorded++;
    else this.#refuse(line, answer);
    if ((this.#recorded + this.#refused) % 100 === 0)
      this.#progress.show(`  ${part === undefined ? '' : `${barText(part)} `}${this.#counts()}`);
  }

  #refuse({ number, text }: CommandLine, { status, code, detail, errors }: LineAnswer): void {
    this.#refused++;
    if (this.#file !== undefined) {
      const command = parse(text) ?? text;
      writeSync(this.#file, `${JSON.stringify({ line: number, status, code, detail, errors, command })}\n`);
    } else if (this.#refused <= MOST_TOLD) {
      this.#progress.clear();
      console.error(`line ${number}: ${code ?? status}: ${detail ?? ''}`);
    }
  }

  end(): void {
    this.#progress.clear();
    if (this.#file !== undefined) closeSync(this.#file);
    console.log(this.#counts());
    if (this.#refused === 0) return;
    if (this.name !== undefined) console.error(`Refused lines, each with its reason: ${this.name}`);
    else if (this.#refused > MOST_TOLD) console.error('--refused <file> keeps all refused lines with their reasons.');
  }

  #counts(): string {
    return `${this.#recorded} recorded, ${this.#refused} refused`;
  }
}
