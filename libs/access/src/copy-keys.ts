/**
 * Carries keys from one key store to another, from keys.db into a PostgreSQL or back. They stay wrapped as they are, as the
 * master key is the same, and each is opened at both ends: what was carried can be used there.
 */
import { KeyStoreError } from './key-store-error.js';
import { type OpenedKeys, openKey } from './key-rows.js';
import { openPostgresKeys, type OpenPostgresKeyStore } from './postgres/postgres-key-store.js';
import { openSqliteKeys } from './sqlite-key-store.js';

interface CopyKeys {
  readonly to: 'postgres' | 'file';
  /** The data folder of keys.db, the PostgreSQL, and the master key of both. */
  readonly between: Omit<OpenPostgresKeyStore, 'mode' | 'mustExist' | 'trust'>;
  /** Another folder for the keys.db that is to be made. */
  readonly toFolder?: string;
  /** Keys so far. */
  readonly onProgress?: (keys: number) => void;
}

/**
 * Copies every key that was handed out before the call, durably; makes the key store if it is not there. Begun again, it
 * goes on, and changes nothing where all is there. Nothing that is there is overwritten.
 *
 * @returns how many keys are now in both
 * @throws KeyStoreError `other-keys`: for the same thing there is another key; and as opening either does
 */
export async function copyKeys({ to, between, toFolder = between.folder, onProgress }: CopyKeys): Promise<number> {
  const source = await (to === 'postgres'
    ? openSqliteKeys({ ...between, mode: 'read' })
    : openPostgresKeys({ ...between, mode: 'read' }));
  try {
    // In another folder there is no master key to be found, nor is one to be made.
    const masterKey = Buffer.from(source.master).toString('hex');
    const target = await (to === 'postgres'
      ? openPostgresKeys({ ...between, masterKey, mode: 'write' })
      : openSqliteKeys({ ...between, masterKey, folder: toFolder, mode: 'write' }));
    try {
      return await copyAll(source, target, onProgress);
    } finally {
      await target.rows.close();
    }
  } finally {
    await source.rows.close();
  }
}

async function copyAll(source: OpenedKeys, target: OpenedKeys, onProgress?: (keys: number) => void): Promise<number> {
  let count = 0;
  for await (const page of source.rows.all()) {
    const keys = await Promise.all(page.map(async (row) => Buffer.from(await openKey(source, row))));
    const there = await Promise.all(page.map((row) => target.rows.obtain(row)));
    for (const [index, row] of there.entries()) {
      if (row.keyId === page[index]?.keyId && keys[index]?.equals(await openKey(target, row)) === true) continue;
      throw new KeyStoreError(
        'other-keys',
        `The ${target.rows.place} holds another key than the ${source.rows.place} for the same ${row.kind}. ` +
          'Nothing was overwritten; copy into a key store that is new.',
      );
    }
    count += page.length;
    onProgress?.(count);
  }
  return count;
}
