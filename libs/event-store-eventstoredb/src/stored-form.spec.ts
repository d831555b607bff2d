/** Texts through a client that shows JSON only parsed. */
import fc from 'fast-check';
import { collect, event, newStream, simulated } from './test-support/simulated.js';
import { toEventData } from './stored-form.js';

describe('what an event goes as', () => {
  test.each([
    ['{"a":1,"b":["x",null,true]}', 'application/json'],
    ['{"b":1,"a":2}', 'application/json'],
    ['{ "a": 1 }', 'application/octet-stream'],
    ['{"2":1,"1":2}', 'application/octet-stream'],
    ['{"a":1.0}', 'application/octet-stream'],
    ['{"a":1,"a":2}', 'application/octet-stream'],
    ['{"a":12345678901234567890}', 'application/octet-stream'],
    ['"a string"', 'application/octet-stream'],
    ['{"half":', 'application/octet-stream'],
  ])('%s: %s', (data, contentType) => {
    expect(toEventData({ ...event(), data }).contentType).toBe(contentType);
  });
});

test(
  'any data and metadata come back as the same text',
  simulated(async (store) => {
    const json = fc.json({ noUnicodeString: false }).filter((text) => !text.includes('\0') && text.isWellFormed());
    const text = fc.oneof(
      json,
      json.map((one) => ` ${one}`),
      json.map((one) => `\u0001${one}`),
      fc.string({ unit: 'grapheme' }).filter((one) => !one.includes('\0')),
      fc.dictionary(fc.string(), fc.integer()).map((one) => JSON.stringify(one)),
    );
    const pairs = fc.sample(fc.tuple(text, text), { numRuns: 300, seed: 5 });
    const events = pairs.map(([data, metadata]) => ({ ...event(), data, metadata }));
    const stream = newStream();
    await store.append(stream, events, 'no-stream');
    const stored = await collect(store.readStream(stream));
    expect(stored.map(({ data, metadata }) => [data, metadata])).toEqual(pairs);
    expect(await collect(store.readAll())).toEqual(stored);
  }),
);
