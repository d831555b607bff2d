/** The thread that writes the views: a reader of the log and of the key store of its own, and the fold between them and the file. */
import { parentPort } from 'node:worker_threads';
import type { Refusal, Result, Visibility } from '#kernel';
import { openingOf } from '#log-format';
import { runViews, type Views, type ViewsMessage, type ViewsOptions } from '#projections';
import { keepCompiled } from './compile-cache.js';
import { openKeyStore } from './key-store.js';
import { openLog } from './log.js';
import { createRandomness } from './randomness.js';
import { buildElsewhere } from './rebuild/elsewhere.js';
import type { KeySettings } from './settings.js';
import type { AppliedEvents } from './watching/tracing.js';

const randomness = createRandomness();

/** `begin` comes once, when the log and the key store are there to be read, and the others after it. */
export type ToViewsThread =
  | {
      readonly kind: 'begin';
      readonly settings: KeySettings;
      /** Of those who are to read the views, and where these are to lie. */
      readonly ceiling: Visibility;
      readonly folder: string;
      /** Tells what it applied, for traces. */
      readonly traced: boolean;
    }
  | { readonly kind: 'rebuild' }
  /** These keys were destroyed. */
  | { readonly kind: 'refold'; readonly keyIds: readonly string[] }
  | { readonly kind: 'skip'; readonly event: string }
  | { readonly kind: 'close' };
export type FromViewsThread =
  | ViewsMessage
  | { readonly kind: 'started' }
  /** Health has said so before. */
  | { readonly kind: 'rebuilding' }
  /** To each `refold`, in their order: whether it was done. */
  | { readonly kind: 'refolded'; readonly done: boolean }
  /** To each `skip`, in their order. */
  | { readonly kind: 'skipped'; readonly outcome: Result<void, Refusal> }
  | { readonly kind: 'applied'; readonly applied: AppliedEvents };

/** Folds from `begin` to `close`. A failure to begin ends the thread with its error. */
export function awaitBeginning(): void {
  const port = parentPort;
  if (port === null) throw new Error('This runs in a worker.');
  const post = (message: FromViewsThread): void => {
    port.postMessage(message);
  };
  let running: Promise<Running> | undefined;
  port.on('message', (message: ToViewsThread) => {
    if (message.kind === 'begin') {
      running = begin(message, post);
      keepCompiled();
      return;
    }
    void (async () => {
      const views = await running;
      if (message.kind === 'rebuild') {
        views?.rebuild();
        post({ kind: 'rebuilding' });
      } else if (message.kind === 'refold') {
        post({ kind: 'refolded', done: (await views?.refold(message.keyIds)) ?? false });
      } else if (message.kind === 'skip') {
        if (views !== undefined) post({ kind: 'skipped', outcome: views.skip(message.event) });
      } else {
        await views?.close();
        port.close();
      }
    })();
  });
}

interface Running extends Pick<Views, 'rebuild' | 'skip' | 'close'> {
  refold(keyIds: readonly string[]): Promise<boolean>;
}

/** Starts folding. */
async function begin(
  { settings, ceiling, folder, traced }: Extract<ToViewsThread, { kind: 'begin' }>,
  post: (message: FromViewsThread) => void,
): Promise<Running> {
  const eventStore = await openLog(settings, { mode: 'read', randomness });
  const keyStore = await openKeyStore(settings, { mode: 'read', randomness });
  const opening = openingOf(eventStore, keyStore);
  const views = runViews({
    eventStore,
    keyStore: opening,
    folder,
    ceiling,
    fourEyes: settings.fourEyes ?? false,
    clock: { now: () => new Date() },
    post,
    build: buildElsewhere(settings),
    ...(traced && { applying: tellApplied(post) }),
  });
  post({ kind: 'started' });
  return {
    rebuild: () => {
      views.rebuild();
    },
    refold: (keyIds) => {
      keyStore.forget(keyIds);
      opening.forget();
      return views.refold();
    },
    skip: (event) => views.skip(event),
    close: async () => {
      await views.close();
      await eventStore.close();
      await keyStore.close();
    },
  };
}

/** Tells which events were applied when, once they are to be seen. */
function tellApplied(post: (message: FromViewsThread) => void): NonNullable<ViewsOptions['applying']> {
  return (events) => {
    const from = Date.now();
    return () => {
      const applied = events.map(({ id, metadata }) => ({ id, correlationId: correlationOf(metadata) }));
      post({ kind: 'applied', applied: { events: applied, from, to: Date.now() } });
    };
  };
}

function correlationOf(metadata: string): string {
  return /"correlationId":"([^"]+)"/.exec(metadata)?.[1] ?? '';
}
