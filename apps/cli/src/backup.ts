/** `habeas backup`: by itself, beside the server or without one; it needs the data folder, and no key to the interface. */
import { makeBackup } from '../../api/src/backup/make-backup.js';
import { keepFilesPrivate } from '../../api/src/serve.js';
import { readSettings } from '../../api/src/settings.js';
import { countText, percentText, Progress, sizeText } from './progress.js';

type Environment = Readonly<Record<string, string | undefined>>;

export async function backup(
  environment: Environment,
  target: string,
  { withMasterKey }: { readonly withMasterKey: boolean },
): Promise<void> {
  const settings = readSettings(environment);
  keepFilesPrivate();
  const progress = new Progress();
  const { folder, manifest, checked } = await makeBackup({
    settings,
    target,
    withMasterKey,
    onProgress: (step, done) => {
      progress.show(step === 'copying' ? `Copying: ${percentText(done)}` : `Checking: ${countText(done, 'event')}`);
    },
  }).finally(() => {
    progress.clear();
  });
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  console.log(`Backed up ${countText(manifest.events, 'event')} (${sizeText(bytes)}) to ${folder}`);
  console.log(`  last event     ${manifest.last.hash}`);
  console.log(
    `  checked        every chain and event${checked.unopened === undefined ? ', and every sealed field' : ''}`,
  );
  if (checked.unopened === 'no-master-key') {
    console.log('                 Sealed fields were not opened: the master key is not at hand here.');
  }
  if (checked.unopened === undefined && checked.closed.events > 0) {
    console.log(`  closed         ${countText(checked.closed.events, 'event')}: there is no key for them any more`);
  }
  if (checked.erased.events > 0) {
    console.log(`  erased         ${countText(checked.erased.events, 'event')}, which nothing opens any more`);
  }
  console.log(
    withMasterKey
      ? '  master key     is in it: whoever has this backup can read everything'
      : '  master key     is not in it: keep a copy of it elsewhere, nothing can be read without it',
  );
}
