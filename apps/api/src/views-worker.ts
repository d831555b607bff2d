/** The thread that writes the views: a reader of the log and of the key store of its own, and the fold between them and the file. */
import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { openSqliteKeyStore } from '#access';
import { openSqliteLog } from '#event-store-sqlite';
import { runViews, type ViewsMessage } from '#projections';
import { keyStoreOptions, type KeySettings } from './settings.js';

export interface ToViewsWorker {
  readonly kind: 'close';
}
export type FromViewsWorker = ViewsMessage | { readonly kind: 'started' };

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker.');
const settings = workerData as KeySettings;
const folder = settings.data;
const post = (message: FromViewsWorker): void => {
  port.postMessage(message);
};

const eventStore = await openSqliteLog({ folder, mode: 'read' });
const keyStore = await openSqliteKeyStore({
  ...keyStoreOptions(settings),
  mode: 'read',
  randomness: { bytes: (length) => new Uint8Array(randomBytes(length)) },
});
const views = runViews({ eventStore, keyStore, folder, clock: { now: () => new Date() }, post });
post({ kind: 'started' });

port.once('message', () => {
  void (async () => {
    await views.close();
    await eventStore.close();
    await keyStore.close();
    port.close();
  })();
});
