/**
 * The key store's file, keys.db: its schema, how it is made, and how it is looked at before anything touches it.
 *
 * It is looked at through an `immutable` connection, which takes no lock and lays no file beside it, and never through
 * Node's own file functions: closing such a descriptor would drop the locks that SQLite holds on the same file.
 */
import { existsSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Randomness } from '#kernel';
import { isNotADatabase, KeyStoreError, replacedMasterKey, toKeyStoreError } from './key-store-error.js';
import type { WrappedAnew } from './key-rows.js';
import { putInPlace } from './master-key.js';
import { makeCheck, type WrappedKey } from './wrapping.js';

/** "Habk": says in the file's header that it is ours. */
const APPLICATION_ID = 0x4861626b;
const FORMAT_VERSION = 1;

const SCHEMA = `
  CREATE TABLE keys (
    kind TEXT NOT NULL CHECK (kind IN ('check', 'stream', 'secret')),
    name TEXT NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT;
`;

/** How long a connection waits for a lock before it gives up, in milliseconds. */
const PATIENCE = 5_000;

/**
 * Looks at the file without touching it.
 * @throws KeyStoreError `foreign`, `corrupt`, `unavailable`
 */
export function inspectKeyFile(file: string): 'absent' | 'ours' {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    if (existsSync(`${file}-wal`)) throw corrupt(file, 'it is gone, though its journal (-wal) is still there');
    return 'absent';
  }
  if (!found.isFile()) throw foreign(file, 'it is not a file');
  if (found.size === 0) throw corrupt(file, 'it is empty');
  const url = pathToFileURL(file);
  url.search = '?immutable=1';
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(url, { readOnly: true });
    if (pragma(db, 'application_id') !== APPLICATION_ID) throw foreign(file, 'it is a database of another program');
    const version = pragma(db, 'user_version');
    if (version > FORMAT_VERSION)
      throw foreign(file, `it was written by a newer version of Habeas (format ${version})`);
    // With a journal, the file alone may be in the middle of a checkpoint, which opening it will finish.
    if (!existsSync(`${file}-wal`)) quickCheck(db, file);
  } catch (error) {
    if (isNotADatabase(error)) throw foreign(file, 'it is not a database');
    throw toKeyStoreError(error, `The key store ${file} could not be looked at`);
  } finally {
    db?.close();
  }
  return 'ours';
}

/** Makes a new, empty key store for this master key, durably; leaves one that is there meanwhile as it is. */
export function createKeyFile(file: string, master: Uint8Array, randomness: Randomness): void {
  const draft = `${file}.${Buffer.from(randomness.bytes(8)).toString('hex')}`;
  try {
    const db = new DatabaseSync(draft);
    try {
      db.exec(`PRAGMA synchronous = FULL; BEGIN; ${SCHEMA}
        PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION};`);
      const { kind, name, keyId, wrapped } = makeCheck(master, randomness);
      db.prepare('INSERT INTO keys (kind, name, key_id, wrapped) VALUES (?, ?, ?, ?)').run(kind, name, keyId, wrapped);
      db.exec('COMMIT; PRAGMA journal_mode = WAL;');
    } finally {
      db.close();
    }
    putInPlace(draft, file);
  } catch (error) {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(draft + suffix, { force: true });
    throw toKeyStoreError(error, `The key store ${file} could not be made`);
  }
}

/** The row that tells whether a master key fits. @throws KeyStoreError `corrupt` */
export function readCheck(db: DatabaseSync, file: string): Uint8Array {
  const row = db.prepare("SELECT wrapped FROM keys WHERE kind = 'check'").get();
  if (row === undefined) throw corrupt(file, 'the row that tells whether a master key fits is missing');
  return row.wrapped as Uint8Array;
}

/** To be called in a transaction that writes. @throws KeyStoreError `wrong-master-key`: the row is not this one any more */
export function assertNotReplaced(db: DatabaseSync, file: string, check: Uint8Array): void {
  if (!Buffer.from(check).equals(readCheck(db, file))) throw replacedMasterKey(`key store ${file}`);
}

