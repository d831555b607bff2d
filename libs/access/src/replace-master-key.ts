/**
 * Another master key for a key store: every key is wrapped anew, all of them or none. Keys stay what they are, and so does the
 * log, which knows nothing of master keys.
 *
 * It is for a master key that got into other hands. Whoever has an old copy of the key store as well opens that as before.
 */
import type { Randomness } from '#kernel';
import { KeyStoreError } from './key-store-error.js';
import { damagedKey, type OpenedKeys } from './key-rows.js';
import { findMasterKey, parseMasterKey, prepareNext, putNextInPlace } from './master-key.js';
import type { OpenKeyStore } from './open-key-store.js';
import { openPostgresKeys, type OpenPostgresKeyStore } from './postgres/postgres-key-store.js';
import { openSqliteKeys } from './sqlite-key-store.js';
import { makeCheck, unwrap, wrap } from './wrapping.js';

interface ReplaceMasterKey {
  /** The key store, with the master key as it is; its folder is the caller's own. Without a connection string it is keys.db there. */
  readonly of: Omit<OpenKeyStore, 'mode' | 'mustExist'> & Partial<Pick<OpenPostgresKeyStore, 'connectionString'>>;
  /** The new master key. Where it is left out, one is made, and its file takes the place of the one there is. */
  readonly next?: string;
  /** Keys so far. */
  readonly onProgress?: (keys: number) => void;
}

export interface ReplacedMasterKey {
  /** How many are wrapped by the new one. */
  readonly keys: number;
  /** Where it lies, if it was not given. The old one lies beside it, under this name and `.old`. */
  readonly file?: string;
}

/**
 * Replaces the master key of a key store, durably. Where it is interrupted, nothing is lost: whichever of the two fits opens the
 * key store, and the call made again, or the next opening, goes on from there.
 *
 * @throws KeyStoreError `new-master-key-missing`, `same-master-key`, `old-master-key-there`; `unavailable`: also where there is no key store;
 *   and as opening one does
 */
export async function replaceMasterKey({ of, next: given, onProgress }: ReplaceMasterKey): Promise<ReplacedMasterKey> {
  const { randomness } = of;
  const next = given === undefined ? undefined : parseMasterKey(given, 'The given new master key');
  const { keys: opened, done } = await openEither(of, given);
  const { rows, master } = opened;
  const wrapAllBy = (by: Uint8Array): Promise<number> => wrapAll(opened, by, randomness, onProgress);
  try {
    // Once all was wrapped anew, what was interrupted is done again with the same key, so that nothing of before stays.
    if (done && next !== undefined) return { keys: await wrapAllBy(next) };
    const { key, file } = findMasterKey(of, false, rows.place);
    if (done && file !== undefined) return { keys: await wrapAllBy(master), file };
    if (next !== undefined) {
      if (!Buffer.from(next).equals(master)) return { keys: await wrapAllBy(next) };
      throw new KeyStoreError('same-master-key', 'The new master key is the one that there is; nothing was changed.');
    }
    if (file === undefined) {
      throw new KeyStoreError(
        'new-master-key-missing',
        'The master key is given as a setting: the new one has to be given as well; nothing was changed.',
      );
    }
    const made = prepareNext(file, key, randomness);
    const keys = await wrapAllBy(made);
    putNextInPlace(file, made);
    return { keys, file };
  } finally {
    await rows.close();
  }
}

/** Opens the key store by the master key that there is, or by the new one, where that was `done` before. */
async function openEither(
  of: ReplaceMasterKey['of'],
  next: string | undefined,
): Promise<{ readonly keys: OpenedKeys; readonly done: boolean }> {
  try {
    const keys = await openThere(of);
    return { keys, done: keys.finished && next === undefined };
  } catch (error) {
    if (next === undefined || !(error instanceof KeyStoreError) || error.code !== 'wrong-master-key') throw error;
    const byNext = openThere({ ...of, masterKey: next });
    return { keys: await byNext.catch(() => Promise.reject(error)), done: true };
  }
}

/** Opens a key store to be written, and never makes one. */
async function openThere({ connectionString, ...options }: ReplaceMasterKey['of']): Promise<OpenedKeys> {
  const open = (mode: 'read' | 'write'): Promise<OpenedKeys> =>
    connectionString === undefined
      ? openSqliteKeys({ ...options, mode })
      : openPostgresKeys({ ...options, connectionString, mode });
  await (await open('read')).rows.close();
  return open('write');
}

function wrapAll(
  { rows, master }: OpenedKeys,
  by: Uint8Array,
  randomness: Randomness,
  onProgress?: (keys: number) => void,
): Promise<number> {
  let done = 0;
  return rows.replaceAll({
    row: (row) => {
      const key = unwrap(row.wrapped, row, master);
      if (key === undefined) throw damagedKey(rows.place, row);
      onProgress?.(++done);
      return { ...row, wrapped: wrap(key, row, by, randomness) };
    },
    check: makeCheck(by, randomness).wrapped,
  });
}
