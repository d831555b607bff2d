/** Views that are to replace those that are served are built in a thread of their own, so that what is served is kept up to date meanwhile. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BuildFailedError, type ViewsOptions } from '#projections';
import type { KeySettings } from '../settings.js';
import { VIEWS_HEAP } from '../views-heap.js';
import type { FromBuildThread, ToBuildThread } from './thread.js';

/** What `runViews` takes as `build`. */
export function buildElsewhere(settings: KeySettings): NonNullable<ViewsOptions['build']> {
  return async ({ path, skip, onProgress, signal }) => {
    signal.throwIfAborted();
    const order: ToBuildThread = { settings, path, skip };
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: order,
      resourceLimits: VIEWS_HEAP,
    });
    let told: FromBuildThread | undefined;
    worker.on('message', (message: FromBuildThread) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else told = message;
    });
    worker.on('error', () => {
      told = { kind: 'failed', code: 'thread-failed' };
    });
    const end = (): void => {
      void worker.terminate();
    };
    signal.addEventListener('abort', end);
    await once(worker, 'exit');
    signal.removeEventListener('abort', end);
    signal.throwIfAborted();
    if (told?.kind !== 'built') throw new BuildFailedError(told?.kind === 'failed' ? told.code : 'thread-ended');
  };
}
