/**
 * `habeas verify`: the log, or an evidence bundle, judged by itself and by seals that were kept elsewhere. Reads the log beside the
 * server or without one.
 */
import { readFile } from 'node:fs/promises';
import {
  type Checkpoint,
  describeFault,
  readCheckpoint,
  readUnproven,
  readVerifierKey,
  type Verifier,
  type VerifiedLog,
  verifyLog,
} from '#audit';
import { DIFFERENT, DONE } from '../../api/src/exit-codes.js';
import { openLog } from '../../api/src/log.js';
import { createRandomness } from '../../api/src/randomness.js';
import { readSettings, type Settings } from '../../api/src/settings.js';
import { asStartError } from '../../api/src/start-failure.js';
import { StartError } from '../../api/src/start-error.js';
import type { Environment } from './client-of.js';
import { eventsIn } from './offline.js';
import { countText, Meter } from './progress.js';
import { verifyBundleFile } from './verify-bundle.js';

export interface VerifyArguments {
  /** Files with seals that were kept. */
  readonly against: readonly string[];
  readonly key?: string;
}

/** @returns the exit code @throws StartError: nothing could be verified */
export async function verify(
  environment: Environment,
  bundle: string | undefined,
  options: VerifyArguments,
): Promise<number> {
  const verifiers = options.key === undefined ? undefined : [verifierOf(options.key)];
  const kept = (await Promise.all(options.against.map((file) => keptIn(file, verifiers)))).flat();
  if (bundle !== undefined) return (await verifyBundleFile(bundle, kept, verifiers)) ? DONE : DIFFERENT;
  const settings = readSettings(environment);
  try {
    return await verifyLogOf(settings, kept, verifiers);
  } catch (error) {
    throw asStartError(error, settings);
  }
}

async function verifyLogOf(
  settings: Settings,
  kept: readonly Checkpoint[],
  verifiers: readonly Verifier[] | undefined,
): Promise<number> {
  const store = await openLog(settings, { mode: 'read', randomness: createRandomness() });
  const meter = new Meter('Verifying');
  try {
    const of = await eventsIn(store);
    const found = await verifyLog({
      store,
      kept,
      ...(verifiers && { verifiers }),
      onProgress: (events) => {
        meter.show(events, of);
      },
    });
    meter.clear();
    return tell(found, kept, verifiers);
  } finally {
    meter.clear();
    await store.close();
  }
}

function verifierOf(text: string): Verifier {
  const verifier = readVerifierKey(text);
  if (verifier !== undefined) return verifier;
  throw new StartError('--key takes a verifier key as GET /v1/seals gives it: habeas/log/<id>+<8 digits>+<base64>.');
}

/** A signed checkpoint, or JSON as `GET /v1/seals` and `POST /v1/seals` answer it. */
async function keptIn(file: string, verifiers: readonly Verifier[] | undefined): Promise<readonly Checkpoint[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw new StartError(`The seal ${file} cannot be read. --against takes the file in which a seal was kept.`);
  }
  const notes = text.trimStart().startsWith('{') ? notesIn(text) : [text];
  return notes.map((note) => {
    const read = verifiers === undefined ? readUnproven(note) : readCheckpoint(note, verifiers);
    if (read.ok) return read.value;
    throw new StartError(`The file ${file} holds no seal that could be believed: ${read.error}. Nothing was verified.`);
  });
}

function notesIn(text: string): readonly string[] {
  try {
    const value = JSON.parse(text) as { checkpoint?: unknown; items?: readonly { checkpoint?: unknown }[] };
    const found = [value, ...(value.items ?? [])].flatMap(({ checkpoint }) =>
      typeof checkpoint === 'string' ? [checkpoint] : [],
    );
    if (found.length > 0) return found;
  } catch {
    // What is no JSON is no seal either, as the note that it then is taken for will show.
  }
  return [text];
}

function tell(found: VerifiedLog, kept: readonly Checkpoint[], verifiers: readonly Verifier[] | undefined): number {
  const { faults, moreFaults, head, streams, seals, logId } = found;
  for (const fault of faults) console.log(describeFault(fault));
  if (moreFaults > 0) console.log(`… and ${countText(moreFaults, 'fault')} more.`);
  const whole = faults.length === 0;
  const all = `${countText(head.size, 'event')} of ${countText(streams, 'stream')}`;
  console.log(whole ? `The log is whole: ${all}` : `The log is not whole (${all}): see above`);
  if (logId !== undefined) console.log(`  log            ${logId}`);
  console.log(`  root           ${Buffer.from(head.root).toString('base64')}`);
  console.log(
    seals.count === 0
      ? '  seals          none: what was put at the end or rewritten as a whole does not show'
      : `  seals          ${countText(seals.count, 'seal')} ${seals.count === 1 ? 'holds' : 'hold'}, the last over ${countText(seals.size, 'event')}` +
          (verifiers === undefined ? '; by whose key they are was not asked (--key)' : ''),
  );
  console.log(
    kept.length === 0
      ? '  kept           no seal from elsewhere was given (--against): whoever can write the file can also rewrite it'
      : `  kept           ${whole ? 'the log begins with all that was kept' : 'see above'}: ${kept.map(({ size }) => size).join(', ')} events`,
  );
  return whole ? DONE : DIFFERENT;
}
