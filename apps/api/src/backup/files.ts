/** Files that must survive a loss of power, and what proves that they are what they were. */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

export interface FileProof {
  readonly bytes: number;
  /** SHA-256 in hexadecimal digits. */
  readonly sha256: string;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * The proof of a file; copies it on the way, durably, where a place to copy to is given (which must not be there).
 * Never to be used on files that a server in this process has open: see docs/adr/0008.
 */
export async function readThrough(file: string, copyTo?: string): Promise<FileProof> {
  const source = await open(file, 'r');
  let copy: FileHandle | undefined;
  try {
    copy = copyTo === undefined ? undefined : await open(copyTo, 'wx', 0o600);
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await source.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      bytes += bytesRead;
      for (let written = 0; copy !== undefined && written < bytesRead;) {
        written += (await copy.write(chunk, written)).bytesWritten;
      }
    }
    await copy?.sync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await source.close();
    await copy?.close();
  }
}

/** Writes a small file for its owner's eyes only, durably. */
export function writeDurably(file: string, text: string): void {
  writeFileSync(file, text, { flag: 'wx', mode: 0o600, flush: true });
}

/** Makes what was written to a file durable. */
export function syncFile(file: string): void {
  sync(file, 'r+');
}

/** Makes the names in a folder durable. Windows has no such call, and does it by itself. */
export function syncFolder(folder: string): void {
  if (process.platform !== 'win32') sync(folder, 'r');
}

function sync(path: string, flags: string): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
