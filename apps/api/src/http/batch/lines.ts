/** Lines out of bytes as they arrive: never more than one line, and what came with it, is held. */
import { isUtf8 } from 'node:buffer';

export interface Line {
  /** From 1, blank lines counted, as an editor counts. */
  readonly number: number;
  /** Undefined: the line cannot be executed, for this reason. */
  readonly text: string | undefined;
  readonly fault?: LineFault;
}

/** `too-long` and `not-utf8` are of one line; behind the others nothing more is read. */
export type LineFault = 'too-long' | 'not-utf8' | LastFault;
export type LastFault = 'too-many' | 'silence' | 'unauthenticated' | 'access-unavailable' | 'shutting-down';

/** Thrown by whoever gives the bytes, where no more of them are to be read. */
export class StopReading extends Error {
  constructor(readonly fault: LastFault) {
    super(fault);
    this.name = 'StopReading';
  }
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = '\ufeff';

/**
 * Every line but blank ones. What stands behind the last line feed is a line, but only when the bytes end properly: of
 * a request that was cut off, the piece of a line at its end is left out, because `chunks` throws before.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line, void, undefined> {
  let number = 0;
  let pieces: Buffer[] = [];
  let held = 0;
  const take = (piece: Buffer): void => {
    held += piece.length;
    // Of a line that is too long only its length is of interest.
    if (held <= maxBytes) pieces.push(piece);
    else pieces = [];
  };
  const line = (): Line | undefined => {
    number++;
    const bytes = pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces);
    const tooLong = held > maxBytes;
    pieces = [];
    held = 0;
    if (tooLong) return { number, text: undefined, fault: 'too-long' };
    if (!isUtf8(bytes)) return { number, text: undefined, fault: 'not-utf8' };
    const text = bytes.toString('utf8');
    const bare = number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    return bare.trim() === '' ? undefined : { number, text: bare };
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      take(chunk.subarray(from, at));
      from = at + 1;
      const read = line();
      if (read !== undefined) yield read;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
  if (held > 0) {
    const read = line();
    if (read !== undefined) yield read;
  }
}

/** The same lines up to the one that is one too many or is not to be read; that one has the fault, and is the last. */
export async function* upTo(most: number, lines: AsyncIterable<Line>): AsyncGenerator<Line, void, undefined> {
  let last = 0;
  try {
    for await (const line of lines) {
      if (line.number > most) throw new StopReading('too-many');
      last = line.number;
      yield line;
    }
  } catch (error) {
    if (!(error instanceof StopReading)) throw error;
    yield { number: last + 1, text: undefined, fault: error.fault };
  }
}
