import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import type { StoredEvent } from '#event-store';
import { canonicalJson, canonicalValue, randomId } from '#kernel';
import { requestMac, sameMac } from './box.js';
import { CHAIN_START } from './chain.js';
import { createEventCodec, type EncodeContext, type NewEvent } from './codec.js';
import { UndecodableEventError } from './errors.js';
import { asStored, fixedClock, fixedKey, holding, seededRandomness } from '../../../test/support/fixed.js';
import type { StoredForm } from './types.js';

const forms: StoredForm[] = [
  { type: 'PersonNoted', schemaVersion: 1, personal: ['/names/*/text', '/note', '/conditions/*', '/deep/down'] },
  { type: 'PlainThing', schemaVersion: 1, personal: [] },
];
const key = fixedKey('person 1');
const stream = 'habeasPerson-1';

function codecOf(extra: readonly StoredForm[] = forms) {
  return createEventCodec(extra, seededRandomness('codec'));
}

function context(changes: Partial<EncodeContext> = {}): EncodeContext {
  return {
    logId: randomId(seededRandomness('log')),
    stream,
    head: CHAIN_START,
    key,
    recordedAt: fixedClock.now(),
    recordedBy: 'key:1',
    correlationId: 'c',
    visibility: 'internal',
    ...changes,
  };
}

function noted(data: object, index = 0): NewEvent {
  return { id: randomId(seededRandomness(`event ${index}`)), type: 'PersonNoted', data };
}

const example = {
  names: [{ kind: 'legal', text: 'Ada' }, { kind: 'alias' }, { text: 'A.', kind: 'alias' }],
  note: 'met at the court',
  conditions: ['stays in town', 'reports weekly'],
  deep: { down: { any: [1] }, stays: true },
  offence: 'incitement',
};

