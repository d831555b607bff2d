/**
 * Lets appends through to the client no faster than they leave for the network. What the client cannot write at once it queues;
 * if the connection breaks meanwhile, it rejects what is queued where nobody hears it, which ends the process. So none is
 * handed over while an earlier one still waits to be written.
 */
import type { Duplex, Stream } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';

/** What is used of the client's inside; the package's version is exact. */
interface Inside {
  /** The calls under way. Of a client that only appends: its one stream of appends. */
  readonly disposableStreams: ReadonlySet<Stream>;
}

/** The client's stream takes 16 before it wants to be waited for. */
const AT_ONCE = 8;

export class SendingGate {
  #queue: Promise<void> = Promise.resolve();
  /** Handed over since it was last seen that all had been written. */
  #handedOver = 0;

  /** Resolves when the next append may be handed over. In order. */
  pass(client: EventStoreDBClient): Promise<void> {
    const passed = this.#queue.then(() => this.#wait(client));
    this.#queue = passed;
    return passed;
  }

  async #wait(client: EventStoreDBClient): Promise<void> {
    if (this.#handedOver >= AT_ONCE) {
      // What was handed over gets its turn to be written.
      await nextTurn();
      for (const stream of (client as unknown as Inside).disposableStreams) await written(stream as Duplex);
      this.#handedOver = 0;
    }
    this.#handedOver++;
  }
}

/** Resolves when all was written, or never will be. */
async function written(stream: Duplex): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return;
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (!stream.destroyed && stream.writableLength > 0 && !over) return;
      clearInterval(timer);
      stream.off('error', end).off('close', end).off('end', end);
      resolve();
    };
    let over = false;
    const end = (): void => {
      over = true;
      look();
    };
    const timer = setInterval(look, 1);
    stream.on('error', end).on('close', end).on('end', end);
  });
}
