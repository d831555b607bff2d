/** `habeas export <file>`: the log as it is stored, a line for each event. Reads it beside the server or without one. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { writeRawEvent } from '#audit';
import type { EventStore, StoredEvent } from '#event-store';
import { readMetadata } from '#log-format';
import { DONE } from '../../api/src/exit-codes.js';
import type { Environment } from './client-of.js';
import { refuseToOverwrite, writeNewFile } from './new-file.js';
import { withLog } from './offline.js';
import { countText, Meter } from './progress.js';

/** Handed on at a time, in characters. */
const CHUNK = 256 * 1024;

/** @returns the exit code @throws StartError: nothing was exported */
export async function exportLog(environment: Environment, file: string): Promise<number> {
  if (file !== '-') refuseToOverwrite(file);
  return withLog(environment, 'Stopped. Nothing was exported.', async ({ store, events, signal }) => {
    const meter = new Meter('Exporting');
    try {
      const lines = new Lines(store, (done) => {
        meter.show(done, events);
      });
      await (file === '-' ? print(lines, signal) : writeNewFile(file, lines, signal));
      meter.clear();
      tell(lines, file);
      return DONE;
    } finally {
      meter.clear();
    }
  });
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
