/**
 * A view file that is made for whoever asked for it and not to be served: it lies in a folder of its own, one process at a time
 * works on it, and what it has come to is gone on with by whoever orders the same.
 *
 * The right to work on it is an exclusive lock that SQLite takes on a file in the folder. The system frees it however the process
 * ends. Under which name the views lie follows from the order: what was made for another one is not found, and deleted.
 */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BuildFailedError, type BuildViews, buildViews, type BuiltViews } from './build-views.js';
import { FOLD_VERSION, isBusy, SCHEMA_VERSION } from './schema.js';

const LOCK = 'lock';

/** What says that a file is none that could be gone on with. */
const OF_SOMETHING_ELSE: ReadonlySet<string> = new Set([
  ...['damaged', 'other-schema', 'other-fold', 'corrupt'],
  ...['log-changed', 'ahead'],
]);

export class Draft {
  /** The view file, once it was begun. */
  readonly path: string;

  private constructor(
    private readonly folder: string,
    private readonly name: string,
    private readonly lock: DatabaseSync,
  ) {
    this.path = join(folder, name);
  }

  /**
   * @param folder made if it is not there
   * @param order what the file is to be: as JSON, the same for the same
   * @returns undefined where somebody else is at work there
   * @throws where the folder cannot be made or written to
   */
  static take(folder: string, order: object): Draft | undefined {
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    accessSync(folder, constants.W_OK);
    const lock = lockIn(folder);
    if (lock === undefined) return undefined;
    const versions = [SCHEMA_VERSION, FOLD_VERSION];
    const digest = createHash('sha256').update(JSON.stringify([versions, order]));
    const draft = new Draft(folder, `${digest.digest('hex').slice(0, 16)}.db`, lock);
    draft.deleteAll((name) => !name.startsWith(draft.name));
    return draft;
  }

  /**
   * Has it built, from where it was left; what cannot be gone on with (another log, another way to fold, damage) is begun anew.
   *
   * @throws as {@link buildViews} does
   */
  async build(options: Omit<BuildViews, 'path' | 'survives'>): Promise<BuiltViews> {
    const order = { ...options, path: this.path, survives: true };
    const isBegun = existsSync(this.path);
    try {
      return await buildViews(order);
    } catch (error) {
      if (!isBegun || !(error instanceof BuildFailedError) || !OF_SOMETHING_ELSE.has(error.code)) throw error;
      this.deleteAll((name) => name.startsWith(this.name));
      return buildViews(order);
    }
  }

  /** Works with it and lets go of it: it is deleted where that comes to an end, and stays where it does not. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    let isOver = false;
    try {
      const result = await work();
      isOver = true;
      return result;
    } finally {
      isOver ||= !existsSync(this.path);
      if (isOver) this.deleteAll((name) => name !== LOCK);
      this.lock.close();
      if (isOver) rmSync(this.folder, { recursive: true, force: true });
    }
  }

  private deleteAll(which: (name: string) => boolean): void {
    for (const name of readdirSync(this.folder)) {
      if (!name.startsWith(LOCK) && which(name)) rmSync(join(this.folder, name), { recursive: true, force: true });
    }
  }
}

function lockIn(folder: string): DatabaseSync | undefined {
  const file = join(folder, LOCK);
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file);
    // Else SQLite would lay a journal beside it, which nothing is ever written to.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  // Whoever was done with the folder a moment ago has deleted it.
  if (existsSync(file)) return lock;
  lock.close();
  return undefined;
}
