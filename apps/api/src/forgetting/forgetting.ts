/**
 * What this node does about keys that an erasure condemned: it destroys them (once more, where a key store was restored), lets go of all
 * that they opened, in memory and in files, and reports it.
 *
 * What lies in files are views. A file that was begun before holds words that were erased, in rows, indices, free pages and the
 * journal beside it; so all are folded into new files, and the old ones deleted. A node that was down deletes its views before it
 * serves anybody, and folds them anew.
 */
import type { CondemnedKeys, ErasureDirectory, Nodes } from '#access';
import type { SubjectEraser } from '#command-handling';
import type { Refusal, Result, Ticker } from '#kernel';
import type { KeyStore } from '#log-format';
import type { NodeFile } from './node-file.js';

/** The views of this node, of all ceilings. */
export interface ForgettingViews {
  /** The event at which any of them stand. */
  readonly standsAt: string | undefined;
  /** Resolves when none holds anything that these keys opened. Refusal: `views-not-ready`. Never rejects. */
  refold(keyIds: readonly string[]): Promise<Result<void, Refusal>>;
}

export interface ForgettingOptions {
  readonly file: NodeFile;
  readonly nodes: Pick<Nodes, 'stopsAt'>;
  readonly keys: Pick<KeyStore, 'find' | 'destroy' | 'forget'>;
  readonly erasures: Pick<ErasureDirectory, 'get' | 'condemned' | 'onCondemned' | 'report'>;
  readonly ticker: Ticker;
  /** Of a node that does not serve yet. @throws where one cannot be deleted */
  readonly deleteViews: () => void;
  /** A line for whoever runs the server. */
  readonly report: (line: string) => void;
}

/** What holds what was opened, once there is something to ask. */
export interface Held {
  readonly views: ForgettingViews;
  readonly eraser: Pick<SubjectEraser, 'forget'>;
}

/** Milliseconds in which what is condemned one after the other is forgotten together. */
const GATHER_MS = 200;
/** Milliseconds between two looks at how it goes; and until what failed is tried again, doubled each time up to the most. */
const AGAIN_MS = 1_000;
const AGAIN_MOST_MS = 60_000;
/** Keys looked for in one go. */
const AT_ONCE = 500;

export class Forgetting {
  readonly #closing = new AbortController();
  #woken = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** Of all that was condemned, in its order: how many of them are destroyed. */
  #destroyed = 0;
  /** One after the other. */
  #failures = 0;

  /**
   * Forgets what was condemned while this node was down, before anything is served.
   * @throws KeyStoreError
   */
  static async begin(options: ForgettingOptions): Promise<Forgetting> {
    const forgetting = new Forgetting(options);
    await forgetting.#begin();
    return forgetting;
  }

  private constructor(private readonly options: ForgettingOptions) {}

  /** Forgets from now on what is condemned. */
  follow(held: Held): void {
    this.#running = this.#run(held);
  }

  /** What is not done by then, the next start does. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#woken.abort();
    await this.#running;
  }

  async #begin(): Promise<void> {
    const { erasures, file, keys, deleteViews } = this.options;
    erasures.onCondemned(() => {
      this.#woken.abort();
    });
    const condemned = erasures.condemned();
    const keyIds = keysOf(condemned);
    for (let from = 0; from < keyIds.length; from += AT_ONCE) {
      const found = await keys.find(keyIds.slice(from, from + AT_ONCE));
      if (found.size > 0) await keys.destroy(found.keys());
    }
    keys.forget(keyIds);
    this.#destroyed = condemned.length;
    const due = condemned.filter((one) => !file.hasForgotten(one));
    if (due.length === 0) return;
    deleteViews();
    file.forgot(due);
  }

  async #run(held: Held): Promise<void> {
    while (!this.#isClosing) {
      this.#woken = new AbortController();
      try {
        const due = this.#due();
        if (due.length > 0) await this.#forget(due, held);
        await this.#report();
        this.#failures = 0;
        if (this.#due().length === 0) await this.#nap(Infinity);
        await this.#pause(GATHER_MS);
      } catch (error) {
        this.#failed(error);
        await this.#pause(Math.min(AGAIN_MS * 2 ** (this.#failures - 1), AGAIN_MOST_MS));
      }
    }
  }

  async #forget(due: readonly CondemnedKeys[], { views, eraser }: Held): Promise<void> {
    const { nodes, file, report } = this.options;
    const streams = due.map(({ stream }) => stream);
    await this.#destroy(eraser);
    const refolding: { outcome?: Result<void, Refusal> } = {};
    void views.refold(keysOf(due)).then((outcome) => {
      refolding.outcome = outcome;
      this.#woken.abort();
    });
    let told: string | undefined;
    while (refolding.outcome === undefined) {
      await this.#nap(AGAIN_MS);
      if (this.#isClosing) return;
      // What is condemned meanwhile is destroyed at once, however long it takes until the views are folded.
      this.#woken = new AbortController();
      await this.#destroy(eraser);
      const { standsAt } = views;
      nodes.stopsAt(standsAt);
      if (standsAt !== undefined && standsAt !== told)
        report(
          `Views that stand at event ${standsAt} cannot be built anew, so what was erased is still in their files. Skip it.`,
        );
      told = standsAt;
    }
    nodes.stopsAt(undefined);
    if (!refolding.outcome.ok) throw new Error(refolding.outcome.error.detail);
    // Once more: what was being read when the keys were destroyed has come to an end by now.
    eraser.forget(streams);
    file.forgot(due);
  }

  /** Destroys what was condemned since, and lets go of it in this thread. */
  async #destroy(eraser: Held['eraser']): Promise<void> {
    const { erasures, keys } = this.options;
    const condemned = erasures.condemned();
    const since = condemned.slice(this.#destroyed);
    if (since.length === 0) return;
    await keys.destroy(keysOf(since));
    eraser.forget(since.map(({ stream }) => stream));
    this.#destroyed = condemned.length;
  }

  /** Says in the log what it has not said there yet. */
  async #report(): Promise<void> {
    const { erasures, file } = this.options;
    const last = new Map<string, number>();
    for (const one of erasures.condemned()) if (file.hasForgotten(one)) last.set(one.erasure, one.at);
    for (const [id, at] of last) {
      const erasure = erasures.get(id);
      const isSaid = (erasure?.reports.get(file.id) ?? -1) >= at;
      // A node that was not there then is missed by nobody.
      if (isSaid || (file.isNew && erasure?.certificate !== undefined)) continue;
      await erasures.report(file.id, id, at);
    }
  }

  #due(): readonly CondemnedKeys[] {
    const { erasures, file } = this.options;
    return erasures.condemned().filter((one) => !file.hasForgotten(one));
  }

  #failed(error: unknown): void {
    // A folding that fails costs as much as one that does not.
    if (this.#failures++ > 0 || this.#isClosing) return;
    const why = error instanceof Error ? error.message : 'for a reason unknown';
    this.options.report(`What was erased could not be forgotten yet, and is tried again: ${why}`);
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Waits until there is something to look at. */
  async #nap(milliseconds: number): Promise<void> {
    const { signal } = this.#woken;
    if (milliseconds !== Infinity) await this.options.ticker.sleep(milliseconds, signal);
    else if (!signal.aborted)
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          resolve();
        });
      });
  }

  #pause(milliseconds: number): Promise<void> {
    return this.options.ticker.sleep(milliseconds, this.#closing.signal);
  }
}

function keysOf(condemned: readonly CondemnedKeys[]): readonly string[] {
  return condemned.flatMap(({ keys }) => keys);
}
