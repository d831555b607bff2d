/** The thread that writes keys.db, so that waiting for the disk blocks nobody. One message is one transaction. */
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { assertNotReplaced, emptyJournal, inTransaction, openForWriting } from './key-file.js';
import type { FromKeyWriter, KeyWriterStart, ToKeyWriter } from './key-protocol.js';
import { toKeyStoreError } from './key-store-error.js';
import type { KeyIds, RowPlace } from './key-rows.js';
import type { WrappedKey } from './wrapping.js';

const port = parentPort;
if (port === null) throw new Error('This file runs in a worker thread.');
const { file, check } = workerData as KeyWriterStart;

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
  return {
    obtainAll: (keys) =>
      inTransaction(connection, () => {
        assertNotReplaced(connection, file, check);
        return keys.map(({ kind, name, keyId, wrapped }) => {
          insert.run(kind, name, keyId, wrapped);
          const row = select.get(kind, name) as { key_id: string; wrapped: Uint8Array };
          return { kind, name, keyId: row.key_id, wrapped: row.wrapped };
        });
      }),
    destroyAll: (what) => {
      inTransaction(connection, () => {
        for (const one of what) {
          if ('keyIds' in one) for (const keyId of one.keyIds) removeById.run(keyId);
          else remove.run(one.kind, one.name);
        }
      });
      emptyJournal(connection, file);
    },
  };
}
