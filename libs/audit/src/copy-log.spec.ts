import { EventStoreError, MAX_APPEND_BYTES, type StoredEvent } from '#event-store';
import { openSqliteLog } from '#event-store-sqlite';
import { randomId, streamName } from '#kernel';
import { FAULTS, FaultyEventStore, inTurn } from '../../../test/support/faulty-event-store.js';
import { allEvents, realClock, realRandomness, temporaryLog } from '../../../test/support/real.js';
import {
  CHAIN_START,
  type ChainHead,
  createEventCodec,
  ensureLogStarted,
  FOLD_ADOPTED,
  LOG_STARTED,
} from '#log-format';
import { copyLog, type CopyLogOptions, type CopyMark } from './copy-log.js';

const NOTED = { type: 'Noted', schemaVersion: 1, personal: [] };
const codec = createEventCodec([NOTED, LOG_STARTED, FOLD_ADOPTED], realRandomness);

type TemporaryLog = Awaited<ReturnType<typeof temporaryLog>>;
let source: TemporaryLog;
let target: TemporaryLog;
let logId: string;
const heads = new Map<string, ChainHead>();

beforeEach(async () => {
  heads.clear();
  [source, target] = [await temporaryLog(), await temporaryLog()];
  logId = await ensureLogStarted(source.store, realClock, realRandomness);
});
afterEach(() => Promise.all([source.remove(), target.remove()]));

/** What one command records: one append. */
async function command(stream: string, events: number, bytes = 10, store = source.store): Promise<void> {
  const head = heads.get(stream) ?? CHAIN_START;
  const encoded = codec.encode(
    Array.from({ length: events }, () => ({
      id: randomId(realRandomness),
      type: NOTED.type,
      data: { text: 'x'.repeat(bytes) },
    })),
    {
      logId,
      stream,
      head,
      recordedAt: realClock.now(),
      recordedBy: 'somebody',
      correlationId: randomId(realRandomness),
      visibility: 'public',
    },
  );
  const { events: toAppend } = encoded;
  await store.append(stream, toAppend, head.revision < 0 ? 'no-stream' : head.revision);
  const { hash } = JSON.parse(toAppend.at(-1)?.metadata ?? '') as { hash: string };
  heads.set(stream, { revision: head.revision + events, hash });
}

const streams = Array.from({ length: 7 }, () => streamName('case', randomId(realRandomness)));

/** Streams in turn, and now and then a few commands to the same. */
async function record(commands: number): Promise<void> {
  for (let n = 0; n < commands; n++) await command(streams[Math.floor(n / 2) % streams.length] ?? '', 1 + (n % 3));
}

class Mark implements CopyMark {
  readonly told: string[] = [];
  readonly isSet = () => Promise.resolve(this.told.at(-1) === 'set');
  readonly set = () => this.say('set');
  readonly clear = () => this.say('clear');

  private say(what: string): Promise<void> {
    this.told.push(what);
    return Promise.resolve();
  }
}

function copy(options: Partial<CopyLogOptions> = {}) {
  return copyLog({
    source: source.store,
    target: target.store,
    mark: new Mark(),
    atOnce: 1,
    codec,
    randomness: realRandomness,
    ...options,
  });
}

const placeless = (events: readonly StoredEvent[]) => events.map((event) => ({ ...event, position: '' }));

async function expectSame(): Promise<void> {
  expect(placeless(await allEvents(target.store))).toEqual(placeless(await allEvents(source.store)));
}

test.each([1, 3, 512])(
  'with %d appends at once, the copy is the source: ids, bytes, revisions, order',
  async (atOnce) => {
    await record(100);
    const mark = new Mark();
    const copied = await copy({ atOnce, mark });
    await expectSame();
    expect(copied).toMatchObject({ copied: copied.head.size, moved: false, logId });
    expect(mark.told).toEqual(['set', 'clear']);
  },
);

test('run again, it copies what came since', async () => {
  await record(10);
  const { head } = await copy();
  expect(await copy()).toMatchObject({ copied: 0, head });
  await command(streams[0] ?? '', 2);
  expect(await copy()).toMatchObject({ copied: 2, head: { size: head.size + 2 } });
  await expectSame();
});

test.each(FAULTS)('appends that are %s change nothing', async (fault) => {
  await record(12);
  const faulty = new FaultyEventStore(target.store, inTurn('none', fault, fault, 'none', fault));
  await copy({ target: faulty });
  await expectSame();
});

/** A target that is gone for good after so many appends. */
function dying(after: number): CopyLogOptions['target'] {
  let left = after;
  return {
    readAll: (options) => target.store.readAll(options),
    readStream: (...read) => target.store.readStream(...read),
    append: (...append) =>
      --left < 0
        ? Promise.reject(new EventStoreError('disk-full', 'The disk is full.'))
        : target.store.append(...append),
  };
}

test('broken off after any append and run again, it goes on where it ended; the mark is set until it is whole', async () => {
  await record(24);
  const mark = new Mark();
  for (let broken = 0; ; broken++) {
    const done = await copy({ mark, target: dying(2) }).catch((error: unknown) => error);
    if (!(done instanceof Error)) break;
    expect(done).toMatchObject({ code: 'disk-full' });
    expect(await mark.isSet()).toBe(true);
    const there = placeless(await allEvents(target.store));
    expect(there).toEqual(placeless(await allEvents(source.store)).slice(0, there.length));
    expect(broken).toBeLessThan(12);
  }
  expect(await mark.isSet()).toBe(false);
  await expectSame();
});

