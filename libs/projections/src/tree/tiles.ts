/**
 * How the Merkle tree over the log lies in a view file: in tiles of up to 256 hashes that stand next to each other on one
 * height, on every eighth height: leaves, then roots of 256 leaves, of 65,536, and so on. What lies between is computed
 * from a tile when a proof asks for it.
 */
import { nodeHash, type TreeHash } from '#log-format';

export const TILE_HEIGHT = 8;
/** Hashes in a full tile. */
export const TILE_WIDTH = 2 ** TILE_HEIGHT;
const HASH_BYTES = 32;
export const TILE_BYTES = TILE_WIDTH * HASH_BYTES;

export const TREE_TABLE = `
-- The Merkle tree over all events (RFC 6962): "hashes" are those of 32 bytes at height 8 * "level" of the tree, from number
-- 256 * "tile" on. Leaf number seq - 1 is SHA-256(0, hash of the event).
CREATE TABLE tree (level INTEGER NOT NULL, tile INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, tile));
`;

/** How many hashes a tile holds. */
export function hashesIn(tile: Uint8Array): number {
  return tile.length / HASH_BYTES;
}

function hashIn(tile: Uint8Array, index: number): TreeHash {
  return tile.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

/** The root of `2 ** height` hashes of a tile, from one of them on. */
export function rootIn(tile: Uint8Array, from: number, height: number): TreeHash {
  if (height === 0) return hashIn(tile, from);
  const half = 2 ** (height - 1);
  return nodeHash(rootIn(tile, from, height - 1), rootIn(tile, from + half, height - 1));
}

/** How many hashes there are on a level of the tree of so many leaves. */
export function widthOf(level: number, leaves: number): number {
  return Math.floor(leaves / TILE_WIDTH ** level);
}
