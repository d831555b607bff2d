/** `habeas export <file>`: the log as it is stored, a line for each event. Reads it beside the server or without one. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { writeRawEvent } from '#audit';
import type { EventStore, StoredEvent } from '#event-store';
import { readMetadata } from '#log-format';
import { markOf, unfinished } from '../../api/src/copy/mark.js';
import { openLog } from '../../api/src/log.js';
import { createRandomness } from '../../api/src/randomness.js';
import { keepFilesPrivate, untilSignal } from '../../api/src/serve.js';
import { readSettings, type Settings } from '../../api/src/settings.js';
import { asStartError } from '../../api/src/start-failure.js';
import { StartError } from '../../api/src/start-error.js';
import type { Environment } from './client-of.js';
import { refuseToOverwrite, writeNewFile } from './new-file.js';
import { countText, Meter } from './progress.js';

const DONE = 0;
const INTERRUPTED = 130;

/** Handed on at a time, in characters. */
const CHUNK = 256 * 1024;

/** @returns the exit code @throws StartError: nothing was exported */
export async function exportLog(environment: Environment, file: string): Promise<number> {
  const settings = readSettings(environment);
  keepFilesPrivate();
  const stop = new AbortController();
  void untilSignal().then(() => {
    stop.abort();
  });
  try {
    await exportTo(settings, file, stop.signal);
    return DONE;
  } catch (error) {
    if (!stop.signal.aborted) throw asStartError(error, settings);
    console.error('Stopped. Nothing was exported.');
    return INTERRUPTED;
  }
}

async function exportTo(settings: Settings, file: string, signal: AbortSignal): Promise<void> {
  if (file !== '-') refuseToOverwrite(file);
  const randomness = createRandomness();
  const store = await openLog(settings, { mode: 'read', randomness });
  const meter = new Meter('Exporting');
  try {
    const half = await unfinished(markOf(settings, store, randomness), 'The log');
    if (half !== undefined) throw new StartError(half);
    const of = await store.eventsBehind();
    const lines = new Lines(store, (events) => {
      meter.show(events, of);
    });
    await (file === '-' ? print(lines, signal) : writeNewFile(file, lines, signal));
    meter.clear();
    tell(lines, file);
  } finally {
    meter.clear();
    await store.close();
  }
}

/** The log as lines, many at a time. */
class Lines implements AsyncIterable<string> {
  events = 0;
  last: StoredEvent | undefined;

  constructor(
    private readonly store: Pick<EventStore, 'readAll'>,
    private readonly onProgress: (events: number) => void,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    let chunk = '';
    for await (const event of this.store.readAll()) {
      chunk += `${writeRawEvent({ ...event, seq: ++this.events })}\n`;
      this.last = event;
      if (chunk.length < CHUNK) continue;
      yield chunk;
      this.onProgress(this.events);
      chunk = '';
    }
    if (chunk !== '') yield chunk;
  }
}

async function print(lines: Lines, signal: AbortSignal): Promise<void> {
  await pipeline(Readable.from(lines, { objectMode: false }), process.stdout, { signal, end: false });
}

/** Beside the lines, where those are printed. */
function tell({ events, last }: Lines, file: string): void {
  const say = file === '-' ? console.error : console.log;
  say(`Exported ${countText(events, 'event')}${file === '-' ? '' : ` to ${file}`}`);
  const hash = last === undefined ? undefined : readMetadata(last.metadata)?.hash;
  if (hash !== undefined) say(`  last event     ${hash}`);
  say('  keys           are not in it: what is sealed can be read by who has them (docs/exporting.md)');
}
