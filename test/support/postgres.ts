/** A PostgreSQL to try the shared key store on: one that runs inside of this process, and the real one of HABEAS_TEST_POSTGRES. */
import { setTimeout as delay } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { namedServer } from './named-server.js';

/** PostgreSQL itself, built for WebAssembly, behind a real socket. It serves one statement at a time, and keeps nothing. */
export interface EmbeddedPostgres {
  readonly connectionString: string;
  /** No connection is accepted any more, and all are broken. */
  pause(): Promise<void>;
  /** Listens again where it did, with what it held. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * All connections share one session there, and the socket server keeps them apart in transactions alone: in between, one's statement
 * could be run with another's parameters. So what belongs together, up to its Sync, counts as a transaction.
 */
function keepApart(db: PGlite): void {
  const ENDS = new Set(['S', 'Q', 'X', '\0'].map((letter) => letter.charCodeAt(0)));
  const execute = db.execProtocolRawStream.bind(db);
  const isInTransaction = db.isInTransaction.bind(db);
  let goesOn = false;
  db.execProtocolRawStream = (message, options) => {
    goesOn = !ENDS.has(message[0] ?? 0);
    return execute(message, options);
  };
  db.isInTransaction = () => goesOn || isInTransaction();
}

export async function startPostgres(): Promise<EmbeddedPostgres> {
  const db = await PGlite.create();
  keepApart(db);
  const listen = async (port: number): Promise<PGLiteSocketServer> => {
    const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 100 });
    await server.start();
    return server;
  };
  let server: PGLiteSocketServer | undefined = await listen(0);
  const address = server.getServerConn();
  const pause = async (): Promise<void> => {
    await server?.stop();
    server = undefined;
  };
  return {
    connectionString: `postgres://postgres:postgres@${address}/postgres?sslmode=disable`,
    pause,
    resume: async () => {
      server ??= await listen(Number(address.split(':').at(-1)));
    },
    stop: async () => {
      await pause();
      await db.close();
    },
  };
}

/** The connection string in HABEAS_TEST_POSTGRES; undefined if it is unset, which is then said, with what was not tried. */
export function realPostgres(what: string): string | undefined {
  return namedServer('PostgreSQL', 'HABEAS_TEST_POSTGRES', what);
}

/** The same database, with this schema for the keys. */
export function withSchema(connectionString: string, schema: string): string {
  const url = new URL(connectionString);
  url.searchParams.set('schema', schema);
  return url.href;
}

/** What is tried until it succeeds, for at most twenty seconds. */
export async function eventually<Result>(attempt: () => Promise<Result>): Promise<Result> {
  const until = performance.now() + 20_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > until) throw error;
      await delay(50);
    }
  }
}
