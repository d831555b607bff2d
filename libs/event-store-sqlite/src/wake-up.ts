/**
 * How subscriptions hear of commits: within this process over a channel named after the log's real path, whichever thread
 * they live in; from other processes by looking now and then, which costs some microseconds.
 */
import { realpathSync } from 'node:fs';
import { BroadcastChannel } from 'node:worker_threads';

/** How long a commit of another process may stay unnoticed, in milliseconds. */
const POLL_INTERVAL = 250;

function channelOf(file: string): BroadcastChannel {
  return new BroadcastChannel(`habeas-log:${realpathSync(file)}`);
}

/** The writer's side. */
export class Announcer {
  readonly #channel: BroadcastChannel;

  constructor(file: string) {
    this.#channel = channelOf(file);
    this.#channel.unref();
  }

  announce(): void {
    this.#channel.postMessage(0);
  }

  close(): void {
    this.#channel.close();
  }
}

/** The listeners' side: wakes whoever waits whenever there may be something new. Wakes may come for nothing. */
export class Waker {
  readonly #channel: BroadcastChannel;
  readonly #sleepers = new Set<() => void>();
  #poll: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#channel = channelOf(file);
    this.#channel.unref();
    this.#channel.onmessage = () => {
      this.wakeAll();
    };
  }

  /**
   * Resolves at the next sign of something new. Must be called in the same turn as the look that found nothing: a sign that
   * comes after that look then comes after this call.
   */
  sleep(): Promise<void> {
    this.#poll ??= setTimeout(() => {
      this.wakeAll();
    }, POLL_INTERVAL);
    return new Promise((resolve) => this.#sleepers.add(resolve));
  }

  wakeAll(): void {
    clearTimeout(this.#poll);
    this.#poll = undefined;
    const sleepers = [...this.#sleepers];
    this.#sleepers.clear();
    for (const wake of sleepers) wake();
  }

  close(): void {
    this.#channel.close();
    this.wakeAll();
  }
}
