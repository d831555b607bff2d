import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GrowingTree, inclusionProof, leafHash, rootByInclusion, rootOf, sameHash, type TreeHash } from '#log-format';
import { createFile, openForWriting } from '../schema.js';
import { ViewFile } from '../view-file.js';
import { TreeReader } from './reader.js';
import { TreeWriter } from './writer.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'habeas-tree-'))));
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const leaf = (index: number): TreeHash => leafHash(Buffer.from(String(index)));

/** Takes in as many leaves in one commit, as the projection does. */
function grow(file: ViewFile, tree: TreeWriter, count: number): void {
  for (let each = 0; each < count; each++) {
    tree.append(leaf(file.checkpoint.seq));
    file.moveTo({ ...file.checkpoint, seq: file.checkpoint.seq + 1 });
  }
  tree.flush();
  file.commit();
}

test('the tree in the file is the tree over all leaves, in however many commits they came', () => {
  const path = join(folder, 'views.db');
  let file = new ViewFile(path, createFile(path));
  let tree = new TreeWriter(file);
  const whole = new GrowingTree();
  // Over the edges of tiles on two levels, with restarts and a rollback in between.
  for (const count of [1, 254, 1, 1, 300, 65_536 - 557, 1, 511, 700]) {
    grow(file, tree, count);
    while (whole.size < file.checkpoint.seq) whole.append(leaf(whole.size));
    tree.append(leafHash(Buffer.from('never committed')));
    file.rollback();
    tree.forget();
    if (count === 300) {
      file.close();
      const opened = openForWriting(path);
      if (typeof opened === 'string') throw new Error(opened);
      file = new ViewFile(path, opened);
      tree = new TreeWriter(file);
    }
    const subtrees = new TreeReader(file.db).subtrees();
    const { size } = whole;
    expect(sameHash(rootOf(size, subtrees), whole.root())).toBe(true);
    for (const index of [0, size - 1, Math.floor(size / 2)]) {
      const path = inclusionProof(index, size, subtrees);
      expect(rootByInclusion({ leaf: leaf(index), index, size }, path)).toEqual(whole.root());
    }
  }
  expect(whole.size).toBe(66_748);
  expect(() => rootOf(whole.size + 1, new TreeReader(file.db).subtrees())).toThrow(RangeError);
  file.close();
});
