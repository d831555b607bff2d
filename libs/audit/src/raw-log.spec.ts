import fc from 'fast-check';
import type { EventStore } from '#event-store';
import { streamName } from '#kernel';
import { IntegrityError } from '#log-format';
import { allEvents, realRandomness, temporaryLog } from '../../../test/support/real.js';
import { randomId } from '#kernel';
import { readRawEvent, type RawEvent, writeRawEvent } from './raw-event.js';
import { type RawLog, type RawQuery, readRawLog, readRawPage } from './raw-log.js';

const streams = ['person', 'person', 'group', 'log'].map((category) => streamName(category, randomId(realRandomness)));
const TYPES = ['Seen', 'Heard', 'Rare'];

let log: Awaited<ReturnType<typeof temporaryLog>>;
let raw: RawLog;
/** All that is in it: what answers are compared with. */
let events: readonly RawEvent[];
beforeAll(async () => {
  log = await temporaryLog();
  const heads = new Map<string, number>();
  for (let batch = 0; batch < 105; batch++) {
    const stream = streams[batch % streams.length] ?? '';
    const head = heads.get(stream) ?? -1;
    const batchOf = Array.from({ length: 400 }, (_, n) => {
      const type = (n % 2 === 0 ? TYPES[0] : TYPES[1]) ?? '';
      const rare = batch === 80 && n === 7 ? 'Rare' : type;
      return { id: randomId(realRandomness), type: rare, data: `{"n":${n}}`, metadata: '{}' };
    });
    await log.store.append(stream, batchOf, head < 0 ? 'no-stream' : head);
    heads.set(stream, head + 400);
  }
  events = (await allEvents(log.store)).map(({ position: _, ...event }, index) => ({ seq: index + 1, ...event }));
  raw = { store: log.store, places: placesOf(events) };
}, 60_000);
afterAll(() => log.remove());

/** What views would say of where events stand. */
function placesOf(all: readonly RawEvent[]): RawLog['places'] {
  return {
    placeOf: (seq) => all[seq - 1],
    placesIn: (stream, from, to, limit) =>
      all.filter((one) => one.stream === stream && one.seq >= from && one.seq <= to).slice(0, limit),
  };
}

async function taken(reading: AsyncIterable<RawEvent>): Promise<readonly RawEvent[]> {
  const found: RawEvent[] = [];
  for await (const event of reading) found.push(event);
  return found;
}

function wanted({ from, to, categories, types, stream }: RawQuery): readonly RawEvent[] {
  const isOf = (event: RawEvent, category: string): boolean =>
    event.stream.startsWith(`habeas${category.charAt(0).toUpperCase()}${category.slice(1)}-`);
  return events
    .slice(from - 1, Math.max(0, to))
    .filter((event) => categories?.some((category) => isOf(event, category)) ?? true)
    .filter((event) => types?.includes(event.type) ?? true)
    .filter((event) => stream === undefined || event.stream === stream);
}

const seq = fc.integer({ min: 1, max: 42_000 });
const query: fc.Arbitrary<RawQuery> = fc.record(
  {
    from: seq,
    to: seq,
    categories: fc.subarray(['person', 'group', 'log', 'case']),
    types: fc.subarray(TYPES),
    stream: fc.constantFrom(...streams, 'habeasPerson-nobody'),
  },
  { requiredKeys: ['from', 'to'] },
);

test('whatever is asked for, it comes in the order of the log, and alike in pages', async () => {
  await fc.assert(
    fc.asyncProperty(query, fc.integer({ min: 500, max: 9_000 }), async (asked, limit) => {
      const expected = wanted(asked);
      expect(await taken(readRawLog(raw, asked))).toEqual(expected);
      const paged: RawEvent[] = [];
      let next: number | undefined = asked.from;
      while (next !== undefined) {
        const page = await readRawPage(raw, { ...asked, from: next }, limit);
        expect(page.items.length).toBeLessThanOrEqual(limit);
        paged.push(...page.items);
        ({ next } = page);
      }
      expect(paged).toEqual(expected);
    }),
    { numRuns: 30 },
  );
}, 120_000);

test('a page looks at so many events and no more, and says where to go on', async () => {
  const read = counted(log.store);
  const rare = { from: 1, to: events.length, types: ['Rare'] };
  const page = await readRawPage({ ...raw, store: read.store }, rare, 50);
  expect(page).toEqual({ items: [], next: 20_001 });
  expect(read.events).toBe(20_000);
  const second = await readRawPage(raw, { ...rare, from: 20_001 }, 50);
  expect(second).toMatchObject({ items: [{ type: 'Rare' }], next: 40_001 });
});

test('nothing is read before it is asked for', async () => {
  const read = counted(log.store);
  const reading = readRawLog({ ...raw, store: read.store }, { from: 100, to: events.length });
  expect((await reading.next()).value).toEqual(events[99]);
  expect((await reading.next()).value).toEqual(events[100]);
  // The place of the first, and two.
  expect(read.events).toBe(3);
  await reading.return();
  expect(read.left).toBe(2);
});

test('a log that does not hold what the views were folded from is told apart from one that ends', async () => {
  const places = { ...raw.places, placeOf: () => ({ stream: streams[0] ?? '', revision: 999_999 }) };
  await expect(taken(readRawLog({ ...raw, places }, { from: 5, to: 9 }))).rejects.toBeInstanceOf(IntegrityError);
});

/** Counts what is taken from a log, and how often a reading was let go of. */
function counted(store: EventStore) {
  const count = { events: 0, left: 0, store: {} as RawLog['store'] };
  async function* of<T>(reading: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    try {
      for await (const event of reading) {
        count.events++;
        yield event;
      }
    } finally {
      count.left++;
    }
  }
  count.store = {
    readAll: (options) => of(store.readAll(options)),
    readStream: (stream, options) => of(store.readStream(stream, options)),
  };
  return count;
}

const text = fc.string({ unit: 'grapheme' });
/** JSON as Habeas writes it, JSON as others do, and what is none. */
const stored = fc.oneof(
  fc.json().map((json) => `{"a":${json}}`),
  fc.constantFrom(
    '{"b":1,"a":2}',
    '{ "a": 1 }',
    '{"2":1,"1":2}',
    '{"a":1.0}',
    '{"a":"\\u0041"}',
    '',
    '{',
    '[1]',
    '"{}"',
    'a\nb',
  ),
  text,
);

test('a line holds what is stored, byte for byte, and is one line of JSON', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      text,
      text,
      text,
      stored,
      stored,
      (number, revision, stream, id, type, data, metadata) => {
        const event = { seq: number, revision, stream, id, type, data, metadata };
        const line = writeRawEvent(event);
        expect(line).not.toContain('\n');
        expect(readRawEvent(line)).toEqual(event);
        // Written by somebody else, with spaces.
        expect(readRawEvent(JSON.stringify(JSON.parse(line), undefined, 1))).toEqual(event);
      },
    ),
  );
});

test.each(['', 'x', '[]', '{}', '{"seq":1}', '{"path":"/v1/persons","body":{}}'])('%j is no event', (line) => {
  expect(readRawEvent(line)).toBeUndefined();
});
