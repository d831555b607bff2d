/**
 * The Merkle tree over the whole log: one leaf for each event, in the order of `seq`. Its root stands for every event and
 * for their order: whoever kept a root can tell whether a log still begins with what it held then. Hashing, proofs and
 * their verification are those of RFC 6962, section 2.1 (SHA-256), the verification as written out in RFC 9162, 2.1.3.2
 * and 2.1.4.2.
 *
 * What is kept of a tree are the roots of its complete subtrees: of the `2 ** height` leaves from `index * 2 ** height` on.
 */
import { hash } from 'node:crypto';

/** 32 bytes. */
export type TreeHash = Uint8Array;

/** Gives the root of a complete subtree. */
export type Subtrees = (height: number, index: number) => TreeHash;

/** The root of no leaves. */
export const EMPTY_ROOT: TreeHash = hash('sha256', '', 'buffer');

/** SHA-256(0x00, data). */
export function leafHash(data: Uint8Array): TreeHash {
  return hash('sha256', Buffer.concat([LEAF, data]), 'buffer');
}

/** SHA-256(0x01, left, right). */
export function nodeHash(left: TreeHash, right: TreeHash): TreeHash {
  // One buffer for all: a log of a million events has as many nodes.
  pair.set(left, 1);
  pair.set(right, 33);
  return hash('sha256', pair, 'buffer');
}

/** A tree that only grows: it keeps as many hashes as its size has ones in binary. */
export class GrowingTree {
  #size = 0;
  /** Roots of complete subtrees from left to right, so the largest first. */
  readonly #peaks: TreeHash[] = [];

  get size(): number {
    return this.#size;
  }

  append(leaf: TreeHash): void {
    let node = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) node = nodeHash(this.#peaks.pop() ?? leaf, node);
    this.#peaks.push(node);
    this.#size++;
  }

  root(): TreeHash {
    return this.#size === 0 ? EMPTY_ROOT : this.#peaks.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** The root of the first `size` leaves. */
export function rootOf(size: number, subtrees: Subtrees): TreeHash {
  return size === 0 ? EMPTY_ROOT : rangeRoot(0, size, subtrees);
}

/**
 * The audit path of a leaf: what proves, with it, the root of the first `size` leaves. From the leaf's sibling upwards.
 * @throws RangeError the leaf is not among them
 */
export function inclusionProof(leaf: number, size: number, subtrees: Subtrees): TreeHash[] {
  if (!(isCount(leaf) && leaf < size)) throw new RangeError('The leaf is not in a tree of this size.');
  const path: TreeHash[] = [];
  for (let [start, end] = [0, size]; end - start > 1;) {
    const middle = start + largestPowerBelow(end - start);
    if (leaf < middle) {
      path.push(rangeRoot(middle, end, subtrees));
      end = middle;
    } else {
      path.push(rangeRoot(start, middle, subtrees));
      start = middle;
    }
  }
  return path.reverse();
}

/**
 * What proves that the first `size` leaves begin with the first `earlier` ones, for whoever has both roots.
 * @throws RangeError unless 0 < earlier <= size
 */
export function consistencyProof(earlier: number, size: number, subtrees: Subtrees): TreeHash[] {
  if (!(isCount(earlier) && earlier > 0 && earlier <= size)) throw new RangeError('No tree of this size came before.');
  const path: TreeHash[] = [];
  let [start, end] = [0, size];
  while (end !== earlier) {
    const middle = start + largestPowerBelow(end - start);
    if (earlier <= middle) {
      path.push(rangeRoot(middle, end, subtrees));
      end = middle;
    } else {
      path.push(rangeRoot(start, middle, subtrees));
      start = middle;
    }
  }
  // Whoever verifies has the earlier root already, where that is a complete subtree from the first leaf on.
  if (start > 0) path.push(rangeRoot(start, end, subtrees));
  return path.reverse();
}

/** The root that a leaf and its audit path give; undefined where the path is not one of that place. */
export function rootByInclusion(
  { leaf, index, size }: { readonly leaf: TreeHash; readonly index: number; readonly size: number },
  path: readonly TreeHash[],
): TreeHash | undefined {
  if (!isCount(index) || !isCount(size) || index >= size) return undefined;
  let [at, last] = [index, size - 1];
  let root = leaf;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      root = nodeHash(sibling, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      root = nodeHash(root, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? root : undefined;
}

export interface TreeHead {
  readonly size: number;
  readonly root: TreeHash;
}

/** Whether the proof shows that the later tree begins with the earlier one. */
export function isConsistent(earlier: TreeHead, later: TreeHead, path: readonly TreeHash[]): boolean {
  if (!isCount(earlier.size) || !isCount(later.size) || earlier.size > later.size) return false;
  if (earlier.size === later.size) return path.length === 0 && sameHash(earlier.root, later.root);
  if (earlier.size === 0) return path.length === 0 && sameHash(earlier.root, EMPTY_ROOT);
  let [at, last] = [earlier.size - 1, later.size - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  const [first, ...rest] = Number.isInteger(Math.log2(earlier.size)) ? [earlier.root, ...path] : path;
  if (first === undefined) return false;
  let [was, is] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      was = nodeHash(sibling, was);
      is = nodeHash(sibling, is);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      is = nodeHash(is, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameHash(was, earlier.root) && sameHash(is, later.root);
}

export function sameHash(a: TreeHash, b: TreeHash): boolean {
  return Buffer.compare(a, b) === 0;
}

const LEAF = Buffer.of(0);
const pair = Buffer.alloc(65, 1);

/** The root of leaves `start` to `end` (exclusive) of which the tree makes a subtree. */
function rangeRoot(start: number, end: number, subtrees: Subtrees): TreeHash {
  const count = end - start;
  const left = count === 1 ? 1 : largestPowerBelow(count);
  if (count === 1 || count === 2 * left) return subtrees(Math.log2(count), start / count);
  return nodeHash(rangeRoot(start, start + left, subtrees), rangeRoot(start + left, end, subtrees));
}

/** The largest power of two below a number of two and more. */
function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function half(number: number): number {
  return Math.floor(number / 2);
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0;
}
