/** `habeas restore`: a backup, checked, as the data folder of a server that is to be started on it. */
import { judgeBackup, restoreBackup } from '../../api/src/backup/restore-backup.js';
import { keepFilesPrivate } from '../../api/src/serve.js';
import { readSettings } from '../../api/src/settings.js';
import { countText, percentText, Progress } from './progress.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface RestoreOptions {
  readonly data?: string;
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
    onProgress: (events: number, of: number) => {
      progress.show(`Checking: ${percentText(events / of)}`);
    },
  };
  const { manifest, checked } = await (options.check ? judgeBackup(how) : restoreBackup({ ...how, data })).finally(
    () => {
      progress.clear();
    },
  );
  const held = `${countText(manifest.events, 'event')} of ${countText(checked.streams, 'stream')}`;
  console.log(options.check ? `The backup is whole: ${held}` : `Restored ${held} to ${data}`);
  console.log(`  made           ${manifest.madeAt}`);
  console.log(`  last event     ${manifest.last.hash}`);
  const { closed } = checked;
  if (closed.events > 0) {
    console.log(`  closed         ${countText(closed.events, 'event')} of ${countText(closed.streams, 'stream')}`);
  }
  if (!options.check) console.log('Start the server on it; what it shows is folded from the log then.');
}
