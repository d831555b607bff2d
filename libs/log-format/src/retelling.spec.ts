import { catalogue, ERASURE_TYPES } from '#domain';
import { EventStoreError, type StoredEvent } from '#event-store';
import { asStored, fixedClock, fixedKey, holding, seededRandomness } from '../../../test/support/fixed.js';
import { CHAIN_START, type ChainHead } from './chain.js';
import { createEventCodec, type NewEvent } from './codec.js';
import { openingOf, retoldAmong } from './retelling.js';
import type { StreamKey } from './types.js';

const STREAM = 'habeasSource-0e0e0e0e-0000-4000-8000-000000000001';
const codec = createEventCodec(catalogue, seededRandomness('retelling'));
const id = (n: number): string => `0e0e0e0e-0000-4000-8000-${String(n).padStart(12, '0')}`;

let head: ChainHead;
let stored: StoredEvent[];

beforeEach(() => {
  head = CHAIN_START;
  stored = [];
});

function say(type: string, data: object, key: StreamKey): string {
  const event: NewEvent = { id: id(stored.length), type, data };
  const encoded = codec.encode([event], {
    logId: id(99),
    stream: STREAM,
    head,
    key,
    recordedAt: fixedClock.now(),
    recordedBy: 'key:1',
    correlationId: id(98),
    visibility: 'internal',
  });
  head = encoded.head;
  stored.push(...asStored(encoded));
  return event.id;
}

const enter = (key: StreamKey, text = 'Ada was there.'): string =>
  say('SourceEntered', { type: 'article', title: 'A report', lang: 'en', text }, key);
const retell = (redaction: number, event: string, retold: object, key: StreamKey): string =>
  say(ERASURE_TYPES.retold, { redaction: id(redaction), event, retold }, key);
const complete = (redaction: number, key: StreamKey): string =>
  say(ERASURE_TYPES.redacted, { redaction: id(redaction), events: 1, key: key.keyId, keys: [], reason: 'Asked.' }, key);

const log = {
  // Async, as a log is.
  // eslint-disable-next-line @typescript-eslint/require-await
  async *readStream(_stream: string, { from = 0 } = {}) {
    for (const event of stored.slice(from)) yield event;
  },
};
const [old, next, last] = [fixedKey('old'), fixedKey('next'), fixedKey('last')];
const LEFT = { '/title': 'A report', '/text': '███ was there.' };

const read = async (...keys: readonly StreamKey[]): Promise<readonly unknown[]> =>
  (await codec.decodePage(stored, openingOf(log, holding(...keys)))).map((event) => event.ok && event.value.data);

test('what was told again is read in the place of what is closed, and nothing but that is read of it', async () => {
  const entered = enter(old);
  retell(1, entered, LEFT, next);
  complete(1, next);
  expect(await read(next)).toEqual([
    { type: 'article', lang: 'en', title: 'A report', text: '███ was there.' },
    { redaction: id(1), event: entered },
    { redaction: id(1), events: 1, key: next.keyId, keys: [], reason: 'Asked.' },
  ]);
  // As long as the old key is there, what it opens is read.
  expect((await read(old, next))[0]).toMatchObject({ text: 'Ada was there.' });
  expect(await read()).toEqual([
    { type: 'article', lang: 'en' },
    { redaction: id(1), event: entered },
    { redaction: id(1), events: 1, key: next.keyId, keys: [] },
  ]);
});

test('it counts when it is complete; one that was interrupted never does, and the last one does alone', async () => {
  const entered = enter(old);
  retell(1, entered, { ...LEFT, '/text': 'interrupted' }, next);
  expect((await read(next))[0]).not.toHaveProperty('text');
  retell(2, entered, LEFT, next);
  complete(2, next);
  expect((await read(next))[0]).toMatchObject({ text: '███ was there.' });
  retell(3, entered, { ...LEFT, '/text': '███ ███ there.' }, last);
  expect((await read(next, last))[0]).toMatchObject({ text: '███ was there.' });
  complete(3, last);
  expect((await read(next, last))[0]).toMatchObject({ text: '███ ███ there.' });
  // Where its key is gone, what was told before it is not told for ever.
  expect((await read(next))[0]).not.toHaveProperty('text');
});

test('a text goes on in the next event; whoever reads at the same time reads the same, and what comes later is seen', async () => {
  const entered = enter(old);
  retell(1, entered, { '/title': 'A report', '/text': '███ ' }, next);
  retell(1, entered, { '/text': 'was ' }, next);
  retell(1, entered, { '/text': 'there.' }, next);
  complete(1, next);
  const opening = openingOf(log, holding(next));
  const all = await Promise.all(Array.from({ length: 5 }, () => opening.retold!(STREAM)));
  for (const retold of all) expect(retold.get(entered)).toEqual(LEFT);
  retell(2, entered, { '/title': 'A report', '/text': '███████ ' }, next);
  retell(2, entered, { '/text': '██████' }, next);
  complete(2, next);
  const later = await Promise.all(Array.from({ length: 5 }, () => opening.retold!(STREAM)));
  for (const retold of later) expect(retold.get(entered)).toMatchObject({ '/text': '███████ ██████' });
});

test('is asked for once for a stream of a page, and where all opens not at all', async () => {
  const entered = enter(old);
  enter(old);
  retell(1, entered, LEFT, next);
  complete(1, next);
  let asked = 0;
  const counting = (...keys: readonly StreamKey[]) => ({
    ...holding(...keys),
    retold: (stream: string) => {
      asked++;
      return openingOf(log, holding(...keys)).retold!(stream);
    },
  });
  await codec.decodePage(stored, counting(old, next));
  expect(asked).toBe(0);
  await codec.decodePage(stored, counting(next));
  expect(asked).toBe(1);
  await expect(
    codec.decode(stored[0]!, {
      ...holding(),
      retold: () => Promise.reject(new EventStoreError('unavailable', 'away')),
    }),
  ).rejects.toMatchObject({ code: 'unavailable' });
});

test('of a person who was erased nothing is told again, also by who has read it before', async () => {
  const entered = enter(old);
  retell(1, entered, LEFT, next);
  complete(1, next);
  const opening = openingOf(log, holding(next));
  expect((await opening.retold!(STREAM)).size).toBe(1);
  say(ERASURE_TYPES.erased, { keys: [next.keyId] }, next);
  expect((await opening.retold!(STREAM)).size).toBe(0);
  opening.forget();
  expect((await opening.retold!(STREAM)).size).toBe(0);
});

test('events at hand with what was disclosed of them tell the same', async () => {
  const entered = enter(old);
  retell(1, entered, LEFT, next);
  complete(1, next);
  const disclosed = await Promise.all(
    stored.map(async (event) => ({ event, fields: (await codec.disclose(event, holding(next)))?.fields })),
  );
  expect(retoldAmong(disclosed)).toEqual(new Map([[STREAM, new Map([[entered, LEFT]])]]));
  expect(codec.decodeDisclosed(stored[0]!, undefined, LEFT)).toMatchObject({
    opened: true,
    data: { text: LEFT['/text'] },
  });
  // What has no place in the data is no retelling of it.
  expect(() => codec.decodeDisclosed(stored[0]!, undefined, { '/names/0/text': 'x' })).toThrow('box-does-not-open');
});
