/** The tables of the key store, and how they are looked at before anything touches them. The same rows as in keys.db. */
import type { Randomness } from '#kernel';
import { KeyStoreError } from '../key-store-error.js';
import { makeCheck } from '../wrapping.js';
import type { Client } from './database.js';

const FORMAT_VERSION = 1;

/** "Habk": whoever looks for the tables or makes them holds this lock until the end of the transaction. */
const LOCK = 0x4861626b;

/** Begins the transaction in which one opening looks for the tables and makes them; others wait. */
export async function lockSchema(client: Client): Promise<void> {
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
}

/** @throws KeyStoreError `foreign`: there is something else, or what a newer version made */
export async function inspectSchema(client: Client, schema: string, place: string): Promise<'absent' | 'ours'> {
  const foreign = (why: string): KeyStoreError =>
    new KeyStoreError(
      'foreign',
      `The ${place} is not one that this version of Habeas can use: ${why}. It was left as it is; another schema can be named by ?schema= in the connection string.`,
    );
  const columns = await client.query<{ table_name: string; columns: string }>(
    `SELECT c.relname AS table_name, string_agg(a.attname, ' ' ORDER BY a.attname) AS columns
       FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE n.nspname = $1 AND c.relname IN ('keys', 'key_store') GROUP BY c.relname`,
    [schema],
  );
  const found = new Map(columns.rows.map((row) => [row.table_name, row.columns]));
  if (found.size === 0) return 'absent';
  if (found.get('key_store') !== 'format') throw foreign('its tables are another program’s');
  const format = (await client.query<{ format: number }>(`SELECT format FROM "${schema}".key_store`)).rows[0]?.format;
  if (format === undefined) throw foreign('it does not say its format');
  if (format > FORMAT_VERSION) throw foreign(`it was written by a newer version (format ${format})`);
  if (found.get('keys') !== 'key_id kind name wrapped') throw foreign('its table of keys is another one');
  return 'ours';
}

/** In the transaction of `lockSchema`. The schema itself may be there already, made for a user that may not make one. */
export async function createSchema(
  client: Client,
  schema: string,
  master: Uint8Array,
  randomness: Randomness,
): Promise<void> {
  const there = await client.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  if (there.rowCount === 0) await client.query(`CREATE SCHEMA "${schema}"`);
  await client.query(`CREATE TABLE "${schema}".key_store (format integer NOT NULL)`);
  await client.query(`
    CREATE TABLE "${schema}".keys (
      kind text COLLATE "C" NOT NULL CHECK (kind IN ('check', 'stream', 'secret')),
      name text COLLATE "C" NOT NULL,
      key_id text COLLATE "C" NOT NULL UNIQUE,
      wrapped bytea NOT NULL,
      PRIMARY KEY (kind, name)
    )`);
  const { kind, name, keyId, wrapped } = makeCheck(master, randomness);
  await client.query(`INSERT INTO "${schema}".key_store (format) VALUES ($1)`, [FORMAT_VERSION]);
  await client.query(`INSERT INTO "${schema}".keys (kind, name, key_id, wrapped) VALUES ($1, $2, $3, $4)`, [
    kind,
    name,
    keyId,
    Buffer.from(wrapped),
  ]);
}

/** The row that tells whether a master key fits. @throws KeyStoreError `corrupt` */
export async function readCheck(client: Client, schema: string, place: string): Promise<Buffer> {
  const { rows } = await client.query<{ wrapped: Buffer }>(`SELECT wrapped FROM "${schema}".keys WHERE kind = 'check'`);
  if (rows[0] === undefined) {
    throw new KeyStoreError(
      'corrupt',
      `The ${place} is damaged: the row that tells whether a master key fits is missing. Restore it from a backup.`,
    );
  }
  return rows[0].wrapped;
}

/** @throws KeyStoreError `read-only` */
export async function checkRights(client: Client, schema: string, place: string): Promise<void> {
  const table = `"${schema}".keys`;
  const { rows } = await client.query<{ standby: boolean; allowed: boolean }>(
    `SELECT pg_is_in_recovery() AS standby,
            has_table_privilege($1, 'SELECT') AND has_table_privilege($1, 'INSERT') AS allowed`,
    [table],
  );
  const why =
    rows[0]?.standby === true
      ? 'the server is a standby; connect to the primary'
      : rows[0]?.allowed === true
        ? undefined
        : 'the user may not insert into it';
  if (why !== undefined) throw new KeyStoreError('read-only', `The ${place} cannot be written: ${why}.`);
}
