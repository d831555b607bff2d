import { createHash } from 'node:crypto';
import type { StoredEvent } from '#event-store';
import { canonicalJson, randomId } from '#kernel';
import { CHAIN_START, verifyChain } from './chain.js';
import { createEventCodec } from './codec.js';
import { asStored, fixedClock, fixedKey, seededRandomness } from '../../../test/support/fixed.js';

const randomness = seededRandomness('chain');
const logId = randomId(randomness);
const codec = createEventCodec([{ type: 'Noted', schemaVersion: 1, personal: ['/note'] }], randomness);
const context = {
  logId,
  stream: 'habeasPerson-1',
  key: fixedKey('1'),
  recordedAt: fixedClock.now(),
  recordedBy: 'key:1',
  // A text that looks like the hash's own member must not mislead the reader.
  correlationId: ',"hash":"0000"',
  visibility: 'internal' as const,
};
const event = () => ({ id: randomId(randomness), type: 'Noted', data: { note: 'x', n: 1 } });
const one = codec.encode([event(), event()], { ...context, head: CHAIN_START });
const two = codec.encode([event()], { ...context, head: one.head });
const chain: readonly StoredEvent[] = [...asStored(one), ...asStored(two)];

function changed(index: number, changes: Partial<StoredEvent>): StoredEvent[] {
  return chain.map((stored, at) => (at === index ? { ...stored, ...changes } : stored));
}

describe('the chain of a stream', () => {
  test('holds across events and appends', () => {
    expect(verifyChain(chain, logId)).toEqual({ ok: true, value: two.head });
    expect(chain.map((stored) => JSON.parse(stored.metadata).prev as unknown)).toEqual([
      undefined,
      JSON.parse(chain[0]!.metadata).hash,
      JSON.parse(chain[1]!.metadata).hash,
    ]);
  });

  test('can be taken up in the middle', () => {
    expect(verifyChain(chain.slice(2), logId, one.head).ok).toBe(true);
    expect(verifyChain([], logId, one.head)).toEqual({ ok: true, value: one.head });
  });

  test('the hash is the SHA-256 of the canonical JSON of what is stored', () => {
    for (const { id, stream, revision, type, data, metadata } of chain) {
      const { hash, ...rest } = JSON.parse(metadata);
      const covered = { v: 1, logId, id, stream, revision, type, metadata: rest, data: JSON.parse(data) };
      expect(createHash('sha256').update(canonicalJson(covered)).digest('hex')).toBe(hash);
    }
  });

  const other = randomId(randomness);
  const middle = JSON.parse(chain[1]!.metadata) as { hash: string; prev: string };
  test.each<[string, StoredEvent[], string]>([
    ['data changed', changed(1, { data: chain[1]!.data.replace('"n":1', '"n":2') }), 'hash-mismatch'],
    ['data written otherwise', changed(1, { data: chain[1]!.data.replace('"n":1', '"n": 1') }), 'hash-mismatch'],
    ['another id', changed(1, { id: other }), 'hash-mismatch'],
    ['another type', changed(1, { type: 'Noted2' }), 'hash-mismatch'],
    ['another stream', changed(1, { stream: 'habeasPerson-2' }), 'hash-mismatch'],
    ['another time', changed(1, { metadata: chain[1]!.metadata.replace('2019', '2018') }), 'hash-mismatch'],
    [
      'another hash',
      changed(1, { metadata: chain[1]!.metadata.replace(middle.hash, 'f'.repeat(64)) }),
      'hash-mismatch',
    ],
    [
      'another prev',
      changed(1, { metadata: chain[1]!.metadata.replace(middle.prev, 'f'.repeat(64)) }),
      'prev-mismatch',
    ],
    ['no metadata', changed(1, { metadata: '{}' }), 'malformed-metadata'],
    [
      'metadata with space before its hash',
      changed(1, { metadata: chain[1]!.metadata.replace(',"hash":', ', "hash":') }),
      'malformed-metadata',
    ],
    ['an event left out', [chain[0]!, chain[2]!], 'revision-gap'],
    ['an event left out and renumbered', [chain[0]!, { ...chain[2]!, revision: 1 }], 'prev-mismatch'],
    ['two events swapped', [chain[1]!, chain[0]!, chain[2]!], 'revision-gap'],
  ])('is broken by %s', (_, events, fault) => {
    expect(verifyChain(events, logId)).toMatchObject({ ok: false, error: { fault } });
  });

  test('is broken in another log', () => {
    expect(verifyChain(chain, other)).toMatchObject({ ok: false, error: { fault: 'hash-mismatch', revision: 0 } });
  });
});
