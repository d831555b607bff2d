/**
 * Few connections to one PostgreSQL, kept and made anew by themselves. What fails because the server is away is tried
 * again, less and less often, within a patience; once that was in vain, everybody is refused at once until it is time for
 * the next try, so that nobody queues up behind a server that is down.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Pool, type PoolClient } from 'pg';
import type { Randomness } from '#kernel';
import { KeyStoreError } from '../key-store-error.js';
import { malformed } from './connection-string.js';
import { fromPostgres, isPassing } from './errors.js';

export type Client = Pick<PoolClient, 'query'>;

/** All in milliseconds. */
const PATIENCE = 4_000;
const CONNECT_WITHIN = 2_000;
const ANSWER_WITHIN = 4_000;
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;
const CLOSE_WITHIN = 2_000;

const CONNECTIONS = 4;

export class Database {
  readonly #pool: Pool;
  /** Of tries in a row that failed because the server was away. */
  #failures = 0;
  #nextTry = 0;
  #lastFailure: KeyStoreError | undefined;
  /** Patience was in vain since the last success. */
  #down = false;
  #closed = false;

  /**
   * @param place for messages: "The <place> …"
   * @throws KeyStoreError `malformed-connection-string`
   */
  constructor(
    connectionString: string,
    private readonly place: string,
    private readonly randomness: Randomness,
  ) {
    try {
      this.#pool = new Pool({
        connectionString,
        max: CONNECTIONS,
        connectionTimeoutMillis: CONNECT_WITHIN,
        query_timeout: ANSWER_WITHIN,
        keepAlive: true,
        // Only what somebody waits for keeps the process alive.
        allowExitOnIdle: true,
        application_name: 'habeas',
        // What was committed while a statement waited for a lock is to be seen by it, whatever the server is set to otherwise.
        // The driver awaits it, though its types do not say so.
        // eslint-disable-next-line @typescript-eslint/no-misused-promises
        onConnect: async (client) => {
          await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED');
        },
      });
    } catch {
      throw malformed('The database driver does not understand it.');
    }
    // A connection that breaks while nobody uses it is made anew by whoever needs it next. One that is in use says so also
    // by an event, which would end the process if nobody heard it.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /**
   * Runs what may be run again: reading, or writing that changes nothing the second time.
   * @param doing what could not be done, for messages: "could not be read"
   * @throws KeyStoreError
   */
  async run<Result>(doing: string, work: (client: Client) => Promise<Result>): Promise<Result> {
    const started = performance.now();
    const until = this.#down ? started : started + PATIENCE;
    for (;;) {
      if (this.#closed) throw new KeyStoreError('closed', 'The key store was closed.');
      await this.#waitForTry(until);
      const tried = performance.now();
      try {
        const result = await this.#once(work);
        this.#failures = 0;
        this.#down = false;
        return result;
      } catch (error) {
        const failure = fromPostgres(error, `The ${this.place} ${doing}`);
        if (!isPassing(error)) throw failure;
        this.#failed(failure, tried);
        if (this.#nextTry > until) {
          this.#down = true;
          throw failure;
        }
      }
    }
  }

  /** Waits for what is under way, but not for ever for a server that does not answer. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const giveUp = new AbortController();
    await Promise.race([
      this.#pool.end().catch(() => undefined),
      delay(CLOSE_WITHIN, undefined, { signal: giveUp.signal }).catch(() => undefined),
    ]);
    giveUp.abort();
  }

  async #once<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    let failed = true;
    try {
      const result = await work(client);
      failed = false;
      return result;
    } finally {
      // After a failure nobody knows what the connection is in the middle of: closed, it undoes that by itself.
      client.release(failed);
    }
  }

  async #waitForTry(until: number): Promise<void> {
    const now = performance.now();
    if (this.#failures === 0 || now >= this.#nextTry) return;
    if (this.#nextTry > until && this.#lastFailure !== undefined) throw this.#lastFailure;
    await delay(this.#nextTry - now);
  }

  /** @param tried when: what others found out meanwhile counts once */
  #failed(failure: KeyStoreError, tried: number): void {
    this.#lastFailure = failure;
    if (this.#failures > 0 && tried < this.#nextTry) return;
    const most = Math.min(FIRST_PAUSE * 2 ** this.#failures, LONGEST_PAUSE);
    this.#failures++;
    // Between a half and the whole, so that nodes do not come back all at once.
    this.#nextTry = performance.now() + most * (0.5 + (this.randomness.bytes(1)[0] ?? 0) / 510);
  }
}
