/** The views' writer, in a thread of its own, so that folding never delays a request. */
import { Worker } from 'node:worker_threads';
import type { ViewsHealth, ViewsMessage } from '#projections';
import type { KeySettings } from './settings.js';
import type { FromViewsWorker, ToViewsWorker } from './views-worker.js';

export interface ViewsWriter {
  /** Lets the writer commit what it has applied, and ends the thread. Idempotent. */
  close(): Promise<void>;
}

/** Milliseconds after which a thread that died is started again: long enough that one that always dies does no harm. */
const RESTART_AFTER = 1_000;

/** Tells whoever runs the server what readiness tells whoever asks: names an event, and nothing that it says. */
function tell({ state, poison, failure }: ViewsHealth, report: (line: string) => void): void {
  if (state === 'stopped' && poison !== undefined) {
    report(
      `The views stopped at event ${poison.event} (${poison.type}, revision ${poison.revision} of ${poison.stream}): ${poison.reason}.`,
    );
  } else if (state === 'failed') report(`The views fail (${failure ?? 'for a reason unknown'}) and are tried again.`);
}

/**
 * How many milliseconds the start of the server waits for the views to be readable. An existing file is at once; a first
 * one over a long log takes longer, and readiness says so meanwhile.
 */
const GRACE = 2_000;

/** Starts the thread; resolves when there is something to read, or it takes long. A thread that dies unasked is started again. */
export async function startViews(
  settings: KeySettings,
  notify: (message: ViewsMessage) => void,
  report: (line: string) => void,
): Promise<ViewsWriter> {
  const { data, masterKey, masterKeyFile } = settings;
  const workerData: KeySettings = { data, masterKey, masterKeyFile };
  let closing = false;
  let running = false;
  let health: ViewsHealth = { state: 'starting', seq: 0, lagMilliseconds: 0 };
  let ended: Promise<void> = Promise.resolve();
  let worker: Worker;

  const launch = (): Promise<void> =>
    new Promise((resolve, reject) => {
      worker = new Worker(new URL('./views-worker.js', import.meta.url), { workerData });
      worker.on('message', (message: FromViewsWorker) => {
        if (message.kind === 'started') {
          running = true;
          setTimeout(resolve, GRACE).unref();
          return;
        }
        if (message.kind === 'failed') report(`The views could not put a file in place (${message.code}).`);
        if (message.kind === 'health') {
          if (message.health.state !== health.state) tell(message.health, report);
          ({ health } = message);
        }
        notify(message);
        if (health.state !== 'starting') resolve();
      });
      worker.once('error', (error) => {
        report(`The thread of the views failed: ${error instanceof Error ? error.name : typeof error}.`);
        reject(error instanceof Error ? error : new Error('The thread of the views failed.'));
      });
      ended = new Promise((done) => {
        worker.once('exit', () => {
          done();
          if (!running || closing) return;
          notify({ kind: 'health', health: { ...health, state: 'failed', failure: 'thread-ended' } });
          setTimeout(() => {
            if (!closing) launch().catch(() => undefined);
          }, RESTART_AFTER).unref();
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
