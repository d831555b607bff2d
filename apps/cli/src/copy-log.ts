/** `habeas copy-log` and `habeas import --log`: by themselves, while no server runs. */
import { resolve } from 'node:path';
import type { CopiedLog, CopyStep } from '#audit';
import { copyInto, copyRecord, type LogPlace, type Watching } from '../../api/src/copy/copy.js';
import { DONE, FAILED, INTERRUPTED } from '../../api/src/exit-codes.js';
import { abortedBySignal, keepFilesPrivate } from '../../api/src/serve.js';
import { readSettings } from '../../api/src/settings.js';
import { StartError } from '../../api/src/start-error.js';
import type { Environment } from './client-of.js';
import { ExportedLog } from './import/exported-log.js';
import { countText, StepMeter, type Steps } from './progress.js';

export interface CopyLogArguments {
  readonly from?: string;
  readonly to?: string;
  readonly fromNamespace?: string;
  readonly toNamespace?: string;
}

/** What is told of a place: never a connection string, which is a secret. */
interface NamedPlace {
  readonly place: LogPlace;
  readonly name: string;
}

/** @returns the exit code @throws CopyLogError, StartError */
export async function copyLog(environment: Environment, options: CopyLogArguments): Promise<number> {
  if (options.from === undefined && options.to === undefined) {
    throw new StartError('Say --from <place> or --to <place>, or both. A place is a data folder or esdb://….');
  }
  const from = placeOf('from', options.from, options.fromNamespace, environment);
  const to = placeOf('to', options.to, options.toNamespace, environment);
  return copying(from.name, to, (watching) => copyRecord({ from: from.place, to: to.place, ...watching }));
}

/** `habeas import --log`: an export becomes the log of the settings. @returns the exit code @throws CopyLogError, ImportError */
export async function importLog(environment: Environment, file: string): Promise<number> {
  const { data, log: connectionString } = readSettings(environment);
  const to = placeOf('to', connectionString === undefined ? data : undefined, undefined, environment);
  const exported = new ExportedLog(file);
  return copying(file, to, (watching) => copyInto(to.place, exported, watching));
}

async function copying(
  from: string,
  to: NamedPlace,
  copy: (watching: Watching) => Promise<CopiedLog>,
): Promise<number> {
  keepFilesPrivate();
  const signal = abortedBySignal();
  const progress = new StepMeter(STEPS);
  let copied: CopiedLog;
  try {
    copied = await copy({
      signal,
      onProgress: (step, done, of) => {
        progress.show(step, done, of);
      },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    progress.clear();
    console.error('Stopped. What was copied stays: run it again, and it goes on.');
    return INTERRUPTED;
  } finally {
    progress.clear();
  }
  tell(copied, from, to);
  if (!copied.moved) return DONE;
  console.error(
    'The source was written to meanwhile, and what came is not in the copy: stop whatever writes there, and run it again. ' +
      'Until then no server starts on the copy.',
  );
  return FAILED;
}

function tell({ logId, head, streams, copied }: CopiedLog, from: string, to: NamedPlace): void {
  const all = `${countText(head.size, 'event')} of ${countText(streams, 'stream')}`;
  const holds = `${to.name} holds the log of ${from}: ${all}, ${copied.toLocaleString('en-US')} of them copied now`;
  console.log(holds.charAt(0).toUpperCase() + holds.slice(1));
  console.log(`  log            ${logId ?? ''}`);
  console.log(
    `  root           ${Buffer.from(head.root).toString('base64')} (of the tree over all events, in their order)`,
  );
  console.log('  checked        every event and every chain of both, and their order');
  console.log(
    'folder' in to.place
      ? '  next           keys.db and master.key must lie in that folder (or HABEAS_KEYS); start the server on it, without HABEAS_LOG'
      : '  next           keys.db and master.key stay in the data folder; start the server with HABEAS_LOG',
  );
  console.log('                 Views are folded again by themselves (docs/moving.md).');
}

function placeOf(
  side: 'from' | 'to',
  given: string | undefined,
  namespace: string | undefined,
  environment: Environment,
): NamedPlace {
  if (given !== undefined && !/^esdb(\+discover)?:/.test(given)) {
    if (namespace !== undefined)
      throw new StartError(`--${side}-namespace is of an EventStoreDB, not of a data folder.`);
    const folder = resolve(given);
    return { place: { folder }, name: folder };
  }
  const settings = given === undefined ? readSettings(environment) : undefined;
  const connectionString = given ?? settings?.log;
  if (connectionString === undefined) {
    throw new StartError(
      `Say --${side} <data folder or esdb://…>, or set HABEAS_LOG (or HABEAS_LOG_FILE) to the connection string.`,
    );
  }
  const named = namespace ?? settings?.logNamespace ?? '';
  const of = given === undefined ? 'HABEAS_LOG' : `--${side}`;
  return {
    place: { connectionString, namespace: named },
    name: `the EventStoreDB of ${of}${named === '' ? '' : ` (namespace ${named})`}`,
  };
}

const STEPS: Steps<CopyStep> = {
  'checking-source': ['Checking the source', 'event'],
  comparing: ['Comparing what is there', 'event'],
  copying: ['Copying', 'event'],
  'checking-copy': ['Checking the copy', 'event'],
};
