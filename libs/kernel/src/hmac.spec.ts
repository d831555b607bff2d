import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { HmacKey } from './hmac.js';

test('gives what the library gives, for every key and text, one after the other', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('ក'.repeat(1_344), 'ក'.repeat(1_345)),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(texts, { maxLength: 4 }), (key, given) => {
      const ours = new HmacKey(key);
      for (const text of given) {
        expect(ours.digest(text)).toEqual(createHmac('sha256', key).update(text, 'utf8').digest());
      }
    }),
    {
      examples: [
        [new Uint8Array(64).fill(1), ['']],
        [new Uint8Array(65).fill(1), ['a']],
      ],
    },
  );
});

test('the key is copied, and what was given stays as it was', () => {
  const bytes = new Uint8Array(32).fill(7);
  const key = new HmacKey(bytes);
  const before = key.digest('text');
  const kept = Buffer.from(before);
  bytes.fill(0);
  expect(key.digest('text')).toEqual(before);
  key.digest('other');
  expect(before).toEqual(kept);
});
