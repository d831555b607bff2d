/** Keeps the Merkle tree over the log in step with the other rows of a view file: one leaf for each event that counts. */
import type { StatementSync } from 'node:sqlite';
import type { TreeHash } from '#log-format';
import type { ViewFile } from '../view-file.js';
import { rootIn, TILE_BYTES, TILE_WIDTH, widthOf } from './tiles.js';

/** The last tile of a level, which is not full yet. */
interface OpenTile {
  tile: number;
  readonly hashes: Buffer;
  bytes: number;
  changed: boolean;
}

export class TreeWriter {
  readonly #file: ViewFile;
  readonly #put: StatementSync;
  readonly #find: StatementSync;
  /** By level; undefined: to be read from the file first. */
  #open: OpenTile[] | undefined;

  constructor(file: ViewFile) {
    this.#file = file;
    this.#put = file.db.prepare('INSERT OR REPLACE INTO tree VALUES (?, ?, ?)');
    this.#find = file.db.prepare('SELECT hashes FROM tree WHERE level = ? AND tile = ?');
  }

  /** The leaf of the event whose seq is behind that of the file's checkpoint: to be called before that moves on. */
  append(leaf: TreeHash): void {
    this.#open ??= this.#load(this.#file.checkpoint.seq);
    this.#add(this.#open, 0, leaf);
  }

  /** To be called before each commit. */
  flush(): void {
    for (const [level, open] of this.#open?.entries() ?? []) if (open.changed) this.#write(level, open);
  }

  /** To be called after a rollback. */
  forget(): void {
    this.#open = undefined;
  }

  #add(tiles: OpenTile[], level: number, hash: TreeHash): void {
    const open = (tiles[level] ??= { tile: 0, hashes: Buffer.alloc(TILE_BYTES), bytes: 0, changed: false });
    open.hashes.set(hash, open.bytes);
    open.bytes += hash.length;
    open.changed = true;
    if (open.bytes < TILE_BYTES) return;
    this.#write(level, open);
    this.#add(tiles, level + 1, rootIn(open.hashes, 0, Math.log2(TILE_WIDTH)));
    open.tile++;
    open.bytes = 0;
  }

  #write(level: number, open: OpenTile): void {
    this.#file.begin();
    this.#put.run(level, open.tile, open.hashes.subarray(0, open.bytes));
    open.changed = false;
  }

  #load(leaves: number): OpenTile[] {
    const tiles: OpenTile[] = [];
    for (let level = 0; widthOf(level, leaves) > 0; level++) {
      const width = widthOf(level, leaves);
      const tile = Math.floor(width / TILE_WIDTH);
      const hashes = Buffer.alloc(TILE_BYTES);
      const found = width % TILE_WIDTH === 0 ? undefined : this.#find.get(level, tile)?.hashes;
      if (found instanceof Uint8Array) hashes.set(found);
      tiles.push({ tile, hashes, bytes: found instanceof Uint8Array ? found.length : 0, changed: false });
    }
    return tiles;
  }
}
