export { openAccessDirectory, type OpenAccessDirectory } from './access-directory.js';
export { ACCESS_EVENTS } from './access-key.js';
export {
  type CondemnedKeys,
  type Erasure,
  type ErasureDirectory,
  lastCondemned,
  mentionKey,
  type MentionDecision,
  openErasureDirectory,
} from './erasure/directory.js';
export {
  ERASURE_EVENTS,
  type ErasureCertificate,
  erasureOf,
  type HandedOut,
  type Mention,
  type MentionReason,
} from './erasure/events.js';
export { type OpenErasures, openErasures } from './erasure/erasures.js';
export type { Span } from './erasure/texts.js';
export * from './erasure/types.js';
export { condemnationsIn, destroyedBy, type ErasureInLog, erasuresIn } from './erasure/in-log.js';
export { openAccessTrail } from './access-trail.js';
export { copySqliteKeyStore } from './copy.js';
export { copyKeys } from './copy-keys.js';
export { KeyStoreError, type KeyStoreErrorCode } from './key-store-error.js';
export type { CheckedKeyStore } from './key-store.js';
export { isBeingReplaced, MASTER_KEY_FILE } from './master-key.js';
export type { OpenKeyStore } from './open-key-store.js';
export { type JoinNodes, joinNodes, type NodeInfo, type Nodes, onlyNode } from './nodes.js';
export { type OpenPostgresKeyStore, openPostgresKeyStore } from './postgres/postgres-key-store.js';
export { replaceMasterKey, type ReplacedMasterKey } from './replace-master-key.js';
export { KEYS_FILE, openSqliteKeyStore } from './sqlite-key-store.js';
export * from './types.js';
