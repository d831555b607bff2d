/**
 * The key store that several nodes share: two tables in a PostgreSQL, with keys wrapped as in keys.db, by a master key
 * that every node has.
 *
 * A key that is made by several nodes at once is the one that PostgreSQL took first. What is handed out is committed, also
 * where the server is set to commit asynchronously.
 *
 * Nodes do not hear that the master key was replaced. So the row that tells whether a master key fits guards every insertion: a
 * node that still has the one before makes no key that nobody else could open.
 */
import type { KeyIds, KeyRows, OpenedKeys, RowPlace, WrappedAnew } from '../key-rows.js';
import { KeyStoreError, replacedMasterKey } from '../key-store-error.js';
import { type CheckedKeyStore, keyStoreOver, type Trust } from '../key-store.js';
import { dropNext, findMasterKey, type FoundMasterKey, holdingOf, putNextInPlace } from '../master-key.js';
import { forgetLoss, type OpenKeyStore, readOnly, refuseLost } from '../open-key-store.js';
import { CHECK, type KeyPlace, type WrappedKey, type WrappedRow } from '../wrapping.js';
import { Batch } from './batch.js';
import { readConnectionString } from './connection-string.js';
import type { Client, Database } from './database.js';
import { checkRights, createSchema, inspectSchema, lockSchema, readCheck } from './schema.js';

export interface OpenPostgresKeyStore extends OpenKeyStore {
  /** `postgres://…`, with `schema=` for another schema than `habeas`. A secret. */
  readonly connectionString: string;
  /** How long keys in memory count. */
  readonly trust?: Trust;
}

/**
 * A key that another node destroys is let go of after half a minute here; by a node that cannot ask, after ten minutes: a
 * restart of the database takes less.
 */
const TRUST: Trust = { unasked: 30_000, unconfirmed: 600_000 };

/**
 * Opens the key store in a PostgreSQL. The data folder is where a master key lies that is not given.
 * @throws KeyStoreError `malformed-connection-string`, and as openSqliteKeyStore does
 */
export async function openPostgresKeyStore(options: OpenPostgresKeyStore): Promise<CheckedKeyStore> {
  return keyStoreOver(await openPostgresKeys(options), options.randomness, options.trust ?? TRUST);
}