/** What happens in one transaction that writes. */
export function inTransaction<T>(db: DatabaseSync, write: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const written = write();
    db.exec('COMMIT');
    return written;
  } catch (error) {
    // A failed COMMIT (a full disk) has rolled back by itself.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** As `KeyRows.replaceAll`; `check` is the row as it was. */
export function replaceAll(db: DatabaseSync, file: string, check: Uint8Array, anew: WrappedAnew): number {
  const update = db.prepare('UPDATE keys SET wrapped = ? WHERE kind = ? AND name = ?');
  const count = inTransaction(db, () => {
    assertNotReplaced(db, file, check);
    let keys = 0;
    let last = { kind: '', name: '' };
    for (;;) {
      const page = pageBehind(db, last);
      for (const key of page) update.run(anew.row(key).wrapped, key.kind, key.name);
      const end = page.at(-1);
      if (end === undefined) break;
      keys += page.length;
      last = end;
    }
    db.prepare("UPDATE keys SET wrapped = ? WHERE kind = 'check'").run(anew.check);
    return keys;
  });
  emptyJournal(db, file);
  return count;
}

/** As many as a page of keys holds. */
const KEYS_AT_ONCE = 500;

/** Keys behind one, in the order of their places; none: that one was the last. */
export function pageBehind(
  db: DatabaseSync,
  { kind, name }: { readonly kind: string; readonly name: string },
): readonly WrappedKey[] {
  const select = db.prepare(
    "SELECT kind, name, key_id, wrapped FROM keys WHERE kind <> 'check' AND (kind, name) > (?, ?) ORDER BY kind, name LIMIT ?",
  );
  return select.all(kind, name, KEYS_AT_ONCE).map(asKey);
}

export function asKey(row: Readonly<Record<string, unknown>>): WrappedKey {
  const { kind, name, key_id: keyId, wrapped } = row;
  return { kind, name, keyId, wrapped } as WrappedKey;
}

/** How long keys that others wait for are held up by whoever reads while the journal is to be emptied, in milliseconds. */
const EMPTYING_PATIENCE = 2_000;

/**
 * The journal holds pages as they were before. Whoever reads at this moment keeps it from being emptied, which to SQLite is
 * no error.
 * @throws KeyStoreError `unavailable`
 */
export function emptyJournal(db: DatabaseSync, file: string): void {
  db.exec(`PRAGMA busy_timeout = ${EMPTYING_PATIENCE}`);
  try {
    const { busy } = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
    if (busy !== 0)
      throw new KeyStoreError('unavailable', `The key store ${file} is being read for long; try again in a moment.`);
  } finally {
    db.exec(`PRAGMA busy_timeout = ${PATIENCE}`);
  }
}

/** A connection that reads, in whatever thread. */
export function openForReading(file: string): DatabaseSync {
  // Opened for writing as far as the system is concerned, so that closing it last tidies the journal away.
  return openWith(file, 'PRAGMA query_only = ON;');
}

/** The connection that writes. */
export function openForWriting(file: string): DatabaseSync {
  // FULL: a key is on the disk before it is used. fullfsync: also where fsync alone does not do that (macOS).
  // secure_delete: what is destroyed does not stay in a free page.
  return openWith(
    file,
    'PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA secure_delete = ON;',
  );
}

function openWith(file: string, pragmas: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: PATIENCE });
  try {
    db.exec(pragmas);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Up to this size a file is read through when it is opened; a larger one would keep the start waiting. */
const QUICK_CHECK_BYTES = 64 * 1024 * 1024;

function quickCheck(db: DatabaseSync, file: string): void {
  if (pragma(db, 'page_count') * pragma(db, 'page_size') > QUICK_CHECK_BYTES) return;
  const found = db.prepare('PRAGMA quick_check(1)').get();
  if (found?.quick_check !== 'ok') throw corrupt(file, 'its pages do not fit together');
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function foreign(file: string, why: string): KeyStoreError {
  return new KeyStoreError(
    'foreign',
    `${file} is not a key store that this version of Habeas can use: ${why}. It was left as it is.`,
  );
}

function corrupt(file: string, why: string): KeyStoreError {
  return new KeyStoreError(
    'corrupt',
    `The key store ${file} is damaged: ${why}. It was left as it is; restore it from a backup.`,
  );
}
