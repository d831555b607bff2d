/** The thread that writes keys.db, so that waiting for the disk blocks nobody. One message is one transaction. */
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { openForWriting, PATIENCE } from './key-file.js';
import type { FromKeyWriter, ToKeyWriter } from './key-protocol.js';
import { KeyStoreError, toKeyStoreError } from './key-store-error.js';
import type { KeyIds, RowPlace } from './key-rows.js';
import type { WrappedKey } from './wrapping.js';

const port = parentPort;
if (port === null) throw new Error('This file runs in a worker thread.');
const { file } = workerData as { readonly file: string };

function answer(act: () => FromKeyWriter): void {
  let message: FromKeyWriter;
  try {
    message = act();
  } catch (error) {
    const { code, message: text } = toKeyStoreError(error, `The key store ${file} could not be written`);
    message = { kind: 'failed', code, message: text };
  }
  port?.postMessage(message);
}

let db: DatabaseSync | undefined;
let writes: Writes;

answer(() => {
  const opened = openForWriting(file);
  db = opened;
  writes = prepare(opened);
  return { kind: 'ready' };
});

port.on('message', (message: ToKeyWriter) => {
  if (message.kind === 'close') {
    db?.close();
    port.close();
  } else if (message.kind === 'obtain') {
    answer(() => ({ kind: 'obtained', keys: writes.obtainAll(message.keys) }));
  } else {
    answer(() => {
      writes.destroyAll(message.what);
      return { kind: 'destroyed' };
    });
  }
});

interface Writes {
  obtainAll(keys: readonly WrappedKey[]): WrappedKey[];
  destroyAll(what: readonly (RowPlace | KeyIds)[]): void;
}

function prepare(connection: DatabaseSync): Writes {
  const insert = connection.prepare(
    'INSERT INTO keys (kind, name, key_id, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO NOTHING',
  );
  const select = connection.prepare('SELECT key_id, wrapped FROM keys WHERE kind = ? AND name = ?');
  const remove = connection.prepare('DELETE FROM keys WHERE kind = ? AND name = ?');
  const removeById = connection.prepare("DELETE FROM keys WHERE key_id = ? AND kind = 'stream'");
  const inTransaction = <T>(write: () => T): T => {
    connection.exec('BEGIN IMMEDIATE');
    try {
      const written = write();
      connection.exec('COMMIT');
      return written;
    } catch (error) {
      // A failed COMMIT (a full disk) has rolled back by itself.
      if (connection.isTransaction) connection.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    obtainAll: (keys) =>
      inTransaction(() =>
        keys.map(({ kind, name, keyId, wrapped }) => {
          insert.run(kind, name, keyId, wrapped);
          const row = select.get(kind, name) as { key_id: string; wrapped: Uint8Array };
          return { kind, name, keyId: row.key_id, wrapped: row.wrapped };
        }),
      ),
    destroyAll: (what) => {
      inTransaction(() => {
        for (const one of what) {
          if ('keyIds' in one) for (const keyId of one.keyIds) removeById.run(keyId);
          else remove.run(one.kind, one.name);
        }
      });
      emptyJournal(connection);
    },
  };
}

/** How long keys that others wait for are held up by whoever reads while the journal is to be emptied, in milliseconds. */
const EMPTYING_PATIENCE = 2_000;

/**
 * The journal holds pages as they were before. Whoever reads at this moment keeps it from being emptied, which to SQLite is
 * no error.
 */
function emptyJournal(connection: DatabaseSync): void {
  connection.exec(`PRAGMA busy_timeout = ${EMPTYING_PATIENCE}`);
  try {
    const { busy } = connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
    if (busy !== 0)
      throw new KeyStoreError('unavailable', `The key store ${file} is being read for long; try again in a moment.`);
  } finally {
    connection.exec(`PRAGMA busy_timeout = ${PATIENCE}`);
  }
}
