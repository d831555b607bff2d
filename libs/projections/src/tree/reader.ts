/** Reads the Merkle tree over the log from a view file. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Subtrees, TreeHash } from '#log-format';
import { hashesIn, rootIn, TILE_HEIGHT, TILE_WIDTH } from './tiles.js';

export class TreeReader {
  readonly #find: StatementSync;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT hashes FROM tree WHERE level = ? AND tile = ?');
  }

  /** To be used within one snapshot of the file: tiles are read once. Fails on what is not complete there. */
  subtrees(): Subtrees {
    const tiles = new Map<string, Uint8Array>();
    return (height, index): TreeHash => {
      const level = Math.floor(height / TILE_HEIGHT);
      const above = height % TILE_HEIGHT;
      const first = index * 2 ** above;
      const tile = Math.floor(first / TILE_WIDTH);
      const place = `${level} ${tile}`;
      let hashes = tiles.get(place);
      if (hashes === undefined) {
        const found = this.#find.get(level, tile)?.hashes;
        tiles.set(place, (hashes = found instanceof Uint8Array ? found : NOTHING));
      }
      const from = first % TILE_WIDTH;
      if (from + 2 ** above > hashesIn(hashes)) throw new RangeError('The tree does not reach that far.');
      return rootIn(hashes, from, above);
    };
  }
}

const NOTHING = new Uint8Array();
