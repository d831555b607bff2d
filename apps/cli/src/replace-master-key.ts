/** `habeas replace-master-key`: once the one that there is may be in other hands. */
import { replaceMasterKeyOf } from '../../api/src/replace-master-key.js';
import { keepFilesPrivate } from '../../api/src/serve.js';
import { readNewMasterKey, readSettings } from '../../api/src/settings.js';
import type { Environment } from './client-of.js';
import { countText, Progress } from './progress.js';

export async function replaceMasterKey(environment: Environment): Promise<void> {
  const settings = readSettings(environment);
  const next = readNewMasterKey(environment);
  keepFilesPrivate();
  const progress = new Progress();
  const { keys, file } = await replaceMasterKeyOf(settings, next, (done) => {
    progress.show(`Wrapping anew: ${countText(done, 'key')}`);
  }).finally(() => {
    progress.clear();
  });
  console.log(`Replaced the master key: ${countText(keys, 'key')} wrapped anew`);
  if (file === undefined) {
    console.log('  new            the one that you gave: set it in place of the old one');
    console.log('  old            opens backups made so far, and nothing that is made from now on');
  } else {
    console.log(`  new            ${file}: keep a copy of it elsewhere, nothing can be read without it`);
    console.log(
      `  old            ${file}.old: opens backups made so far; put it away, and delete it when they are gone`,
    );
  }
  if (settings.keys !== undefined)
    console.log(
      'Give every server of HABEAS_KEYS the new one, and restart it: with the old one it records nothing any more.',
    );
}
