/** What the key store's two threads say to each other. Only wrapped keys travel; the master key stays where it is. */
import type { KeyStoreErrorCode } from './key-store-error.js';

/** A key that is to be there: this one, unless the place has one already. */
export interface WrappedKey {
  readonly kind: 'stream' | 'secret';
  readonly name: string;
  readonly keyId: string;
  readonly wrapped: Uint8Array;
}

export type ToKeyWriter =
  { readonly kind: 'obtain'; readonly keys: readonly WrappedKey[] } | { readonly kind: 'close' };

export type FromKeyWriter =
  | { readonly kind: 'ready' }
  /** What lies at the places now, in the order of the request, durably. */
  | { readonly kind: 'obtained'; readonly keys: readonly WrappedKey[] }
  | { readonly kind: 'failed'; readonly code: KeyStoreErrorCode; readonly message: string };
