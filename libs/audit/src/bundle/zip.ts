/** Files in and out of a zip file. The same files give the same bytes. */
import { unzipSync, type UnzipFileInfo, Zip, ZipDeflate } from 'fflate';

export interface ZippedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The earliest time that a zip file can tell; there are no time zones in it. */
const NO_TIME = new Date(1980, 0, 1);
/** Packed at a time: between two the server does something else. */
const PIECE = 64 * 1024;

export function* zip(files: Iterable<ZippedFile>): Generator<Uint8Array, void, undefined> {
  const ready: Uint8Array[] = [];
  const zipping = new Zip((error, piece) => {
    if (error !== null) throw error;
    ready.push(piece);
  });
  for (const { name, bytes } of files) {
    const file = new ZipDeflate(name, { level: 6 });
    file.mtime = NO_TIME;
    zipping.add(file);
    for (let at = 0; ; at += PIECE) {
      const isLast = at + PIECE >= bytes.length;
      file.push(bytes.subarray(at, at + PIECE), isLast);
      yield* ready.splice(0);
      if (isLast) break;
    }
  }
  zipping.end();
  yield* ready.splice(0);
}

/** It is no zip file, or one that is not to be unpacked. */
export class ZipError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ZipError';
  }
}

/**
 * @param most so many bytes at most, unpacked
 * @throws ZipError
 */
export function unzip(bytes: Uint8Array, most: number): ReadonlyMap<string, Uint8Array> {
  const names = new Set<string>();
  let size = 0;
  const admit = ({ name, originalSize }: UnzipFileInfo): boolean => {
    // Which of the two a program shows is its own choice.
    if (names.has(name)) throw new ZipError('Two files in it have the same name.');
    names.add(name);
    size += originalSize;
    if (size > most) throw new ZipError(`It holds more than ${most / 2 ** 20} MiB.`);
    return true;
  };
  try {
    return new Map(Object.entries(unzipSync(bytes, { filter: admit })));
  } catch (error) {
    if (error instanceof ZipError) throw error;
    throw new ZipError('It is no zip file, or a damaged one.', { cause: error });
  }
}
