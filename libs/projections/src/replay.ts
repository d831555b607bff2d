/** The views as they were known at a moment, as one file for any SQLite tool. */
import { existsSync, renameSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { err, ok, refusal, type Refusal, type Result } from '#kernel';
import type { BuildViews } from './build-views.js';
import { Draft } from './draft.js';
import type { KnownMoment } from './moment.js';
import { makePortable } from './schema.js';

export interface ReplayViews extends Omit<BuildViews, 'path' | 'survives' | 'upTo' | 'clock'> {
  /** The file to make. */
  readonly out: string;
  readonly knownAt: KnownMoment;
  /** Another number whenever keys were destroyed: what was made before that is not gone on with. Left out: none ever were. */
  readonly epoch?: number;
}

export interface ReplayedViews {
  /** The path as it was made. */
  readonly file: string;
  /** Everything up to this event was counted in. */
  readonly seq: number;
  /** Up to which event an earlier replay of the same had come; 0 where there was none. */
  readonly from: number;
  /** Known time there, in milliseconds; left out before the first event. */
  readonly known?: number;
}

/**
 * The file is made in a folder beside it, `.<name>.partial`, and gets its place when it is whole. One that was ended, killed too, or
 * failed of the log or the disk leaves that folder, and is gone on with by the next one of the same file and moment.
 *
 * Refusal codes: `file-exists`, `not-writable`, `under-way` (somebody else makes it), `moment-ahead`, `views-stopped` (an event before the moment
 * cannot be taken in).
 * @throws BuildFailedError, or the reason of the signal
 */
export async function replayViews(options: ReplayViews): Promise<Result<ReplayedViews, Refusal>> {
  const { out, knownAt, epoch, ...build } = options;
  options.signal?.throwIfAborted();
  const file = resolve(out);
  const exists = refusal('file-exists', `${file} is there already. Nothing is overwritten: give another name.`);
  if (existsSync(file)) return err(exists);
  const at = 'seq' in knownAt ? { seq: knownAt.seq } : { instant: knownAt.instant };
  let draft: Draft | undefined;
  try {
    draft = Draft.take(join(dirname(file), `.${basename(file)}.partial`), [
      at,
      [...(build.skip ?? [])].sort(),
      build.lens ?? 'all',
      epoch ?? 0,
    ]);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return err(refusal('not-writable', `No file can be made in ${dirname(file)} (${code}): give another place.`));
  }
  if (draft === undefined) return err(refusal('under-way', `Another replay makes ${file} at the moment.`));
  return draft.during(async () => {
    const { checkpoint, from, poison } = await draft.build({ ...build, upTo: knownAt });
    const { seq, known } = checkpoint;
    if (poison !== undefined) {
      const { event, type, stream, revision } = poison;
      const which = `event ${event} (${type}, revision ${revision} of ${stream})`;
      return err(refusal('views-stopped', `The views stop before that moment, at ${which}: ${poison.reason}.`));
    }
    if ('seq' in knownAt && seq < knownAt.seq)
      return err(refusal('moment-ahead', `The record has come to seq ${seq} only: give an earlier moment.`));
    makePortable(draft.path, knownAt);
    if (existsSync(file)) return err(exists);
    renameSync(draft.path, file);
    return ok({ file, seq, from, ...(seq > 0 && { known }) });
  });
}
