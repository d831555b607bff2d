/** The views as they were known at a moment, as one file for any SQLite tool. */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { err, ok, refusal, type Refusal, type Result } from '#kernel';
import { BuildFailedError, type BuildViews, buildViews } from './build-views.js';
import type { KnownMoment } from './moment.js';
import { makePortable } from './schema.js';

export interface ReplayViews extends Omit<BuildViews, 'path' | 'upTo' | 'clock'> {
  /** The file to make. */
  readonly out: string;
  readonly knownAt: KnownMoment;
}

export interface ReplayedViews {
  /** The path as it was made. */
  readonly file: string;
  /** Everything up to this event was counted in. */
  readonly seq: number;
  /** Known time there, in milliseconds; left out before the first event. */
  readonly known?: number;
}

/**
 * The file is made in a folder beside it, `.<name>.partial-…`, and gets its place when it is whole. A replay that was killed
 * leaves that folder; it cannot be gone on with, since a file that is being folded is not written so that it would survive.
 *
 * Refusal codes: `file-exists`, `moment-ahead`, `views-stopped` (an event before the moment cannot be taken in).
 * @throws BuildFailedError, or the reason of the signal; nothing is left behind
 */
export async function replayViews(options: ReplayViews): Promise<Result<ReplayedViews, Refusal>> {
  const { out, knownAt, ...build } = options;
  const file = resolve(out);
  const exists = refusal('file-exists', `${file} is there already. Nothing is overwritten: give another name.`);
  if (existsSync(file)) return err(exists);
  const folder = folderBeside(file);
  const partial = join(folder, 'views.db');
  try {
    const { checkpoint, poison } = await buildViews({ ...build, path: partial, upTo: knownAt });
    const { seq, known } = checkpoint;
    if (poison !== undefined) {
      const { event, type, stream, revision } = poison;
      const which = `event ${event} (${type}, revision ${revision} of ${stream})`;
      return err(refusal('views-stopped', `The views stop before that moment, at ${which}: ${poison.reason}.`));
    }
    if ('seq' in knownAt && seq < knownAt.seq)
      return err(refusal('moment-ahead', `The record has come to seq ${seq} only: give an earlier moment.`));
    makePortable(partial, knownAt);
    if (existsSync(file)) return err(exists);
    renameSync(partial, file);
    return ok({ file, seq, ...(seq > 0 && { known }) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function folderBeside(file: string): string {
  try {
    return mkdtempSync(join(dirname(file), `.${basename(file)}.partial-`));
  } catch (error) {
    throw new BuildFailedError((error as NodeJS.ErrnoException).code ?? 'unavailable');
  }
}
