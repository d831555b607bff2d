/** `habeas bundle`: fetches an evidence bundle from the server that HABEAS_URL names. */
import { keepFilesPrivate } from '../../api/src/serve.js';
import { clientOf, type Environment } from './client-of.js';
import { refuseToOverwrite, writeNewFile } from './new-file.js';
import { Progress, sizeText } from './progress.js';

export interface BundleArguments {
  readonly size?: string;
  readonly ceiling?: string;
}

/** @throws RequestFailed, StartError */
export async function fetchBundle(
  environment: Environment,
  kind: string,
  id: string,
  file: string,
  asked: BundleArguments,
): Promise<void> {
  const client = clientOf(environment);
  refuseToOverwrite(file);
  keepFilesPrivate();
  const query = new URLSearchParams({ ...asked });
  const progress = new Progress();
  let bytes = 0;
  const received = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of client.download(`/v1/${kind}s/${encodeURIComponent(id)}/bundle?${query.toString()}`)) {
      bytes += piece.length;
      progress.show(`Receiving: ${sizeText(bytes)}`);
      yield piece;
    }
  };
  await writeNewFile(file, received()).finally(() => {
    progress.clear();
  });
  console.log(`Bundled ${kind} ${id}: ${file} (${sizeText(bytes)})`);
  console.log('  holds          names, words and texts in the clear: hand it on to whom you would show them');
  console.log(`  check it       habeas verify ${file} --key <the verifier key that you kept>`);
}
