/**
 * When each key was last used, to the hour: so that those that nobody uses any more are found and revoked. It is operational state
 * and no history, one value that the nodes share; each writes it once a minute at most, and only when an hour of some key is a new one.
 */
import { EventStoreError, type OperationalState } from '#event-store';
import type { Clock, Ticker } from '#kernel';

const NAME = 'key-uses';
const HOUR_MS = 3_600_000;
const SAVE_EVERY_MS = 60_000;
/** How often a value is written that other nodes write at the same time, until it waits for the next minute. */
const TRIES = 5;
/** Keys of which it is kept: those used last. More would not go into one value. */
const MOST_KEYS = 8_000;

export interface LastUsesOptions {
  readonly state: OperationalState;
  readonly clock: Clock;
  readonly ticker: Ticker;
}

/** By the id of a key, the hour of its last use, counted from 1970. */
type Hours = Readonly<Record<string, number>>;

export class LastUses {
  readonly #options: LastUsesOptions;
  /** Of this node, since it started. */
  readonly #used = new Map<string, number>();
  readonly #closing = new AbortController();
  readonly #saving: Promise<void>;
  #isNew = false;

  constructor(options: LastUsesOptions) {
    this.#options = options;
    this.#saving = this.#saveWhileOpen();
  }

  /** To be called at each use: it only looks at the clock. */
  note(id: string): void {
    const hour = Math.floor(this.#options.clock.now().getTime() / HOUR_MS);
    if ((this.#used.get(id) ?? 0) >= hour) return;
    this.#used.set(id, hour);
    this.#isNew = true;
  }

  /**
   * The beginning of the hour in which a key was last used, on any node, as an instant in UTC; what other nodes know is some minutes
   * old. Keys that were never used are missing.
   * @throws EventStoreError
   */
  async read(): Promise<ReadonlyMap<string, string>> {
    const { hours } = await this.#shared();
    const all = Object.entries(this.#merged(hours));
    return new Map(all.map(([id, hour]) => [id, new Date(hour * HOUR_MS).toISOString()]));
  }

  /** Writes what is new. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#saving;
  }

  async #saveWhileOpen(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#options.ticker.sleep(SAVE_EVERY_MS, signal);
      // What cannot be written now is written later, or not at all: nothing is decided by it.
      await this.#save().catch(() => undefined);
    }
  }

  /** @throws EventStoreError */
  async #save(): Promise<void> {
    for (let attempt = 0; attempt < TRIES && this.#isNew; attempt++) {
      const { hours, revision } = await this.#shared();
      this.#isNew = false;
      try {
        await this.#options.state.write(NAME, JSON.stringify(latest(this.#merged(hours))), revision);
      } catch (error) {
        this.#isNew = true;
        if (!(error instanceof EventStoreError) || error.code !== 'wrong-expected-revision') throw error;
      }
    }
  }

  async #shared(): Promise<{ readonly hours: Hours; readonly revision: number | 'no-stream' }> {
    const there = await this.#options.state.read(NAME);
    return there === undefined
      ? { hours: {}, revision: 'no-stream' }
      : { hours: JSON.parse(there.value) as Hours, revision: there.revision };
  }

  #merged(shared: Hours): Hours {
    const merged: Record<string, number> = { ...shared };
    for (const [id, hour] of this.#used) merged[id] = Math.max(hour, merged[id] ?? 0);
    return merged;
  }
}

function latest(hours: Hours): Hours {
  const entries = Object.entries(hours);
  if (entries.length <= MOST_KEYS) return hours;
  return Object.fromEntries(entries.sort(([, a], [, b]) => b - a).slice(0, MOST_KEYS));
}
