import { leafHash } from '#log-format';
import { originOf, readCheckpoint, readUnproven, writeCheckpoint } from './checkpoint.js';
import { createSigner, readVerifierKey, signNote } from './note.js';

const logId = '0195f3c0-0000-7000-8000-000000000001';
const signer = createSigner(originOf(logId), new Uint8Array(32).fill(7));
const verifiers = [readVerifierKey(signer.verifierKey)!];
const root = leafHash(Buffer.from('x'));

test('says which log had which root at which size, and is believed by its key alone', () => {
  const note = writeCheckpoint({ logId, size: 20_852_163, root }, signer);
  expect(note.split('\n').slice(0, 4)).toEqual([originOf(logId), '20852163', Buffer.from(root).toString('base64'), '']);
  expect(readCheckpoint(note, verifiers)).toEqual({ ok: true, value: { logId, size: 20_852_163, root } });
  expect(readCheckpoint(note, [])).toEqual({ ok: false, error: 'unknown-signer' });
  expect(readUnproven(note)).toEqual({ ok: true, value: { logId, size: 20_852_163, root } });
  expect(readUnproven('x')).toEqual({ ok: false, error: 'malformed-note' });
});

test.each([
  'habeas/log/none\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n',
  `${originOf(logId)}\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n`,
  `${originOf(logId)}\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n`,
  `${originOf(logId)}\n1\nAAAA\n`,
  `${originOf(logId)}\n1\n`,
])('is no checkpoint of a log of Habeas: %j', (text) => {
  expect(readCheckpoint(signNote(text, signer), verifiers)).toEqual({ ok: false, error: 'malformed-checkpoint' });
});
