/**
 * Lets appends through to the client no faster than they leave for the network. What the client cannot write at once it queues;
 * if the connection breaks meanwhile, it rejects what is queued where nobody hears it, which ends the process. So none is
 * handed over while an earlier one still waits to be written.
 */
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';

/** What is used of the client's inside; the package's version is exact. */
interface Inside {
  /** What the server can do; asked before the first append on a connection, and all appends wait for the answer. */
  readonly capabilities: Promise<unknown>;
  /** The calls under way. Of a client that only appends: its one stream of appends. */
  readonly disposableStreams: ReadonlySet<Duplex>;
}

/** Where the client of the moment comes from. */
export interface Appending {
  readonly client: EventStoreDBClient;
  settled(): Promise<EventStoreDBClient>;
  failed(client: EventStoreDBClient, error: unknown): void;
}

/** The client's stream takes 16 before it wants to be waited for. */
const AT_ONCE = 8;

const LOOK_EVERY_MS = 1;

export class SendingGate {
  #queue: Promise<unknown> = Promise.resolve();
  /** Handed over since it was last seen that all had been written. */
  #handedOver = 0;
  /** Waiting here, or handed over and not settled. */
  #underWay = 0;

  /**
   * Resolves with the client when the next append may be handed over to it. In order.
   *
   * @throws what the client throws when it finds no node, cannot connect, or cannot learn what the server can do
   */
  pass(connected: Appending): Promise<EventStoreDBClient> {
    // What is settled was written.
    if (this.#underWay++ === 0) this.#handedOver = 0;
    const passed = this.#queue.then(() => this.#wait(connected));
    this.#queue = passed.catch(() => undefined);
    return passed;
  }

  /** To be called once for each that passed, or failed to, when it is settled. */
  left(): void {
    this.#underWay--;
  }

  async #wait(connected: Appending): Promise<EventStoreDBClient> {
    if (this.#handedOver >= AT_ONCE) {
      // What was handed over gets its turn to be written.
      await nextTurn();
      for (const stream of inside(connected.client).disposableStreams) await written(stream);
      this.#handedOver = 0;
    }
    this.#handedOver++;
    const client = await connected.settled();
    try {
      await inside(client).capabilities;
    } catch (error) {
      connected.failed(client, error);
      throw error;
    }
    return client;
  }
}

function inside(client: EventStoreDBClient): Inside {
  return client as unknown as Inside;
}

/** Resolves when all was written, or never will be. */
async function written(stream: Duplex): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearInterval(timer);
      stream.off('error', end).off('close', end).off('end', end);
      resolve();
    };
    const timer = setInterval(() => {
      if (stream.destroyed || stream.writableLength === 0) end();
    }, LOOK_EVERY_MS);
    stream.on('error', end).on('close', end).on('end', end);
  });
}
