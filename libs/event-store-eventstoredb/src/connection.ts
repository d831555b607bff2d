/**
 * The clients of this process (of this thread, as each thread loads the package anew). There are two: one only appends, one
 * only reads. The client keeps the appends that wait for an answer in one place for the whole process, and gives all of them up
 * whenever any stream of appends breaks; and it changes its connection whenever any call fails. Apart, what happens to a
 * reading or a subscription never costs an append its answer, and there is one stream of appends at a time.
 */
import { EventStoreDBClient } from '@eventstore/db-client';
import { EventStoreError } from '#event-store';
import { checkConnectionString, ConnectionStringError } from './connection-string.js';
import { within } from './deadline.js';
import { codeOf, UNAVAILABLE } from './esdb-errors.js';
import { SendingGate } from './sending-gate.js';

/** What is used of the client's inside; the package's version is exact. */
interface Inside {
  handleError: (client: unknown, error: Error) => Promise<void>;
}

const DISPOSE_MS = 200;

function connect(connectionString: string): EventStoreDBClient {
  let client: EventStoreDBClient;
  try {
    client = EventStoreDBClient.connectionString(connectionString);
  } catch (error) {
    throw new ConnectionStringError(why(error));
  }
  // After a failure it waits for its next connection before it looks whether that is still the failed one; when there is
  // none to be had, that wait fails where nobody hears it, which ends the process.
  const inside = client as unknown as Inside;
  const handleError = inside.handleError;
  inside.handleError = (...parameters) => handleError(...parameters).catch(() => undefined);
  return client;
}

/** The client's errors quote the connection string, save those about files. */
function why(error: unknown): string {
  const { location, message = '' } = error as { location?: readonly number[]; message?: string };
  if (Array.isArray(location)) return `It cannot be understood from character ${Number(location[0]) + 1} on.`;
  return /certificate|userKeyFile|keepAlive|deadline/i.test(message) ? message : 'It cannot be used.';
}

/** A client that can be replaced. */
export class Connected {
  readonly #connectionString: string;
  #client: EventStoreDBClient;
  /** Settles when the last client that was replaced has let go of its calls. */
  #gone: Promise<void> = Promise.resolve();

  constructor(connectionString: string) {
    this.#connectionString = connectionString;
    this.#client = connect(connectionString);
  }

  get client(): EventStoreDBClient {
    return this.#client;
  }

  /** The client, once nothing of an earlier one can break what is done with it. */
  async settled(): Promise<EventStoreDBClient> {
    await this.#gone;
    return this.#client;
  }

  /** Lets go of a client that will not work again by itself; nothing if that was done already. */
  replace(broken: EventStoreDBClient): void {
    if (this.#client !== broken) return;
    this.#client = connect(this.#connectionString);
    this.#gone = dispose(broken);
  }

  /** To be told when the client could not learn what the server can do. That it keeps, unless the connection was lost. */
  failed(client: EventStoreDBClient, error: unknown): void {
    if (codeOf(error) !== UNAVAILABLE) this.replace(client);
  }

  dispose(): Promise<void> {
    return dispose(this.#client);
  }
}

async function dispose(client: EventStoreDBClient): Promise<void> {
  await within(DISPOSE_MS, client.dispose()).catch(() => undefined);
}

export class Connection {
  readonly connectionString: string;
  readonly appending: Connected;
  readonly reading: Connected;
  readonly gate = new SendingGate();
  #users = 0;

  private constructor(connectionString: string) {
    this.connectionString = connectionString;
    this.appending = new Connected(connectionString);
    this.reading = new Connected(connectionString);
  }

  static #open: Connection | undefined;

  /**
   * The connection of this process; stores of the same connection string share it.
   *
   * @throws ConnectionStringError
   * @throws EventStoreError `in-use`: a store of another connection string is open in this process
   */
  static take(connectionString: string): Connection {
    checkConnectionString(connectionString);
    const open = (this.#open ??= new Connection(connectionString));
    if (open.connectionString !== connectionString) {
      throw new EventStoreError(
        'in-use',
        'Another EventStoreDB is in use in this process, and the client cannot keep two apart. Use another process or thread.',
      );
    }
    open.#users++;
    return open;
  }

  async release(): Promise<void> {
    if (--this.#users > 0) return;
    if (Connection.#open === this) Connection.#open = undefined;
    await Promise.all([this.appending.dispose(), this.reading.dispose()]);
  }
}
