import fc from 'fast-check';
import {
  consistencyProof,
  EMPTY_ROOT,
  GrowingTree,
  inclusionProof,
  isConsistent,
  leafHash,
  nodeHash,
  rootByInclusion,
  rootOf,
  sameHash,
  type Subtrees,
  type TreeHash,
} from './merkle.js';

const hex = (hash: TreeHash): string => Buffer.from(hash).toString('hex');
const leaf = (index: number): TreeHash => leafHash(Buffer.from(`leaf ${index}`));

/** RFC 6962, 2.1, word by word. */
function treeHead(leaves: readonly TreeHash[]): TreeHash {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(treeHead(leaves.slice(0, k)), treeHead(leaves.slice(k)));
}

function subtreesOf(leaves: readonly TreeHash[]): Subtrees {
  return (height, index) => {
    const part = leaves.slice(index * 2 ** height, (index + 1) * 2 ** height);
    if (part.length !== 2 ** height) throw new Error('asked for a subtree that is not complete');
    return treeHead(part);
  };
}

const leaves = Array.from({ length: 70 }, (_, index) => leaf(index));
const subtrees = subtreesOf(leaves);
const rootAt = (size: number): TreeHash => rootOf(size, subtrees);

// Of the reference implementation of Certificate Transparency: eight leaves, and the roots of trees that begin with them.
const REFERENCE: readonly (readonly [leaf: string, root: string])[] = [
  ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  ['00', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  ['10', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  ['2021', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  ['3031', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  ['40414243', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  ['5051525354555657', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  ['606162636465666768696a6b6c6d6e6f', '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
];

describe('roots', () => {
  test('are those of the reference implementation', () => {
    expect(hex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const tree = new GrowingTree();
    for (const [data, root] of REFERENCE) {
      tree.append(leafHash(Buffer.from(data, 'hex')));
      expect(hex(tree.root())).toBe(root);
    }
  });

  test('of a growing tree and of subtrees that were kept are the same', () => {
    const tree = new GrowingTree();
    expect(hex(tree.root())).toBe(hex(rootAt(0)));
    for (const [index, hash] of leaves.entries()) {
      tree.append(hash);
      expect(tree.size).toBe(index + 1);
      expect(hex(tree.root())).toBe(hex(treeHead(leaves.slice(0, index + 1))));
      expect(hex(rootAt(index + 1))).toBe(hex(tree.root()));
    }
  });
});

describe('an inclusion proof', () => {
  test('gives the root, for every leaf of every tree', () => {
    for (let size = 1; size <= leaves.length; size++) {
      for (let index = 0; index < size; index++) {
        const path = inclusionProof(index, size, subtrees);
        const root = rootByInclusion({ leaf: leaf(index), index, size }, path);
        expect(root && hex(root)).toBe(hex(rootAt(size)));
      }
    }
  });

  test('of the reference: the sixth of seven leaves', () => {
    const path = inclusionProof(5, 7, subtrees);
    expect(path.map(hex)).toEqual([leaf(4), leaf(6), treeHead(leaves.slice(0, 4))].map(hex));
  });

  test.each([
    [0, 0],
    [3, 3],
    [-1, 3],
    [0.5, 3],
  ])('is not to be had of leaf %d of %d', (index, size) => {
    expect(() => inclusionProof(index, size, subtrees)).toThrow(RangeError);
  });

  test('proves nothing for another leaf, place or size, or with another path', () => {
    const place = fc.integer({ min: 1, max: 70 }).chain((size) => fc.tuple(fc.nat(size - 1), fc.constant(size)));
    fc.assert(
      fc.property(place, place, fc.nat(6), (right, [otherIndex, otherSize], at) => {
        const [index, size] = right;
        const path = inclusionProof(index, size, subtrees);
        const gives = (claim: Parameters<typeof rootByInclusion>[0], by: readonly TreeHash[]): boolean => {
          const root = rootByInclusion(claim, by);
          return root !== undefined && sameHash(root, rootAt(claim.size));
        };
        const claim = { leaf: leaf(index), index, size };
        expect(gives({ ...claim, leaf: leaf(index + 1) }, path)).toBe(false);
        expect(gives({ ...claim, index: otherIndex }, path)).toBe(otherIndex === index);
        if (otherSize > index) expect(gives({ ...claim, size: otherSize }, path)).toBe(otherSize === size);
        expect(gives(claim, [...path, leaf(0)])).toBe(false);
        if (path.length > 0) {
          expect(gives(claim, path.slice(1))).toBe(false);
          expect(gives(claim, path.with(at % path.length, leaf(99)))).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a consistency proof', () => {
  test('shows that a tree begins with every earlier one', () => {
    for (let size = 1; size <= leaves.length; size++) {
      const later = { size, root: rootAt(size) };
      for (let earlier = 1; earlier <= size; earlier++) {
        const path = consistencyProof(earlier, size, subtrees);
        expect(isConsistent({ size: earlier, root: rootAt(earlier) }, later, path)).toBe(true);
      }
      expect(isConsistent({ size: 0, root: EMPTY_ROOT }, later, [])).toBe(true);
    }
  });

  test.each([
    [0, 3],
    [4, 3],
    [1.5, 3],
  ])('is not to be had from %d to %d', (earlier, size) => {
    expect(() => consistencyProof(earlier, size, subtrees)).toThrow(RangeError);
  });

  test('shows nothing of trees that differ in an early leaf, or with another path', () => {
    const sizes = fc
      .integer({ min: 2, max: 70 })
      .chain((size) => fc.tuple(fc.integer({ min: 1, max: size }), fc.constant(size)));
    fc.assert(
      fc.property(sizes, fc.nat(69), fc.nat(6), ([earlier, size], changed, at) => {
        const other = subtreesOf(leaves.with(changed % earlier, leaf(99)));
        const was = { size: earlier, root: rootAt(earlier) };
        const rewritten = { size, root: rootOf(size, other) };
        expect(isConsistent(was, rewritten, consistencyProof(earlier, size, other))).toBe(false);
        expect(isConsistent(was, rewritten, consistencyProof(earlier, size, subtrees))).toBe(false);
        const is = { size, root: rootAt(size) };
        const path = consistencyProof(earlier, size, subtrees);
        expect(isConsistent(is, was, path)).toBe(earlier === size);
        expect(isConsistent(was, is, [...path, leaf(0)])).toBe(false);
        if (path.length > 0) {
          expect(isConsistent(was, is, path.slice(1))).toBe(false);
          expect(isConsistent(was, is, path.with(at % path.length, leaf(99)))).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});