/** The same, for who carries keys from one key store to another. */
export async function openPostgresKeys(options: OpenPostgresKeyStore): Promise<OpenedKeys> {
  const { connectionString, schema } = readConnectionString(options.connectionString);
  const place = `key store in PostgreSQL (schema ${schema})`;
  // The driver is loaded only where it is used.
  const { Database } = await import('./database.js');
  const database = new Database(connectionString, place, options.randomness);
  try {
    const { check, ...keys } = await database.run('could not be opened', (client) =>
      open(client, schema, place, options),
    );
    return { rows: new PostgresKeyRows(place, database, schema, check, options.mode === 'write'), ...keys };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function open(
  client: Client,
  schema: string,
  place: string,
  options: OpenKeyStore,
): Promise<Omit<OpenedKeys, 'rows'> & { readonly check: Buffer }> {
  const { mode, randomness } = options;
  if (mode === 'write') await lockSchema(client);
  const absent = (await inspectSchema(client, schema, place)) === 'absent';
  if (absent && mode === 'read') throw new KeyStoreError('unavailable', `The ${place} is not there.`);
  if (absent) refuseLost(options, place);
  // Made only for a key store that is new, while nobody else can make one: another would open nothing of an old one.
  const found = findMasterKey(options, absent, place);
  if (absent) await createSchema(client, schema, found.key, randomness);
  const check = await readCheck(client, schema, place);
  const master = holdingOf(found, check, place);
  if (mode === 'read') return { check, master, finished: false };
  await checkRights(client, schema, place);
  await client.query('COMMIT');
  if (absent) forgetLoss(options);
  return { check, master, finished: settleReplacement(options, found, master) };
}

/** Ends a replacement of the master key that was interrupted. @returns whether the new one holds */
function settleReplacement({ folder }: OpenKeyStore, found: FoundMasterKey, holding: Uint8Array): boolean {
  if (holding !== found.next || found.file === undefined) {
    dropNext(found, folder);
    return false;
  }
  putNextInPlace(found.file, holding);
  return true;
}

/** As many as one statement takes up. */
const KEYS_AT_ONCE = 1_000;

/** Part of a statement whose commit is not to be asynchronous. */
const DURABLY = `durably AS MATERIALIZED (
  SELECT set_config('synchronous_commit', CASE setting WHEN 'off' THEN 'on' ELSE setting END, true)
    FROM current_setting('synchronous_commit') AS setting)`;

interface Row {
  readonly kind: WrappedKey['kind'];
  readonly name: string;
  readonly key_id: string;
  readonly wrapped: Buffer;
}

class PostgresKeyRows implements KeyRows {
  readonly #obtaining = new Batch<WrappedKey, WrappedKey | undefined>((keys) => this.#obtainAll(keys), KEYS_AT_ONCE);
  readonly #table: string;

  constructor(
    readonly place: string,
    private readonly database: Database,
    schema: string,
    /** The row that tells whether a master key fits, as it was when this was opened. */
    private readonly check: Buffer,
    private readonly writable: boolean,
  ) {
    this.#table = `"${schema}".keys`;
  }

  async obtain(key: WrappedKey): Promise<WrappedKey> {
    const there = await this.#obtaining.ask(key);
    if (there !== undefined) return there;
    if (!this.writable) throw readOnly(this.place);
    throw new KeyStoreError('unavailable', `A key in the ${this.place} was destroyed as it was made; try again.`);
  }

  async at(place: Pick<KeyPlace, 'kind' | 'name'>): Promise<WrappedKey | undefined> {
    return (await this.#at([place])).get(placeOf(place));
  }

  async destroy(what: RowPlace | KeyIds): Promise<void> {
    if (!this.writable) throw readOnly(this.place);
    const [which, parameters] =
      'keyIds' in what
        ? [`kind = 'stream' AND key_id = ANY($1::text[])`, [what.keyIds]]
        : ['kind = $1 AND name = $2', [what.kind, what.name]];
    await this.database.run('could not be written', (client) =>
      client.query(`WITH ${DURABLY} DELETE FROM ${this.#table} USING durably WHERE ${which}`, parameters),
    );
  }

  async find(keyIds: readonly string[]): Promise<readonly WrappedKey[]> {
    const found: WrappedKey[] = [];
    for (let from = 0; from < keyIds.length; from += KEYS_AT_ONCE) {
      const rows = await this.#select(`kind = 'stream' AND key_id = ANY($1::text[])`, [
        keyIds.slice(from, from + KEYS_AT_ONCE),
      ]);
      found.push(...rows);
    }
    return found;
  }

  async *all(): AsyncIterable<readonly WrappedKey[]> {
    let last: RowPlace | typeof FIRST = FIRST;
    for (;;) {
      const page = await this.#select(...pageBehind(last));
      const end = page.at(-1);
      if (end === undefined) return;
      yield page;
      last = end;
    }
  }

  async replaceAll(anew: WrappedAnew): Promise<number> {
    if (!this.writable) throw readOnly(this.place);
    return this.database.run('could not be written', async (client) => {
      await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
      await client.query(`WITH ${DURABLY} SELECT FROM durably`);
      // Who inserts or deletes meanwhile waits, and then finds another row there that guards.
      await client.query(`LOCK TABLE ${this.#table} IN EXCLUSIVE MODE`);
      const check = await this.#check(client);
      // Tried again, as nobody heard that the first try was committed.
      const done = check?.equals(anew.check) === true;
      if (!done && check?.equals(this.check) !== true) throw replacedMasterKey(this.place);
      let count = 0;
      let last: RowPlace | typeof FIRST | undefined = FIRST;
      while (last !== undefined) {
        const page = await this.#selectBy(client, ...pageBehind(last));
        if (!done)
          await this.#update(
            client,
            page.map((key) => anew.row(key)),
          );
        count += page.length;
        last = page.at(-1);
      }
      if (!done) await this.#update(client, [{ ...CHECK, wrapped: anew.check }]);
      await client.query('COMMIT');
      return count;
    });
  }

  async close(): Promise<void> {
    await this.#obtaining.idle();
    await this.database.close();
  }

  async #obtainAll(keys: readonly WrappedKey[]): Promise<readonly (WrappedKey | undefined)[]> {
    const there = await this.#at(keys);
    const missing = keys.filter((key) => !there.has(placeOf(key)));
    if (this.writable && missing.length > 0) {
      for (const key of await this.#insert(missing)) there.set(placeOf(key), key);
      // Another node made these between the two statements; they are committed, or the insertion would have waited.
      const rivals = missing.filter((key) => !there.has(placeOf(key)));
      if (rivals.length > 0) for (const [place, key] of await this.#at(rivals)) there.set(place, key);
      if (there.size < keys.length) await this.#assertNotReplaced();
    }
    return keys.map((key) => there.get(placeOf(key)));
  }

  async #at(keys: readonly Pick<KeyPlace, 'kind' | 'name'>[]): Promise<Map<string, WrappedKey>> {
    const rows = await this.#select('(kind, name) IN (SELECT * FROM unnest($1::text[], $2::text[]))', [
      keys.map(({ kind }) => kind),
      keys.map(({ name }) => name),
    ]);
    return new Map(rows.map((row) => [placeOf(row), row]));
  }

  /** Those that were not there and now are, durably. */
  #insert(keys: readonly WrappedKey[]): Promise<readonly WrappedKey[]> {
    // In one order everywhere: two nodes that make the same keys wait for each other, and never in a circle.
    const ordered = [...keys].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    return this.database.run('could not be written', async (client) => {
      const { rows } = await client.query<Row>(
        `WITH ${DURABLY}
         INSERT INTO ${this.#table} (kind, name, key_id, wrapped)
         SELECT key.* FROM durably, unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) AS key
          WHERE EXISTS (SELECT FROM ${this.#table} WHERE kind = 'check' AND wrapped = $5)
         ON CONFLICT (kind, name) DO NOTHING
         RETURNING kind, name, key_id, wrapped`,
        [
          ordered.map(({ kind }) => kind),
          ordered.map(({ name }) => name),
          ordered.map(({ keyId }) => keyId),
          ordered.map(({ wrapped }) => Buffer.from(wrapped)),
          this.check,
        ],
      );
      return rows.map(asKey);
    });
  }

  /** In a transaction that holds the table. */
  async #update(client: Client, rows: readonly WrappedRow[]): Promise<void> {
    await client.query(
      `UPDATE ${this.#table} AS old SET wrapped = anew.wrapped
         FROM unnest($1::text[], $2::text[], $3::bytea[]) AS anew (kind, name, wrapped)
        WHERE old.kind = anew.kind AND old.name = anew.name`,
      [rows.map(({ kind }) => kind), rows.map(({ name }) => name), rows.map(({ wrapped }) => Buffer.from(wrapped))],
    );
  }

  async #assertNotReplaced(): Promise<void> {
    const check = await this.database.run('could not be read', (client) => this.#check(client));
    if (check?.equals(this.check) !== true) throw replacedMasterKey(this.place);
  }

  async #check(client: Client): Promise<Buffer | undefined> {
    const { rows } = await client.query<Row>(`SELECT wrapped FROM ${this.#table} WHERE kind = 'check'`);
    return rows[0]?.wrapped;
  }

  #select(where: string, parameters: readonly unknown[]): Promise<readonly WrappedKey[]> {
    return this.database.run('could not be read', (client) => this.#selectBy(client, where, parameters));
  }

  async #selectBy(client: Client, where: string, parameters: readonly unknown[]): Promise<readonly WrappedKey[]> {
    const { rows } = await client.query<Row>(`SELECT kind, name, key_id, wrapped FROM ${this.#table} WHERE ${where}`, [
      ...parameters,
    ]);
    return rows.map(asKey);
  }
}

const FIRST = { kind: '', name: '' };

/** What a page is selected by: keys behind this one. */
function pageBehind({ kind, name }: RowPlace | typeof FIRST): [where: string, parameters: readonly unknown[]] {
  return [`kind <> 'check' AND (kind, name) > ($1, $2) ORDER BY kind, name LIMIT ${KEYS_AT_ONCE}`, [kind, name]];
}

function asKey({ kind, name, key_id: keyId, wrapped }: Row): WrappedKey {
  return { kind, name, keyId, wrapped };
}

function placeOf({ kind, name }: Pick<KeyPlace, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}
