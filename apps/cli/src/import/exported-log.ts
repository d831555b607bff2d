/** What `habeas export` or `GET /v1/events` wrote, read as a log: by its lines, each time from the first one on. */
import { atSeq, readRawEvent } from '#audit';
import type { Position, StoredEvent } from '#event-store';
import { ImportError, openLines } from './file.js';
import { parse } from './read-commands.js';

/** An event holds at most half of it; one that is not written as Habeas writes it takes more as a text. */
const MOST_BYTES_OF_LINE = 2 * 1024 * 1024;

/** Reads of it throw an ImportError that names the line. */
export class ExportedLog {
  constructor(private readonly file: string) {
    if (file === '-') throw new ImportError('An export is read more than once: give it as a file.');
  }

  async *readAll({ after, limit = Infinity }: { readonly after?: Position; readonly limit?: number } = {}) {
    const from = after === undefined ? 1 : Number(after) + 1;
    for await (const { seq, text } of this.lines()) {
      if (seq >= from + limit) return;
      if (seq >= from) yield this.eventIn(text, seq);
    }
  }

  async *readStream(stream: string): AsyncGenerator<StoredEvent, void, undefined> {
    for await (const { seq, text } of this.lines()) {
      // Most lines are of other streams, and are not worth being parsed; what is wrong with one is told where all are read.
      const event = text.includes(stream) ? readRawEvent(text) : undefined;
      if (event?.stream === stream) yield atSeq({ ...event, seq });
    }
  }

  private async *lines(): AsyncGenerator<{ readonly seq: number; readonly text: string }, void, undefined> {
    let seq = 0;
    for await (const { number, text } of openLines(this.file, MOST_BYTES_OF_LINE).lines) {
      if (text === undefined)
        throw new ImportError(`Line ${number} of ${this.file} is no text, or too long for an event.`);
      yield { seq: ++seq, text };
    }
  }

  private eventIn(text: string, seq: number): StoredEvent {
    const event = readRawEvent(text);
    if (event === undefined) {
      throw new ImportError(
        `Event ${seq} of ${this.file} is not what habeas export writes. ` +
          (parse(text)?.path === undefined
            ? 'The file may have been cut, or edited: export it again.'
            : 'It is a command: habeas import without --log sends it to a server.'),
      );
    }
    if (event.seq !== seq) {
      throw new ImportError(
        `Event ${seq} of ${this.file} says that it is number ${event.seq} of its log. A log is imported whole, from its first event on.`,
      );
    }
    return atSeq(event);
  }
}