test('what one command recorded stays one append, also where a stream goes on for longer than one append may be', async () => {
  const [stream = ''] = streams;
  const sizes = [1, 3, 3, 2, 3, 3, 1];
  for (const events of sizes) await command(stream, events, 80_000);
  const sent = new FaultyEventStore(target.store, () => 'none');
  await copy({ target: sent });
  await expectSame();
  const ends = sizes.map((_, n) => sizes.slice(0, n + 1).reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const { events } of sent.sent.slice(1)) {
    at += events.length;
    expect(ends).toContain(at);
    expect(events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0)).toBeLessThanOrEqual(
      MAX_APPEND_BYTES,
    );
  }
  // Fewer appends than commands: what fits goes together.
  expect(sent.sent.length - 1).toBeLessThan(sizes.length);
});

describe('is refused, and nothing is overwritten', () => {
  const refuses = async (why: RegExp, options: Partial<CopyLogOptions> = {}): Promise<void> => {
    const before = await allEvents(target.store);
    const mark = new Mark();
    await expect(copy({ mark, ...options })).rejects.toMatchObject({
      name: 'CopyLogError',
      message: expect.stringMatching(why) as string,
    });
    expect(await allEvents(target.store)).toEqual(before);
    expect(mark.told).toEqual([]);
  };

  test('a source that holds nothing', async () => {
    const empty = await temporaryLog();
    await refuses(/nothing to copy/, { source: empty.store });
    await empty.remove();
  });

  test('a target that holds another record', async () => {
    await ensureLogStarted(target.store, realClock, realRandomness);
    await refuses(/another record/);
  });

  test('a target that went on by itself', async () => {
    await record(3);
    await copy();
    await command(streams[0] ?? '', 1, 10, target.store);
    await refuses(/holds more than the source: habeasCase-/);
  });

  test('a target that went on by itself where the source went on as well', async () => {
    await record(3);
    await copy();
    const before = new Map(heads);
    await command(streams[0] ?? '', 1, 10, target.store);
    heads.set(streams[0] ?? '', before.get(streams[0] ?? '') ?? CHAIN_START);
    await command(streams[0] ?? '', 1);
    await refuses(/another event than the source at revision \d+ of habeasCase-/);
  });

  test('a target in another order', async () => {
    const [first] = await allEvents(source.store);
    if (first === undefined) throw new Error('The source is empty.');
    await target.store.append(first.stream, [first], 'no-stream');
    await command(streams[0] ?? '', 1);
    await command(streams[1] ?? '', 1);
    const [, , second] = await allEvents(source.store);
    if (second === undefined) throw new Error('The source is short.');
    await target.store.append(second.stream, [second], 'no-stream');
    await refuses(/holds revision 0 of .* where the source holds revision 0 of/);
  });

  test('a source whose chain is broken', async () => {
    await record(2);
    const [stream = ''] = streams;
    const event = { id: randomId(realRandomness), type: 'Noted', data: '{}', metadata: '{}' };
    await source.store.append(stream, [event], heads.get(stream)?.revision ?? 0);
    await refuses(/The source is damaged.*malformed-metadata/);
  });
});

test('somebody else who writes to a stream of the target meanwhile is not overwritten, and the stream is named', async () => {
  await record(6);
  const event = { id: randomId(realRandomness), type: 'Noted', data: '{}', metadata: '{}' };
  let others = 0;
  const shared = new FaultyEventStore(
    target.store,
    () => 'none',
    async (stream) => {
      if (stream === streams[1] && others++ === 0) await target.store.append(stream, [event], 'no-stream');
    },
  );
  await expect(copy({ target: shared })).rejects.toThrow(`written to by somebody else: ${streams[1]} is not`);
  expect(await allEvents(target.store, streams[1])).toMatchObject([{ id: event.id, revision: 0 }]);
});

test('a source that is written to meanwhile is told, the mark stays, and another run copies the rest', async () => {
  await record(6);
  const mark = new Mark();
  let steps = 0;
  const onProgress: CopyLogOptions['onProgress'] = (step) => {
    if (step === 'copying' && steps++ === 0) void command(streams[0] ?? '', 1);
  };
  expect(await copy({ mark, onProgress })).toMatchObject({ moved: true });
  expect(await mark.isSet()).toBe(true);
  expect(await copy({ mark })).toMatchObject({ moved: false, copied: 1 });
  expect(await mark.isSet()).toBe(false);
  await expectSame();
});

test('somebody else who writes to another stream of the target meanwhile is found out when the copy is read back', async () => {
  await record(6);
  const mark = new Mark();
  let steps = 0;
  const onProgress: CopyLogOptions['onProgress'] = (step) => {
    if (step !== 'copying' || steps++ > 0) return;
    heads.delete(streams[6] ?? '');
    void command(streams[6] ?? '', 1, 10, target.store);
  };
  await expect(copy({ mark, onProgress })).rejects.toThrow(/not what the source is/);
  expect(await mark.isSet()).toBe(true);
});

test('it ends soon when it is told to, and can go on', async () => {
  await record(40);
  const stop = new AbortController();
  const onProgress: CopyLogOptions['onProgress'] = (_, done) => {
    if (done > 20) stop.abort();
  };
  await expect(
    copy({ onProgress: (step, done, of) => step === 'copying' && onProgress(step, done, of), signal: stop.signal }),
  ).rejects.toMatchObject({
    name: 'AbortError',
  });
  const there = (await allEvents(target.store)).length;
  expect(there).toBeGreaterThan(20);
  expect(there).toBeLessThan(40);
  await copy();
  await expectSame();
});

test('a copy of a closed log that is only read', async () => {
  await record(5);
  await source.store.close();
  const reading = await openSqliteLog({ folder: source.folder, mode: 'read' });
  await copy({ source: reading });
  expect(placeless(await allEvents(target.store))).toEqual(placeless(await allEvents(reading)));
  await reading.close();
});
