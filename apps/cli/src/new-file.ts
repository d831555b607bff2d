/** A file that is there when it is whole, and not before; for its owner's eyes only, and overwriting nothing. */
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { syncFolder } from '../../api/src/backup/files.js';
import { StartError } from '../../api/src/start-error.js';

/** @throws StartError something has this name */
export function refuseToOverwrite(file: string): void {
  if (existsSync(file)) throw new StartError(`${file} is there already. Name a file that is to be made.`);
}

/**
 * Packed by gzip if its name ends in `.gz`.
 *
 * @throws StartError it cannot be written; whatever reading the content throws
 */
export async function writeNewFile(
  file: string,
  content: AsyncIterable<string | Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const part = `${file}.part`;
  const target = createWriteStream(part, { mode: 0o600, flush: true });
  const packed = file.endsWith('.gz') ? [createGzip()] : [];
  try {
    await pipeline([Readable.from(content, { objectMode: false }), ...packed, target], signal ? { signal } : {});
    renameSync(part, file);
    syncFolder(dirname(file));
  } catch (error) {
    if (existsSync(part)) rmSync(part);
    // What the content is read from says itself what is wrong with it.
    const { code, path } = error as NodeJS.ErrnoException;
    if (path !== undefined || code === 'ENOSPC') throw new StartError(`${file} cannot be written (${String(code)}).`);
    throw error;
  }
}
