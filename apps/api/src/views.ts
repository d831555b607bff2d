/** The views' writer, in a thread of its own, so that folding never delays a request. */
import { Worker } from 'node:worker_threads';
import type { ViewsMessage } from '#projections';
import type { Settings } from './settings.js';
import type { FromViewsWorker, ToViewsWorker, ViewsWorkerData } from './views-worker.js';

export interface ViewsWriter {
  /** Lets the writer commit what it has applied, and ends the thread. Idempotent. */
  close(): Promise<void>;
}

/** Starts the thread; resolves when it has begun to follow the log. A thread that dies unasked is started again. */
export async function startViews(
  settings: Pick<Settings, 'data' | 'masterKey'>,
  notify: (message: ViewsMessage) => void,
  report: (line: string) => void,
): Promise<ViewsWriter> {
  const workerData: ViewsWorkerData = { folder: settings.data, masterKey: settings.masterKey };
  let closing = false;
  let ended: Promise<void> = Promise.resolve();
  let worker: Worker;

  const launch = (): Promise<void> =>
    new Promise((resolve, reject) => {
      worker = new Worker(new URL('./views-worker.js', import.meta.url), { workerData });
      worker.on('message', (message: FromViewsWorker) => {
        if (message.kind === 'started') resolve();
        else notify(message);
      });
      worker.once('error', (error) => {
        report(`The views' thread failed: ${error.name}.`);
        reject(error);
      });
      ended = new Promise((done) => {
        worker.once('exit', () => {
          done();
          if (!closing) setTimeout(() => void launch().catch(() => undefined), 1_000).unref();
        });
      });
    });

  await launch();
  return {
    close: async () => {
      closing = true;
      worker.postMessage({ kind: 'close' } satisfies ToViewsWorker);
      await ended;
    },
  };
}
