/** `habeas restore`: a backup, checked, as the data folder of a server that is to be started on it. */
import { judgeBackup, restoreBackup } from '../../api/src/backup/restore-backup.js';
import { keepFilesPrivate } from '../../api/src/serve.js';
import { readSettings } from '../../api/src/settings.js';
import { countText, percentText, Progress } from './progress.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface RestoreOptions {
  readonly data?: string;
  /** The data folder that is to be replaced. */
  readonly present?: string;
  readonly check: boolean;
  readonly acceptClosed: boolean;
}

export async function restore(environment: Environment, backup: string, options: RestoreOptions): Promise<void> {
  const settings = readSettings({
    ...environment,
    ...(options.data === undefined ? {} : { HABEAS_DATA: options.data }),
  });
  const { data, masterKey, masterKeyFile } = settings;
  keepFilesPrivate();
  const progress = new Progress();
  const how = {
    backup,
    master: masterKey !== undefined ? { masterKey } : masterKeyFile !== undefined ? { masterKeyFile } : undefined,
    acceptClosed: options.acceptClosed,
    // Who only looks may have it where the settings say.
    ...(options.present !== undefined
      ? { present: { folder: options.present, perhaps: false } }
      : options.check && { present: { folder: data, perhaps: true } }),
    onProgress: (events: number, of: number) => {
      progress.show(`Checking: ${percentText(events / of)}`);
    },
  };
  const { manifest, checked, erasedSince } = await (
    options.check ? judgeBackup(how) : restoreBackup({ ...how, data })
  ).finally(() => {
    progress.clear();
  });
  const held = `${countText(manifest.events, 'event')} of ${countText(checked.streams, 'stream')}`;
  console.log(options.check ? `The backup is whole: ${held}` : `Restored ${held} to ${data}`);
  console.log(`  made           ${manifest.madeAt}`);
  console.log(`  last event     ${manifest.last.hash}`);
  const { closed, erased, undestroyed } = checked;
  if (erased.events > 0) {
    console.log(`  erased         ${countText(erased.events, 'event')} of ${countText(erased.streams, 'stream')}`);
  }
  if (undestroyed.length > 0) {
    const keys = `${countText(undestroyed.length, 'key')} that the log says ${undestroyed.length === 1 ? 'is' : 'are'} destroyed`;
    console.log(options.check ? `  to destroy     ${keys}: restoring does` : `  destroyed      ${keys}`);
  }
  if (closed.events > 0) {
    console.log(`  closed         ${countText(closed.events, 'event')} of ${countText(closed.streams, 'stream')}`);
  }
  if (erasedSince.length > 0) {
    const persons = countText(erasedSince.length, 'person');
    console.log(`Erased since: ${persons}. This brings them back: erase them again as soon as the server runs.`);
    for (const { person, askedAt } of erasedSince) console.log(`  ${person}  ${askedAt}`);
  }
  if (!options.check) console.log('Start the server on it; what it shows is folded from the log then.');
}
