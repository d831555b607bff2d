/** `habeas copy-keys`: before HABEAS_KEYS is set for the servers, or after it was unset. */
import { carryKeys } from '../../api/src/copy-keys.js';
import { keepFilesPrivate } from '../../api/src/serve.js';
import { readSettings } from '../../api/src/settings.js';
import { countText, Progress } from './progress.js';

export async function copyKeysTo(
  environment: Readonly<Record<string, string | undefined>>,
  to: 'postgres' | 'file',
): Promise<void> {
  const settings = readSettings(environment);
  keepFilesPrivate();
  const progress = new Progress();
  const count = await carryKeys(settings, to, (keys) => {
    progress.show(`Copying: ${countText(keys, 'key')}`);
  }).finally(() => {
    progress.clear();
  });
  console.log(`Copied ${countText(count, 'key')}; each was opened where it lies now`);
  console.log(
    to === 'postgres'
      ? `Move keys.db out of ${settings.data}, and give every server HABEAS_KEYS and the same master key.`
      : 'Start the server without HABEAS_KEYS.',
  );
}
