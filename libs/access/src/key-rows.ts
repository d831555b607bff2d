/** What lies in a key store, wrapped as it lies there: what each place to keep keys has to give, and all that it has to. */
import { KeyStoreError } from './key-store-error.js';
import { unwrap, type WrappedKey } from './wrapping.js';

/** Where a key lies: which stream's it is, or the name of the secret. */
export type RowPlace = Pick<WrappedKey, 'kind' | 'name'>;

/** Keys of streams. */
export interface KeyIds {
  readonly keyIds: readonly string[];
}

export interface KeyRows {
  /** Which they are, for sentences that begin with "The": `key store /data/keys.db`. Holds no secret. */
  readonly place: string;
  /**
   * What lies at the place of this key afterwards, durably: this one, or the one that was there before, whoever made it.
   * @throws KeyStoreError `read-only`: none was there, and this opening may make none; `disk-full`, `unavailable`
   */
  obtain(key: WrappedKey): Promise<WrappedKey>;
  /**
   * What lies at a place; undefined: nothing.
   * @throws KeyStoreError `unavailable`
   */
  at(place: RowPlace): Promise<WrappedKey | undefined>;
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
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** Rows, and the master key that was seen to fit them. */
export interface OpenedKeys {
  readonly rows: KeyRows;
  readonly master: Uint8Array;
}

/** @throws KeyStoreError `corrupt` */
export function openKey({ rows, master }: OpenedKeys, row: WrappedKey): Uint8Array {
  const key = unwrap(row.wrapped, row, master);
  if (key !== undefined) return key;
  throw new KeyStoreError('corrupt', `The key ${row.keyId} in the ${rows.place} is damaged; restore it from a backup.`);
}
