/** What the two threads of keys.db say to each other. Only wrapped keys travel; the master key stays where it is. */
import type { KeyStoreErrorCode } from './key-store-error.js';
import type { KeyIds, RowPlace } from './key-rows.js';
import type { WrappedKey } from './wrapping.js';

export interface KeyWriterStart {
  readonly file: string;
  /** The row that tells whether a master key fits, as it is: the keys that will be asked for are wrapped by that master key. */
  readonly check: Uint8Array;
}

export type ToKeyWriter =
  | { readonly kind: 'obtain'; readonly keys: readonly WrappedKey[] }
  | { readonly kind: 'destroy'; readonly what: readonly (RowPlace | KeyIds)[] }
  | { readonly kind: 'close' };

export type FromKeyWriter =
  | { readonly kind: 'ready' }
  /** What lies at the places now, in the order of the request, durably. */
  | { readonly kind: 'obtained'; readonly keys: readonly WrappedKey[] }
  /** Nothing of it is in the file any more, nor in its journal, durably. */
  | { readonly kind: 'destroyed' }
  | { readonly kind: 'failed'; readonly code: KeyStoreErrorCode; readonly message: string };