describe('the stored form of an event', () => {
  const [stored] = asStored(codecOf().encode([noted(example)], context())) as [StoredEvent];

  test('keeps personal fields in a sealed box, and what decides a status outside', () => {
    const { sealed, ...rest } = JSON.parse(stored.data);
    expect(rest).toEqual({
      conditions: [null, null],
      deep: { stays: true },
      names: [{ kind: 'legal' }, { kind: 'alias' }, { kind: 'alias' }],
      offence: 'incitement',
    });
    expect(Object.keys(sealed as object).sort()).toEqual(['commit', 'ct', 'keyId', 'nonce', 'v']);
    expect(sealed.keyId).toBe(key.keyId);
    for (const word of ['Ada', 'court', 'town', 'weekly']) expect(stored.data + stored.metadata).not.toContain(word);
  });

  test('is canonical, data and metadata', () => {
    for (const text of [stored.data, stored.metadata]) expect(canonicalJson(JSON.parse(text))).toBe(text);
  });

  test('says who, when, and how to read it', () => {
    const full = context({ causationId: 'cause', requestMac: 'a'.repeat(64), visibility: 'confidential' });
    const [event] = asStored(codecOf().encode([noted(example)], full)) as [StoredEvent];
    expect(JSON.parse(event.metadata)).toEqual({
      causationId: 'cause',
      correlationId: 'c',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      recordedAt: '2019-03-04T05:06:07.089Z',
      recordedBy: 'key:1',
      requestMac: 'a'.repeat(64),
      schemaVersion: 1,
      v: 1,
      visibility: 'confidential',
    });
  });

  test('is read back as it was written', async () => {
    const read = await codecOf().decode(stored, holding(key));
    expect(read).toMatchObject({ id: stored.id, stream, revision: 0, type: 'PersonNoted', opened: true });
    expect(read.data).toEqual(example);
  });

  test('any data is read back as it was written, in canonical form', async () => {
    const data = fc.record(
      {
        names: fc.array(
          fc.record({ text: fc.string({ unit: 'grapheme' }), kind: fc.constant('x') }, { requiredKeys: [] }),
        ),
        note: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
        conditions: fc.oneof(fc.array(fc.string()), fc.string()),
        deep: fc.oneof(fc.record({ down: fc.array(fc.boolean()), b: fc.string() }, { requiredKeys: [] }), fc.string()),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(data, async (any) => {
        const codec = codecOf();
        const encoded = codec.encode([noted(any)], context());
        const [event] = asStored(encoded) as [StoredEvent];
        const read = await codec.decode(event, holding(key));
        expect(read.data).toEqual(canonicalValue(any));
        expect({ ...read, position: undefined }).toEqual({ ...encoded.recorded[0], position: undefined });
      }),
    );
  });

  test('what was given to encode is not changed', () => {
    const given = structuredClone(example);
    codecOf().encode([noted(given)], context());
    expect(given).toEqual(example);
  });

  test('without the key the rest is read, and says so', async () => {
    const read = await codecOf().decode(stored, holding());
    expect(read.opened).toBe(false);
    expect(read.data).toMatchObject({
      offence: 'incitement',
      names: [{ kind: 'legal' }, { kind: 'alias' }, { kind: 'alias' }],
    });
    expect(read.data).not.toHaveProperty('note');
    expect(read.data).not.toHaveProperty('sealed');
  });

  test('two boxes over the same words have nothing in common', () => {
    const codec = codecOf();
    const boxes = [0, 1].map((n) => {
      const [event] = codec.encode([noted(example, n)], context()).events;
      return JSON.parse(event!.data).sealed as Record<string, string>;
    });
    for (const part of ['nonce', 'ct', 'commit']) expect(boxes[0]![part]).not.toBe(boxes[1]![part]);
  });

  test('an event with nothing personal has no box and needs no key', async () => {
    const { key: _, ...keyless } = context();
    const [event] = asStored(codecOf().encode([{ id: stored.id, type: 'PlainThing', data: { a: 1 } }], keyless)) as [
      StoredEvent,
    ];
    expect(event.data).toBe('{"a":1}');
    expect(await codecOf().decode(event, holding())).toMatchObject({ opened: true, data: { a: 1 } });
    expect(() => codecOf().encode([noted(example)], keyless)).toThrow(RangeError);
  });

  test('what is in no catalogue, or would hide in the box, is not written', () => {
    expect(() => codecOf().encode([{ id: stored.id, type: 'Unknown', data: {} }], context())).toThrow(RangeError);
    expect(() => codecOf().encode([noted({ sealed: 1 })], context())).toThrow(RangeError);
    expect(() => codecOf([...forms, ...forms])).toThrow(RangeError);
  });
});

describe('a sealed box', () => {
  const [first, second] = asStored(codecOf().encode([noted(example, 0), noted({ note: 'x' }, 1)], context())) as [
    StoredEvent,
    StoredEvent,
  ];
  const reading = (event: StoredEvent) => codecOf().decode(event, holding(key));

  test('does not open in another event', async () => {
    const moved = { ...second, data: JSON.stringify({ ...JSON.parse(first.data) }) };
    await expect(reading(moved)).rejects.toMatchObject({ reason: 'box-does-not-open', event: { id: second.id } });
  });

  test('does not open in another stream', async () => {
    await expect(reading({ ...first, stream: 'habeasPerson-2' })).rejects.toMatchObject({
      reason: 'box-does-not-open',
    });
  });

  test('does not open with another key of the same id', async () => {
    const other = { ...fixedKey('other'), keyId: key.keyId };
    await expect(codecOf().decode(first, holding(other))).rejects.toMatchObject({ reason: 'box-does-not-open' });
  });

  test.each(['nonce', 'ct', 'commit'])('does not open with another %s', async (part) => {
    const data = JSON.parse(first.data);
    const value = String(data.sealed[part]);
    data.sealed[part] = (value.startsWith('A') ? 'B' : 'A') + value.slice(1);
    await expect(reading({ ...first, data: JSON.stringify(data) })).rejects.toMatchObject({
      reason: 'box-does-not-open',
    });
  });

  test('does not open into data that has no place for its fields', async () => {
    const data = JSON.parse(first.data);
    delete data.names;
    await expect(reading({ ...first, data: JSON.stringify(data) })).rejects.toMatchObject({
      reason: 'box-does-not-open',
    });
  });
});

describe('what cannot be read', () => {
  const [good] = asStored(codecOf().encode([noted(example)], context())) as [StoredEvent];
  const metadata = JSON.parse(good.metadata);
  const sealed = JSON.parse(good.data).sealed;
  const cases: [string, Partial<StoredEvent>, string][] = [
    ['data that is no JSON', { data: '{"a":' }, 'malformed-data'],
    ['data that is no object', { data: '[1]' }, 'malformed-data'],
    ['metadata that is no JSON', { metadata: '' }, 'malformed-metadata'],
    ['metadata of another program', { metadata: '{"$correlationId":"x"}' }, 'malformed-metadata'],
    ['metadata of a later form', { metadata: JSON.stringify({ ...metadata, v: 2 }) }, 'malformed-metadata'],
    [
      'a time with an offset',
      { metadata: JSON.stringify({ ...metadata, recordedAt: '2019-01-01T00:00:00+01:00' }) },
      'malformed-metadata',
    ],
    [
      'an unknown visibility',
      { metadata: JSON.stringify({ ...metadata, visibility: 'secret' }) },
      'malformed-metadata',
    ],
    ['an unknown type', { type: 'PersonTeleported' }, 'unknown-type'],
    [
      'a version from the future',
      { metadata: JSON.stringify({ ...metadata, schemaVersion: 2 }) },
      'unknown-schema-version',
    ],
    ['a box of a later form', { data: JSON.stringify({ sealed: { ...sealed, v: 2 } }) }, 'malformed-box'],
    ['a box that is none', { data: '{"sealed":"x"}' }, 'malformed-box'],
  ];

  test.each(cases)('%s: a typed error names the event', async (_, changes, reason) => {
    const event = { ...good, ...changes };
    const error: unknown = await codecOf()
      .decode(event, holding(key))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UndecodableEventError);
    expect(error).toMatchObject({ reason, event: { id: good.id, stream, revision: 0 } });
    expect(String(error)).not.toContain('Ada');
  });

  test('does not keep the rest of a page from being read, with keys fetched in one go', async () => {
    let asked = 0;
    const keys = holding(key);
    const counting = { find: (ids: Iterable<string>) => (asked++, keys.find(ids)) };
    const page = await codecOf().decodePage([good, { ...good, data: '' }, { ...good, data: '{}' }, good], counting);
    expect(page.map((read) => (read.ok ? read.value.opened : read.error.reason))).toEqual([
      true,
      'malformed-data',
      true,
      true,
    ]);
    expect(asked).toBe(1);
  });

  test('no text at all makes reading fail otherwise', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((j) => `{"sealed":${j}}`),
    );
    await fc.assert(
      fc.asyncProperty(text, text, async (data, meta) => {
        for (const event of [
          { ...good, data },
          { ...good, metadata: meta },
        ]) {
          const [read] = await codecOf().decodePage([event], holding(key));
          expect(read!.ok || read!.error instanceof UndecodableEventError).toBe(true);
        }
      }),
    );
  });
});

