/**
 * Where view files lie and which of them is served. A file is never renamed or written over while somebody may read
 * it (its write-ahead log lies beside it under its name): a new file gets a new number, and a small pointer file says
 * which one is served. Replacing the pointer is the swap.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { SCHEMA_VERSION } from './schema.js';

/** In which a check makes what it compares with; what a check that was ended has made stays there. */
export const CHECK_FOLDER = '.check';

const POINTER = `views-${SCHEMA_VERSION}.current`;
const FILE = /^views-(\d+)-(\d+)\.db$/;
const TRACES = /^views-\d+-\d+\.db(-wal|-shm|-journal)?$/;
const POINTERS = /^views-\d+\.current(\.new)?$/;

export class ViewsFolder {
  constructor(private readonly folder: string) {}

  /** Makes the folder if it is not there. */
  prepare(): void {
    mkdirSync(this.folder, { recursive: true });
  }

  /** The path of the served file; undefined where none is served (yet, or any more). */
  served(): string | undefined {
    let name: string;
    try {
      name = readFileSync(join(this.folder, POINTER), 'utf8').trim();
    } catch {
      return undefined;
    }
    const path = join(this.folder, name);
    return FILE.test(name) && statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : undefined;
  }

  /** A path for a new file. */
  next(): string {
    const numbers = readdirSync(this.folder).map((name) => Number(FILE.exec(name)?.[2] ?? 0));
    return join(this.folder, `views-${SCHEMA_VERSION}-${Math.max(0, ...numbers) + 1}.db`);
  }

  /** Makes this the served file, at once and for good, also over a crash. */
  serve(path: string): void {
    const temporary = join(this.folder, `${POINTER}.new`);
    const handle = openSync(temporary, 'w');
    try {
      writeSync(handle, basename(path));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, join(this.folder, POINTER));
  }

  /** Nothing is served until the next {@link serve}. */
  withdraw(): void {
    rmSync(join(this.folder, POINTER), { force: true });
  }

  /**
   * Deletes every view file but these, of other schema versions too, and what pointed to such; for good, also over a loss of power. A
   * file that somebody still holds open and that this system does not let go stays until the next time.
   *
   * @returns whether none is left
   */
  deleteAllBut(keep: readonly (string | undefined)[]): boolean {
    const kept = keep.filter((path) => path !== undefined).map((path) => basename(path));
    let [deleted, left] = [0, 0];
    for (const name of readdirSync(this.folder)) {
      const isOurs = name === POINTER || kept.some((file) => name === file || name.startsWith(`${file}-`));
      if (isOurs || !(TRACES.test(name) || POINTERS.test(name))) continue;
      try {
        rmSync(join(this.folder, name), { force: true });
        deleted++;
      } catch {
        left++;
      }
    }
    if (deleted > 0) syncNames(this.folder);
    return left === 0;
  }
}

/**
 * Deletes all views in a folder, whoever made them, those of a check included. To be called while no server writes them.
 * @returns whether none is left
 */
export function deleteViews(folder: string): boolean {
  if (!existsSync(folder)) return true;
  const views = new ViewsFolder(folder);
  views.withdraw();
  return views.deleteAllBut([]) && deleteCheck(folder);
}

/**
 * Deletes what a check has made in a folder; one that is under way fails.
 * @returns whether nothing is left
 */
export function deleteCheck(folder: string): boolean {
  const made = join(folder, CHECK_FOLDER);
  if (!existsSync(made)) return true;
  try {
    rmSync(made, { recursive: true });
  } catch {
    return false;
  }
  syncNames(folder);
  return true;
}

/** Makes the names in a folder durable, where the system does not do so by itself. */
function syncNames(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
