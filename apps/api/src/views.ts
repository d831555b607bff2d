/** The views' writer, in a thread of its own, so that folding never delays a request. */
import { Worker } from 'node:worker_threads';
import { err, ok, type Refusal, refusal, type Result, type Visibility } from '#kernel';
import type { ViewsHealth, ViewsMessage } from '#projections';
import type { KeySettings } from './settings.js';
import type { AppliedEvents } from './watching/tracing.js';
import { VIEWS_HEAP } from './views-heap.js';
import type { FromViewsThread, ToViewsThread } from './views-thread.js';

export interface ViewsWriter {
  /**
   * Begins to build the views anew, unless that is under way.
   * @returns when their health says so; refused with `views-not-ready` if there is nobody to do it at the moment
   */
  rebuild(): Promise<Result<void, Refusal>>;
  /**
   * The same, by a file that is begun now, whatever is being built, without these keys, which were destroyed.
   * @returns when it is served and all others are deleted; refused with `views-not-ready` if it could not be built, or if there is nobody
   *   to do it at the moment
   */
  refold(keyIds: readonly string[]): Promise<Result<void, Refusal>>;
  /**
   * Goes on behind the event at which the views stopped.
   * @returns when their health says so; refused with `not-stopped-there`, or `views-not-ready` if there is nobody to do it at the moment
   */
  skip(event: string): Promise<Result<void, Refusal>>;
  /** Lets the writer commit what it has applied, and ends the thread. Idempotent. */
  close(): Promise<void>;
}

/** A thread that loads what it needs; it does nothing more until `startViews` has it begin. */
export class ViewsThread {
  readonly worker = new Worker(new URL('./views-worker.js', import.meta.url), {
    resourceLimits: VIEWS_HEAP,
  });
  /** Resolves when the thread has ended: with what it failed of, if it did. Heard from the first moment on. */
  readonly ended = new Promise<Error | undefined>((resolve) => {
    let failure: Error | undefined;
    this.worker.once('error', (error) => {
      failure = error instanceof Error ? error : new Error('The thread of the views failed.');
    });
    this.worker.once('exit', () => {
      resolve(failure);
    });
  });

  tell(message: ToViewsThread): void {
    this.worker.postMessage(message);
  }

  /** Ends a thread that has not begun. Does nothing to one that has ended. */
  async discard(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Somebody who waits for what the thread says. */
type Told = (outcome: Result<void, Refusal>) => void;

const NOBODY = err(refusal('views-not-ready', 'The views are being started; try again in a moment.'));

const NOT_BUILT = err(refusal('views-not-ready', 'The views could not be built; try again in a moment.'));

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

export interface StartViews {
  readonly settings: KeySettings;
  /** Of those who are to read the views. */
  readonly ceiling: Visibility;
  /** In which the views lie. */
  readonly folder: string;
  readonly notify: (message: ViewsMessage) => void;
  readonly report: (line: string) => void;
  /** One that was made earlier, so that it has loaded its modules by now. */
  readonly thread?: ViewsThread;
  readonly onApplied?: (applied: AppliedEvents) => void;
}

/** Has the thread begin; resolves when there is something to read, or it takes long. A thread that dies unasked is replaced. */
export async function startViews(options: StartViews): Promise<ViewsWriter> {
  const { ceiling, folder, notify, report, thread: loaded = new ViewsThread(), onApplied } = options;
  const { data, masterKey, masterKeyFile, keys, log, logNamespace, fourEyes = false } = options.settings;
  let closing = false;
  let running = false;
  let health: ViewsHealth = { state: 'starting', seq: 0, lagMilliseconds: 0 };
  let current = loaded;
  /** Who waits to hear that a rebuild has begun. */
  const asked: Told[] = [];
  /** Who waits to hear that views were built anew, in the order of asking: who asks later is answered no earlier. */
  const refolds: Told[] = [];
  /** Who waits to hear whether an event was passed over, in the order of asking. */
  const skips: Told[] = [];

  const begin = (thread: ViewsThread): Promise<void> =>
    new Promise((resolve, reject) => {
      current = thread;
      thread.worker.on('message', (message: FromViewsThread) => {
        if (message.kind === 'started') {
          running = true;
          setTimeout(resolve, GRACE).unref();
          return;
        }
        if (message.kind === 'rebuilding') {
          for (const told of asked.splice(0)) told(ok(undefined));
          return;
        }
        if (message.kind === 'refolded') {
          refolds.shift()?.(message.done ? ok(undefined) : NOT_BUILT);
          return;
        }
        if (message.kind === 'skipped') {
          skips.shift()?.(message.outcome);
          return;
        }
        if (message.kind === 'applied') {
          onApplied?.(message.applied);
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
      void thread.ended.then((failure) => {
        if (failure !== undefined) report(`The thread of the views failed: ${failure.name}.`);
        reject(failure ?? new Error('The thread of the views ended.'));
        for (const told of [...asked.splice(0), ...refolds.splice(0), ...skips.splice(0)]) told(NOBODY);
        if (!running || closing) return;
        notify({ kind: 'health', health: { ...health, state: 'failed', failure: 'thread-ended' } });
        setTimeout(() => {
          if (!closing) begin(new ViewsThread()).catch(() => undefined);
        }, RESTART_AFTER).unref();
      });
      const begun = { data, masterKey, masterKeyFile, keys, log, logNamespace, fourEyes };
      thread.tell({ kind: 'begin', settings: begun, ceiling, folder, traced: onApplied !== undefined });
    });

  const ask = (waiting: Told[], message: ToViewsThread): ReturnType<ViewsWriter['rebuild']> =>
    new Promise((resolve) => {
      if (closing || health.failure === 'thread-ended') {
        resolve(NOBODY);
        return;
      }
      waiting.push(resolve);
      current.tell(message);
    });

  await begin(loaded);
  return {
    rebuild: () => ask(asked, { kind: 'rebuild' }),
    refold: (keyIds) => ask(refolds, { kind: 'refold', keyIds }),
    skip: (event) => ask(skips, { kind: 'skip', event }),
    close: async () => {
      closing = true;
      current.tell({ kind: 'close' });
      await current.ended;
    },
  };
}