describe('upcasters', () => {
  const v1 = codecOf();
  const v3 = codecOf([
    {
      type: 'PersonNoted',
      schemaVersion: 3,
      personal: ['/note'],
      upcasters: {
        1: ({ offence, ...rest }) => ({ ...rest, offences: [offence] }),
        2: (data) => ({ ...data, upTo: 3 }),
      },
    },
  ]);
  const [old] = asStored(v1.encode([noted(example)], context())) as [StoredEvent];

  test('bring an old version up to date when it is read, one version at a time, sealed fields included', async () => {
    const { offence, ...rest } = example;
    expect((await v3.decode(old, holding(key))).data).toEqual({ ...rest, offences: [offence], upTo: 3 });
  });

  test('today’s version passes untouched, and is written as such', async () => {
    const [now] = asStored(v3.encode([noted({ note: 'x' })], context())) as [StoredEvent];
    expect(JSON.parse(now.metadata).schemaVersion).toBe(3);
    expect((await v3.decode(now, holding(key))).data).toEqual({ note: 'x' });
  });

  test('reach a payload inside of another, which has a version of its own', async () => {
    const outer: StoredForm = { type: 'Corrected', schemaVersion: 1, personal: [], embedded: '/data' };
    const inner = (schemaVersion: number): StoredForm => ({
      type: 'PersonNoted',
      schemaVersion,
      personal: ['/note'],
      upcasters: { 1: ({ note, ...rest }) => ({ ...rest, remark: note ?? 'erased' }) },
    });
    const factType = { type: 'PersonNoted', schemaVersion: 1 };
    const event = { id: old.id, type: 'Corrected', data: { factType, data: { note: 'x', n: 1 }, reason: 'y' } };
    const [stored] = asStored(codecOf([outer, inner(1)]).encode([event], context())) as [StoredEvent];
    const today = codecOf([outer, inner(2)]);
    const expected = { factType: { ...factType, schemaVersion: 2 }, data: { remark: 'x', n: 1 }, reason: 'y' };
    expect((await today.decode(stored, holding(key))).data).toEqual(expected);
    expect((await today.decode(stored, holding())).data).toMatchObject({ data: { remark: 'erased', n: 1 } });
    expect((await codecOf([outer, inner(1)]).decode(stored, holding(key))).data).toEqual(event.data);
    await expect(codecOf([outer]).decode(stored, holding(key))).rejects.toMatchObject({ reason: 'unknown-type' });
    await expect(codecOf([outer, inner(0)]).decode(stored, holding(key))).rejects.toMatchObject({
      reason: 'unknown-schema-version',
    });
  });

  test('a payload inside of another is sealed as it would be by itself', () => {
    const outer: StoredForm = { type: 'Corrected', schemaVersion: 1, personal: ['/note'], embedded: '/data' };
    const codec = codecOf([
      outer,
      { type: 'PersonNoted', schemaVersion: 1, personal: ['/note'] },
      { type: 'PersonCounted', schemaVersion: 1, personal: [] },
    ]);
    const stored = (data: Record<string, unknown>): unknown => {
      const { sealed: _, ...open } = JSON.parse(
        codec.encode([{ id: old.id, type: 'Corrected', data }], context()).events[0]?.data ?? '',
      ) as Record<string, unknown>;
      return open;
    };
    const factType = (type: string): object => ({ factType: { type, schemaVersion: 1 } });
    expect(stored({ ...factType('PersonNoted'), data: { note: 'x', n: 1 }, note: 'y' })).toEqual({
      ...factType('PersonNoted'),
      data: { n: 1 },
    });
    expect(stored({ ...factType('PersonCounted'), data: { note: 'x', n: 1 }, note: 'y' })).toEqual({
      ...factType('PersonCounted'),
      data: { note: 'x', n: 1 },
    });
    expect(stored({ note: 'y', n: 1 })).toEqual({ n: 1 });
    expect(stored({ data: { note: 'x', n: 1 } })).toEqual({ data: { n: 1 } });
  });

  test('one that is missing or fails is an error of that event', async () => {
    const missing = codecOf([{ type: 'PersonNoted', schemaVersion: 2, personal: [] }]);
    await expect(missing.decode(old, holding(key))).rejects.toMatchObject({ reason: 'unknown-schema-version' });
    const failing = codecOf([
      {
        type: 'PersonNoted',
        schemaVersion: 2,
        personal: [],
        upcasters: {
          1: () => {
            throw new Error('no');
          },
        },
      },
    ]);
    await expect(failing.decode(old, holding(key))).rejects.toMatchObject({ reason: 'upcaster-failed' });
  });
});

describe('requestMac', () => {
  test('is the HMAC-SHA256 of the request under a key derived from the stream’s', () => {
    const derived = new Uint8Array(hkdfSync('sha256', key.key, '', 'habeas request mac v1', 32));
    for (const request of ['', 'POST {"a":1}', 'ខ្មែរ'.repeat(1_000)]) {
      expect(requestMac(key, request)).toBe(createHmac('sha256', derived).update(request, 'utf8').digest('hex'));
    }
  });

  test('recognises the same request, under the same key only', () => {
    const mac = requestMac(key, 'POST {"a":1}');
    expect(mac).toMatch(/^[0-9a-f]{64}$/);
    expect(sameMac(mac, requestMac({ ...key }, 'POST {"a":1}'))).toBe(true);
    expect(sameMac(mac, requestMac(key, 'POST {"a":2}'))).toBe(false);
    expect(sameMac(mac, requestMac(fixedKey('other'), 'POST {"a":1}'))).toBe(false);
    expect(sameMac(mac, mac.slice(1))).toBe(false);
  });
});
