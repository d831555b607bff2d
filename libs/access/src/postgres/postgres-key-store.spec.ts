import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import {
  type EmbeddedPostgres,
  eventually,
  realPostgres,
  startPostgres,
  withSchema,
} from '../../../../test/support/postgres.js';
import { realRandomness as randomness } from '../../../../test/support/real.js';
import { keyStoreContract, type KeyStorePlace } from '../test-support/key-store-contract.js';
import type { CheckedKeyStore } from '../key-store.js';
import { replaceMasterKey } from '../replace-master-key.js';
import { eventuallyIs, masterKeyContract } from '../test-support/master-key-contract.js';
import { type OpenPostgresKeyStore, openPostgresKeyStore } from './postgres-key-store.js';

/** WebAssembly takes its time to begin. */
const BEGIN = 120_000;

let embedded: EmbeddedPostgres;

beforeAll(async () => {
  embedded = await startPostgres();
}, BEGIN);

afterAll(() => embedded.stop());

async function query<Row extends pg.QueryResultRow>(
  server: string,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...parameters])).rows;
  } finally {
    await client.end();
  }
}

function placeOn(server: string): KeyStorePlace & { readonly schema: string; readonly connectionString: string } {
  const folder = mkdtempSync(join(tmpdir(), 'habeas-keys-'));
  const schema = `habeas_test_${randomUUID().replaceAll('-', '')}`;
  const connectionString = withSchema(server, schema);
  const change = async (sql: string, ...parameters: string[]): Promise<void> => {
    await query(server, sql, parameters);
  };
  const lose = () => change(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  return {
    folder,
    schema,
    connectionString,
    openedBy: [connectionString],
    open: (options) => openPostgresKeyStore({ ...options, connectionString }),
    count: async () => {
      const rows = await query<{ n: number }>(
        server,
        `SELECT count(*)::int AS n FROM ${schema}.keys WHERE kind = 'stream'`,
      );
      return rows[0]?.n ?? 0;
    },
    destroy: (keyId) => change(`DELETE FROM ${schema}.keys WHERE key_id = $1`, keyId),
    copyRow: (from, to) =>
      change(
        `UPDATE ${schema}.keys SET wrapped = (SELECT wrapped FROM ${schema}.keys WHERE key_id = $1) WHERE key_id = $2`,
        from,
        to,
      ),
    bytes: async () => {
      const tables = await query<{ name: string }>(
        server,
        'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1',
        [schema],
      );
      const held: Buffer[] = [];
      for (const { name } of tables) {
        held.push(Buffer.from(name));
        for (const row of await query(server, `SELECT * FROM ${schema}.${name} ORDER BY 1`)) {
          for (const value of Object.values(row))
            held.push(Buffer.isBuffer(value) ? value : Buffer.from(String(value)));
        }
      }
      return Buffer.concat(held);
    },
    lose,
    becomeNewer: () => change(`UPDATE ${schema}.key_store SET format = 99`),
    becomeForeign: async () => {
      await change(`CREATE SCHEMA ${schema}`);
      await change(`CREATE TABLE ${schema}.keys (cat text)`);
    },
    remove: async () => {
      await lose();
      rmSync(folder, { recursive: true });
    },
  };
}

describe('the key store in PostgreSQL keeps the contract', () => {
  keyStoreContract(() => Promise.resolve(placeOn(embedded.connectionString)));
  masterKeyContract(() => Promise.resolve(placeOn(embedded.connectionString)));
});

const real = realPostgres('the key store of several nodes');
if (real !== undefined) {
  describe('the key store in PostgreSQL keeps the contract (HABEAS_TEST_POSTGRES)', () => {
    keyStoreContract(() => Promise.resolve(placeOn(real)));
    masterKeyContract(() => Promise.resolve(placeOn(real)));
  });
}

describe('a key store that several nodes share', () => {
  let place: ReturnType<typeof placeOn>;
  const opened: CheckedKeyStore[] = [];

  beforeEach(() => {
    place = placeOn(embedded.connectionString);
  });

  afterEach(async () => {
    await embedded.resume();
    for (const store of opened.splice(0)) await store.close();
    await place.remove();
  });

  async function open(options: Partial<OpenPostgresKeyStore> = {}): Promise<CheckedKeyStore> {
    const { folder, connectionString } = place;
    const store = await openPostgresKeyStore({ folder, connectionString, randomness, mode: 'write', ...options });
    opened.push(store);
    return store;
  }

  test('is made once by nodes that all start at once', async () => {
    const masterKey = 'cd'.repeat(32);
    const nodes = await Promise.all([1, 2, 3].map(() => open({ masterKey })));
    const [a, b, c] = await Promise.all(nodes.map((node) => node.secret('etag')));
    expect(b).toEqual(a);
    expect(c).toEqual(a);
  });

  test('lies beside other tables of the schema, which are left alone', async () => {
    await query(embedded.connectionString, `CREATE SCHEMA ${place.schema}`);
    await query(embedded.connectionString, `CREATE TABLE ${place.schema}.cats (name text)`);
    await (await open()).obtain('s-1');
    expect(await query(embedded.connectionString, `SELECT * FROM ${place.schema}.cats`)).toEqual([]);
  });

  test('a key that another node destroys is let go of when it was not confirmed for long', async () => {
    const store = await open({ trust: { unasked: 0, unconfirmed: 60_000 } });
    const a = await store.obtain('s-1');
    expect((await store.find([a.keyId])).size).toBe(1);
    await place.destroy(a.keyId);
    expect((await store.find([a.keyId])).size).toBe(0);
    expect((await store.obtain('s-1')).keyId).not.toBe(a.keyId);
  });

  test('a node that asks for nothing finds out as well that the master key was replaced', async () => {
    const [old, next] = ['ab'.repeat(32), 'cd'.repeat(32)];
    const store = await open({ masterKey: old, trust: { unasked: 0, unconfirmed: 60_000 } });
    await store.obtain('s-1');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(store.health()).toBe('open');
    const { folder, connectionString } = place;
    await replaceMasterKey({ of: { folder, connectionString, masterKey: old, randomness }, next });
    await eventuallyIs(() => store.health(), 'wrong-master-key');
    await embedded.pause();
    expect(store.health()).toBe('wrong-master-key');
  });

  test('the master key is replaced once, also where the connection breaks as that is committed', async () => {
    const [old, next] = ['ab'.repeat(32), 'cd'.repeat(32)];
    const made = await (await open({ masterKey: old })).obtain('s-1');
    const { folder, connectionString } = place;
    const of = { folder, connectionString, masterKey: old, randomness };
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const query = pg.Client.prototype.query as (...parameters: unknown[]) => Promise<unknown>;
    let breaks = 0;
    let begun = false;
    pg.Client.prototype.query = async function (this: pg.Client, ...parameters: unknown[]) {
      const answer = await query.apply(this, parameters);
      begun ||= String(parameters[0]).startsWith('LOCK TABLE');
      if (begun && parameters[0] === 'COMMIT' && breaks++ === 0) throw new Error('Connection terminated unexpectedly');
      return answer;
    } as typeof pg.Client.prototype.query;
    try {
      expect(await replaceMasterKey({ of, next })).toEqual({ keys: 1 });
    } finally {
      pg.Client.prototype.query = query as typeof pg.Client.prototype.query;
    }
    expect(breaks).toBe(2);
    expect(await (await open({ masterKey: next })).obtain('s-1')).toEqual(made);
  });

  test('while PostgreSQL is away nobody says that the master key was replaced', async () => {
    const store = await open({ trust: { unasked: 0, unconfirmed: 60_000 } });
    await embedded.pause();
    for (let tries = 0; tries < 5; tries++) {
      expect(store.health()).toBe('open');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  describe('while PostgreSQL is away', () => {
    test('known keys go on to be used, new ones are refused, and all is well when it is back', async () => {
      const store = await open({ trust: { unasked: 0, unconfirmed: 60_000 } });
      const known = await store.obtain('s-known');
      await embedded.pause();
      const refused = expect(store.obtain('s-new')).rejects.toMatchObject({ code: 'unavailable' });
      expect(await store.find([known.keyId])).toEqual(new Map([[known.keyId, known]]));
      expect(await store.obtain('s-known')).toEqual(known);
      await expect(store.find([known.keyId, 'unknown'])).rejects.toMatchObject({ code: 'unavailable' });
      await refused;
      await embedded.resume();
      const made = await eventually(() => store.obtain('s-new'));
      expect(await (await open()).obtain('s-new')).toEqual(made);
    });

    test('keys that were not confirmed for too long are not used', async () => {
      const store = await open({ trust: { unasked: 0, unconfirmed: 0 } });
      const known = await store.obtain('s-known');
      await embedded.pause();
      await expect(store.find([known.keyId])).rejects.toMatchObject({ code: 'unavailable' });
    });

    test('a moment of it is waited out', async () => {
      const store = await open();
      await embedded.pause();
      const obtaining = store.obtain('s-1');
      await new Promise((resolve) => setTimeout(resolve, 300));
      await embedded.resume();
      expect((await obtaining).key).toHaveLength(32);
    });

    test('nobody queues up behind it: once it is known to be away, they are refused at once', async () => {
      const store = await open();
      await embedded.pause();
      await store.obtain('s-0').catch(() => undefined);
      const begun = performance.now();
      const refused = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => store.obtain(`s-${n}`)));
      expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
      expect(performance.now() - begun).toBeLessThan(2_000);
    });
  });

  describe('what a connection string cannot be', () => {
    test.each([
      'mysql://u:hush-hush@h/d',
      'postgres://u:hush-hush@[h/d',
      'postgres://u:hush-hush@h/d?schema=pg_catalog',
      'postgres://u:hush-hush@h/d?schema=a"b',
    ])('%s: a clear error that repeats nothing of it', async (connectionString) => {
      const error: unknown = await open({ connectionString }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'malformed-connection-string' });
      expect(JSON.stringify([String(error), error, (error as Error).stack])).not.toContain('hush-hush');
    });

    test('a server that is not there: a clear error that repeats nothing of it', async () => {
      const error: unknown = await open({
        connectionString: 'postgres://somebody:hush-hush@127.0.0.1:9/d?sslmode=disable',
      }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'unavailable' });
      expect(String(error)).toMatch(/does not answer/);
      expect(JSON.stringify([String(error), error, (error as Error).stack])).not.toMatch(/hush-hush|somebody/);
    });

    test('TLS where the server has none: a clear error, at once', async () => {
      const error: unknown = await open({
        connectionString: place.connectionString.replace('sslmode=disable', 'sslmode=verify-full'),
      }).catch((thrown: unknown) => thrown);
      expect(String(error)).toMatch(/TLS/);
    });
  });
});
