/** `habeas verify <bundle>`: an evidence bundle judged on a machine that has nothing else. */
import { readFile } from 'node:fs/promises';
import {
  BundleError,
  type Checkpoint,
  describeBundleFault,
  type ManifestUpTo,
  unzip,
  type VerifiedBundle,
  type Verifier,
  verifyBundle,
  ZipError,
} from '#audit';
import { createRecordCodec } from '#log-format';
import { createRandomness } from '../../api/src/randomness.js';
import { StartError } from '../../api/src/start-error.js';
import { countText } from './progress.js';

const MOST_BYTES = 1024 * 1024 * 1024;

/** @throws StartError: nothing could be verified */
export async function verifyBundleFile(
  file: string,
  kept: readonly Checkpoint[],
  verifiers: readonly Verifier[] | undefined,
): Promise<boolean> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new StartError(`The bundle ${file} cannot be read (${String((error as NodeJS.ErrnoException).code)}).`);
  }
  try {
    const files = unzip(bytes, MOST_BYTES);
    const found = verifyBundle({
      files,
      codec: createRecordCodec(createRandomness()),
      kept,
      ...(verifiers && { verifiers }),
    });
    tell(found, kept, verifiers);
    return found.faults.length === 0;
  } catch (error) {
    if (error instanceof ZipError || error instanceof BundleError) throw new StartError(`${file}: ${error.message}`);
    throw error;
  }
}

const MOST_TOLD = 1_000;

function tell(found: VerifiedBundle, kept: readonly Checkpoint[], verifiers: readonly Verifier[] | undefined): void {
  const { manifest, faults, events, opened, closed, retold, texts, root } = found;
  for (const fault of faults.slice(0, MOST_TOLD)) console.log(describeBundleFault(fault));
  if (faults.length > MOST_TOLD) console.log(`… and ${countText(faults.length - MOST_TOLD, 'fault')} more.`);
  const { kind, id } = manifest.subject;
  const whole = faults.length === 0;
  console.log(
    whole
      ? `The bundle of ${kind} ${id} is whole: ${countText(events, 'event')}`
      : 'The bundle is not whole: see above',
  );
  if (!whole) return;
  console.log(`  log            ${manifest.logId}`);
  console.log(
    `  sealed         each event is among the ${countText(manifest.size, 'event')} of the seal with the root ${root ?? ''}`,
  );
  console.log(
    `  opened         personal fields of ${countText(opened, 'event')} are what was sealed` +
      (closed === 0 ? '' : `; those of ${countText(closed, 'event')} are not shown`) +
      (retold === 0 ? '' : `; those of ${countText(retold, 'event')} are told again, which the signature alone says`),
  );
  if (manifest.format === 2) tellCeiling(manifest);
  console.log(`  texts          ${texts === 1 ? '1 is' : `${texts} are`} what the sources’ events hold`);
  console.log(
    verifiers === undefined
      ? `  key            whose it is was not asked (--key): ${manifest.verifierKey}`
      : '  key            seal and bundle bear its signature',
  );
  console.log(
    kept.length === 0
      ? '  kept           no seal from elsewhere was given (--against): whoever has the key can also rewrite the log'
      : '  kept           the seal is the one that was kept',
  );
}

function tellCeiling({ ceiling, streams, withheld }: ManifestUpTo): void {
  const gaps = streams.reduce((sum, one) => sum + (one.gaps?.length ?? 0), 0);
  console.log(
    `  ceiling        it holds what may be seen up to ${ceiling}: that nothing else was left out, the signature alone says`,
  );
  if (gaps > 0)
    console.log(`  gaps           in ${countText(gaps, 'place')} it says that something of a stream is not there`);
  if (withheld.length > 0) {
    console.log(
      `  withheld       ${countText(withheld.length, 'event')} that may be seen: as stored ${withheld.length === 1 ? 'it names' : 'they name'} what may not`,
    );
  }
}
