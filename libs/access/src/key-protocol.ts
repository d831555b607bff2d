/** What the two threads of keys.db say to each other. Only wrapped keys travel; the master key stays where it is. */
import type { KeyStoreErrorCode } from './key-store-error.js';
import type { WrappedKey } from './wrapping.js';

export type ToKeyWriter =
  { readonly kind: 'obtain'; readonly keys: readonly WrappedKey[] } | { readonly kind: 'close' };

export type FromKeyWriter =
  | { readonly kind: 'ready' }
  /** What lies at the places now, in the order of the request, durably. */
  | { readonly kind: 'obtained'; readonly keys: readonly WrappedKey[] }
  | { readonly kind: 'failed'; readonly code: KeyStoreErrorCode; readonly message: string };
