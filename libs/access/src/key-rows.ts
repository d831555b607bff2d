/** What lies in a key store, wrapped as it lies there: what each place to keep keys has to give, and all that it has to. */
import { KeyStoreError, replacedMasterKey } from './key-store-error.js';
import { CHECK, fits, type KeyPlace, unwrap, type WrappedKey, type WrappedRow } from './wrapping.js';

/** Where a key lies: which stream's it is, or the name of the secret. */
export type RowPlace = Pick<WrappedKey, 'kind' | 'name'>;

/** Keys of streams. */
export interface KeyIds {
  readonly keyIds: readonly string[];
}

/** What rows are to be under another master key. */
export interface WrappedAnew {
  row(key: WrappedKey): WrappedKey;
  /** The row that tells whether a master key fits. */
  readonly check: Uint8Array;
}

export interface KeyRows {
  /** Which they are, for sentences that begin with "The": `key store /data/keys.db`. Holds no secret. */
  readonly place: string;
  /**
   * What lies at the place of this key afterwards, durably: this one, or the one that was there before, whoever made it.
   * @throws KeyStoreError `read-only`: none was there, and this opening may make none; `wrong-master-key`: none was there, and the
   *   master key was replaced since this opening; `disk-full`, `unavailable`
   */
  obtain(key: WrappedKey): Promise<WrappedKey>;
  /**
   * What lies at a place; undefined: nothing.
   * @throws KeyStoreError `unavailable`
   */
  at(place: Pick<KeyPlace, 'kind' | 'name'>): Promise<WrappedRow | undefined>;
  /**
   * Takes away what lies at a place, or keys of streams by their ids, durably.
   * @throws KeyStoreError `read-only`, `disk-full`, `unavailable`: part of it may be done, and is safe to do again
   */
  destroy(what: RowPlace | KeyIds): Promise<void>;
  /**
   * Keys of streams by their ids; one that is not there is left out.
   * @throws KeyStoreError `unavailable`
   */
  find(keyIds: readonly string[]): Promise<readonly WrappedKey[]>;
  /** Every key, for who carries them elsewhere. Keys that are made meanwhile may be left out. */
  all(): AsyncIterable<readonly WrappedKey[]>;
  /**
   * Writes every row as it is to be from now on, all or none of them, durably. Whoever opened the key store before makes no key
   * any more, this opening included.
   * @returns how many keys there are
   * @throws KeyStoreError `wrong-master-key`: somebody else was faster; what `anew` throws; `read-only`, `disk-full`,
   *   `unavailable`: it may be done nevertheless
   */
  replaceAll(anew: WrappedAnew): Promise<number>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** Rows, and the master key that was seen to fit them. */
export interface OpenedKeys {
  readonly rows: KeyRows;
  readonly master: Uint8Array;
  /** This opening ended a replacement of the master key that was interrupted: the new one holds. */
  readonly finished: boolean;
}

/** Whether the master key still fits: nobody replaced it since. @throws KeyStoreError `unavailable` */
export async function stillFits({ rows, master }: OpenedKeys): Promise<boolean> {
  const check = await rows.at(CHECK);
  return check === undefined || fits(check.wrapped, master);
}

/** @throws KeyStoreError `corrupt`, `wrong-master-key`, `unavailable` */
export async function openKey(keys: OpenedKeys, row: WrappedRow): Promise<Uint8Array> {
  return unwrap(row.wrapped, row, keys.master) ?? (await refuseKey(keys, row));
}

/** Says why a key does not open. @throws KeyStoreError `corrupt`, `wrong-master-key`, `unavailable` */
export async function refuseKey(keys: OpenedKeys, row: WrappedRow): Promise<never> {
  const { place } = keys.rows;
  if (!(await stillFits(keys))) throw replacedMasterKey(place);
  throw damagedKey(place, row);
}

/** @param place as `KeyRows.place` */
export function damagedKey(place: string, { keyId }: WrappedRow): KeyStoreError {
  return new KeyStoreError('corrupt', `The key ${keyId} in the ${place} is damaged; restore it from a backup.`);
}
